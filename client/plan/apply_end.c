/* The end of a run: the table, the last JSON line, the report file, the exit code. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "base/mem.h"
#include "cli/interrupt.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/temp_file.h"

enum { REST_MAX = 256 * 1024, TABLE_MAX = 16 * 1024 * 1024 };

static const char *s_state(enum zr_step_state state) {
  static const char *const names[] = {[ZR_STEP_WAITS] = "not_run",
                                      [ZR_STEP_RUNS] = "not_run",
                                      [ZR_STEP_DONE] = "done",
                                      [ZR_STEP_FAILED] = "failed",
                                      [ZR_STEP_SKIPPED] = "skipped"};
  return names[state];
}

/* ---- JSON, in a stream ---- */

/* Where JSON goes: a file, or stdout (NULL). */
static bool s_write(void *ctx, const char *bytes, size_t len) {
  FILE *to = ctx;
  if (to)
    return fwrite(bytes, 1, len, to) == len;
  struct zr_buf b = ZR_BUF_INIT(len + 1);
  (void)zr_buf_append(&b, bytes, len);
  zr_out_buf(&b);
  zr_buf_clean_up(&b);
  return true;
}

/* Instances of the plan whose outcome could be kept nowhere. */
static uint64_t s_missing(const struct zr_apply *a) {
  uint64_t planned = a->plan->instances + a->plan->blocked;
  return planned > a->results.count ? planned - a->results.count : 0;
}

static void s_steps(const struct zr_apply *a, struct zr_buf *b) {
  (void)zr_buf_text(b, ",\"steps\":[");
  for (size_t i = 0; i < a->plan->head.steps.count; i++) {
    (void)zr_buf_printf(b, "%s{\"step\":\"%s\",\"state\":\"%s\",\"counts\":", i ? "," : "",
                        a->plan->head.steps.items[i].name, s_state(a->steps[i].state));
    zr_json_counts(b, &a->steps[i].counts);
    (void)zr_buf_char(b, '}');
  }
  (void)zr_buf_char(b, ']');
}

static void s_facts(const struct zr_apply *a, struct zr_buf *b) {
  char started[ZR_STAMP_ROOM];
  char ended[ZR_STAMP_ROOM];
  zr_wall_format((struct zr_wall){a->started_ms}, started);
  zr_wall_format(zr_wall_now(), ended);
  (void)zr_buf_text(b, ",\"account\":");
  (void)zr_buf_json(b, zr_view_of(a->plan->head.account));
  (void)zr_buf_text(b, ",\"endpoint\":");
  (void)zr_buf_json(b, zr_view_of(a->plan->head.endpoint));
  (void)zr_buf_printf(b, ",\"plan_digest\":\"%s\",\"started\":\"%s\",\"ended\":\"%s\"",
                      a->plan->digest, started, ended);
  (void)zr_buf_printf(b, ",\"interrupted\":%s", zr_interrupted() ? "true" : "false");
}

static bool s_json(const struct zr_apply *a, const char *type, FILE *to) {
  struct zr_buf b = ZR_BUF_INIT(REST_MAX);
  (void)zr_buf_printf(&b, "{\"type\":\"%s\",\"version\":1,\"results\":[", type);
  bool fine = s_write(to, b.data, b.len) && zr_spool_copy(&a->results, s_write, to);
  zr_buf_reset(&b);
  (void)zr_buf_text(&b, "],\"counts\":");
  zr_json_counts(&b, &a->counts);
  if (s_missing(a))
    (void)zr_buf_printf(&b, ",\"missing\":%llu", (unsigned long long)s_missing(a));
  s_steps(a, &b);
  s_facts(a, &b);
  (void)zr_buf_text(&b, ",\"diagnostics\":[");
  fine = fine && s_write(to, b.data, b.len) && zr_spool_copy(&a->diagnostics, s_write, to);
  fine = fine && zr_buf_failed(&b) == ZR_ERR_OK && s_write(to, "]}\n", 3);
  zr_buf_clean_up(&b);
  return fine;
}

/* ---- the report file: whole, or as it was ---- */

