#include "report.h"

#include <string.h>

#include "base/mem.h"

struct zenrelease_report *zr_report_new(void) {
  struct zenrelease_report *r = zr_calloc(1, sizeof *r);
  if (!r)
    return NULL;
  atomic_init(&r->refs, 1);
  zr_arena_init(&r->arena, NULL, 0);
  r->request_id = "";
  return r;
}

struct zenrelease_report *zenrelease_report_acquire(struct zenrelease_report *report) {
  if (report)
    (void)atomic_fetch_add(&report->refs, 1);
  return report;
}

void zenrelease_report_release(struct zenrelease_report *report) {
  if (!report || atomic_fetch_sub(&report->refs, 1) != 1)
    return;
  zr_free(report->diagnostics);
  zr_arena_clean_up(&report->arena);
  zr_free(report);
}

size_t zenrelease_report_result_count(const struct zenrelease_report *report) {
  return report->result_count;
}

const struct zenrelease_result *zenrelease_report_result(const struct zenrelease_report *report,
                                                         size_t index) {
  return &report->results[index];
}

size_t zenrelease_report_diagnostic_count(const struct zenrelease_report *report) {
  return report->diagnostic_count;
}

const struct zenrelease_diagnostic *
zenrelease_report_diagnostic(const struct zenrelease_report *report, size_t index) {
  return &report->diagnostics[index];
}

const struct zenrelease_counts *zenrelease_report_counts(const struct zenrelease_report *report) {
  return &report->counts;
}

const char *zenrelease_report_request_id(const struct zenrelease_report *report) {
  return report->request_id;
}

int zr_report_reserve(struct zenrelease_report *r, size_t count) {
  r->results = zr_arena_calloc(&r->arena, count, sizeof *r->results);
  r->result_count = r->results ? count : 0;
  return r->results ? 0 : -1;
}

int zr_report_add(struct zenrelease_report *r, const struct zenrelease_diagnostic *d) {
  void *array = r->diagnostics;
  if (zr_grow(&array, &r->diagnostic_cap, r->diagnostic_count + 1, sizeof *r->diagnostics) != 0)
    return -1;
  r->diagnostics = array;
  r->diagnostics[r->diagnostic_count++] = *d;
  return 0;
}

void zr_report_count(struct zenrelease_report *r) {
  memset(r->counts.by_outcome, 0, sizeof r->counts.by_outcome);
  for (size_t i = 0; i < r->result_count; i++)
    r->counts.by_outcome[r->results[i].outcome]++;
  r->counts.total = (int64_t)r->result_count;
}

int zr_report_fill_parts(struct zenrelease_report *r, const struct zr_report_parts *from,
                         struct zr_origin origin) {
  if (zr_report_reserve(r, from->result_count) != 0)
    return -1;
  for (size_t i = 0; i < from->result_count; i++)
    zr_convert_result(from->results[i], &r->results[i]);
  for (size_t i = 0; i < from->diagnostic_count; i++) {
    struct zenrelease_diagnostic d;
    if (zr_convert_diagnostic(from->diagnostics[i], origin, &r->arena, &d) != 0 ||
        zr_report_add(r, &d) != 0)
      return -1;
  }
  r->counts.duplicates = from->counts ? from->counts->duplicates : 0;
  zr_report_count(r);
  return 0;
}

int zr_report_fill(struct zenrelease_report *r, const Zenrelease__V1__ReleaseResponse *from,
                   struct zr_origin origin) {
  const struct zr_report_parts parts = {from->results, from->n_results, from->diagnostics,
                                        from->n_diagnostics, from->counts};
  r->request_id = from->request_id ? from->request_id : "";
  return zr_report_fill_parts(r, &parts, origin);
}

int zr_report_judge(struct zenrelease_report *r, size_t index, const char *id, uint32_t position,
                    const struct zr_verdict *v) {
  r->results[index] = (struct zenrelease_result){.instance_id = id,
                                                 .outcome = v->outcome,
                                                 .last_status = "",
                                                 .display_name = "",
                                                 .zone_id = "",
                                                 .release_request_id = "",
                                                 .diagnostic_code = v->code};
  struct zenrelease_diagnostic d = {
      .severity = ZENRELEASE_SEVERITY_ERROR,
      .code = v->code,
      .summary = v->summary,
      .detail = v->detail,
      .field = zr_arena_printf(&r->arena, "instance_ids[%u]", position),
      .instance_id = id,
      .service_code = "",
      .service_request_id = "",
      .service_message = "",
      .retryable = 1,
      .retry_delay_ms = -1,
      .hint = v->hint,
  };
  return d.field ? zr_report_add(r, &d) : -1;
}

void zr_counts_add(struct zenrelease_counts *to, const struct zenrelease_counts *more) {
  for (int i = 0; i < ZENRELEASE_OUTCOME_COUNT; i++)
    to->by_outcome[i] += more->by_outcome[i];
  to->total += more->total;
  to->duplicates += more->duplicates;
}
