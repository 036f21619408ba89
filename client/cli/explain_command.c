/* zenrelease explain ID: what is there, what the server's rules say of it, what a release would do.
 */
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "connect.h"
#include "interrupt.h"
#include "json.h"
#include "out.h"
#include "table.h"

enum { KEY_PRODUCT = 0x200, TIMEOUT_MS = 60 * 1000, TEXT_MAX = 1024 * 1024 };

struct explain_args {
  struct zr_common_args *common;
  enum zenrelease_product product;
  const char *id;
};

static const struct argp_option s_options[] = {
    {"product", KEY_PRODUCT, "NAME", 0, "vm (default), bmc or zec", 1},
    {0},
};

static error_t s_parse(int key, char *arg, struct argp_state *state) {
  struct explain_args *a = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = a->common;
    return 0;
  case KEY_PRODUCT:
    return zr_args_product(a->common, arg, &a->product);
  case ARGP_KEY_ARG:
    if (a->id)
      return zr_args_fail(a->common, "one instance at a time; %s is one too many", arg);
    a->id = arg;
    return *arg ? 0 : zr_args_fail(a->common, "the instance is blank");
  case ARGP_KEY_NO_ARGS:
    return zr_args_fail(a->common, "name an instance");
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp s_argp = {
    .options = s_options,
    .parser = s_parse,
    .args_doc = "ID",
    .doc = "Shows one instance as it is now, every rule that holds it back, and what a "
           "release would do to it. Changes nothing.\v"
           "Exit codes: 0 it would be released, or is gone; 1 it would not, or nothing could be "
           "read; 2 usage; 130 interrupted.",
    .children = zr_common_children,
};

static void s_row(struct zr_buf *b, const char *key, const char *text) {
  if (!*text)
    return;
  (void)zr_buf_printf(b, "%-16s", key);
  zr_plain_text(b, text);
  (void)zr_buf_char(b, '\n');
}

static void s_facts(const struct zenrelease_instance *i, struct zr_buf *b) {
  s_row(b, "status", i->status);
  s_row(b, "name", i->name);
  s_row(b, "zone", i->zone_id);
  s_row(b, "resource group", i->resource_group_id);
  s_row(b, "charge type", i->charge_type);
  s_row(b, "created", i->create_time);
  s_row(b, "expires", i->expire_time);
  for (size_t t = 0; t < i->tag_count; t++) {
    (void)zr_buf_printf(b, "%-16s", "tag");
    zr_plain_text(b, i->tags[t].key);
    (void)zr_buf_char(b, '=');
    zr_plain_text(b, i->tags[t].value);
    (void)zr_buf_char(b, '\n');
  }
  for (size_t k = 0; k < i->public_ip_address_count; k++)
    s_row(b, "address", i->public_ip_addresses[k]);
  (void)zr_buf_printf(b, "%-16s%d, of which %d die with it\n", "disks", i->disk_count,
                      i->undetachable_disk_count);
}

/* The live state; nothing is written when there is none. */
static enum zenrelease_status s_look(const struct explain_args *args, const struct zr_connection *c,
                                     struct zr_buf *b, struct zenrelease_error **error) {
  struct zenrelease_list_options o;
  struct zenrelease_list *list = NULL;
  const struct zenrelease_instance *i = NULL;
  zenrelease_list_options_init(&o);
  o.product = args->product;
  o.status = "*";
  o.instance_ids = &args->id;
  o.instance_id_count = 1;
  o.cancel = c->cancel;
  enum zenrelease_status status = zenrelease_list_new(c->client, &o, &list, error);
  if (status == ZENRELEASE_OK)
    status = zenrelease_list_next(list, &i, error);
  if (status == ZENRELEASE_OK && i && args->common->json) {
    zr_json_instance(b, i);
    (void)zr_buf_char(b, '\n');
  } else if (status == ZENRELEASE_OK && i) {
    s_facts(i, b);
  } else if (status == ZENRELEASE_OK && !args->common->json) {
    (void)zr_buf_text(b, "this account sees no such instance\n");
  }
  zenrelease_list_free(list);
  if (status != ZENRELEASE_NOT_FOUND)
    return status;
  zenrelease_error_free(*error);
  *error = NULL;
  return ZENRELEASE_OK;
}

static bool s_verdict(const struct explain_args *args, const struct zenrelease_report *report,
                      struct zr_buf *b) {
  const struct zenrelease_result *r = zenrelease_report_result(report, 0);
  bool would = strcmp(r->diagnostic_code, "WOULD_RELEASE") == 0;
  if (args->common->json) {
    (void)zr_buf_text(b, "{\"type\":\"result\",\"results\":[");
    zr_json_result(b, r);
    (void)zr_buf_text(b, "],\"diagnostics\":[");
    for (size_t i = 0; i < zenrelease_report_diagnostic_count(report); i++) {
      (void)zr_buf_text(b, i ? "," : "");
      zr_json_diagnostic(b, zenrelease_report_diagnostic(report, i));
    }
    (void)zr_buf_text(b, "]}\n");
    return would || r->outcome == ZENRELEASE_OUTCOME_ALREADY_GONE;
  }
  (void)zr_buf_printf(b, "%-16s%s\n", "a release",
                      would ? "would release it, for good" : "would not release it");
  for (size_t i = 0; i < zenrelease_report_diagnostic_count(report); i++) {
    const struct zenrelease_diagnostic *d = zenrelease_report_diagnostic(report, i);
    s_row(b, "why", *d->detail ? d->detail : d->summary);
    s_row(b, "code", d->code);
    if (!would)
      s_row(b, "what to do", d->hint);
  }
  return would || r->outcome == ZENRELEASE_OUTCOME_ALREADY_GONE;
}

static enum zr_exit s_explain(const struct explain_args *args, const struct zr_connection *c) {
  struct zenrelease_error *error = NULL;
  struct zenrelease_report *report = NULL;
  struct zenrelease_release_options o;
  struct zr_buf b = ZR_BUF_INIT(TEXT_MAX);
  bool fine = false;
  zenrelease_release_options_init(&o);
  o.product = args->product;
  o.instance_ids = &args->id;
  o.instance_id_count = 1;
  o.validate_only = 1;
  o.timeout_ms = TIMEOUT_MS;
  o.cancel = c->cancel;
  enum zenrelease_status status = s_look(args, c, &b, &error);
  if (status == ZENRELEASE_OK)
    status = zenrelease_release_unary(c->client, &o, &report, &error);
  if (status == ZENRELEASE_OK) {
    fine = s_verdict(args, report, &b);
    zr_out_buf(&b);
  } else {
    zr_tell_error(args->common->json, error, NULL);
  }
  zenrelease_report_release(report);
  zenrelease_error_free(error);
  zr_buf_clean_up(&b);
  if (status == ZENRELEASE_INVALID_ARGUMENT)
    return ZR_EXIT_USAGE;
  return zr_out_written("answer") && fine ? ZR_EXIT_OK : ZR_EXIT_NONE;
}

enum zr_exit zr_command_explain(struct zr_common_args *common, int argc, char **argv) {
  struct explain_args args = {.common = common};
  struct zr_connection connection;
  if (!zr_args_parse(&s_argp, common, &args, argc, argv))
    return zr_args_usage(common, "explain");
  if (args.product == ZENRELEASE_PRODUCT_NONE)
    args.product = ZENRELEASE_PRODUCT_VM;
  enum zr_exit code = zr_connect(&connection, common);
  if (code == ZR_EXIT_OK)
    code = s_explain(&args, &connection);
  zr_disconnect(&connection);
  return zr_interrupted() ? ZR_EXIT_STOPPED : code;
}
