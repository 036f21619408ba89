#include "fuzz_backend.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "fuzz.h"
#include "fuzz_journal.h"

enum { ROWS = 5, PAGE = 2 };

struct fuzz_job {
  struct fuzz_job *next;
  uint64_t number;
  struct zr_job_sink sink;
  bool cancelled;
  bool validate_only;
  bool allow_missing;
  char **ids;
  size_t count;
};

struct fuzz_list {
  struct fuzz_list *next;
  struct zr_list_sink sink;
  unsigned page;
};

static uint32_t s_hash(const char *text, unsigned seed) {
  uint32_t h = 2166136261U ^ seed;
  for (; *text; text++)
    h = (h ^ (unsigned char)*text) * 16777619U;
  return h ^ h >> 15;
}

/* ---- what may never be handed over ---- */

static void s_check_text(const char *text, size_t most) {
  FUZZ_CHECK(text != NULL);
  struct zr_view v = zr_view_of(text);
  FUZZ_CHECK(v.len <= most && zr_view_is_utf8(v));
}

static void s_check_policy(const struct zr_policy *p) {
  FUZZ_CHECK(p->max_instances <= INT64_MAX && p->other_instances <= INT32_MAX);
  FUZZ_CHECK(p->settled_instances <= INT32_MAX);
  FUZZ_CHECK(p->max_bin_percent <= 100 && p->max_drift_percent <= 100);
  FUZZ_CHECK(p->min_bin_ms >= 0 && p->keep_count <= ZR_KEEP_MAX);
  for (size_t i = 0; i < p->keep_count; i++) {
    const struct zr_keep_rule *k = &p->keep[i];
    FUZZ_CHECK(k->kind < ZR_KEEP_COUNT_);
    s_check_text(k->text, ZR_POLICY_TEXT_MAX);
    FUZZ_CHECK(k->text[0]);
    FUZZ_CHECK(k->kind != ZR_KEEP_NAME || !zr_pattern_fault(zr_view_of(k->text)));
  }
}

static void s_check_expected(const struct zr_expected *x) {
  const char *const texts[] = {x->name, x->zone_id, x->resource_group_id, x->charge_type,
                               x->create_time};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    s_check_text(texts[i], ZR_POLICY_TEXT_MAX);
  FUZZ_CHECK(x->tag_count <= ZR_EXPECTED_TAGS_MAX);
}

/* An id that was taken is one that can be sent: not blank, not padded, no control character. */
static void s_check_id(const char *id) {
  s_check_text(id, ZR_ID_MAX_BYTES);
  FUZZ_CHECK(id[0] && zr_view_trim(zr_view_of(id)).len == strlen(id));
  for (const char *c = id; *c; c++)
    FUZZ_CHECK((unsigned char)*c >= 0x20 && *c != 0x7F);
}

static void s_check_request(const struct fuzz_backend *b, const struct zr_release_request *r) {
  FUZZ_CHECK(zr_product_info(r->product) != NULL);
  FUZZ_CHECK(r->instance_id_count >= 1 && r->instance_id_count <= ZR_JOB_MAX_IDS);
  for (size_t i = 0; i < r->instance_id_count; i++)
    s_check_id(r->instance_ids[i]);
  FUZZ_CHECK(r->wait_ms >= 0);
  FUZZ_CHECK(!r->depend_resource || b->held || r->product == ZR_PRODUCT_ZEC);
  FUZZ_CHECK(r->hold_window == b->held);
  if (r->policy)
    s_check_policy(r->policy);
  for (size_t i = 0; r->expected && i < r->instance_id_count; i++)
    s_check_expected(&r->expected[i]);
}

static void s_check_query(const struct zr_list_query *q) {
  FUZZ_CHECK(zr_product_info(q->product) != NULL);
  FUZZ_CHECK(q->page_num >= 1 && q->page_size >= 1 && q->page_size <= 1000);
  FUZZ_CHECK(q->instance_id_count <= 100 && q->ip_count <= 100);
  FUZZ_CHECK(q->tag_count <= 20 && q->tag_key_count <= 20);
  for (size_t i = 0; i < q->instance_id_count; i++)
    s_check_id(q->instance_ids[i]);
  for (size_t i = 0; i < q->ip_count; i++)
    s_check_text(q->ips[i], SIZE_MAX);
  for (size_t i = 0; i < q->tag_key_count; i++)
    s_check_text(q->tag_keys[i], SIZE_MAX);
  for (size_t i = 0; i < q->tag_count; i++)
    FUZZ_CHECK(q->tags[i].key && q->tags[i].key[0] && q->tags[i].value);
}

/* ---- the seam ---- */

static enum zr_err s_post(void *self, struct zr_task *task) {
  struct fuzz_backend *b = self;
  if (b->closed)
    return ZR_ERR_CLOSED;
  task->next = NULL;
  *(b->tail ? &b->tail->next : &b->head) = task;
  b->tail = task;
  return ZR_ERR_OK;
}

