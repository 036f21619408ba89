#include "terraform/op.h"

#include <utlist.h>

#include "terraform/work.h"

void *zr_tf_op_new(struct zr_tf_provider *p, struct zr_rpc_call *call, size_t size) {
  struct zr_arena *arena = zr_rpc_call_arena(call);
  struct zr_tf_op *op = zr_arena_calloc(arena, 1, size);
  if (!op) {
    zr_tf_fail_nomem(call);
    return NULL;
  }
  op->provider = p;
  op->link = p->current;
  op->call = call;
  op->arena = arena;
  op->diags.arena = arena;
  return op;
}

static void s_start(struct zr_task *task) {
  struct zr_tf_op *op = ZR_OWNER(task, struct zr_tf_op, start);
  op->caller_gone = zr_rpc_call_is_cancelled(op->call);
  op->begin(op);
}

/* Gives back the reference that the op holds for its hooks. */
static void s_gone(struct zr_task *task) {
  struct zr_tf_op *op = ZR_OWNER(task, struct zr_tf_op, gone);
  op->caller_gone = true;
  zr_tf_works_cancel_of(op);
  zr_rpc_call_release(op->call);
}

static void s_on_end(void *ctx, struct zr_rpc_call *call, bool cancelled) {
  struct zr_tf_op *op = ctx;
  const struct zr_backend *b = op->link->backend;
  if (!cancelled || b->post(b->self, &op->gone) != ZR_ERR_OK)
    zr_rpc_call_release(call);
}

static void s_list(struct zr_tf_op *op) {
  struct zr_tf_provider *p = op->provider;
  atomic_fetch_add(&p->running, 1);
  (void)pthread_mutex_lock(&p->lock);
  DL_APPEND(p->ops, op);
  op->listed = true;
  (void)pthread_mutex_unlock(&p->lock);
}

void zr_tf_op_end(struct zr_tf_op *op) {
  struct zr_tf_provider *p = op->provider;
  (void)pthread_mutex_lock(&p->lock);
  bool listed = op->listed;
  if (listed)
    DL_DELETE(p->ops, op);
  op->listed = false;
  (void)pthread_mutex_unlock(&p->lock);
  if (listed)
    atomic_fetch_sub(&p->running, 1);
}

struct zr_tf_op *zr_tf_op_take_any(struct zr_tf_provider *p) {
  (void)pthread_mutex_lock(&p->lock);
  struct zr_tf_op *op = p->ops;
  (void)pthread_mutex_unlock(&p->lock);
  if (op)
    zr_tf_op_end(op);
  return op;
}

void zr_tf_op_run(struct zr_tf_op *op) {
  if (!zr_tf_op_has_backend(op)) {
    op->begin(op);
    return;
  }
  const struct zr_backend *b = op->link->backend;
  op->start.run = s_start;
  op->gone.run = s_gone;
  struct zr_rpc_hooks hooks = {.ctx = op, .on_end = s_on_end};
  (void)zr_rpc_call_acquire(op->call);
  zr_rpc_call_set_hooks(op->call, &hooks);
  s_list(op);
  if (b->post(b->self, &op->start) == ZR_ERR_OK)
    return;
  zr_tf_op_end(op);
  zr_tf_fail(op->call, ZR_RPC_UNAVAILABLE, "the provider is shutting down");
}

void zr_tf_op_reply(struct zr_tf_op *op, const ProtobufCMessage *message) {
  if (op->diags.nomem) {
    zr_tf_op_fail_nomem(op);
    return;
  }
  struct zr_rpc_bytes *b = zr_tf_pack(message);
  zr_tf_op_end(op);
  if (b)
    zr_rpc_reply(op->call, b);
  else
    zr_tf_fail_nomem(op->call);
}

void zr_tf_op_fail_nomem(struct zr_tf_op *op) {
  zr_tf_op_end(op);
  zr_tf_fail_nomem(op->call);
}
