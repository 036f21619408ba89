#include "service/codec.h"
#include "service/pack.h"

static void s_counts(Zenrelease__V1__Counts *m, const struct zr_counts *c) {
  zenrelease__v1__counts__init(m);
  m->released = zr_pb_int(c->by_outcome[ZR_OUTCOME_RELEASED]);
  m->accepted = zr_pb_int(c->by_outcome[ZR_OUTCOME_ACCEPTED]);
  m->already_gone = zr_pb_int(c->by_outcome[ZR_OUTCOME_ALREADY_GONE]);
  m->not_found = zr_pb_int(c->by_outcome[ZR_OUTCOME_NOT_FOUND]);
  m->not_recycled = zr_pb_int(c->by_outcome[ZR_OUTCOME_NOT_RECYCLED]);
  m->refused = zr_pb_int(c->by_outcome[ZR_OUTCOME_REFUSED]);
  m->invalid = zr_pb_int(c->by_outcome[ZR_OUTCOME_INVALID]);
  m->not_attempted = zr_pb_int(c->by_outcome[ZR_OUTCOME_NOT_ATTEMPTED]);
  m->unknown = zr_pb_int(c->by_outcome[ZR_OUTCOME_UNKNOWN]);
  m->total = zr_pb_int(c->total);
  m->duplicates = zr_pb_int(c->duplicates);
}

static size_t s_diagnostic_count(const struct zr_report *r) {
  size_t n = r->diagnostic_count;
  for (size_t i = 0; i < r->result_count; i++)
    n += r->results[i].diagnostic.code != ZR_CODE_NONE;
  return n;
}

/* Those of the request first, then those of the instances in their order. */
static bool s_diagnostics(struct zr_arena *arena, const struct zr_report *r,
                          enum zr_pack_level level, Zenrelease__V1__ReleaseResponse *m) {
  size_t count = s_diagnostic_count(r);
  if (count == 0)
    return true;
  Zenrelease__V1__Diagnostic *all = zr_arena_alloc(arena, count * sizeof *all);
  m->diagnostics = zr_arena_alloc(arena, count * sizeof(void *));
  if (!all || !m->diagnostics)
    return false;
  uint64_t seen = 0;
  for (size_t i = 0; i < r->diagnostic_count + r->result_count; i++) {
    const struct zr_diagnostic *d = i < r->diagnostic_count
                                        ? &r->diagnostics[i]
                                        : &r->results[i - r->diagnostic_count].diagnostic;
    if (d->code == ZR_CODE_NONE && i >= r->diagnostic_count)
      continue;
    if (!zr_pack_diagnostic(arena, d, level, &seen, &all[m->n_diagnostics]))
      return false;
    m->diagnostics[m->n_diagnostics] = &all[m->n_diagnostics];
    m->n_diagnostics++;
  }
  return true;
}

/* The whole response as messages in the arena; false when out of memory. */
static bool s_response(struct zr_arena *arena, const struct zr_report *r, enum zr_pack_level level,
                       Zenrelease__V1__ReleaseResponse *m) {
  m->n_results = r->result_count;
  m->n_diagnostics = 0;
  m->results = zr_pack_results(arena, r->results, r->result_count, level);
  return m->results && s_diagnostics(arena, r, level, m);
}

/* The most telling level that fits; false when out of memory. */
static bool s_fit(struct zr_arena *arena, const struct zr_report *r,
                  Zenrelease__V1__ReleaseResponse *m, size_t *size) {
  for (enum zr_pack_level level = ZR_PACK_ALL;; level++) {
    zr_arena_clean_up(arena);
    if (!s_response(arena, r, level, m))
      return false;
    *size = zenrelease__v1__release_response__get_packed_size(m);
    if (*size <= ZR_REPORT_MAX_BYTES || level == ZR_PACK_BARE)
      return true;
  }
}

struct zr_rpc_bytes *zr_pack_report(const struct zr_report *report, const char *request_id,
                                    uint64_t sequence, struct zr_wall at, size_t *response_offset) {
  _Alignas(max_align_t) char first[8192];
  struct zr_arena arena;
  zr_arena_init(&arena, first, sizeof first);
  Zenrelease__V1__ReleaseEvent event = ZENRELEASE__V1__RELEASE_EVENT__INIT;
  Zenrelease__V1__ReleaseResponse response = ZENRELEASE__V1__RELEASE_RESPONSE__INIT;
  Zenrelease__V1__Counts counts;
  Google__Protobuf__Timestamp when;
  s_counts(&counts, &report->counts);
  response.counts = &counts;
  response.request_id = zr_pb_text(request_id);
  zr_pb_timestamp(&when, at);
  event.sequence = (int64_t)sequence;
  event.event_time = &when;
  event.event_case = ZENRELEASE__V1__RELEASE_EVENT__EVENT_RESULT;
  event.result = &response;
  size_t size = 0;
  struct zr_rpc_bytes *b = s_fit(&arena, report, &response, &size) ? zr_encode(&event.base) : NULL;
  if (b)
    *response_offset = b->len - size; /* result is the last field */
  zr_arena_clean_up(&arena);
  return b;
}
