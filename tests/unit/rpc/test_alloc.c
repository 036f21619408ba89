/*
 * Every allocation of the server fails once, at its start and while it serves a fresh connection:
 * a call ends OK or refused, never without an end, and the next one works.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "sweep.h"

static void s_status(grpc_status_code status, bool failed) {
  if (status == GRPC_STATUS_OK)
    return;
  assert_true(failed);
  assert_true(status == GRPC_STATUS_RESOURCE_EXHAUSTED || status == GRPC_STATUS_UNAVAILABLE);
}

static void s_close(struct fixture *f) {
  assert_true(fixture_echo_works(f, 1000));
  fixture_close(f);
}

static void s_unary(struct sweep *s, void *ctx) {
  const struct zr_rpc_options *options = ctx;
  struct fixture f = {.server = NULL};
  struct client_call left;
  char out[16];
  fixture_open(&f, options);
  f.client.wait_for_ready = true;
  sweep_arm(s);
  for (int i = 0; i < 3; i++)
    (void)call_unary(&f.client, "/t.T/Echo", "hello", 5, out, sizeof out, 20000, &left);
  bool failed = sweep_disarm(s);
  s_status(left.status, failed);
  s_close(&f);
}

static void s_failing(struct sweep *s, void *ctx) {
  struct fixture f = {.server = NULL};
  struct client_call left;
  char out[16];
  (void)ctx;
  fixture_open(&f, &(struct zr_rpc_options){.listen = NULL});
  sweep_arm(s);
  (void)call_unary(&f.client, "/t.T/Fail", "q", 1, out, sizeof out, 20000, &left);
  bool known = left.status == GRPC_STATUS_NOT_FOUND;
  bool failed = sweep_disarm(s);
  if (!known)
    s_status(left.status, failed);
  sweep_arm(s);
  (void)call_unary(&f.client, "/t.T/NoSuch", "q", 1, out, sizeof out, 20000, &left);
  failed = sweep_disarm(s);
  if (left.status != GRPC_STATUS_UNIMPLEMENTED)
    s_status(left.status, failed);
  s_close(&f);
}

static void s_stream(struct sweep *s, void *ctx) {
  struct fixture f = {.server = NULL};
  struct client_call c;
  char out[16];
  (void)ctx;
  fixture_open(&f, &(struct zr_rpc_options){.listen = NULL});
  sweep_arm(s);
  call_start(&c, &f.client, "/t.T/Count", 20000);
  (void)call_send(&c, "q", 1);
  (void)call_half_close(&c);
  unsigned got = 0;
  while (call_receive(&c, out, sizeof out) == 1)
    got++;
  (void)call_finish(&c);
  bool failed = sweep_disarm(s);
  s_status(c.status, failed);
  if (c.status == GRPC_STATUS_OK)
    assert_int_equal(got, 3);
  s_close(&f);
}

static void s_bidi(struct sweep *s, void *ctx) {
  struct fixture f = {.server = NULL};
  struct client_call c;
  char out[16];
  (void)ctx;
  fixture_open(&f, &(struct zr_rpc_options){.listen = NULL});
  sweep_arm(s);
  call_start(&c, &f.client, "/t.T/Chat", 20000);
  for (int i = 0; i < 3; i++) {
    if (!call_send(&c, "chat", 4) || call_receive(&c, out, sizeof out) != 4)
      break;
  }
  (void)call_half_close(&c);
  (void)call_receive(&c, out, sizeof out);
  (void)call_finish(&c);
  s_status(c.status, sweep_disarm(s));
  s_close(&f);
}

/* One call is held, so the next is refused: refusing needs memory, too. */
static void s_overload(struct sweep *s, void *ctx) {
  struct fixture f = {.server = NULL};
  struct client_call c;
  struct client_call left;
  char out[16];
  (void)ctx;
  fixture_open(&f, &(struct zr_rpc_options){.max_calls = 1});
  call_start(&c, &f.client, "/t.T/Hold", 0);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  struct zr_rpc_call *held = fixture_wait_held(&f, 1);
  sweep_arm(s);
  (void)call_unary(&f.client, "/t.T/Echo", "x", 1, out, sizeof out, 20000, &left);
  (void)sweep_disarm(s);
  assert_int_equal(left.status, GRPC_STATUS_RESOURCE_EXHAUSTED);
  zr_rpc_reply(held, NULL);
  (void)call_receive(&c, out, sizeof out);
  assert_int_equal(call_finish(&c), GRPC_STATUS_OK);
  fixture_wait_ends(&f, 1);
  s_close(&f);
}

/* Made, started, shut down with a call at work. */
static void s_life(struct sweep *s, void *ctx) {
  char problem[512] = "";
  (void)ctx;
  struct fixture place = {.server = NULL};
  const struct zr_rpc_options o = {.listen = fixture_socket(&place)};
  sweep_arm(s);
  enum zr_err e = fixture_try(&o, problem);
  bool failed = sweep_disarm(s);
  if (e != ZR_ERR_OK) {
    assert_true(failed);
    assert_int_equal(e, ZR_ERR_NOMEM);
  }
  assert_int_equal(fixture_try(&o, problem), ZR_ERR_OK);
  assert_int_equal(rmdir(place.dir), 0);
}

static void s_shutdown(struct sweep *s, void *ctx) {
  struct fixture f = {.server = NULL};
  struct client_call c;
  (void)ctx;
  fixture_open(&f, &(struct zr_rpc_options){.listen = NULL});
  call_start(&c, &f.client, "/t.T/Hold", 0);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  struct zr_rpc_call *held = fixture_wait_held(&f, 1);
  sweep_arm(s);
  assert_false(zr_rpc_server_shutdown(f.server, 5, 20)); /* nobody ends the call */
  (void)sweep_disarm(s);
  fixture_wait_ends(&f, 1);
  (void)call_finish(&c);
  zr_rpc_reply(held, NULL);
  fixture_close(&f);
}

static void s_sweeps(void **state) {
  static struct zr_rpc_options local = {.listen = NULL};
  static struct zr_rpc_options tcp = {.listen = "127.0.0.1:0"};
  (void)state;
  sweep_path("rpc: start and end", s_life, NULL);
  sweep_path("rpc: unary calls, unix socket", s_unary, &local);
  sweep_path("rpc: unary calls, TCP", s_unary, &tcp);
  sweep_path("rpc: failing and unknown methods", s_failing, NULL);
  sweep_path("rpc: server stream", s_stream, NULL);
  sweep_path("rpc: bidirectional stream", s_bidi, NULL);
  sweep_path("rpc: overload", s_overload, NULL);
  sweep_path("rpc: shutdown with a call at work", s_shutdown, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_sweeps),
  };
  return cmocka_run_group_tests_name("rpc: out of memory", tests, NULL, NULL);
}
