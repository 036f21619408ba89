#include "connect.h"

#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "json.h"
#include "out.h"
#include "table.h"

enum { WHY_MAX = 64 * 1024, JSON_MAX = 8 * 1024 * 1024 };

void zr_tell_error(bool json, const struct zenrelease_error *error, const char *request_id) {
  struct zr_buf text = ZR_BUF_INIT(WHY_MAX);
  zr_plain_text(&text, zenrelease_error_message(error));
  zr_note("zenrelease: %s", text.data ? text.data : "");
  zr_buf_clean_up(&text);
  if (!json)
    return;
  struct zr_buf line = ZR_BUF_INIT(JSON_MAX);
  zr_json_error(&line, error, NULL, request_id);
  zr_out_buf(&line);
  (void)zr_out_flush(NULL);
  zr_buf_clean_up(&line);
}

/* Whether the server says why it cannot use its journal. */
static bool s_tell_journal_trouble(const struct zr_connection *c) {
  struct zenrelease_server_info *info = NULL;
  bool told = false;
  if (zenrelease_server_info_get(c->client, 0, c->cancel, &info, NULL) != ZENRELEASE_OK)
    return false;
  for (size_t i = 0; i < info->diagnostic_count; i++) {
    const struct zenrelease_diagnostic *d = zenrelease_server_info_diagnostic(info, i);
    struct zr_buf words = ZR_BUF_INIT(WHY_MAX);
    if (strcmp(d->code, "NOT_RECORDED") != 0)
      continue;
    zr_plain_text(&words, d->detail);
    (void)zr_buf_text(&words, "\n  ");
    zr_plain_text(&words, d->hint);
    zr_note("  %s", words.data ? words.data : "");
    zr_buf_clean_up(&words);
    told = true;
  }
  zenrelease_server_info_free(info);
  return told;
}

void zr_tell_journal_error(const struct zr_common_args *args, const struct zr_connection *c,
                           const struct zenrelease_error *error) {
  zr_tell_error(args->json, error, NULL);
  if (s_tell_journal_trouble(c))
    return;
  if (zenrelease_error_status(error) == ZENRELEASE_FAILED_PRECONDITION && !args->journal &&
      !args->server)
    zr_note("  name it with --journal FILE, or with --server ADDR the server that keeps it");
}

static bool s_start_plugin(struct zr_connection *c, const struct zr_common_args *args) {
  struct zr_buf why = ZR_BUF_INIT(WHY_MAX);
  c->own_plugin = zr_plugin_start(&c->plugin, args, c->cancel, &why);
  if (!c->own_plugin && zr_interrupted())
    zr_complain(args->json, "cancelled", "interrupted before anything was sent");
  else if (!c->own_plugin)
    zr_complain(args->json, "unavailable", "%s", why.data ? why.data : "out of memory");
  if (!c->own_plugin && args->journal && !zr_interrupted())
    zr_note("  a server that keeps this journal is asked with --server ADDR");
  zr_buf_clean_up(&why);
  return c->own_plugin;
}

enum zr_exit zr_connect_client(const struct zr_connection *c, const struct zr_common_args *args,
                               struct zenrelease_client **out) {
  struct zenrelease_error *error = NULL;
  struct zenrelease_client_options o;
  zenrelease_client_options_init(&o);
  o.address = args->server ? args->server : c->plugin.address;
  o.tls_ca_file = args->tls_ca;
  o.tls_cert_file = args->tls_cert;
  o.tls_key_file = args->tls_key;
  o.tls_server_name = args->tls_server_name;
  /* The core writes to stderr otherwise. After the plugin was started, which inherits what it
   * finds. */
  (void)setenv("GRPC_VERBOSITY", "NONE", 0);
  enum zenrelease_status status = zenrelease_client_new(&o, out, &error);
  if (status == ZENRELEASE_OK)
    return ZR_EXIT_OK;
  zr_tell_error(args->json, error, NULL);
  zenrelease_error_free(error);
  return status == ZENRELEASE_INVALID_ARGUMENT ? ZR_EXIT_USAGE : ZR_EXIT_NONE;
}

enum zr_exit zr_connect(struct zr_connection *c, const struct zr_common_args *args) {
  *c = (struct zr_connection){0};
  c->cancel = zenrelease_cancel_new();
  if (!c->cancel) {
    zr_complain(args->json, "resource_exhausted", "out of memory or descriptors");
    return ZR_EXIT_NONE;
  }
  zr_interrupt_install(c->cancel);
  if (!args->server && !s_start_plugin(c, args))
    return zr_interrupted() ? ZR_EXIT_STOPPED : ZR_EXIT_NONE;
  return zr_connect_client(c, args, &c->client);
}

void zr_disconnect(struct zr_connection *c) {
  if (c->own_plugin)
    zr_plugin_stop(&c->plugin);
    /* Taking gRPC down can take it ten seconds of its own; the process ends now anyhow. The signal
     * handlers go on using `cancel`. */
#ifdef ZR_SANITIZED
  zenrelease_client_free(c->client);
#endif
}
