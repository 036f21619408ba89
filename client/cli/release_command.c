#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "connect.h"
#include "interrupt.h"
#include "json.h"
#include "out.h"
#include "progress.h"
#include "release_args.h"
#include "summary.h"

enum { LINE_MAX_BYTES = 64 * 1024 * 1024, WHY_MAX = 4096, OWN_PLUGIN_TRIES = 2 };

/* One `zenrelease release` while it runs. */
struct release_run {
  const struct zr_release_args *args;
  struct zr_progress progress;
  struct zr_buf line;
  struct zenrelease_report **reports;
  size_t report_count;
  size_t report_cap;
  bool short_of_memory;
};

/* ---- events ---- */

static void s_keep_report(struct release_run *run, struct zenrelease_report *report) {
  void *array = run->reports;
  if (zr_grow(&array, &run->report_cap, run->report_count + 1,
              sizeof(struct zenrelease_report *)) != 0) {
    run->short_of_memory = true;
    return;
  }
  run->reports = array;
  run->reports[run->report_count++] = zenrelease_report_acquire(report);
}

static void s_on_event(void *user, const struct zenrelease_event *ev) {
  struct release_run *run = user;
  if (ev->type == ZENRELEASE_EVENT_RESULT)
    s_keep_report(run, ev->report);
  if (!run->args->common->json) {
    zr_progress_event(&run->progress, ev);
    return;
  }
  if (ev->type == ZENRELEASE_EVENT_RESULT || ev->type == ZENRELEASE_EVENT_TICK)
    return;
  zr_json_event(&run->line, ev);
  (void)zr_buf_char(&run->line, '\n');
  zr_out_buf(&run->line);
  (void)zr_out_flush(NULL);
}

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
  zr_note(
      "  or see the state, sending nothing: zenrelease release --dry-run --product %s … with the "
      "same ids",
      product);
}

static enum zr_exit s_finish(struct release_run *run, const struct zenrelease_summary *summary,
                             const struct zenrelease_error *error) {
  const struct zr_release_args *args = run->args;
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

static enum zr_exit s_run(struct release_run *run, struct zr_connection *connection) {
  const struct zr_release_args *args = run->args;
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
  o.reattach_tries = connection->own_plugin ? OWN_PLUGIN_TRIES : 0;
  o.tick_ms = run->progress.live ? ZR_PROGRESS_REDRAW_MS : 0;
  o.cancel = connection->cancel;
  o.on_event = s_on_event;
  o.user = run;
  (void)zenrelease_release(connection->client, &o, &summary, &error);
  zr_progress_end(&run->progress);
  enum zr_exit code =
      summary.reported ? s_finish(run, &summary, error) : s_failed(args, error, summary.request_id);
  zenrelease_error_free(error);
  return code;
}

static enum zr_exit s_release(const struct zr_release_args *args) {
  struct zr_connection connection;
  struct release_run run = {.args = args, .line = ZR_BUF_INIT(LINE_MAX_BYTES)};
  bool live = !args->common->json && zr_err_is_terminal();
  zr_progress_begin(&run.progress, live, zr_mono_now());
  enum zr_exit code = zr_connect(&connection, args->common);
  if (code == ZR_EXIT_OK)
    code = s_run(&run, &connection);
  zr_progress_end(&run.progress);
  zr_disconnect(&connection);
  for (size_t i = 0; i < run.report_count; i++)
    zenrelease_report_release(run.reports[i]);
  zr_free(run.reports);
  zr_buf_clean_up(&run.line);
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
