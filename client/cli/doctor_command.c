/* zenrelease doctor: what a release needs, looked at one by one. What needs the cloud is asked of
 * the server, since only the server has the credentials. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "connect.h"
#include "interrupt.h"
#include "out.h"
#include "table.h"
#include "zenrelease/journal.h"

enum { CLOCK_WARN_MS = 60 * 1000, CLOCK_FAIL_MS = 300 * 1000, TEXT_MAX = 1024 * 1024 };

enum finding { FINDING_OK, FINDING_WARNING, FINDING_FAILED };

struct doctor {
  const struct zr_common_args *common;
  const struct zr_connection *connection;
  struct zr_buf out;
  bool failed;
  bool tls; /* to the service */
  bool tls_told;
  bool clock_told;
};

static const struct argp s_argp = {
    .parser = zr_args_parse_none,
    .doc = "Looks at what a release needs: the server, the credentials, the connection to the "
           "cloud, the rights to read, the clock, the permissions of files. Changes nothing.\v"
           "Exit codes: 0 all is well; 1 something is not; 2 usage; 130 interrupted.",
    .children = zr_common_children,
};

static void s_find(struct doctor *d, const char *what, enum finding f, const char *words) {
  static const char *const names[] = {"ok", "warning", "failed"};
  d->failed = d->failed || f == FINDING_FAILED;
  if (d->common->json) {
    (void)zr_buf_printf(&d->out,
                        "{\"type\":\"check\",\"check\":\"%s\",\"finding\":\"%s\",\"detail\":", what,
                        names[f]);
    (void)zr_buf_json(&d->out, zr_view_of(words));
    (void)zr_buf_text(&d->out, "}\n");
  } else {
    (void)zr_buf_printf(&d->out, "%-8s %-12s ", names[f], what);
    zr_plain_text(&d->out, words);
    (void)zr_buf_char(&d->out, '\n');
  }
}

/* ---- this machine ---- */

/* A file that may hold a secret: ours or root's, and closed to others. */
static void s_file(struct doctor *d, const char *path) {
  struct zr_buf b = ZR_BUF_INIT(8192);
  struct stat st;
  enum finding f = FINDING_OK;
  (void)zr_buf_printf(&b, "%s: ", path);
  if (stat(path, &st) != 0) {
    f = FINDING_FAILED;
    (void)zr_buf_text(&b, strerror(errno));
  } else if ((st.st_mode & 077) != 0) {
    f = FINDING_WARNING;
    (void)zr_buf_printf(&b, "open to others (mode %03o); chmod 600 when it holds a secret",
                        (unsigned)(st.st_mode & 0777));
  } else if (st.st_uid != getuid() && st.st_uid != 0) {
    f = FINDING_WARNING;
    (void)zr_buf_text(&b, "belongs to another user");
  } else {
    (void)zr_buf_text(&b, "closed to others");
  }
  s_find(d, "file", f, b.data ? b.data : "");
  zr_buf_clean_up(&b);
}

static void s_files(struct doctor *d) {
  const char *home = getenv("HOME");
  struct zr_buf b = ZR_BUF_INIT(8192);
  struct stat st;
  if (d->common->config)
    s_file(d, d->common->config);
  if (d->common->tls_key)
    s_file(d, d->common->tls_key);
  (void)zr_buf_printf(&b, "%s/.zenlayer/credentials.json", home ? home : "");
  if (b.data && stat(b.data, &st) == 0)
    s_file(d, b.data);
  zr_buf_clean_up(&b);
}

/* ---- the server and the cloud ---- */

/* What the server says is wrong under this code; NULL: nothing. */
static const char *s_trouble(const struct zenrelease_server_info *info, const char *code) {
  for (size_t i = 0; i < info->diagnostic_count; i++) {
    const struct zenrelease_diagnostic *x = zenrelease_server_info_diagnostic(info, i);
    if (strcmp(x->code, code) == 0)
      return x->detail;
  }
  return NULL;
}

/* Whether it can be written and read, and whether anything is open in it. */
static void s_journal(struct doctor *d, const struct zenrelease_server_info *info) {
  struct zenrelease_records_options o;
  struct zenrelease_records *records = NULL;
  struct zenrelease_error *error = NULL;
  const struct zenrelease_record *r = NULL;
  const char *trouble = s_trouble(info, "NOT_RECORDED");
  if (trouble) {
    s_find(d, "journal", FINDING_FAILED, trouble);
    return;
  }
  if (!info->journal) {
    s_find(d, "journal", FINDING_OK,
           "none is kept; with --journal FILE a release that is cut off can be settled later");
    return;
  }
  zenrelease_records_options_init(&o);
  o.open_only = 1;
  o.page_size = 1;
  o.cancel = d->connection->cancel;
  enum zenrelease_status status =
      zenrelease_records_new(d->connection->client, &o, &records, &error);
  if (status == ZENRELEASE_OK)
    status = zenrelease_records_next(records, &r, &error);
  if (status != ZENRELEASE_OK)
    s_find(d, "journal", FINDING_FAILED, zenrelease_error_message(error));
  else if (r)
    s_find(d, "journal", FINDING_WARNING,
           "some releases are not known to have ended; zenrelease resume settles them");
  else
    s_find(d, "journal", FINDING_OK, "kept, and nothing is open in it");
  zenrelease_records_free(records);
  zenrelease_error_free(error);
}