static enum zr_err s_submit(void *self, const struct zr_release_request *request,
                            struct zr_job_sink sink, uint64_t *job) {
  struct fuzz_backend *b = self;
  s_check_request(b, request);
  if ((b->mood & 7U) == 7)
    return b->mood & 8U ? ZR_ERR_LIMIT : ZR_ERR_NOMEM;
  struct fuzz_job *j = zr_calloc(1, sizeof *j);
  FUZZ_CHECK(j != NULL);
  j->number = *job = b->next_job++;
  j->sink = sink;
  j->validate_only = request->validate_only;
  j->allow_missing = request->allow_missing;
  j->count = request->instance_id_count;
  j->ids = zr_calloc(j->count, sizeof *j->ids);
  FUZZ_CHECK(j->ids != NULL);
  for (size_t i = 0; i < j->count; i++)
    j->ids[i] = zr_strdup(request->instance_ids[i]);
  j->next = b->jobs;
  b->jobs = j;
  return ZR_ERR_OK;
}

static void s_cancel(void *self, uint64_t job) {
  const struct fuzz_backend *b = self;
  for (struct fuzz_job *j = b->jobs; j; j = j->next)
    if (j->number == job)
      j->cancelled = true;
}

static enum zr_err s_list(void *self, const struct zr_list_query *query, struct zr_mono deadline,
                          struct zr_list_sink sink) {
  struct fuzz_backend *b = self;
  (void)deadline;
  s_check_query(query);
  struct fuzz_list *l = zr_calloc(1, sizeof *l);
  FUZZ_CHECK(l != NULL);
  *l = (struct fuzz_list){b->lists, sink, query->page_num};
  b->lists = l;
  return ZR_ERR_OK;
}

static const struct zr_server_facts *s_facts(void *self) {
  const struct fuzz_backend *b = self;
  return &b->facts;
}

void fuzz_backend_init(struct fuzz_backend *b, unsigned mood) {
  memset(b, 0, sizeof *b);
  b->mood = mood;
  b->face = (struct zr_backend){.self = b,
                                .post = s_post,
                                .submit = s_submit,
                                .cancel = s_cancel,
                                .list = s_list,
                                .facts = s_facts};
  fuzz_journal_face(&b->face);
  b->facts = (struct zr_server_facts){.version = "1",
                                      .endpoint = "https://endpoint.example",
                                      .account_fingerprint = "f00d",
                                      .credential_source = "a test",
                                      .max_ids = ZR_JOB_MAX_IDS,
                                      .max_batch = ZR_BATCH_MAX};
  b->facts.journal = (mood & FUZZ_NO_JOURNAL) ? NULL : "/journal";
  if ((mood & 0x70U) == 0x70)
    b->facts.credential_problem = "there is no credential";
}

void fuzz_backend_run(struct fuzz_backend *b) {
  while (b->head) {
    struct zr_task *task = b->head;
    b->head = task->next;
    if (!b->head)
      b->tail = NULL;
    task->run(task);
  }
}

/* ---- answers ---- */

static const char s_odd_name[] = "n\xC3\xA4me\x1B[31m\xE2\x80\xAE";

static void s_result(const struct fuzz_backend *b, const struct fuzz_job *j, size_t i,
                     struct zr_result *r) {
  uint32_t h = s_hash(j->ids[i], b->mood);
  *r = (struct zr_result){.instance_id = j->ids[i],
                          .index = (uint32_t)i,
                          .outcome = (enum zr_outcome)(1 + h % (ZR_OUTCOME_COUNT_ - 1)),
                          .code = (enum zr_code)(h / 16 % ZR_CODE_COUNT_),
                          .last_status = h & 1 ? "RECYCLE" : "",
                          .name = h & 2 ? s_odd_name : "n",
                          .zone_id = "z",
                          .release_request_id = "T1",
                          .read_request_ids = {"R1", h & 4 ? "R2" : ""},
                          .batch = h % 3,
                          .attempts = h % 4};
  if (j->cancelled)
    r->outcome = ZR_OUTCOME_NOT_ATTEMPTED;
  if (j->validate_only && (b->mood & 0x80U) == 0) {
    r->outcome = ZR_OUTCOME_NOT_ATTEMPTED;
    r->code = ZR_CODE_WOULD_RELEASE;
  }
  r->diagnostic = (struct zr_diagnostic){.code = r->code,
                                         .detail = h & 8 ? s_odd_name : NULL,
                                         .instance_id = r->instance_id,
                                         .index = (int32_t)i,
                                         .service_code = h & 16 ? "INVALID_X" : "",
                                         .service_message = h & 16 ? s_odd_name : "",
                                         .http_status = h & 16 ? 404 : 0,
                                         .request_id = "T1",
                                         .retry_after_ms = h & 32 ? 1500 : -1};
}

/* Which mention is the first; hashing keeps ten thousand ids quick. */
static bool s_is_first(const struct fuzz_job *j, size_t i, size_t *heads, size_t *links) {
  size_t slot = s_hash(j->ids[i], 1) % j->count;
  for (size_t k = heads[slot]; k; k = links[k - 1])
    if (strcmp(j->ids[k - 1], j->ids[i]) == 0)
      return false;
  links[i] = heads[slot];
  heads[slot] = i + 1;
  return true;
}

