#include "app/reload.h"

#include <stdio.h>
#include <string.h>

#include "app/tls_check.h"
#include "base/log.h"

void zr_reload_init(struct zr_reload *r, const struct zr_app_options *o) {
  *r = (struct zr_reload){.options = o};
  const struct zr_env env = zr_env_process();
  const char *home = zr_env_get(&env, "HOME");
  if (home && strlen(home) < sizeof r->profiles - 64)
    (void)snprintf(r->profiles, sizeof r->profiles, "%s/.zenlayer/credentials.json", home);
  zr_watch_init(&r->tls, o->tls_cert, o->tls_key, o->tls_client_ca);
  zr_watch_init(&r->settings, o->config, r->profiles[0] ? r->profiles : NULL, NULL);
}

void zr_reload_begin(struct zr_reload *r, const struct zr_reload_parts *parts) {
  r->parts = *parts;
}

static void s_complain(const char *message, const struct zr_buf *problem, enum zr_err e) {
  zr_log(ZR_LOG_WARN, "app", message,
         zr_s("reason", problem->len ? problem->data : zr_err_text(e)));
}

/* ---- TLS ---- */

static void s_tls(struct zr_reload *r) {
  struct zr_buf problem = ZR_BUF_INIT(4096);
  struct zr_tls_files files = {0};
  zr_watch_take(&r->tls);
  enum zr_err e = zr_tls_files_read(r->options, &files, &problem);
  if (e == ZR_ERR_OK)
    e = zr_tls_check(r->options, &files, &problem);
  if (e == ZR_ERR_OK)
    e = zr_rpc_server_set_tls(r->parts.server, &files.tls);
  if (e == ZR_ERR_OK)
    zr_log(ZR_LOG_INFO, "app", "certificate and key read again",
           zr_s("certificate", r->options->tls_cert),
           zr_s("client_authority", r->options->tls_client_ca));
  else
    s_complain("the TLS files cannot be used; those in use stay", &problem, e);
  zr_tls_files_clean_up(&files);
  zr_buf_clean_up(&problem);
}

/* ---- the rights of clients ---- */

static void s_clients(struct zr_reload *r, const struct zr_config *fresh) {
  if (!fresh->clients) {
    if (r->parts.has_clients)
      zr_log(ZR_LOG_WARN, "app",
             "\"clients\" has gone from the file; its rules stay until a restart",
             zr_s("file", r->options->config));
    return;
  }
  enum zr_err e =
      r->options->tls_client_ca
          ? zr_service_set_clients(r->parts.service, fresh->clients, fresh->client_count)
          : ZR_ERR_STATE;
  if (e == ZR_ERR_OK) {
    r->parts.has_clients = true;
    zr_log(ZR_LOG_INFO, "app", "rights of clients read again",
           zr_i("rules", (int64_t)fresh->client_count));
  } else {
    zr_log(ZR_LOG_WARN, "app",
           e == ZR_ERR_STATE ? "\"clients\" needs --tls-client-ca; it has no effect"
                             : "the rights of clients cannot be taken; the old ones stay",
           zr_s("file", r->options->config));
  }
}

/* ---- the credential ---- */

/* A source that is not the one in use may be of anybody: a file that is gone must not make the
 * server act for whoever comes next in the list. */
static bool s_is_from_elsewhere(struct zr_reload *r, const struct zr_credential *c) {
  const struct zr_backend *b = zr_loop_backend(r->parts.loop);
  const struct zr_server_facts *facts = b->facts(b->self);
  if (facts->credential_problem || strcmp(facts->credential_source, c->source) == 0)
    return false;
  zr_log(ZR_LOG_WARN, "app",
         "the credential would come from another source now; the one in use stays until a restart",
         zr_s("in_use", facts->credential_source), zr_s("found", c->source));
  return true;
}

static void s_credential(struct zr_reload *r, const struct zr_config *fresh) {
  struct zr_buf problem = ZR_BUF_INIT(1024);
  struct zr_credential c = {.source = ""};
  enum zr_err e = zr_config_credential(fresh, r->options, &c, &problem);
  if (e == ZR_ERR_OK && !s_is_from_elsewhere(r, &c))
    e = zr_loop_offer_credential(r->parts.loop, &c);
  if (e != ZR_ERR_OK)
    s_complain("no usable credential where it came from; what was in use stays", &problem, e);
  zr_credential_clean_up(&c);
  zr_buf_clean_up(&problem);
}

static void s_settings(struct zr_reload *r) {
  struct zr_buf problem = ZR_BUF_INIT(4096);
  struct zr_config fresh;
  zr_watch_take(&r->settings);
  enum zr_err e = zr_config_read(r->options, &fresh, &problem);
  if (e == ZR_ERR_OK) {
    s_clients(r, &fresh);
    s_credential(r, &fresh);
  } else {
    s_complain("the configuration cannot be read; what was in use stays", &problem, e);
  }
  zr_config_clean_up(&fresh);
  zr_buf_clean_up(&problem);
}

void zr_reload_turn(struct zr_reload *r, bool asked) {
  bool refused = zr_loop_take_refused(r->parts.loop);
  if (asked)
    zr_log(ZR_LOG_INFO, "app", "asked to read the files again", zr_s("config", r->options->config));
  bool tls_due = zr_watch_is_due(&r->tls);
  if (r->options->tls_cert && (asked || tls_due))
    s_tls(r);
  bool settings_due = zr_watch_is_due(&r->settings);
  if (asked || settings_due || refused)
    s_settings(r);
}
