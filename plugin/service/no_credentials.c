/* A server without usable credentials says so for every instance, and does not crash. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "service/private.h"

/* One mention of an id. */
struct s_mention {
  const char *id;
  uint32_t index;
};

static int s_by_id(const void *a, const void *b) {
  const struct s_mention *x = a;
  const struct s_mention *y = b;
  int order = strcmp(x->id, y->id);
  return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* first[i]: the position of the first mention of the id at i. */
static uint32_t *s_first_mentions(struct zr_arena *a, const struct zr_release_request *r) {
  size_t n = r->instance_id_count;
  struct s_mention *sorted = zr_arena_alloc(a, n * sizeof *sorted);
  uint32_t *first = zr_arena_alloc(a, n * sizeof *first);
  if (!sorted || !first)
    return NULL;
  for (uint32_t i = 0; i < n; i++)
    sorted[i] = (struct s_mention){r->instance_ids[i], i};
  qsort(sorted, n, sizeof *sorted, s_by_id);
  uint32_t head = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (i == 0 || strcmp(sorted[i].id, sorted[i - 1].id) != 0)
      head = sorted[i].index;
    first[sorted[i].index] = head;
  }
  return first;
}

static bool s_duplicate(struct zr_arena *a, struct zr_diagnostic *d, const char *id, uint32_t at,
                        uint32_t first) {
  *d = (struct zr_diagnostic){
      .code = ZR_CODE_DUPLICATE_ID, .instance_id = id, .index = (int32_t)at, .retry_after_ms = -1};
  d->detail = zr_arena_printf(a, "instance_ids[%u] repeats instance_ids[%u]", at, first);
  return d->detail != NULL;
}

static struct zr_result s_refused(const char *id, uint32_t at, const char *problem) {
  return (struct zr_result){
      .instance_id = id,
      .index = at,
      .outcome = ZR_OUTCOME_NOT_ATTEMPTED,
      .code = ZR_CODE_CREDENTIALS_MISSING,
      .decided_at = zr_wall_now(),
      .diagnostic = {.code = ZR_CODE_CREDENTIALS_MISSING,
                     .detail = problem,
                     .instance_id = id,
                     .index = (int32_t)at,
                     .retry_after_ms = -1},
  };
}

/* Fills the report; its arrays are in the arena. */
static enum zr_err s_report(struct zr_arena *a, const struct zr_release_request *r,
                            const char *problem, struct zr_report *out) {
  size_t n = r->instance_id_count;
  uint32_t *first = s_first_mentions(a, r);
  struct zr_result *results = zr_arena_alloc(a, n * sizeof *results);
  struct zr_diagnostic *diagnostics = zr_arena_alloc(a, (n + 1) * sizeof *diagnostics);
  if (!first || !results || !diagnostics)
    return ZR_ERR_NOMEM;
  diagnostics[0] = (struct zr_diagnostic){
      .code = ZR_CODE_CREDENTIALS_MISSING, .detail = problem, .index = -1, .retry_after_ms = -1};
  *out = (struct zr_report){.results = results, .diagnostics = diagnostics, .diagnostic_count = 1};
  for (uint32_t i = 0; i < n; i++) {
    if (first[i] == i)
      results[out->result_count++] = s_refused(r->instance_ids[i], i, problem);
    else if (!s_duplicate(a, &diagnostics[out->diagnostic_count++], r->instance_ids[i], i,
                          first[i]))
      return ZR_ERR_NOMEM;
  }
  out->counts.by_outcome[ZR_OUTCOME_NOT_ATTEMPTED] = (unsigned)out->result_count;
  out->counts.total = (unsigned)out->result_count;
  out->counts.duplicates = (unsigned)(n - out->result_count);
  return ZR_ERR_OK;
}

enum zr_err zr_operation_refuse(struct zr_operation *op, const struct zr_release_request *request,
                                const char *problem) {
  struct zr_arena arena;
  struct zr_report report;
  zr_arena_init(&arena, NULL, 0);
  enum zr_err e = s_report(&arena, request, problem, &report);
  if (e == ZR_ERR_OK)
    zr_operation_finish(op, &report);
  zr_arena_clean_up(&arena);
  return e;
}
