/* The life of an operation: started or joined, heard of, finished. Loop thread. */
#include "base/log.h"
#include "service/pack.h"
#include "service/private.h"
#include "service/status.h"

enum { MARGIN_MIN_MS = 250, MARGIN_MAX_MS = 5000 };

/* ---- callers ---- */

static void s_link(struct zr_operation *op, struct zr_caller *c) {
  c->operation = op;
  c->prev = NULL;
  c->next = op->callers;
  if (op->callers)
    op->callers->prev = c;
  op->callers = c;
  c->cursor = (uint64_t)c->order.after_sequence;
  op->sticky = op->sticky || (c->watch && op->named);
  op->recorded = op->recorded || op->named || c->watch;
}

static void s_unlink(struct zr_operation *op, struct zr_caller *c) {
  if (c->next)
    c->next->prev = c->prev;
  *(c->prev ? &c->prev->next : &op->callers) = c->next;
  c->operation = NULL;
}

static void s_check_wanted(struct zr_task *task) {
  struct zr_operation *op = ZR_OWNER(task, struct zr_operation, check);
  op->checking = false;
  if (op->running && !op->callers && !op->sticky)
    zr_operation_cancel(op);
  zr_operation_drop(op);
}

/* Whether to stop is decided by a task of its own, because the backend may be calling us now. */
void zr_operation_detach(struct zr_caller *c) {
  struct zr_operation *op = c->operation;
  if (!op)
    return;
  s_unlink(op, c);
  if (op->callers || op->checking)
    return;
  if (!op->running) {
    zr_operation_drop(op);
    return;
  }
  op->check.run = s_check_wanted;
  op->checking = true;
  if (!zr_service_post(op->service, &op->check))
    op->checking = false; /* the loop has ended: zr_service_destroy frees it */
}

void zr_operation_cancel(struct zr_operation *op) {
  if (!op->running || op->cancelled)
    return;
  op->cancelled = true;
  const struct zr_backend *b = op->service->backend;
  b->cancel(b->self, op->job);
}

/* ---- what the backend says ---- */

static void s_pump_all(struct zr_operation *op) {
  struct zr_caller *next;
  for (struct zr_caller *c = op->callers; c; c = next) {
    next = c->next;
    if (c->watch)
      zr_history_pump(c);
  }
}

static void s_on_event(void *ctx, const struct zr_event *event) {
  struct zr_operation *op = ctx;
  if (!op->recorded || (event->kind != ZR_EVENT_OUTCOMES && op->bytes >= ZR_HISTORY_MAX_BYTES))
    return;
  struct zr_rpc_bytes *b = zr_pack_event(event, op->event_count + 1);
  if (!b || zr_history_add(op, b) != ZR_ERR_OK) {
    zr_log(ZR_LOG_WARN, "service", "out of memory for an event",
           zr_s("request_id", op->request_id));
    return;
  }
  s_pump_all(op);
}

static void s_answer(struct zr_operation *op, struct zr_caller *c) {
  if (c->watch) {
    zr_rpc_call_keeps(c->call, op->bytes); /* and for as long as it reads */
    zr_history_pump(c);
    return;
  }
  struct zr_rpc_call *call = c->call;
  struct zr_rpc_bytes *last = zr_rpc_bytes_acquire(op->events[op->event_count - 1]);
  zr_operation_detach(c);
  zr_rpc_reply_part(call, last, op->response_offset, last->len - op->response_offset);
}

/* Callers leave one by one; the operation stays until all have. */
static void s_answer_all(struct zr_operation *op) {
  struct zr_caller *next;
  for (struct zr_caller *c = op->callers; c; c = next) {
    next = c->next;
    s_answer(op, c);
  }
}

/* There is a report and no memory to write it down: the one thing left is to say so. */
static void s_report_lost(struct zr_operation *op) {
  zr_log(ZR_LOG_ERROR, "service", "out of memory for a report", zr_s("request_id", op->request_id));
  zr_registry_forget(op);
  while (op->callers) {
    struct zr_rpc_call *call = op->callers->call;
    zr_operation_detach(op->callers);
    zr_fail(call, ZR_RPC_RESOURCE_EXHAUSTED,
            "the release has ended, and there is no memory for its report; list the instances to "
            "see what is left",
            NULL);
  }
}

void zr_operation_finish(struct zr_operation *op, const struct zr_report *report) {
  struct zr_service *s = op->service;
  struct zr_rpc_bytes *b = zr_pack_report(report, op->request_id, op->event_count + 1,
                                          zr_wall_now(), &op->response_offset);
  bool written = b && zr_history_add(op, b) == ZR_ERR_OK;
  if (op->running)
    atomic_fetch_sub(&s->running, 1);
  op->running = false;
  op->answering = true;
  if (written)
    s_answer_all(op);
  else
    s_report_lost(op);
  op->answering = false;
  if (op->named)
    zr_registry_keep(s, op);
  else
    zr_operation_drop(op);
}

