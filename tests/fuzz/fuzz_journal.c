#include "fuzz_journal.h"

#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "model/record.h"

/* Who waits: for entries, or for what is open. */
struct fuzz_asked {
  struct fuzz_asked *next;
  struct zr_records_sink records;
  struct zr_settle_sink settle;
  bool settles;
};

static void s_check_query(const struct zr_record_query *q) {
  const char *const texts[] = {q->instance_id, q->request_id, q->release_request_id};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    FUZZ_CHECK(!texts[i] || (zr_view_is_utf8(zr_view_of(texts[i])) && strlen(texts[i]) <= 512));
  FUZZ_CHECK(q->any_product || zr_product_info(q->product));
  FUZZ_CHECK(q->limit >= 1 && q->limit <= 1000 && q->after >= 0);
  FUZZ_CHECK(q->outcome < ZR_OUTCOME_COUNT_);
}

static enum zr_err s_add(struct fuzz_backend *b, struct fuzz_asked asked) {
  if (b->mood & FUZZ_NO_JOURNAL)
    return ZR_ERR_STATE;
  struct fuzz_asked *a = zr_calloc(1, sizeof *a);
  FUZZ_CHECK(a != NULL);
  *a = asked;
  a->next = b->asked;
  b->asked = a;
  return ZR_ERR_OK;
}

static enum zr_err s_find_records(void *self, const struct zr_record_query *query,
                                  struct zr_records_sink sink) {
  s_check_query(query);
  return s_add(self, (struct fuzz_asked){.records = sink});
}

static enum zr_err s_settle(void *self, struct zr_settle_sink sink) {
  return s_add(self, (struct fuzz_asked){.settle = sink, .settles = true});
}

static void s_forget(void *self, void *ctx) {
  struct fuzz_backend *b = self;
  for (struct fuzz_asked **at = &b->asked; *at;) {
    struct fuzz_asked *a = *at;
    if ((a->settles ? a->settle.ctx : a->records.ctx) == ctx) {
      *at = a->next;
      zr_free(a);
    } else {
      at = &a->next;
    }
  }
}

void fuzz_journal_face(struct zr_backend *face) {
  face->find_records = s_find_records;
  face->settle = s_settle;
  face->forget = s_forget;
}

static void s_tell_records(const struct fuzz_asked *a, bool broken) {
  static const struct zr_record_entry entry = {.number = 7,
                                               .product = ZR_PRODUCT_VM,
                                               .instance_id = "1",
                                               .account = "f00d",
                                               .endpoint = "https://endpoint.example",
                                               .batch = 3,
                                               .sent_at = {1764500000000},
                                               .answer_class = "ok",
                                               .service_code = "",
                                               .release_request_id = "T1",
                                               .request_id = "r-1",
                                               .outcome = ZR_OUTCOME_RELEASED,
                                               .name = "n\xC3\xA4me\x1B",
                                               .zone_id = "z"};
  a->records.on_done(a->records.ctx, &entry, 1, true, broken ? "it is broken" : NULL);
}

static void s_tell_settled(const struct fuzz_asked *a, bool broken) {
  const struct zr_result result = {.instance_id = "1",
                                   .outcome = ZR_OUTCOME_UNKNOWN,
                                   .code = ZR_CODE_UNKNOWN_OUTCOME,
                                   .last_status = "",
                                   .name = "n",
                                   .zone_id = "",
                                   .release_request_id = "T1",
                                   .read_request_ids = {"", ""},
                                   .diagnostic = {.code = ZR_CODE_UNKNOWN_OUTCOME, .index = -1}};
  struct zr_report report = {.results = &result, .result_count = 1};
  report.counts.by_outcome[ZR_OUTCOME_UNKNOWN] = report.counts.total = 1;
  a->settle.on_report(a->settle.ctx, ZR_PRODUCT_VM, &report);
  a->settle.on_done(a->settle.ctx, broken ? "it is broken" : NULL);
}

bool fuzz_journal_answer(struct fuzz_backend *b) {
  struct fuzz_asked *a = b->asked;
  if (!a)
    return false;
  b->asked = a->next;
  (a->settles ? s_tell_settled : s_tell_records)(a, (b->mood & FUZZ_BROKEN_JOURNAL) != 0);
  zr_free(a);
  return true;
}

void fuzz_journal_clean_up(struct fuzz_backend *b) {
  while (b->asked) {
    struct fuzz_asked *a = b->asked;
    b->asked = a->next;
    zr_free(a);
  }
}
