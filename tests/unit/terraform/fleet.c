#include "fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/call.h"

static enum zr_err s_post(void *self, struct zr_task *task) {
  struct fleet *f = self;
  struct zr_task **at = &f->tasks;
  while (*at)
    at = &(*at)->next;
  task->next = NULL;
  *at = task;
  return ZR_ERR_OK;
}

static enum zr_err s_submit(void *self, const struct zr_release_request *r, struct zr_job_sink sink,
                            uint64_t *job) {
  struct fleet *f = self;
  assert_true(f->job_count < FLEET_JOBS && r->instance_id_count <= FLEET_MAX);
  assert_true(r->hold_window);
  struct fleet_job *j = &f->jobs[f->job_count];
  *j = (struct fleet_job){.sink = sink,
                          .validate_only = r->validate_only,
                          .allow_missing = r->allow_missing,
                          .window_ms = r->window_ms,
                          .count = r->instance_id_count};
  for (size_t i = 0; i < j->count; i++)
    j->ids[i] = r->instance_ids[i];
  *job = f->job_count++;
  return ZR_ERR_OK;
}

static void s_cancel(void *self, uint64_t job) {
  struct fleet *f = self;
  f->jobs[job].cancelled = true;
}

static enum zr_err s_list(void *self, const struct zr_list_query *query, struct zr_mono deadline,
                          struct zr_list_sink sink) {
  struct fleet *f = self;
  (void)deadline;
  f->lists++;
  if (f->on_list)
    f->on_list(f, f->lists);
  struct zr_instance rows[2] = {{.id = ""}};
  size_t count = 0;
  size_t total = 0;
  for (size_t i = 0; i < f->count; i++) {
    const struct fleet_instance *in = &f->instances[i];
    if (!in->status || (query->status && strcmp(query->status, in->status) != 0))
      continue;
    if (total >= (query->page_num - 1) * UINT64_C(2) && count < 2)
      rows[count++] = (struct zr_instance){.id = in->id,
                                           .status = in->status,
                                           .name = "n",
                                           .zone_id = "",
                                           .instance_type = "",
                                           .image_id = "",
                                           .resource_group_id = "",
                                           .resource_group_name = "",
                                           .charge_type = "",
                                           .create_time = "",
                                           .expired_time = ""};
    total++;
  }
  const struct zr_list_end end = {
      .call = {.class_ = f->broken ? ZR_CLASS_NOT_SENT : ZR_CLASS_OK, .reason = "broken"},
      .total = total,
      .rows = rows,
      .row_count = count};
  sink.on_done(sink.ctx, &end);
  return ZR_ERR_OK;
}

static const struct zr_server_facts *s_facts(void *self) {
  struct fleet *f = self;
  return &f->facts;
}

void fleet_init(struct fleet *f) {
  *f = (struct fleet){.facts = {.version = "1"}};
  f->backend = (struct zr_backend){.self = f,
                                   .post = s_post,
                                   .submit = s_submit,
                                   .cancel = s_cancel,
                                   .list = s_list,
                                   .facts = s_facts};
}

void fleet_add(struct fleet *f, const char *id, const char *status) {
  f->instances[f->count++] = (struct fleet_instance){.id = id, .status = status};
}

struct fleet_instance *fleet_find(struct fleet *f, const char *id) {
  for (size_t i = 0; i < f->count; i++)
    if (strcmp(f->instances[i].id, id) == 0)
      return &f->instances[i];
  return NULL;
}

static void s_decide(struct fleet *f, const struct fleet_job *j, struct zr_result *r) {
  struct fleet_instance *in = fleet_find(f, r->instance_id);
  r->outcome = ZR_OUTCOME_NOT_ATTEMPTED;
  r->last_status = in && in->status ? in->status : "";
  if (j->cancelled) {
    r->code = ZR_CODE_CANCELLED;
  } else if (f->broken) {
    r->code = f->broken;
  } else if (!in || !in->status) {
    r->outcome = ZR_OUTCOME_NOT_FOUND;
    r->code = j->allow_missing ? ZR_CODE_MISSING_ALLOWED : ZR_CODE_NOT_FOUND;
  } else if (strcmp(in->status, "RECYCLE") != 0) {
    r->outcome = ZR_OUTCOME_NOT_RECYCLED;
    r->code = ZR_CODE_NOT_RECYCLED;
  } else if (j->validate_only) {
    r->code = ZR_CODE_WOULD_RELEASE;
  } else if (in->denied) {
    r->outcome = ZR_OUTCOME_REFUSED;
    r->code = ZR_CODE_REFUSED;
  } else {
    r->outcome = ZR_OUTCOME_RELEASED;
    in->status = NULL;
    f->releases++;
  }
  r->diagnostic = (struct zr_diagnostic){.code = r->code, .index = (int32_t)r->index};
}

static void s_answer(struct fleet *f, const struct fleet_job *j) {
  struct zr_result results[FLEET_MAX];
  memset(results, 0, sizeof results);
  for (size_t i = 0; i < j->count; i++) {
    results[i] = (struct zr_result){.instance_id = j->ids[i], .index = (uint32_t)i, .name = "n"};
    s_decide(f, j, &results[i]);
  }
  const struct zr_event event = {
      .kind = ZR_EVENT_BATCH_ANSWERED, .batch = 1, .class_name = "ok", .request_id = "r-1"};
  j->sink.on_event(j->sink.ctx, &event);
  const struct zr_report report = {.results = results, .result_count = j->count};
  j->sink.on_done(j->sink.ctx, &report);
}

void fleet_run_tasks(struct fleet *f) {
  while (f->tasks) {
    struct zr_task *t = f->tasks;
    f->tasks = t->next;
    t->run(t);
  }
}

void fleet_run(struct fleet *f) {
  fleet_run_tasks(f);
  while (f->done < f->job_count) {
    s_answer(f, &f->jobs[f->done++]);
    fleet_run_tasks(f);
  }
}