static void s_on_done(void *ctx, const struct zr_report *report) {
  zr_operation_finish(ctx, report);
}

/* ---- starting and joining ---- */

/* Early enough that an exact report still reaches the caller. */
static struct zr_mono s_deadline(struct zr_mono caller) {
  struct zr_mono now = zr_mono_now();
  int64_t left = zr_mono_until(caller, now);
  if (left == INT64_MAX)
    return ZR_MONO_NEVER;
  int64_t margin = left / 10;
  margin = margin < MARGIN_MIN_MS ? MARGIN_MIN_MS : margin > MARGIN_MAX_MS ? MARGIN_MAX_MS : margin;
  return zr_mono_add(now, left - (margin > left / 2 ? left / 2 : margin));
}

static enum zr_err s_submit(struct zr_operation *op, const struct zr_caller *c) {
  struct zr_service *s = op->service;
  const struct zr_backend *b = s->backend;
  struct zr_release_request request = c->order.request;
  request.window_ms = s->options.window_ms;
  request.request_id = op->request_id;
  request.deadline = op->sticky ? ZR_MONO_NEVER : s_deadline(zr_rpc_call_deadline(c->call));
  struct zr_job_sink sink = {.ctx = op, .on_event = s_on_event, .on_done = s_on_done};
  enum zr_err e = b->submit(b->self, &request, sink, &op->job);
  if (e == ZR_ERR_OK) {
    op->running = true;
    atomic_fetch_add(&s->running, 1);
  }
  return e;
}

static void s_fail_submit(struct zr_rpc_call *call, enum zr_err e) {
  if (e == ZR_ERR_NOMEM)
    zr_fail_nomem(call);
  else if (e == ZR_ERR_LIMIT)
    zr_fail(call, ZR_RPC_RESOURCE_EXHAUSTED, "too many instances are at work; nothing was sent",
            &(struct zr_details){.retry_ms = ZR_RETRY_MS});
  else if (e == ZR_ERR_STATE)
    zr_fail(call, ZR_RPC_UNAVAILABLE,
            "the server is about to use the key of another account and waits for its running "
            "releases to end; nothing was sent",
            &(struct zr_details){.retry_ms = ZR_RETRY_MS});
  else
    zr_fail(call, ZR_RPC_UNAVAILABLE, "the server cannot start a release now; nothing was sent",
            &(struct zr_details){.retry_ms = ZR_RETRY_MS});
}

/* Who did it: the one line that ties a release to a client. */
static void s_log(const struct zr_caller *c, const struct zr_operation *op, const char *what) {
  zr_log(ZR_LOG_INFO, "service", what, zr_s("request_id", op->request_id),
         zr_s("client", c->client.name), zr_s("right", zr_right_name(c->client.right)),
         zr_i("ids", (int64_t)c->order.request.instance_id_count),
         zr_i("validate_only", c->order.request.validate_only));
}

static void s_begin(struct zr_caller *c) {
  struct zr_service *s = c->service;
  struct zr_rpc_call *call = c->call;
  struct zr_operation *op = zr_operation_new(s, c->order.request_id);
  if (!op) {
    zr_fail_nomem(call);
    return;
  }
  op->content = c->order.content;
  op->dry = c->order.request.validate_only;
  s_link(op, c);
  const char *problem = s->backend->facts(s->backend->self)->credential_problem;
  s_log(c, op, "release begun");
  enum zr_err e = problem ? zr_operation_refuse(op, &c->order.request, problem) : s_submit(op, c);
  if (e == ZR_ERR_OK)
    return;
  s_unlink(op, c);
  zr_registry_forget(op);
  zr_operation_drop(op);
  s_fail_submit(call, e);
}

static void s_join(struct zr_operation *op, struct zr_caller *c) {
  if (op->content != c->order.content) {
    struct zr_violations v = {.arena = zr_rpc_call_arena(c->call)};
    zr_violation_add(&v, "request_id", "was used for another request within the last hour");
    zr_violations_fail(&v, c->call);
    return;
  }
  s_log(c, op, "release joined");
  s_link(op, c);
  if (!op->running)
    s_answer(op, c);
  else if (c->watch)
    zr_history_pump(c);
}

void zr_operation_attach(struct zr_caller *c) {
  struct zr_service *s = c->service;
  struct zr_operation *op = NULL;
  if (c->order.request_id[0]) {
    zr_registry_trim(s, zr_mono_now());
    op = zr_registry_find(&s->registry, c->order.request_id);
  }
  if (op)
    s_join(op, c);
  else if (atomic_load(&s->draining))
    zr_fail(c->call, ZR_RPC_UNAVAILABLE, "the server is shutting down; nothing was sent", NULL);
  else if (atomic_load(&s->running) >= s->options.max_concurrent_releases)
    zr_fail(c->call, ZR_RPC_RESOURCE_EXHAUSTED,
            "the server runs as many releases as it may; nothing was sent",
            &(struct zr_details){.retry_ms = ZR_RETRY_MS});
  else
    s_begin(c);
}
