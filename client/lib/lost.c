#include "lost.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chunk.h"

int zr_decided_add(struct zr_decided *d, const struct zenrelease_result *result) {
  void *array = d->results;
  if (zr_grow(&array, &d->cap, d->count + 1, sizeof(struct zenrelease_result *)) != 0)
    return -1;
  d->results = array;
  d->results[d->count++] = result;
  return 0;
}

void zr_decided_clean_up(struct zr_decided *d) {
  void *array = d->results;
  zr_free(array);
  *d = (struct zr_decided){0};
}

static int s_by_id(const void *a, const void *b) {
  const struct zenrelease_result *const *left = a;
  const struct zenrelease_result *const *right = b;
  return strcmp((*left)->instance_id, (*right)->instance_id);
}

static void s_sort(struct zr_decided *d) {
  if (d && d->count)
    qsort(d->results, d->count, sizeof(struct zenrelease_result *), s_by_id);
}

static int s_compare(const void *id, const void *element) {
  const struct zenrelease_result *const *result = element;
  return strcmp(id, (*result)->instance_id);
}

static const struct zenrelease_result *s_find(const struct zr_decided *d, const char *id) {
  const struct zenrelease_result *const *found =
      d && d->count
          ? bsearch(id, d->results, d->count, sizeof(struct zenrelease_result *), s_compare)
          : NULL;
  return found ? *found : NULL;
}

static bool s_is_success(const struct zenrelease_result *r) {
  return r->outcome == ZENRELEASE_OUTCOME_RELEASED || r->outcome == ZENRELEASE_OUTCOME_ALREADY_GONE;
}

/* A decided outcome that is no success needs its reason, and the server's diagnostic is lost. */
static int s_explain(struct zenrelease_report *r, const struct zenrelease_result *result,
                     uint32_t position) {
  if (s_is_success(result))
    return 0;
  struct zenrelease_diagnostic d = {
      .severity = ZENRELEASE_SEVERITY_ERROR,
      .code = result->diagnostic_code,
      .summary = "Decided before the connection to the server was lost",
      .detail = "",
      .field = zr_arena_printf(&r->arena, "instance_ids[%u]", position),
      .instance_id = result->instance_id,
      .service_code = "",
      .service_request_id = "",
      .service_message = "",
      .retry_delay_ms = -1,
      .hint = "See the server's log for the reason.",
  };
  return d.field ? zr_report_add(r, &d) : -1;
}

int zr_report_lost(struct zenrelease_report *r, const char *const *ids, size_t count,
                   struct zr_origin origin, struct zr_decided *decided,
                   const struct zr_verdict *v) {
  uint32_t *first = zr_first_mentions(ids, count);
  int rc = first ? zr_report_reserve(r, count) : -1;
  size_t n = 0;
  s_sort(decided);
  for (size_t i = 0; rc == 0 && i < count; i++) {
    uint32_t position = origin.index ? origin.index[i] : (uint32_t)i;
    if (first[i] != i)
      continue;
    const struct zenrelease_result *known = s_find(decided, ids[i]);
    if (known) {
      r->results[n++] = *known;
      rc = s_explain(r, known, position);
    } else {
      rc = zr_report_judge(r, n++, ids[i], position, v);
    }
  }
  zr_free(first);
  r->result_count = n;
  r->counts.duplicates = (int64_t)(count - n);
  zr_report_count(r);
  return rc;
}

void zr_report_keep_decided(struct zenrelease_report *r, struct zr_decided *decided) {
  s_sort(decided);
  for (size_t i = 0; i < r->result_count; i++) {
    const struct zenrelease_result *known = s_find(decided, r->results[i].instance_id);
    if (known && s_is_success(known) && !s_is_success(&r->results[i]))
      r->results[i] = *known;
  }
  zr_report_count(r);
}
