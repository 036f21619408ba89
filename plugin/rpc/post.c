/* Slots: what we ask of the core, and a call's first moments. */
#include <string.h>

#include "rpc/private.h"

static const struct zr_rpc_status s_unimplemented = {.code = ZR_RPC_UNIMPLEMENTED,
                                                     .message = "this server has no such method"};
static const struct zr_rpc_status s_no_message = {
    .code = ZR_RPC_INVALID_ARGUMENT, .message = "the call came without its request message"};
static const struct zr_rpc_status s_no_memory = {.code = ZR_RPC_RESOURCE_EXHAUSTED,
                                                 .message = "out of memory; nothing was done"};

/* The request as one piece of memory: in place when the core has it in one slice. */
static enum zr_err s_flatten(struct zr_rpc_call *call) {
  const grpc_slice_buffer *pieces = &call->in->data.raw.slice_buffer;
  if (pieces->count == 1) {
    call->request = (struct zr_view){(const char *)GRPC_SLICE_START_PTR(pieces->slices[0]),
                                     GRPC_SLICE_LENGTH(pieces->slices[0])};
    return ZR_ERR_OK;
  }
  size_t total = 0;
  for (size_t i = 0; i < pieces->count; i++)
    total += GRPC_SLICE_LENGTH(pieces->slices[i]);
  char *all = zr_arena_alloc(&call->arena, total);
  if (!all)
    return ZR_ERR_NOMEM;
  call->request = (struct zr_view){all, total};
  for (size_t i = 0; i < pieces->count; i++) {
    memcpy(all, GRPC_SLICE_START_PTR(pieces->slices[i]), GRPC_SLICE_LENGTH(pieces->slices[i]));
    all += GRPC_SLICE_LENGTH(pieces->slices[i]);
  }
  return ZR_ERR_OK;
}

static bool s_admit(struct zr_rpc_call *call, const struct zr_rpc_method *m) {
  struct zr_rpc_server *s = call->core->server;
  if (m->always_admit)
    return true;
  call->counted = true;
  return atomic_fetch_add(&s->admitted, 1) < s->options.max_calls;
}

static void s_start(struct zr_rpc_call *call) {
  if (call->method == ZR_RPC_GENERIC) {
    zr_rpc_fail(call, &s_unimplemented);
    return;
  }
  const struct zr_rpc_method *m = &call->core->server->methods[call->method];
  if (!s_admit(call, m))
    zr_rpc_fail(call, zr_rpc_overload());
  else if (m->kind != ZR_RPC_BIDI && !call->in)
    zr_rpc_fail(call, &s_no_message);
  else if (call->in && s_flatten(call) != ZR_ERR_OK)
    zr_rpc_fail(call, &s_no_memory);
  else
    m->handle(m->user, call);
}

static struct zr_mono s_deadline(gpr_timespec at) {
  if (gpr_time_cmp(at, gpr_inf_future(at.clock_type)) == 0)
    return ZR_MONO_NEVER;
  int64_t left = gpr_time_to_millis(gpr_time_sub(at, gpr_now(at.clock_type)));
  return zr_mono_add(zr_mono_now(), left);
}

static void s_on_new(struct zr_rpc_tag *tag, bool ok) {
  struct zr_rpc_call *call = ZR_OWNER(tag, struct zr_rpc_call, on_new);
  if (!ok) { /* the server is closing: the slot comes back unused */
    call->call = NULL;
    zr_rpc_call_release(call);
    return;
  }
  atomic_fetch_add(&call->core->server->calls, 1);
  if (!atomic_load(&call->core->closing))
    call->owes_slot = zr_rpc_post(call->core, call->method) != ZR_ERR_OK;
  if (call->method == ZR_RPC_GENERIC)
    call->deadline = call->details.deadline;
  call->deadline_mono = s_deadline(call->deadline);
  (void)zr_rpc_call_acquire(call); /* the handler has its own */
  zr_rpc_call_watch_close(call);
  s_start(call);
  call->request = (struct zr_view){"", 0};
  if (call->in) {
    grpc_byte_buffer_destroy(call->in);
    call->in = NULL;
  }
  zr_rpc_call_release(call);
}

bool zr_rpc_post_call(struct zr_rpc_call *call) {
  struct zr_rpc_core *core = call->core;
  struct zr_rpc_server *s = core->server;
  call->on_new.fn = s_on_new;
  zr_give(&call->on_new);
  if (call->method == ZR_RPC_GENERIC)
    return grpc_server_request_call(core->grpc, &call->call, &call->details, &call->metadata,
                                    s->queue, s->queue, &call->on_new) == GRPC_CALL_OK;
  bool payload = s->methods[call->method].kind != ZR_RPC_BIDI;
  return grpc_server_request_registered_call(
             core->grpc, core->handles[call->method], &call->call, &call->deadline, &call->metadata,
             payload ? &call->in : NULL, s->queue, s->queue, &call->on_new) == GRPC_CALL_OK;
}

enum zr_err zr_rpc_post(struct zr_rpc_core *core, size_t method) {
  struct zr_rpc_call *call = zr_rpc_call_new(core, method);
  if (!call)
    return ZR_ERR_NOMEM;
  if (zr_rpc_post_call(call))
    return ZR_ERR_OK;
  zr_rpc_call_release(call);
  return ZR_ERR_STATE;
}
