#include "app/calls.h"

#include "base/log.h"
#include "base/mem.h"

/* One call under way. */
struct call {
  struct zr_loop *loop;
  uint32_t batch;
  struct zr_seen_read read; /* op and product of any call */
};

struct zr_engine_time zr_loop_now(void) {
  return (struct zr_engine_time){zr_mono_now(), zr_wall_now()};
}

struct zr_waiter *zr_waiter_new(enum zr_product product, const char *request_id,
                                struct zr_job_sink sink) {
  struct zr_waiter *w = zr_calloc(1, sizeof *w);
  char *copy = request_id ? zr_strdup(request_id) : NULL;
  if (!w || (request_id && !copy)) {
    zr_free(w);
    zr_free(copy);
    return NULL;
  }
  w->product = product;
  w->request_id = copy;
  w->sink = sink;
  return w;
}

void zr_waiter_free(struct zr_waiter *w) {
  if (!w)
    return;
  zr_free(w->request_id);
  zr_free(w);
}

void zr_waiter_add(struct zr_loop *l, struct zr_waiter *w, uint64_t job) {
  w->job = job;
  LL_PREPEND(l->waiters, w);
}

struct zr_waiter *zr_waiter_of(struct zr_loop *l, uint64_t job) {
  struct zr_waiter *w;
  LL_FOREACH(l->waiters, w) {
    if (w->job == job)
      return w;
  }
  return NULL;
}

static void s_log_end(const char *what, const struct call *c, const struct zr_call_end *end) {
  bool fine = end->class_ == ZR_CLASS_OK;
  if (end->class_ == ZR_CLASS_UNAUTHORIZED)
    atomic_store(&c->loop->account.refused, true);
  c->loop->refused = end->class_ == ZR_CLASS_UNAUTHORIZED || end->class_ == ZR_CLASS_BLOCKED ||
                     (c->loop->refused && !fine);
  zr_log(fine ? ZR_LOG_DEBUG : ZR_LOG_WARN, "zenlayer", what, zr_i("batch", c->batch),
         zr_s("class", zr_class_name(end->class_)), zr_i("http_status", end->http_status),
         zr_s("code", end->code), zr_s("request_id", end->request_id), zr_s("reason", end->reason));
}

static void s_described(void *ctx, const struct zr_describe_end *end) {
  struct call *c = ctx;
  s_log_end("read ended", c, &end->call);
  if (!zr_lookup_first(c->loop->keeper, &c->read, end))
    zr_engine_described(c->loop->engine, c->read.op, end, zr_loop_now());
  zr_free(c);
}

static void s_released(void *ctx, const struct zr_release_end *end) {
  struct call *c = ctx;
  s_log_end("release call ended", c, &end->call);
  if (c->loop->keeper)
    zr_keeper_answer(c->loop->keeper, c->read.product, c->batch, end);
  zr_engine_released(c->loop->engine, c->read.op, end, zr_loop_now());
  zr_free(c);
}

static void s_counted(void *ctx, const struct zr_list_end *end) {
  struct call *c = ctx;
  s_log_end("count of the bin ended", c, &end->call);
  zr_engine_counted(c->loop->engine, c->read.op, &end->call, end->total, zr_loop_now());
  zr_free(c);
}

static void s_released_unsent(struct zr_loop *l, const struct zr_action *a,
                              const struct zr_release_end *end) {
  if (l->keeper)
    zr_keeper_answer(l->keeper, a->product, a->batch, end);
  zr_engine_released(l->engine, a->op, end, zr_loop_now());
}

/* Not started: the same as a connection that could not be made. */
static void s_not_started(struct zr_loop *l, const struct zr_action *a, enum zr_err e) {
  const struct zr_call_end end = {.class_ = ZR_CLASS_NOT_SENT,
                                  .code = "",
                                  .message = "",
                                  .request_id = "",
                                  .reason = zr_err_text(e),
                                  .retry_after_ms = -1};
  if (a->kind == ZR_ACTION_DESCRIBE)
    zr_engine_described(l->engine, a->op, &(struct zr_describe_end){.call = end}, zr_loop_now());
  else if (a->kind == ZR_ACTION_COUNT_BIN || a->kind == ZR_ACTION_COUNT_GROUP)
    zr_engine_counted(l->engine, a->op, &end, 0, zr_loop_now());
  else
    s_released_unsent(l, a, &(struct zr_release_end){.call = end});
}

