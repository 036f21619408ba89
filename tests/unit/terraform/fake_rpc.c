#include "fake_rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

struct zr_rpc_call *fake_call(const struct zr_rpc_method *method, struct zr_rpc_bytes *request) {
  struct zr_rpc_call *c = calloc(1, sizeof *c); /* not one that a test makes fail */
  assert_non_null(c);
  zr_arena_init(&c->arena, NULL, 0);
  c->request = request;
  c->refs = 2; /* the handler's and the test's */
  method->handle(method->user, c);
  return c;
}

void fake_cancel(struct zr_rpc_call *call) {
  call->cancelled = true;
  if (call->hooks.on_end)
    call->hooks.on_end(call->hooks.ctx, call, true);
  call->hooks.on_end = NULL;
}

void fake_free(struct zr_rpc_call *call) {
  assert_true(call->ended);
  if (call->hooks.on_end)
    call->hooks.on_end(call->hooks.ctx, call, false);
  assert_int_equal(call->refs, 1);
  for (size_t i = 0; i < call->sent_count; i++)
    zr_rpc_bytes_release(call->sent[i]);
  zr_rpc_bytes_release(call->request);
  zr_arena_clean_up(&call->arena);
  free(call);
}

struct zr_view zr_rpc_call_request(const struct zr_rpc_call *call) {
  return (struct zr_view){(const char *)call->request->data, call->request->len};
}

bool zr_rpc_call_is_cancelled(const struct zr_rpc_call *call) {
  return call->cancelled;
}

struct zr_arena *zr_rpc_call_arena(struct zr_rpc_call *call) {
  return &call->arena;
}

struct zr_rpc_call *zr_rpc_call_acquire(struct zr_rpc_call *call) {
  call->refs++;
  return call;
}

void zr_rpc_call_release(struct zr_rpc_call *call) {
  assert_true(call->refs > 1);
  call->refs--;
}

void zr_rpc_call_set_hooks(struct zr_rpc_call *call, const struct zr_rpc_hooks *hooks) {
  assert_false(call->ended);
  call->hooks = *hooks;
}

static void s_end(struct zr_rpc_call *call, enum zr_rpc_code code) {
  assert_false(call->ended);
  call->ended = true;
  call->code = code;
  zr_rpc_call_release(call);
}

static void s_keep(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes) {
  assert_true(call->sent_count < FAKE_MESSAGES);
  call->sent[call->sent_count++] = bytes;
}

void zr_rpc_reply(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes) {
  s_keep(call, bytes);
  s_end(call, ZR_RPC_OK);
}

void zr_rpc_fail(struct zr_rpc_call *call, const struct zr_rpc_status *status) {
  s_end(call, status->code);
}

void zr_rpc_finish(struct zr_rpc_call *call) {
  s_end(call, ZR_RPC_OK);
}

enum zr_err zr_rpc_send(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes) {
  assert_false(call->ended);
  if (call->cancelled) {
    zr_rpc_bytes_release(bytes);
    return ZR_ERR_CLOSED;
  }
  s_keep(call, bytes);
  return ZR_ERR_OK;
}

void zr_rpc_read(struct zr_rpc_call *call) {
  (void)call;
  fail_msg("no method of a provider reads on");
}

struct zr_rpc_bytes *zr_rpc_bytes_new(size_t len) {
  struct zr_rpc_bytes *b = zr_alloc(sizeof *b + len);
  if (b) {
    atomic_init(&b->refs, 1);
    b->len = len;
  }
  return b;
}

struct zr_rpc_bytes *zr_rpc_bytes_acquire(struct zr_rpc_bytes *b) {
  atomic_fetch_add(&b->refs, 1);
  return b;
}

void zr_rpc_bytes_release(struct zr_rpc_bytes *b) {
  if (b && atomic_fetch_sub(&b->refs, 1) == 1)
    zr_free(b);
}