/* False when nothing further can be asked. */
static bool s_server(struct doctor *d) {
  struct zenrelease_server_info *info = NULL;
  struct zenrelease_error *error = NULL;
  struct zr_buf b = ZR_BUF_INIT(8192);
  if (zenrelease_server_info_get(d->connection->client, 0, d->connection->cancel, &info, &error) !=
      ZENRELEASE_OK) {
    s_find(d, "server", FINDING_FAILED, zenrelease_error_message(error));
    zenrelease_error_free(error);
    return false;
  }
  (void)zr_buf_printf(&b, "version %s", info->version);
  s_find(d, "server", FINDING_OK, b.data ? b.data : "");
  zr_buf_reset(&b);
  const char *trouble = s_trouble(info, "CREDENTIALS_MISSING");
  if (!trouble)
    (void)zr_buf_printf(&b, "account %s, from %s", info->account_fingerprint,
                        info->credential_source);
  else
    (void)zr_buf_text(&b, trouble);
  bool usable = !trouble;
  s_find(d, "credentials", usable ? FINDING_OK : FINDING_FAILED, b.data ? b.data : "");
  zr_buf_reset(&b);
  d->tls = strncmp(info->endpoint, "https://", 8) == 0;
  (void)zr_buf_printf(&b, "%s%s", info->endpoint, d->tls ? "" : ", without TLS");
  s_find(d, "endpoint", d->tls ? FINDING_OK : FINDING_WARNING, b.data ? b.data : "");
  s_journal(d, info);
  zr_buf_clean_up(&b);
  zenrelease_server_info_free(info);
  return usable;
}

static void s_clock(struct doctor *d, int64_t offset_ms) {
  struct zr_buf b = ZR_BUF_INIT(256);
  int64_t size = offset_ms < 0 ? -offset_ms : offset_ms;
  (void)zr_buf_printf(&b, "the service's clock is %lld s %s the server's; a signature allows 300 s",
                      (long long)(size / 1000), offset_ms < 0 ? "behind" : "ahead of");
  s_find(d, "clock",
         size >= CLOCK_FAIL_MS   ? FINDING_FAILED
         : size >= CLOCK_WARN_MS ? FINDING_WARNING
                                 : FINDING_OK,
         b.data ? b.data : "");
  zr_buf_clean_up(&b);
}

/* Whatever the service answers, it answers behind a chain that the server has verified; without
 * that there is no answer. */
static void s_tls(struct doctor *d, enum zenrelease_status status,
                  const struct zenrelease_error *error) {
  bool answered = status != ZENRELEASE_UNAVAILABLE && status != ZENRELEASE_FAILED_PRECONDITION &&
                  status != ZENRELEASE_DEADLINE_EXCEEDED && status != ZENRELEASE_CANCELLED;
  if (!d->tls || d->tls_told)
    return;
  d->tls_told = true;
  s_find(d, "tls", answered ? FINDING_OK : FINDING_FAILED,
         answered ? "the service's certificate chain and name are verified"
                  : zenrelease_error_message(error));
}

/* One row of the bin answers for the connection, the signature and the right to read. */
static void s_read(struct doctor *d, enum zenrelease_product product) {
  struct zenrelease_list_options o;
  struct zenrelease_list *list = NULL;
  struct zenrelease_error *error = NULL;
  const struct zenrelease_instance *i = NULL;
  int64_t offset_ms = 0;
  struct zr_buf b = ZR_BUF_INIT(8192);
  zenrelease_list_options_init(&o);
  o.product = product;
  o.page_size = 1;
  o.cancel = d->connection->cancel;
  enum zenrelease_status status = zenrelease_list_new(d->connection->client, &o, &list, &error);
  if (status == ZENRELEASE_OK)
    status = zenrelease_list_next(list, &i, &error);
  s_tls(d, status, error);
  (void)zr_buf_printf(&b, "%s: ", zenrelease_product_name(product));
  if (status == ZENRELEASE_OK)
    (void)zr_buf_printf(&b, "may be read; %lld in the bin", (long long)zenrelease_list_total(list));
  else
    (void)zr_buf_text(&b, zenrelease_error_message(error));
  s_find(d, "rights", status == ZENRELEASE_OK ? FINDING_OK : FINDING_FAILED, b.data ? b.data : "");
  if (status == ZENRELEASE_OK && !d->clock_told && zenrelease_list_clock(list, &offset_ms)) {
    d->clock_told = true;
    s_clock(d, offset_ms);
  }
  zenrelease_list_free(list);
  zenrelease_error_free(error);
  zr_buf_clean_up(&b);
}

static enum zr_exit s_doctor(struct doctor *d) {
  s_files(d);
  if (s_server(d)) {
    for (int p = ZENRELEASE_PRODUCT_VM; p <= ZENRELEASE_PRODUCT_ZEC; p++)
      s_read(d, (enum zenrelease_product)p);
    if (!d->clock_told)
      s_find(d, "clock", FINDING_WARNING, "no reply of the service said what time it is there");
  }
  if (d->common->json)
    (void)zr_buf_printf(&d->out, "{\"type\":\"result\",\"healthy\":%s}\n",
                        d->failed ? "false" : "true");
  zr_out_buf(&d->out);
  return zr_out_written("answer") && !d->failed ? ZR_EXIT_OK : ZR_EXIT_NONE;
}

enum zr_exit zr_command_doctor(struct zr_common_args *common, int argc, char **argv) {
  struct zr_connection connection;
  struct doctor d = {.common = common, .connection = &connection, .out = ZR_BUF_INIT(TEXT_MAX)};
  if (!zr_args_parse(&s_argp, common, common, argc, argv))
    return zr_args_usage(common, "doctor");
  enum zr_exit code = zr_connect(&connection, common);
  if (code == ZR_EXIT_OK)
    code = s_doctor(&d);
  zr_disconnect(&connection);
  zr_buf_clean_up(&d.out);
  return zr_interrupted() ? ZR_EXIT_STOPPED : code;
}