/* There may be room in another folder. Its name, which the caller frees; NULL: there is none. */
static char *s_elsewhere(const struct zr_apply *a) {
  FILE *file = NULL;
  char *name = zr_temp_named("zenrelease-report-", &file);
  bool fine = name && s_json(a, "report", file);
  fine = name && fclose(file) == 0 && fine;
  if (fine)
    return name;
  if (name)
    (void)unlink(name);
  zr_free(name);
  return NULL;
}

/* A report that is cut short, or without an outcome, is never put in place. What there is of it is
 * kept, and where is told. False with errno. */
static bool s_report_file(const struct zr_apply *a) {
  struct zr_beside *to = a->report;
  bool whole = s_json(a, "report", to->file) && zr_beside_close(to);
  if (whole && !s_missing(a) && zr_beside_install(to))
    return true;
  int error = whole && s_missing(a) ? ENOMEM : errno;
  zr_note("zenrelease: %s: %s", to->path, strerror(error));
  char *other = whole ? NULL : s_elsewhere(a);
  if (other)
    zr_note("  the whole report is in %s", other);
  else
    zr_note("  what there is of the report is in %s%s", to->name, whole ? "" : ", cut short");
  if (!other)
    zr_beside_keep(to);
  zr_free(other);
  errno = error;
  return false;
}

/* ---- people ---- */

static void s_human(const struct zr_apply *a) {
  struct zr_buf b = ZR_BUF_INIT(TABLE_MAX);
  int64_t released = a->counts.by_outcome[ZENRELEASE_OUTCOME_RELEASED];
  bool all = released == a->counts.total;
  bool colour = zr_out_has_colour();
  if (zr_table_rows(&a->table)) {
    zr_table_render(&a->table, 0, zr_table_rows(&a->table), colour, &b);
    if (a->rows > ZR_APPLY_ROWS)
      (void)zr_buf_printf(&b, "and %llu more (--report has them all)\n",
                          (unsigned long long)(a->rows - ZR_APPLY_ROWS));
    (void)zr_buf_char(&b, '\n');
  }
  for (size_t i = 0; i < a->plan->head.steps.count; i++)
    (void)zr_buf_printf(&b, "step %s: %s, released %lld of %lld\n",
                        a->plan->head.steps.items[i].name, s_state(a->steps[i].state),
                        (long long)a->steps[i].counts.by_outcome[ZENRELEASE_OUTCOME_RELEASED],
                        (long long)a->steps[i].counts.total);
  const char *comma = "";
  for (int i = 1; i < ZENRELEASE_OUTCOME_COUNT; i++) {
    if (!a->counts.by_outcome[i])
      continue;
    (void)zr_buf_printf(&b, "%s%s %lld", comma, zenrelease_outcome_name((enum zenrelease_outcome)i),
                        (long long)a->counts.by_outcome[i]);
    comma = ", ";
  }
  (void)zr_buf_printf(&b, "\n%sreleased %lld of %lld%s\n",
                      !colour ? ""
                      : all   ? "\033[32m"
                              : "\033[33m",
                      (long long)released, (long long)a->counts.total, colour ? "\033[0m" : "");
  zr_out_buf(&b);
  zr_buf_clean_up(&b);
}

enum zr_exit zr_apply_end(struct zr_apply *a) {
  const char *why = NULL;
  const char *out_why = "";
  if (s_missing(a)) {
    why = strerror(a->results.error ? a->results.error : ENOMEM);
    zr_note("zenrelease: %llu outcomes could not be kept", (unsigned long long)s_missing(a));
  }
  if (a->report && !s_report_file(a))
    why = strerror(errno);
  if (a->common->json && !s_json(a, "result", NULL))
    why = strerror(errno);
  if (!a->common->json)
    s_human(a);
  if (!zr_out_flush(&out_why))
    why = out_why;
  if (why)
    zr_note("zenrelease: the report could not be written: %s; released %lld of %lld", why,
            (long long)a->counts.by_outcome[ZENRELEASE_OUTCOME_RELEASED],
            (long long)a->counts.total);
  if (zr_interrupted())
    zr_note("zenrelease: interrupted; the report is exact. Apply the same plan again to finish");
  const struct zr_exit_facts facts = {
      .counts = &a->counts, .interrupted = zr_interrupted(), .undelivered = why != NULL};
  return zr_exit_code(&facts);
}
