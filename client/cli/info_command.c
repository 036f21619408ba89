#include "commands.h"
#include "connect.h"
#include "interrupt.h"
#include "json.h"
#include "out.h"
#include "table.h"

enum { TEXT_MAX = 1024 * 1024 };

static const struct argp s_argp = {
    .parser = zr_args_parse_none,
    .doc =
        "Shows the server, its limits, and the account that it works for.\v"
        "Exit codes: 0 ready to work; 1 something keeps it from working, or it cannot be reached; "
        "2 usage; 130 interrupted.",
    .children = zr_common_children,
};

static void s_row(struct zr_buf *b, const char *key, const char *text) {
  (void)zr_buf_printf(b, "%-12s ", key);
  zr_plain_text(b, *text ? text : "-");
  (void)zr_buf_char(b, '\n');
}

static void s_human(const struct zenrelease_server_info *info, struct zr_buf *b) {
  s_row(b, "version", info->version);
  s_row(b, "endpoint", info->endpoint);
  s_row(b, "account", info->account_fingerprint);
  s_row(b, "credentials", info->credential_source);
  s_row(b, "journal", info->journal ? "kept" : "");
  (void)zr_buf_printf(b, "%-12s %d ids a request, %d a batch, %lld bytes a message, %d at once\n",
                      "limits", info->max_instance_ids, info->max_batch_size,
                      (long long)info->max_message_bytes, info->max_concurrent_releases);
  for (size_t i = 0; i < info->diagnostic_count; i++) {
    const struct zenrelease_diagnostic *d = zenrelease_server_info_diagnostic(info, i);
    (void)zr_buf_printf(b, "%s: ", zenrelease_severity_name(d->severity));
    zr_plain_text(b, d->summary);
    (void)zr_buf_text(b, *d->detail ? ": " : "");
    zr_plain_text(b, d->detail);
    (void)zr_buf_text(b, *d->hint ? "\n  " : "");
    zr_plain_text(b, d->hint);
    (void)zr_buf_char(b, '\n');
  }
}

static bool s_works(const struct zenrelease_server_info *info) {
  for (size_t i = 0; i < info->diagnostic_count; i++)
    if (zenrelease_server_info_diagnostic(info, i)->severity == ZENRELEASE_SEVERITY_ERROR)
      return false;
  return true;
}

static enum zr_exit s_info(const struct zr_common_args *common, struct zr_connection *connection) {
  struct zenrelease_server_info *info = NULL;
  struct zenrelease_error *error = NULL;
  struct zr_buf b = ZR_BUF_INIT(TEXT_MAX);
  if (zenrelease_server_info_get(connection->client, 0, connection->cancel, &info, &error) !=
      ZENRELEASE_OK) {
    zr_tell_error(common->json, error, NULL);
    zenrelease_error_free(error);
    return ZR_EXIT_NONE;
  }
  if (common->json) {
    zr_json_info(&b, info);
    (void)zr_buf_char(&b, '\n');
  } else {
    s_human(info, &b);
  }
  bool works = s_works(info);
  zr_out_buf(&b);
  bool written = zr_out_written("answer");
  zr_buf_clean_up(&b);
  zenrelease_server_info_free(info);
  return works && written ? ZR_EXIT_OK : ZR_EXIT_NONE;
}

enum zr_exit zr_command_info(struct zr_common_args *common, int argc, char **argv) {
  struct zr_connection connection;
  if (!zr_args_parse(&s_argp, common, common, argc, argv))
    return zr_args_usage(common, "info");
  enum zr_exit code = zr_connect(&connection, common);
  if (code == ZR_EXIT_OK)
    code = s_info(common, &connection);
  zr_disconnect(&connection);
  return zr_interrupted() ? ZR_EXIT_STOPPED : code;
}