/* The total of the bin, or of a group, comes with any page of it. */
static enum zr_err s_count(struct zr_loop *l, const struct zr_action *a, struct call *c) {
  const struct zr_list_query query = {.product = a->product,
                                      .status = a->group ? NULL : "RECYCLE",
                                      .resource_group_id = a->group,
                                      .page_num = 1,
                                      .page_size = 1};
  return zr_remote_list(l->remote, &query, a->timeout_ms, s_counted, c);
}

static enum zr_err s_start(struct zr_loop *l, const struct zr_action *a,
                           const struct zr_remote_order *order, struct call *c) {
  if (a->kind == ZR_ACTION_COUNT_BIN || a->kind == ZR_ACTION_COUNT_GROUP)
    return s_count(l, a, c);
  return a->kind == ZR_ACTION_DESCRIBE ? zr_remote_describe(l->remote, order, s_described, c)
                                       : zr_remote_release(l->remote, order, s_released, c);
}

static void s_call(struct zr_loop *l, const struct zr_action *a) {
  const struct zr_remote_order order = {.product = a->product,
                                        .ids = a->ids,
                                        .id_count = a->id_count,
                                        .depend_resource = a->depend_resource,
                                        .timeout_ms = a->timeout_ms};
  struct call *c = zr_calloc(1, sizeof *c);
  enum zr_err e = ZR_ERR_NOMEM;
  if (c) {
    *c = (struct call){.loop = l,
                       .batch = a->batch,
                       .read = {.op = a->op,
                                .product = a->product,
                                .ids = a->ids,
                                .id_count = a->id_count,
                                .wants_known = a->wants_known,
                                .wants_first_seen = a->wants_first_seen}};
    e = s_start(l, a, &order, c);
  }
  if (e == ZR_ERR_OK)
    return;
  zr_free(c);
  s_not_started(l, a, e);
}

static void s_done(struct zr_loop *l, const struct zr_action *a) {
  struct zr_waiter *w = zr_waiter_of(l, a->job);
  const unsigned *n = a->report->counts.by_outcome;
  zr_log(ZR_LOG_INFO, "engine", "release done", zr_i("job", (int64_t)a->job),
         zr_i("total", a->report->counts.total), zr_i("released", n[ZR_OUTCOME_RELEASED]),
         zr_i("already_gone", n[ZR_OUTCOME_ALREADY_GONE]), zr_i("unknown", n[ZR_OUTCOME_UNKNOWN]));
  if (!w)
    return;
  LL_DELETE(l->waiters, w);
  struct zr_job_sink sink = w->sink;
  zr_waiter_free(w);
  sink.on_done(sink.ctx, a->report);
}

/* Outcomes are in the journal's queue before anybody is told of them. */
static void s_event(struct zr_loop *l, const struct zr_action *a) {
  const struct zr_waiter *w = zr_waiter_of(l, a->job);
  if (!w)
    return;
  if (l->keeper && !w->dry && a->event->kind == ZR_EVENT_OUTCOMES)
    zr_keeper_outcomes(l->keeper, w->product, w->request_id, a->event);
  if (w->sink.on_event)
    w->sink.on_event(w->sink.ctx, a->event);
}

static void s_record(struct zr_loop *l, const struct zr_action *a) {
  if (l->keeper)
    zr_keeper_intent(l->keeper, a);
  else
    zr_engine_recorded(l->engine, a->op, false, "there is no journal", zr_loop_now());
}

void zr_calls_carry_out(struct zr_loop *l) {
  struct zr_action a;
  while (zr_engine_poll(l->engine, zr_loop_now(), &a)) {
    switch (a.kind) {
    case ZR_ACTION_DESCRIBE:
    case ZR_ACTION_RELEASE:
    case ZR_ACTION_COUNT_BIN:
    case ZR_ACTION_COUNT_GROUP:
      s_call(l, &a);
      break;
    case ZR_ACTION_DONE:
      s_done(l, &a);
      break;
    case ZR_ACTION_EVENT:
      s_event(l, &a);
      break;
    case ZR_ACTION_RECORD:
      s_record(l, &a);
      break;
    case ZR_ACTION_VOID:
      if (l->keeper)
        zr_keeper_void(l->keeper, &a);
      break;
    }
  }
}

void zr_calls_forget(struct zr_loop *l) {
  while (l->waiters) {
    struct zr_waiter *w = l->waiters;
    LL_DELETE(l->waiters, w);
    zr_waiter_free(w);
  }
}