static size_t s_results(const struct fuzz_backend *b, const struct fuzz_job *j,
                        struct zr_result *results) {
  size_t count = 0;
  size_t *heads = zr_calloc(j->count, sizeof *heads);
  size_t *links = zr_calloc(j->count, sizeof *links);
  FUZZ_CHECK(heads && links);
  for (size_t i = 0; i < j->count; i++)
    if (s_is_first(j, i, heads, links))
      s_result(b, j, i, &results[count++]);
  zr_free(heads);
  zr_free(links);
  return count;
}

static void s_free_job(struct fuzz_job *j) {
  for (size_t i = 0; i < j->count; i++)
    zr_free(j->ids[i]);
  void *ids = j->ids;
  zr_free(ids);
  zr_free(j);
}

bool fuzz_backend_finish(struct fuzz_backend *b) {
  struct fuzz_job *j = b->jobs;
  if (!j)
    return false;
  struct zr_result *results = zr_calloc(j->count, sizeof *results);
  FUZZ_CHECK(results != NULL);
  size_t count = s_results(b, j, results);
  const struct zr_event outcomes = {
      .kind = ZR_EVENT_OUTCOMES, .results = results, .result_count = count};
  j->sink.on_event(j->sink.ctx, &outcomes);
  struct zr_report report = {.results = results, .result_count = count};
  for (size_t i = 0; i < count; i++)
    report.counts.by_outcome[results[i].outcome]++;
  report.counts.total = (unsigned)count;
  report.counts.duplicates = (unsigned)(j->count - count);
  b->jobs = j->next;
  j->sink.on_done(j->sink.ctx, &report);
  zr_free(results);
  s_free_job(j);
  return true;
}

void fuzz_backend_event(struct fuzz_backend *b, unsigned kind) {
  const struct fuzz_job *j = b->jobs;
  if (!j)
    return;
  const struct zr_event event = {.kind = (enum zr_event_kind)(kind % ZR_EVENT_OUTCOMES),
                                 .at = {1764500000123},
                                 .batch = kind,
                                 .ids = 2,
                                 .eligible = 1,
                                 .attempt = 1,
                                 .parts = 2,
                                 .dropped = 1,
                                 .class_name = "ok",
                                 .http_status = 200,
                                 .code = "",
                                 .request_id = "T1",
                                 .reason = "because",
                                 .wait_ms = 100};
  j->sink.on_event(j->sink.ctx, &event);
}

static void s_answer_list(struct fuzz_backend *b) {
  struct fuzz_list *l = b->lists;
  struct zr_instance rows[PAGE];
  char ids[PAGE][32];
  size_t total = b->mood >> 3 & 7U;
  size_t first = (size_t)(l->page - 1) * PAGE;
  struct zr_list_end end = {.call = {.class_ = ZR_CLASS_OK,
                                     .code = "",
                                     .message = "",
                                     .request_id = "T9",
                                     .reason = "",
                                     .retry_after_ms = -1},
                            .total = total > ROWS ? ROWS : total,
                            .rows = rows};
  for (size_t i = first; i < end.total && end.row_count < PAGE; i++) {
    (void)snprintf(ids[end.row_count], sizeof ids[0], "i-%zu", i);
    rows[end.row_count] = (struct zr_instance){ids[end.row_count],
                                               "RECYCLE",
                                               s_odd_name,
                                               "z",
                                               "t",
                                               "m",
                                               "g",
                                               "G",
                                               "PREPAID",
                                               "",
                                               "",
                                               0,
                                               0,
                                               0,
                                               0,
                                               0,
                                               0,
                                               0,
                                               0,
                                               0,
                                               0};
    end.row_count++;
  }
  if ((b->mood & 0x300U) == 0x300) {
    end.call.class_ = (enum zr_class)(1 + b->mood % (ZR_CLASS_COUNT_ - 1));
    end.call.http_status = 503;
    end.call.reason = "HTTP 503";
    end.call.retry_after_ms = 1000;
  }
  b->lists = l->next;
  l->sink.on_done(l->sink.ctx, &end);
  zr_free(l);
}

void fuzz_backend_settle(struct fuzz_backend *b) {
  bool more = true;
  while (more) {
    fuzz_backend_run(b);
    if (b->lists)
      s_answer_list(b);
    else
      more = fuzz_backend_finish(b) || fuzz_journal_answer(b);
    more = more || b->head;
  }
}

void fuzz_backend_clean_up(struct fuzz_backend *b) {
  while (b->jobs) {
    struct fuzz_job *j = b->jobs;
    b->jobs = j->next;
    s_free_job(j);
  }
  while (b->lists) {
    struct fuzz_list *l = b->lists;
    b->lists = l->next;
    zr_free(l);
  }
  fuzz_journal_clean_up(b);
}
