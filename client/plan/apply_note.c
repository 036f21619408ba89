/* What is heard while a plan runs: counted, shown, and written down. */
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "cli/interrupt.h"
#include "cli/json.h"
#include "cli/out.h"

static const char *s_step_name(const struct zr_apply *a, size_t number) {
  return a->plan->head.steps.items[number].name;
}

static bool s_is_success(const struct zenrelease_result *r) {
  return r->outcome == ZENRELEASE_OUTCOME_RELEASED || r->outcome == ZENRELEASE_OUTCOME_ALREADY_GONE;
}

/* {…} -> {…,"phase":"check"} at the end of the buffer: what is heard while nothing is sent. */
static void s_with_phase(struct zr_apply *a) {
  if (!a->checking || a->line.len == 0 || a->line.data[a->line.len - 1] != '}')
    return;
  a->line.data[--a->line.len] = '\0';
  (void)zr_buf_text(&a->line, ",\"phase\":\"check\"}");
}

/* {…} -> {…,"step":"web"} at the end of the buffer. Names of steps need no escapes. */
static void s_with_step(struct zr_buf *b, const char *step) {
  if (b->len == 0 || b->data[b->len - 1] != '}')
    return;
  b->data[--b->len] = '\0';
  (void)zr_buf_printf(b, ",\"step\":\"%s\"}", step);
}

/* ---- one outcome; the lock is held ---- */

static void s_row(struct zr_apply *a, size_t number, const struct zenrelease_result *r,
                  const char *why) {
  const char *cells[] = {s_step_name(a, number), r->instance_id,
                         zenrelease_outcome_name(r->outcome),
                         *r->last_status ? r->last_status : "-", why};
  if (s_is_success(r) || a->rows++ >= ZR_APPLY_ROWS)
    return;
  if (zr_table_add(&a->table, cells) != 0)
    zr_note("zenrelease: out of memory; %s is missing in the table", r->instance_id);
}

static void s_result(struct zr_apply *a, size_t number, const struct zenrelease_result *r,
                     const char *why) {
  struct zr_apply_step *s = &a->steps[number];
  s->counts.by_outcome[r->outcome]++;
  s->counts.total++;
  a->counts.by_outcome[r->outcome]++;
  a->counts.total++;
  a->belt_broken = a->belt_broken || strcmp(r->diagnostic_code, "BELT_BROKEN") == 0;
  if (a->checking)
    s->gone += r->outcome == ZENRELEASE_OUTCOME_ALREADY_GONE;
  zr_json_result(&a->line, r);
  s_with_step(&a->line, s_step_name(a, number));
  zr_spool_add(&a->results, &a->line);
  s_row(a, number, r, why);
}

/* Hints that name flags are about `release`. */
static void s_diagnostic(struct zr_apply *a, size_t number, const struct zenrelease_diagnostic *d) {
  struct zenrelease_diagnostic copy = *d;
  if (strstr(d->hint, "--"))
    copy.hint = "Apply the same plan again: it reads first.";
  zr_json_diagnostic(&a->line, &copy);
  s_with_step(&a->line, s_step_name(a, number));
  zr_spool_add(&a->diagnostics, &a->line);
}

/* ---- a report ---- */

/* What would be released is, while only looking, not sent: because the look stopped the run, or the
 * person did. If neither does, all of this is forgotten. */
static void s_checked(struct zr_apply *a, size_t number, const struct zenrelease_result *r) {
  bool interrupted = zr_interrupted();
  struct zenrelease_result held = *r;
  held.diagnostic_code = interrupted ? "CANCELLED" : "CHECK_STOPPED";
  s_result(a, number, &held,
           interrupted ? "cancelled before it was sent" : "the check of the plan stopped the run");
  struct zenrelease_diagnostic d = {
      .severity = ZENRELEASE_SEVERITY_ERROR,
      .code = held.diagnostic_code,
      .summary = interrupted ? "Cancelled before it was sent"
                             : "Not sent: the check of the plan stopped the run",
      .detail = "",
      .field = "",
      .instance_id = r->instance_id,
      .service_code = "",
      .service_request_id = "",
      .service_message = "",
      .retry_delay_ms = -1,
      .hint = "Look at what stopped it; then apply the plan again, or make a new one.",
  };
  s_diagnostic(a, number, &d);
}

static const char *s_why(const struct zenrelease_report *report, size_t *at,
                         const struct zenrelease_result *r) {
  size_t count = zenrelease_report_diagnostic_count(report);
  for (size_t i = 0; i < count && !s_is_success(r); i++) {
    const struct zenrelease_diagnostic *d = zenrelease_report_diagnostic(report, (*at + i) % count);
    if (strcmp(d->instance_id, r->instance_id) != 0 || strcmp(d->code, "DUPLICATE_ID") == 0)
      continue;
    *at = (*at + i) % count; /* both lists have one order */
    return *d->detail ? d->detail : d->summary;
  }
  return "";
}

