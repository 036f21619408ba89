/* The call object: made for a slot, counted, freed with everything that came with it. */
#include <grpc/byte_buffer.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "rpc/private.h"

static void s_init(struct zr_rpc_call *call, struct zr_rpc_core *core, size_t method) {
  memset(call, 0, offsetof(struct zr_rpc_call, storage)); /* the storage needs no clearing */
  call->core = core;
  call->method = method;
  call->request = (struct zr_view){"", 0};
  call->message = grpc_empty_slice();
  call->status_details = grpc_empty_slice();
  atomic_init(&call->refs, 1);
  grpc_metadata_array_init(&call->metadata);
  grpc_call_details_init(&call->details);
  pthread_mutex_init(&call->stream.lock, NULL);
  zr_arena_init(&call->arena, call->storage, sizeof call->storage);
}

struct zr_rpc_call *zr_rpc_call_new(struct zr_rpc_core *core, size_t method) {
  struct zr_rpc_call *call = zr_alloc(sizeof *call);
  if (!call)
    return NULL;
  s_init(call, core, method);
  atomic_fetch_add(&core->server->live, 1);
  return call;
}

enum zr_rpc_kind zr_rpc_call_kind(const struct zr_rpc_call *call) {
  return call->method == ZR_RPC_GENERIC ? ZR_RPC_UNARY
                                        : call->core->server->methods[call->method].kind;
}

/* Under the lock, so that whoever waits for the last one may free the server at once. */
static void s_forget(struct zr_rpc_server *s) {
  pthread_mutex_lock(&s->lock);
  if (atomic_fetch_sub(&s->live, 1) == 1)
    pthread_cond_broadcast(&s->idle);
  pthread_mutex_unlock(&s->lock);
}

static void s_clean_up(struct zr_rpc_call *call) {
  zr_rpc_unread_end(call);
  if (call->in)
    grpc_byte_buffer_destroy(call->in);
  grpc_metadata_array_destroy(&call->metadata);
  grpc_call_details_destroy(&call->details);
  grpc_slice_unref(call->message);
  grpc_slice_unref(call->status_details);
  zr_rpc_stream_clean_up(&call->stream);
  zr_arena_clean_up(&call->arena);
  if (call->call)
    grpc_call_unref(call->call);
}

/* Frees it, or makes it the slot that could not be posted when this call came. */
static void s_retire(struct zr_rpc_call *call) {
  struct zr_rpc_core *core = call->core;
  size_t method = call->method;
  bool owes = call->owes_slot && !atomic_load(&core->closing);
  s_clean_up(call);
  if (owes) {
    s_init(call, core, method);
    if (zr_rpc_post_call(call))
      return;
  }
  zr_free(call);
  s_forget(core->server);
}

struct zr_rpc_call *zr_rpc_call_acquire(struct zr_rpc_call *call) {
  atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
  return call;
}

void zr_rpc_call_release(struct zr_rpc_call *call) {
  if (!call || atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) != 1)
    return;
  struct zr_rpc_server *s = call->core->server;
  if (call->call) {
    atomic_fetch_sub(&s->calls, 1);
    if (call->counted)
      atomic_fetch_sub(&s->admitted, 1);
  }
  s_retire(call);
}

static void s_on_close(struct zr_rpc_tag *tag, bool ok) {
  (void)ok; /* always true: close_flag tells */
  struct zr_rpc_call *call = ZR_OWNER(tag, struct zr_rpc_call, on_close);
  bool cancelled = call->close_flag != 0;
  if (cancelled) {
    atomic_store(&call->cancelled, true);
    zr_rpc_stream_closed(call);
  }
  call->over = true;
  if (call->hooks.on_end)
    call->hooks.on_end(call->hooks.ctx, call, cancelled);
  zr_rpc_call_release(call);
}

void zr_rpc_call_watch_close(struct zr_rpc_call *call) {
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
  op.data.recv_close_on_server.cancelled = &call->close_flag;
  call->on_close.fn = s_on_close;
  zr_rpc_batch(zr_rpc_call_acquire(call), &op, 1, &call->on_close);
}

/* ---- what the rooms above ask ---- */

struct zr_view zr_rpc_call_request(const struct zr_rpc_call *call) {
  return call->request;
}

const char *zr_rpc_call_method(const struct zr_rpc_call *call) {
  return call->method == ZR_RPC_GENERIC ? "" : call->core->server->methods[call->method].name;
}

struct zr_mono zr_rpc_call_deadline(const struct zr_rpc_call *call) {
  return call->deadline_mono;
}

bool zr_rpc_call_is_cancelled(const struct zr_rpc_call *call) {
  return atomic_load(&call->cancelled);
}

bool zr_rpc_call_is_ended(const struct zr_rpc_call *call) {
  return atomic_load(&call->ended);
}

struct zr_arena *zr_rpc_call_arena(struct zr_rpc_call *call) {
  return &call->arena;
}

void zr_rpc_call_set_hooks(struct zr_rpc_call *call, const struct zr_rpc_hooks *hooks) {
  call->hooks = *hooks;
}
