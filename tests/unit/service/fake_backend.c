#include "fake_backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static enum zr_err s_post(void *self, struct zr_task *task) {
  struct fake_backend *b = self;
  if (b->closed)
    return ZR_ERR_CLOSED;
  task->next = NULL;
  *(b->tail ? &b->tail->next : &b->head) = task;
  b->tail = task;
  return ZR_ERR_OK;
}

static enum zr_err s_submit(void *self, const struct zr_release_request *request,
                            struct zr_job_sink sink, uint64_t *job) {
  struct fake_backend *b = self;
  if (b->submit_result != ZR_ERR_OK)
    return b->submit_result;
  assert_true(b->job_count < FAKE_JOBS);
  b->jobs[b->job_count] =
      (struct fake_job){.sink = sink, .request = *request, .id_count = request->instance_id_count};
  *job = b->job_count++;
  return ZR_ERR_OK;
}

static void s_cancel(void *self, uint64_t job) {
  struct fake_backend *b = self;
  b->jobs[job].cancelled = true;
}

static enum zr_err s_list(void *self, const struct zr_list_query *query, struct zr_mono deadline,
                          struct zr_list_sink sink) {
  (void)deadline;
  struct fake_backend *b = self;
  b->query = *query;
  sink.on_done(sink.ctx, b->list_end);
  return ZR_ERR_OK;
}

static enum zr_err s_find_records(void *self, const struct zr_record_query *query,
                                  struct zr_records_sink sink) {
  struct fake_backend *b = self;
  b->records_query = *query;
  b->records = sink;
  return b->journal_result;
}

static enum zr_err s_settle(void *self, struct zr_settle_sink sink) {
  struct fake_backend *b = self;
  b->settle = sink;
  return b->journal_result;
}

static void s_forget(void *self, void *ctx) {
  struct fake_backend *b = self;
  b->forgotten = ctx;
}

static const struct zr_server_facts *s_facts(void *self) {
  struct fake_backend *b = self;
  return &b->facts;
}

void fake_backend_init(struct fake_backend *b) {
  memset(b, 0, sizeof *b);
  b->face = (struct zr_backend){.self = b,
                                .post = s_post,
                                .submit = s_submit,
                                .cancel = s_cancel,
                                .list = s_list,
                                .find_records = s_find_records,
                                .settle = s_settle,
                                .forget = s_forget,
                                .facts = s_facts};
  b->facts = (struct zr_server_facts){.version = "1",
                                      .endpoint = "https://endpoint.example",
                                      .account_fingerprint = "f00d",
                                      .credential_source = "a test",
                                      .max_ids = ZR_JOB_MAX_IDS,
                                      .max_batch = ZR_BATCH_MAX};
}

void fake_run(struct fake_backend *b) {
  while (b->head) {
    struct zr_task *task = b->head;
    b->head = task->next;
    if (!b->head)
      b->tail = NULL;
    task->run(task);
  }
}

void fake_event(struct fake_backend *b, size_t job, const struct zr_event *event) {
  b->jobs[job].sink.on_event(b->jobs[job].sink.ctx, event);
}

void fake_finish(struct fake_backend *b, size_t job, enum zr_outcome outcome) {
  struct zr_result results[8];
  char ids[8][8];
  struct fake_job *j = &b->jobs[job];
  assert_false(j->done);
  assert_true(j->id_count <= 8);
  j->done = true;
  for (size_t i = 0; i < j->id_count; i++) {
    (void)snprintf(ids[i], sizeof ids[i], "%zu", i + 1);
    results[i] = (struct zr_result){
        .instance_id = ids[i], .index = (uint32_t)i, .outcome = outcome, .diagnostic.index = -1};
  }
  struct zr_report report = {.results = results, .result_count = j->id_count};
  report.counts.by_outcome[outcome] = report.counts.total = (unsigned)j->id_count;
  j->sink.on_done(j->sink.ctx, &report);
}