static void s_report(struct zr_apply *a, size_t number, const struct zenrelease_report *report) {
  size_t at = 0;
  for (size_t i = 0; i < zenrelease_report_result_count(report); i++) {
    const struct zenrelease_result *r = zenrelease_report_result(report, i);
    if (a->checking && strcmp(r->diagnostic_code, "WOULD_RELEASE") == 0)
      s_checked(a, number, r);
    else
      s_result(a, number, r, a->rows < ZR_APPLY_ROWS ? s_why(report, &at, r) : "");
  }
  for (size_t i = 0; i < zenrelease_report_diagnostic_count(report); i++) {
    const struct zenrelease_diagnostic *d = zenrelease_report_diagnostic(report, i);
    if (!a->checking || strcmp(d->code, "WOULD_RELEASE") != 0)
      s_diagnostic(a, number, d);
  }
}

/* ---- events ---- */

static void s_show(struct zr_apply *a, size_t number, const struct zenrelease_event *ev) {
  if (ev->type == ZENRELEASE_EVENT_STARTED || ev->type == ZENRELEASE_EVENT_RESULT)
    return;
  if (a->checking && ev->type == ZENRELEASE_EVENT_OUTCOMES_DECIDED)
    return;
  if (!a->common->json) {
    zr_progress_event(&a->progress, ev);
    return;
  }
  if (ev->type == ZENRELEASE_EVENT_TICK)
    return;
  zr_json_event(&a->line, ev);
  s_with_step(&a->line, s_step_name(a, number));
  s_with_phase(a);
  (void)zr_buf_char(&a->line, '\n');
  zr_out_buf(&a->line);
  (void)zr_out_flush(NULL);
}

void zr_apply_note_event(struct zr_apply *a, size_t number, const struct zenrelease_event *ev) {
  (void)pthread_mutex_lock(&a->lock);
  if (ev->type == ZENRELEASE_EVENT_RESULT)
    s_report(a, number, ev->report);
  s_show(a, number, ev);
  (void)pthread_mutex_unlock(&a->lock);
}

void zr_apply_note_unsent(struct zr_apply *a, size_t number, const struct zr_unsent *u) {
  struct zenrelease_result r = {.instance_id = u->id,
                                .outcome = ZENRELEASE_OUTCOME_NOT_ATTEMPTED,
                                .last_status = "",
                                .display_name = "",
                                .zone_id = "",
                                .release_request_id = "",
                                .diagnostic_code = u->code};
  struct zenrelease_diagnostic d = {.severity = ZENRELEASE_SEVERITY_ERROR,
                                    .code = u->code,
                                    .summary = u->summary,
                                    .detail = u->detail,
                                    .field = "",
                                    .instance_id = u->id,
                                    .service_code = "",
                                    .service_request_id = "",
                                    .service_message = "",
                                    .retry_delay_ms = -1,
                                    .hint = ""};
  (void)pthread_mutex_lock(&a->lock);
  s_result(a, number, &r, *u->detail ? u->detail : u->summary);
  s_diagnostic(a, number, &d);
  a->progress.done += !a->checking;
  (void)pthread_mutex_unlock(&a->lock);
}

void zr_apply_note_step(struct zr_apply *a, size_t number, const char *type) {
  (void)pthread_mutex_lock(&a->lock);
  const char *name = s_step_name(a, number);
  if (a->common->json) {
    (void)zr_buf_printf(&a->line, "{\"type\":\"%s\",\"step\":\"%s\",\"instances\":%llu}\n", type,
                        name, (unsigned long long)a->plan->spans[number].instances);
    zr_out_buf(&a->line);
    (void)zr_out_flush(NULL);
  } else if (!a->progress.live) {
    zr_note("zenrelease: %s: %s", name, type + strlen("step_"));
  }
  (void)pthread_mutex_unlock(&a->lock);
}

const char *zr_apply_unwritten(struct zr_apply *a) {
  (void)pthread_mutex_lock(&a->lock);
  bool results = zr_spool_settle(&a->results);
  bool fine = zr_spool_settle(&a->diagnostics) && results;
  int error = a->results.error ? a->results.error : a->diagnostics.error;
  (void)pthread_mutex_unlock(&a->lock);
  return fine ? NULL : strerror(error);
}

void zr_apply_note_reset(struct zr_apply *a) {
  static const struct zenrelease_counts none;
  for (size_t i = 0; i < a->plan->head.steps.count; i++)
    a->steps[i].counts = none;
  a->counts = none;
  a->rows = 0;
  (void)zr_spool_reset(&a->results);
  (void)zr_spool_reset(&a->diagnostics);
  const char *const *heads = a->table.heads;
  const char *copy[ZR_TABLE_COLUMNS_MAX];
  size_t columns = a->table.columns;
  memcpy(copy, heads, sizeof copy);
  zr_table_clean_up(&a->table);
  memset(&a->table, 0, sizeof a->table);
  zr_table_begin(&a->table, copy, columns);
}
