#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { BIG = 8 << 20 };

struct zr_rpc_bytes *bytes_of(const void *data, size_t len) {
  struct zr_rpc_bytes *b = zr_rpc_bytes_new(len);
  if (b)
    memcpy(b->data, data, len);
  return b;
}

/* Handlers run on the gRPC thread, where no assertion may fail; memory may. */
static void s_answer(struct zr_rpc_call *call, struct zr_rpc_bytes *b) {
  const struct zr_rpc_status st = {.code = ZR_RPC_RESOURCE_EXHAUSTED, .message = "no memory"};
  if (b)
    zr_rpc_reply(call, b);
  else
    zr_rpc_fail(call, &st);
}

static void s_echo(void *user, struct zr_rpc_call *call) {
  (void)user;
  struct zr_view in = zr_rpc_call_request(call);
  s_answer(call, bytes_of(in.ptr, in.len));
}

static void s_fail(void *user, struct zr_rpc_call *call) {
  (void)user;
  struct zr_rpc_status st = {
      .code = ZR_RPC_NOT_FOUND, .message = "grün: not here", .details = {"\x08\x05", 2}};
  zr_rpc_fail(call, &st);
}

static void s_big(void *user, struct zr_rpc_call *call) {
  (void)user;
  struct zr_rpc_bytes *b = zr_rpc_bytes_new(BIG);
  memset(b->data, 'x', BIG);
  zr_rpc_reply(call, b);
}

static void s_on_end(void *ctx, struct zr_rpc_call *call, bool cancelled) {
  (void)call;
  struct fixture *f = ctx;
  pthread_mutex_lock(&f->lock);
  f->ends++;
  f->end_cancelled = cancelled;
  pthread_mutex_unlock(&f->lock);
}

static void s_on_sent(void *ctx, struct zr_rpc_call *call) {
  (void)call;
  struct fixture *f = ctx;
  pthread_mutex_lock(&f->lock);
  f->sent++;
  pthread_mutex_unlock(&f->lock);
}

static void s_hold(void *user, struct zr_rpc_call *call) {
  struct fixture *f = user;
  struct zr_rpc_hooks hooks = {.ctx = f, .on_end = s_on_end, .on_sent = s_on_sent};
  zr_rpc_call_set_hooks(call, &hooks);
  struct zr_rpc_peer peer;
  assert_int_equal(zr_rpc_call_peer(call, &peer), ZR_ERR_OK);
  pthread_mutex_lock(&f->lock);
  f->held = call;
  f->holds++;
  f->held_deadline = zr_rpc_call_deadline(call);
  f->peer_verified = peer.verified;
  (void)snprintf(f->peer_name, sizeof f->peer_name, "%s", peer.common_name);
  (void)snprintf(f->peer_alternative, sizeof f->peer_alternative, "%s",
                 peer.dns_names.count ? peer.dns_names.name[0] : "");
  (void)snprintf(f->peer_uri, sizeof f->peer_uri, "%s", peer.uris.count ? peer.uris.name[0] : "");
  f->peer_dns_names = (unsigned)peer.dns_names.count;
  f->peer_has_alternative = peer.has_alternative_names;
  pthread_mutex_unlock(&f->lock);
}

static void s_chat_message(void *ctx, struct zr_rpc_call *call, struct zr_view bytes) {
  (void)ctx;
  struct zr_rpc_bytes *b = bytes_of(bytes.ptr, bytes.len);
  if (b && zr_rpc_send(call, b) == ZR_ERR_OK)
    zr_rpc_read(call);
  else
    zr_rpc_fail(call, &(struct zr_rpc_status){.code = ZR_RPC_RESOURCE_EXHAUSTED});
}

static void s_count(void *user, struct zr_rpc_call *call) {
  (void)user;
  for (const char *i = "123"; *i; i++) {
    struct zr_rpc_bytes *b = bytes_of(i, 1);
    if (!b || zr_rpc_send(call, b) != ZR_ERR_OK) {
      zr_rpc_fail(call, &(struct zr_rpc_status){.code = ZR_RPC_RESOURCE_EXHAUSTED});
      return;
    }
  }
  zr_rpc_finish(call);
}

static void s_chat_half_close(void *ctx, struct zr_rpc_call *call) {
  (void)ctx;
  zr_rpc_finish(call);
}

static void s_chat_end(void *ctx, struct zr_rpc_call *call, bool cancelled) {
  if (!zr_rpc_call_is_ended(call))
    zr_rpc_finish(call);
  s_on_end(ctx, call, cancelled);
}

