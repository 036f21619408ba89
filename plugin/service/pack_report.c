#include "service/pack.h"

/* Field numbers. Source: proto/zenrelease/v1/release.proto. */
enum { EVENT_SEQUENCE = 1, EVENT_TIME = 2, EVENT_RESULT = 10 };
enum {
  RESPONSE_RESULTS = 1,
  RESPONSE_DIAGNOSTICS = 2,
  RESPONSE_COUNTS = 3,
  RESPONSE_REQUEST_ID = 4
};
/* SettledReleases has the first three under the same numbers, then: */
enum { SETTLED_PRODUCT = 4 };
enum { SETTLE_GROUPS = 1 };
/* Counts has the outcomes under their own numbers, then: */
enum { COUNTS_TOTAL = 10, COUNTS_DUPLICATES = 11 };

_Static_assert((int)ZR_OUTCOME_COUNT_ == (int)COUNTS_TOTAL, "one count per outcome");

/* Which diagnostic is the first of its code: those of the request come before those of results. */
struct s_firsts {
  const struct zr_diagnostic *of[ZR_CODE_COUNT_];
};

static void s_see(struct s_firsts *f, const struct zr_diagnostic *d) {
  if ((size_t)d->code < ZR_CODE_COUNT_ && !f->of[d->code])
    f->of[d->code] = d;
}

static struct s_firsts s_firsts(const struct zr_report *r) {
  struct s_firsts f = {.of = {NULL}};
  for (size_t i = 0; i < r->diagnostic_count; i++)
    s_see(&f, &r->diagnostics[i]);
  for (size_t i = 0; i < r->result_count; i++)
    s_see(&f, &r->results[i].diagnostic);
  return f;
}

static void s_diagnostic(struct zr_wire_out *w, const struct s_firsts *f,
                         const struct zr_diagnostic *d, enum zr_pack_level level) {
  bool first = (size_t)d->code < ZR_CODE_COUNT_ && f->of[d->code] == d;
  zr_pack_diagnostic(w, RESPONSE_DIAGNOSTICS, d, level, first);
}

static void s_counts(struct zr_wire_out *w, const struct zr_counts *c) {
  size_t mark = w->len;
  zr_out_int(w, COUNTS_DUPLICATES, c->duplicates);
  zr_out_int(w, COUNTS_TOTAL, c->total);
  for (unsigned o = ZR_OUTCOME_COUNT_ - 1; o > 0; o--)
    zr_out_int(w, o, c->by_outcome[o]);
  zr_out_message(w, RESPONSE_COUNTS, mark);
}

/* Everything that the last event says. */
struct s_last {
  const struct zr_report *report;
  const struct s_firsts *firsts;
  const char *request_id;
  enum zr_pack_level level;
  uint64_t sequence;
  struct zr_wall at;
  size_t *response_len; /* out */
};

/* Counts, diagnostics, results. */
static void s_body(struct zr_wire_out *w, const struct s_last *l) {
  const struct zr_report *r = l->report;
  s_counts(w, &r->counts);
  for (size_t i = r->result_count; i > 0; i--)
    if (r->results[i - 1].diagnostic.code != ZR_CODE_NONE)
      s_diagnostic(w, l->firsts, &r->results[i - 1].diagnostic, l->level);
  for (size_t i = r->diagnostic_count; i > 0; i--)
    s_diagnostic(w, l->firsts, &r->diagnostics[i - 1], l->level);
  for (size_t i = r->result_count; i > 0; i--)
    zr_pack_result(w, RESPONSE_RESULTS, &r->results[i - 1], l->level);
}

static void s_response(struct zr_wire_out *w, const struct s_last *l) {
  zr_out_text(w, RESPONSE_REQUEST_ID, l->request_id);
  s_body(w, l);
}

static void s_event(struct zr_wire_out *w, const void *what) {
  const struct s_last *l = what;
  s_response(w, l);
  *l->response_len = w->len;
  zr_out_message(w, EVENT_RESULT, 0);
  zr_out_time(w, EVENT_TIME, l->at);
  zr_out_int(w, EVENT_SEQUENCE, l->sequence);
}

/* Few reports are so long that their size must be known first. */
static bool s_may_be_long(const struct zr_report *r) {
  return r->result_count + r->diagnostic_count > ZR_JOB_MAX_IDS / 10;
}

/* The most telling level that fits. */
static enum zr_pack_level s_fit(struct s_last l, size_t max) {
  for (; l.level < ZR_PACK_BARE; l.level++) {
    struct zr_wire_out count = {.at = NULL};
    s_response(&count, &l);
    if (count.len <= max)
      break;
  }
  return l.level;
}

struct zr_rpc_bytes *zr_pack_report(const struct zr_report *report, const char *request_id,
                                    uint64_t sequence, struct zr_wall at, size_t *response_offset) {
  struct s_firsts firsts = s_firsts(report);
  size_t len = 0;
  struct s_last last = {report, &firsts, request_id, ZR_PACK_ALL, sequence, at, &len};
  if (s_may_be_long(report))
    last.level = s_fit(last, ZR_REPORT_MAX_BYTES);
  struct zr_rpc_bytes *b = zr_out_bytes(s_event, &last);
  if (b)
    *response_offset = b->len - len;
  return b;
}

/* A report as a group of SettleReleasesResponse. */
struct s_group {
  struct s_last last;
  enum zr_product product;
};

static void s_group(struct zr_wire_out *w, const void *what) {
  const struct s_group *g = what;
  zr_out_int(w, SETTLED_PRODUCT, (uint64_t)g->product);
  s_body(w, &g->last);
  zr_out_message(w, SETTLE_GROUPS, 0);
}

struct zr_rpc_bytes *zr_pack_settled(const struct zr_report *report, enum zr_product product,
                                     size_t max) {
  struct s_firsts firsts = s_firsts(report);
  struct s_group group = {
      .last = {.report = report, .firsts = &firsts, .request_id = "", .level = ZR_PACK_ALL},
      .product = product};
  group.last.level = s_fit(group.last, max > ZR_GROUP_HEAD ? max - ZR_GROUP_HEAD : 0);
  return zr_out_bytes(s_group, &group);
}
