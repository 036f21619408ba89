#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "connect.h"
#include "interrupt.h"
#include "out.h"
#include "release_args.h"
#include "release_run.h"
#include "summary.h"

enum { WHY_MAX = 4096 };

/* ---- ids ---- */

static bool s_read_from(struct zr_release_args *args, struct zr_buf *why) {
  if (!args->from)
    return true;
  bool is_stdin = strcmp(args->from, "-") == 0;
  const char *name = is_stdin ? "standard input" : args->from;
  FILE *file = is_stdin ? stdin : fopen(args->from, "re");
  if (!file) {
    (void)zr_buf_printf(why, "%s: %s", name, strerror(errno));
    return false;
  }
  bool fine = zr_ids_read(&args->ids, file, name, why);
  if (!is_stdin)
    (void)fclose(file);
  if (fine && args->ids.count == 0) {
    (void)zr_buf_printf(why, "%s: there is no id in it", name);
    fine = false;
  }
  return fine;
}

/* Where the caller finds instance_ids[index]: "argument 3" or "FILE, line 17". */
static void s_explain_violations(const struct zr_release_args *args,
                                 const struct zenrelease_error *error) {
  for (size_t i = 0; i < zenrelease_error_violation_count(error) && i < 20; i++) {
    struct zr_view field = zr_view_of(zenrelease_error_violation_field(error, i));
    unsigned long long index = 0;
    if (!zr_view_starts(field, "instance_ids["))
      continue;
    (void)zr_view_split(&field, '[');
    if (!zr_view_to_u64(zr_view_split(&field, ']'), &index) || index >= args->ids.count)
      continue;
    const char *what = zenrelease_error_violation_description(error, i);
    if (args->ids.lines[index])
      zr_note("  %s, line %u: %s", args->from, args->ids.lines[index], what);
    else
      zr_note("  argument %llu: %s", index + 1, what);
  }
}

/* ---- the end ---- */

/* How to find out what became of it, when the server is gone. */
static void s_tell_how_to_settle(const struct zr_release_args *args, const char *request_id) {
  const char *product = zenrelease_product_name(args->product);
  zr_note("zenrelease: request id %s", request_id);
  if (args->common->server)
    zr_note(
        "  take it up again: zenrelease release --server %s --product %s --request-id %s … with "
        "the same ids and flags",
        args->common->server, product, request_id);
  if (args->common->journal)
    zr_note("  settle what was sent: zenrelease resume --journal %s", args->common->journal);
  zr_note(
      "  or see the state, sending nothing: zenrelease release --dry-run --product %s … with the "
      "same ids",
      product);
}

static enum zr_exit s_finish(const struct zr_release_args *args, const struct zr_release_run *run,
                             const struct zenrelease_summary *summary,
                             const struct zenrelease_error *error) {
  struct zr_summary_facts facts = {.reports = run->reports,
                                   .report_count = run->report_count,
                                   .counts = &summary->counts,
                                   .request_id = summary->request_id,
                                   .dry_run = args->dry_run,
                                   .allow_missing = args->allow_missing,
                                   .colour = !args->common->json && zr_out_has_colour()};
  const char *why = "";
  if (args->common->json)
    zr_summary_json(&facts);
  else
    zr_summary_human(&facts);
  bool delivered = zr_out_flush(&why) && !run->short_of_memory;
  if (!delivered)
    zr_note("zenrelease: the report could not be written: %s; released %lld of %lld; request id %s",
            *why ? why : "out of memory",
            (long long)summary->counts.by_outcome[ZENRELEASE_OUTCOME_RELEASED],
            (long long)summary->counts.total, summary->request_id);
  if (error) {
    zr_note("zenrelease: the server failed: %s", zenrelease_error_message(error));
    s_tell_how_to_settle(args, summary->request_id);
  }
  if (summary->timed_out)
    zr_note("zenrelease: stopped by --timeout");
  if (zr_interrupted())
    zr_note("zenrelease: interrupted%s", error ? "" : "; the report is exact");
  const struct zr_exit_facts exit_facts = {.counts = &summary->counts,
                                           .would_release = zr_summary_would_release(&facts),
                                           .dry_run = args->dry_run,
                                           .allow_missing = args->allow_missing,
                                           .interrupted = zr_interrupted(),
                                           .undelivered = !delivered};
  return zr_exit_code(&exit_facts);
}

static enum zr_exit s_failed(const struct zr_release_args *args,
                             const struct zenrelease_error *error, const char *request_id) {
  zr_tell_error(args->common->json, error, request_id);
  s_explain_violations(args, error);
  zr_note("zenrelease: nothing was sent");
  if (zr_interrupted())
    return ZR_EXIT_STOPPED;
  return zenrelease_error_status(error) == ZENRELEASE_INVALID_ARGUMENT ? ZR_EXIT_USAGE
                                                                       : ZR_EXIT_NONE;
}

/* ---- the whole ---- */

static enum zr_exit s_run(const struct zr_release_args *args, struct zr_release_run *run,
                          const struct zr_connection *connection) {
  struct zenrelease_release_options o;
  struct zenrelease_summary summary;
  struct zenrelease_error *error = NULL;
  zenrelease_summary_init(&summary);
  zenrelease_release_options_init(&o);
  o.product = args->product;
  o.instance_ids = args->ids.items;
  o.instance_id_count = args->ids.count;
  o.allow_missing = args->allow_missing;
  o.validate_only = args->dry_run;
  o.depend_resource = args->depend_resource;
  o.request_id = args->request_id;
  o.wait_ms = args->wait_ms;
  o.timeout_ms = args->timeout_ms;
  (void)zr_release_run(run, connection, &o, &summary, &error);
  enum zr_exit code = summary.reported ? s_finish(args, run, &summary, error)
                                       : s_failed(args, error, summary.request_id);
  zenrelease_error_free(error);
  return code;
}

static enum zr_exit s_release(const struct zr_release_args *args) {
  struct zr_connection connection;
  struct zr_release_run run;
  zr_release_run_begin(&run, args->common->json);
  enum zr_exit code = zr_connect(&connection, args->common);
  if (code == ZR_EXIT_OK)
    code = s_run(args, &run, &connection);
  zr_disconnect(&connection);
  zr_release_run_clean_up(&run);
  return code;
}

enum zr_exit zr_command_release(struct zr_common_args *common, int argc, char **argv) {
  struct zr_release_args args;
  struct zr_buf why = ZR_BUF_INIT(WHY_MAX);
  enum zr_exit code = ZR_EXIT_USAGE;
  if (!zr_release_args_parse(&args, common, argc, argv)) {
    code = zr_args_usage(common, "release");
  } else if (!s_read_from(&args, &why)) {
    zr_complain(common->json, "invalid_argument", "%s", why.data ? why.data : "out of memory");
    zr_note("zenrelease: nothing was sent");
  } else {
    code = s_release(&args);
  }
  zr_ids_clean_up(&args.ids);
  zr_buf_clean_up(&why);
  return code;
}