static void s_chat(void *user, struct zr_rpc_call *call) {
  struct zr_rpc_hooks hooks = {.ctx = user,
                               .on_message = s_chat_message,
                               .on_half_close = s_chat_half_close,
                               .on_end = s_chat_end};
  zr_rpc_call_set_hooks(call, &hooks);
  zr_rpc_read(call);
}

static enum zr_err s_start(struct fixture *f, const struct zr_rpc_options *options,
                           struct zr_buf *problem) {
  const struct zr_rpc_method methods[] = {
      {"/t.T/Echo", ZR_RPC_UNARY, s_echo, f, 4, false},
      {"/t.T/Hold", ZR_RPC_UNARY, s_hold, f, 0, false},
      {"/t.T/Fail", ZR_RPC_UNARY, s_fail, f, 0, true},
      {"/t.T/Big", ZR_RPC_UNARY, s_big, f, 0, false},
      {"/t.T/Stream", ZR_RPC_SERVER_STREAM, s_hold, f, 0, false},
      {"/t.T/Count", ZR_RPC_SERVER_STREAM, s_count, f, 0, false},
      {"/t.T/Chat", ZR_RPC_BIDI, s_chat, f, 0, false},
  };
  enum zr_err e = zr_rpc_server_new(options, &f->server, problem);
  if (e != ZR_ERR_OK)
    return e;
  e = zr_rpc_server_add_methods(f->server, methods, ZR_COUNT(methods));
  if (e == ZR_ERR_OK) {
    assert_int_not_equal(zr_rpc_server_add_methods(f->server, methods, 1), ZR_ERR_OK);
    e = zr_rpc_server_start(f->server, problem);
  }
  if (e != ZR_ERR_OK)
    zr_rpc_server_destroy(f->server);
  return e;
}

const char *fixture_socket(struct fixture *f) {
  if (!f->dir[0]) {
    (void)snprintf(f->dir, sizeof f->dir, "/tmp/zr-rpc-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
  }
  (void)snprintf(f->address, sizeof f->address, "unix:%s/s", f->dir);
  return f->address;
}

void fixture_open(struct fixture *f, const struct zr_rpc_options *options) {
  struct zr_rpc_options o = *options;
  struct zr_buf problem = ZR_BUF_INIT(4096);
  pthread_mutex_init(&f->lock, NULL);
  if (!o.listen)
    o.listen = fixture_socket(f);
  if (s_start(f, &o, &problem) != ZR_ERR_OK)
    fail_msg("%s", problem.data);
  zr_buf_clean_up(&problem);
  (void)snprintf(f->address, sizeof f->address, "%s", zr_rpc_server_address(f->server));
  if (!o.tls)
    client_open(&f->client, f->address, NULL);
}

enum zr_err fixture_try(const struct zr_rpc_options *options, char problem[512]) {
  struct fixture f = {.server = NULL};
  struct zr_buf text = ZR_BUF_INIT(4096);
  enum zr_err e = s_start(&f, options, &text);
  (void)snprintf(problem, 512, "%s", text.len ? text.data : "");
  zr_buf_clean_up(&text);
  if (e == ZR_ERR_OK) {
    assert_true(zr_rpc_server_shutdown(f.server, 1000, 5000));
    zr_rpc_server_destroy(f.server);
  }
  return e;
}

void fixture_close(struct fixture *f) {
  if (f->client.channel)
    client_close(&f->client);
  assert_true(zr_rpc_server_shutdown(f->server, 5000, 10000));
  assert_int_equal(zr_rpc_server_calls(f->server), 0);
  zr_rpc_server_destroy(f->server);
  if (f->dir[0])
    assert_int_equal(rmdir(f->dir), 0); /* the socket file is gone */
  pthread_mutex_destroy(&f->lock);
}

/* The client does its I/O only while somebody waits in its queue, so waiting is done there. */
static void s_wait(struct fixture *f, const unsigned *counter, unsigned wanted) {
  for (;;) {
    pthread_mutex_lock(&f->lock);
    bool there = *counter >= wanted;
    pthread_mutex_unlock(&f->lock);
    if (there)
      return;
    client_poll(&f->client, 5);
  }
}

struct zr_rpc_call *fixture_wait_held(struct fixture *f, unsigned holds) {
  s_wait(f, &f->holds, holds);
  return f->held;
}

void fixture_wait_ends(struct fixture *f, unsigned ends) {
  s_wait(f, &f->ends, ends);
}

bool fixture_echo_works(struct fixture *f, int tries) {
  char out[16];
  struct client_call left;
  bool works = false;
  f->client.wait_for_ready = true;
  while (!works && tries-- > 0)
    works = call_unary(&f->client, "/t.T/Echo", "hi", 2, out, sizeof out, 5000, &left) == 2;
  f->client.wait_for_ready = false;
  return works;
}
