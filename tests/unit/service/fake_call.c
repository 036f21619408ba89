#include "fake_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

int g_fake_live;

struct zr_rpc_call *fake_call(const void *request, size_t len) {
  struct zr_rpc_call *c = calloc(1, sizeof *c);
  assert_non_null(c);
  c->request = (struct zr_view){request, len};
  c->deadline = ZR_MONO_NEVER;
  c->refs = 2;
  zr_arena_init(&c->arena, NULL, 0);
  g_fake_live++;
  return c;
}

void fake_sent(struct zr_rpc_call *c) {
  assert_true(c->acknowledged < c->sent_count);
  c->acknowledged++;
  if (c->hooks.on_sent)
    c->hooks.on_sent(c->hooks.ctx, c);
}

static void s_end_on_wire(struct zr_rpc_call *c, bool cancelled) {
  struct zr_rpc_hooks hooks = c->hooks;
  c->hooks = (struct zr_rpc_hooks){.ctx = NULL};
  if (hooks.on_end)
    hooks.on_end(hooks.ctx, c, cancelled);
}

bool fake_message(struct zr_rpc_call *c, struct zr_view bytes, bool last) {
  struct zr_rpc_hooks hooks = c->hooks;
  if (!c->reading || c->ended)
    return false;
  c->reading = false;
  if (last && hooks.on_half_close)
    hooks.on_half_close(hooks.ctx, c);
  else if (!last && hooks.on_message)
    hooks.on_message(hooks.ctx, c, bytes);
  return true;
}

void fake_cancel(struct zr_rpc_call *c) {
  c->cancelled = true;
  s_end_on_wire(c, true);
}

void fake_over(struct zr_rpc_call *c) {
  s_end_on_wire(c, c->cancelled);
}

void fake_done(struct zr_rpc_call *c) {
  zr_rpc_call_release(c);
}

struct zr_view zr_rpc_call_request(const struct zr_rpc_call *c) {
  return c->request;
}
const char *zr_rpc_call_method(const struct zr_rpc_call *c) {
  return c->method ? c->method : "";
}
enum zr_err zr_rpc_call_peer(struct zr_rpc_call *c, struct zr_rpc_peer *out) {
  *out = c->peer;
  return ZR_ERR_OK;
}
struct zr_mono zr_rpc_call_deadline(const struct zr_rpc_call *c) {
  return c->deadline;
}
bool zr_rpc_call_is_cancelled(const struct zr_rpc_call *c) {
  return c->cancelled;
}
bool zr_rpc_call_is_ended(const struct zr_rpc_call *c) {
  return c->ended;
}
struct zr_arena *zr_rpc_call_arena(struct zr_rpc_call *c) {
  return &c->arena;
}
void zr_rpc_call_keeps(struct zr_rpc_call *c, size_t bytes) {
  c->keeps = bytes;
}
struct zr_rpc_call *zr_rpc_call_acquire(struct zr_rpc_call *c) {
  c->refs++;
  return c;
}
void zr_rpc_call_release(struct zr_rpc_call *c) {
  if (--c->refs > 0)
    return;
  assert_int_equal(c->refs, 0);
  assert_true(c->ended); /* nobody is left to end it */
  zr_rpc_bytes_release(c->answer);
  for (size_t i = 0; i < c->sent_count; i++)
    zr_rpc_bytes_release(c->sent[i]);
  zr_arena_clean_up(&c->arena);
  free(c);
  g_fake_live--;
}
void zr_rpc_call_set_hooks(struct zr_rpc_call *c, const struct zr_rpc_hooks *hooks) {
  c->hooks = *hooks;
}

static void s_end(struct zr_rpc_call *c, enum zr_rpc_code code) {
  assert_false(c->ended);
  c->ended = true;
  c->code = code;
  zr_rpc_call_release(c);
}

void zr_rpc_reply_part(struct zr_rpc_call *c, struct zr_rpc_bytes *b, size_t offset, size_t len) {
  c->answer = malloc(sizeof *b + len);
  assert_non_null(c->answer);
  atomic_init(&c->answer->refs, 1);
  c->answer->len = len;
  if (b)
    memcpy(c->answer->data, b->data + offset, len);
  zr_rpc_bytes_release(b);
  s_end(c, ZR_RPC_OK);
}
void zr_rpc_reply(struct zr_rpc_call *c, struct zr_rpc_bytes *b) {
  zr_rpc_reply_part(c, b, 0, b ? b->len : 0);
}
void zr_rpc_fail(struct zr_rpc_call *c, const struct zr_rpc_status *st) {
  (void)snprintf(c->message, sizeof c->message, "%s", st->message ? st->message : "");
  assert_true(st->details.len <= 5000); /* what peers take as metadata */
  if (st->details.len)
    memcpy(c->details, st->details.ptr, st->details.len);
  c->details_len = st->details.len;
  s_end(c, st->code);
}
void zr_rpc_finish(struct zr_rpc_call *c) {
  s_end(c, ZR_RPC_OK);
}
enum zr_err zr_rpc_send(struct zr_rpc_call *c, struct zr_rpc_bytes *b) {
  if (c->cancelled || c->ended || c->sent_count == FAKE_MESSAGES) {
    zr_rpc_bytes_release(b);
    return ZR_ERR_CLOSED;
  }
  c->sent[c->sent_count++] = b;
  return ZR_ERR_OK;
}
void zr_rpc_read(struct zr_rpc_call *c) {
  assert_false(c->reading);
  c->reading = true;
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
