/* Release, WatchRelease, CancelRelease: decoded and checked here, then handed to the loop thread.
 */
#include "base/log.h"
#include "service/codec.h"
#include "service/private.h"
#include "service/status.h"
#include "zenrelease/v1/release_service.pb-c.h"

static const char s_closing[] = "the server is shutting down; nothing was sent";

/* ---- a caller's life; the hooks run on the gRPC thread, the tasks on the loop thread ---- */

static void s_start(struct zr_task *task) {
  struct zr_caller *c = ZR_OWNER(task, struct zr_caller, start);
  if (zr_rpc_call_is_cancelled(c->call))
    zr_fail(c->call, ZR_RPC_CANCELLED, "the caller is gone; nothing was sent", NULL);
  else
    zr_operation_attach(c);
}

static void s_sent(struct zr_task *task) {
  struct zr_caller *c = ZR_OWNER(task, struct zr_caller, sent);
  struct zr_rpc_call *call = c->call;
  c->sending = false;
  zr_history_pump(c);
  zr_rpc_call_release(call);
}

static void s_gone(struct zr_task *task) {
  struct zr_caller *c = ZR_OWNER(task, struct zr_caller, gone);
  struct zr_rpc_call *call = c->call;
  if (c->operation) {
    zr_operation_detach(c);
    zr_fail(call, ZR_RPC_CANCELLED, "the caller is gone", NULL);
  }
  zr_rpc_call_release(call);
}

static void s_on_sent(void *ctx, struct zr_rpc_call *call) {
  struct zr_caller *c = ctx;
  (void)zr_rpc_call_acquire(call);
  if (!zr_service_post(c->service, &c->sent))
    zr_rpc_call_release(call);
}

/* Gives back the reference that the caller holds for its hooks. */
static void s_on_end(void *ctx, struct zr_rpc_call *call, bool cancelled) {
  struct zr_caller *c = ctx;
  if (!cancelled || !zr_service_post(c->service, &c->gone))
    zr_rpc_call_release(call);
}

static void s_take(struct zr_service *s, struct zr_rpc_call *call, bool watch) {
  struct zr_arena *arena = zr_rpc_call_arena(call);
  struct zr_violations v = {.arena = arena};
  struct zr_caller *c = zr_arena_calloc(arena, 1, sizeof *c);
  if (!c) {
    zr_fail_nomem(call);
    return;
  }
  *c = (struct zr_caller){.service = s,
                          .call = call,
                          .watch = watch,
                          .start.run = s_start,
                          .sent.run = s_sent,
                          .gone.run = s_gone};
  if (!zr_decode_release(zr_rpc_call_request(call), s->registry.hash_key, &c->order, &v)) {
    zr_violations_fail(&v, call);
    return;
  }
  if (zr_access_who(&s->access, call, &c->client) != ZR_ERR_OK) {
    zr_fail_nomem(call);
    return;
  }
  /* Before anything is looked up: nobody joins, or learns of, what they may not start. */
  if (!zr_access_allows(&c->client, c->order.request.validate_only ? ZR_RIGHT_PLAN : ZR_RIGHT_APPLY,
                        call))
    return;
  struct zr_rpc_hooks hooks = {.ctx = c, .on_sent = s_on_sent, .on_end = s_on_end};
  zr_rpc_call_set_hooks(zr_rpc_call_acquire(call), &hooks);
  if (!zr_service_post(s, &c->start))
    zr_fail(call, ZR_RPC_UNAVAILABLE, s_closing, NULL);
}

void zr_handle_release(void *service, struct zr_rpc_call *call) {
  s_take(service, call, false);
}

void zr_handle_watch(void *service, struct zr_rpc_call *call) {
  s_take(service, call, true);
}

/* ---- CancelRelease ---- */

struct s_cancel {
  struct zr_service *service;
  struct zr_rpc_call *call;
  const char *request_id;
  bool forget;
  struct zr_client client;
  struct zr_task task;
};

static void s_cancel_run(struct zr_task *task) {
  struct s_cancel *c = ZR_OWNER(task, struct s_cancel, task);
  struct zr_operation *op = zr_registry_find(&c->service->registry, c->request_id);
  if (!op) {
    zr_fail(c->call, ZR_RPC_NOT_FOUND, "no release has this request_id", NULL);
    return;
  }
  if (!zr_access_allows(&c->client, op->dry ? ZR_RIGHT_PLAN : ZR_RIGHT_APPLY, c->call))
    return;
  Zenrelease__V1__CancelReleaseResponse m;
  zenrelease__v1__cancel_release_response__init(&m);
  m.cancelled = op->running && !c->forget;
  if (!c->forget)
    zr_log(ZR_LOG_INFO, "service", "release to be stopped", zr_s("request_id", op->request_id),
           zr_s("client", c->client.name));
  struct zr_rpc_bytes *b = zr_encode(&m.base);
  if (!c->forget)
    zr_operation_cancel(op);
  else if (!op->running)
    zr_registry_discard(op);
  if (b)
    zr_rpc_reply(c->call, b);
  else
    zr_fail(c->call, ZR_RPC_RESOURCE_EXHAUSTED, "out of memory; the release was stopped", NULL);
}

void zr_handle_cancel(void *service, struct zr_rpc_call *call) {
  struct zr_service *s = service;
  struct zr_arena *arena = zr_rpc_call_arena(call);
  struct zr_violations v = {.arena = arena};
  struct s_cancel *c = zr_arena_calloc(arena, 1, sizeof *c);
  bool forget = false;
  const char *request_id = c ? zr_decode_cancel(zr_rpc_call_request(call), &forget, &v) : NULL;
  if (!c || !request_id) {
    zr_violations_fail(&v, call);
    return;
  }
  *c = (struct s_cancel){.service = s,
                         .call = call,
                         .request_id = request_id,
                         .forget = forget,
                         .task.run = s_cancel_run};
  if (zr_access_who(&s->access, call, &c->client) != ZR_ERR_OK) {
    zr_fail_nomem(call);
    return;
  }
  if (!zr_service_post(s, &c->task))
    zr_fail(call, ZR_RPC_UNAVAILABLE, s_closing, NULL);
}
