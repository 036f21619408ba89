/* Calls over a real socket: unary, held, cancelled, timed out, streamed, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static const struct zr_rpc_options s_default;

static void s_unary(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  struct client_call left;
  char out[64];
  assert_int_equal(call_unary(&f.client, "/t.T/Echo", "hello", 5, out, sizeof out, 5000, &left), 5);
  assert_memory_equal(out, "hello", 5);
  assert_int_equal(left.status, GRPC_STATUS_OK);
  assert_int_equal(call_unary(&f.client, "/t.T/Echo", "", 0, out, sizeof out, 5000, &left), 0);
  fixture_close(&f);
}

static void s_status_with_details(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  struct client_call left;
  char out[64];
  assert_int_equal(call_unary(&f.client, "/t.T/Fail", "x", 1, out, sizeof out, 5000, &left), -1);
  assert_int_equal(left.status, GRPC_STATUS_NOT_FOUND);
  assert_string_equal(left.text, "grün: not here");
  assert_int_equal(left.details_len, 2);
  assert_memory_equal(left.details, "\x08\x05", 2);
  fixture_close(&f);
}

static void s_unknown_method(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  struct client_call left;
  char out[64];
  for (int i = 0; i < 20; i++) {
    (void)call_unary(&f.client, "/t.T/Nope", "x", 1, out, sizeof out, 5000, &left);
    assert_int_equal(left.status, GRPC_STATUS_UNIMPLEMENTED);
  }
  fixture_close(&f);
}

static void s_message_limit(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.max_message_bytes = 1000});
  struct client_call left;
  char data[1001] = {0};
  char out[2000];
  assert_int_equal(call_unary(&f.client, "/t.T/Echo", data, 1000, out, sizeof out, 5000, &left),
                   1000);
  assert_int_equal(call_unary(&f.client, "/t.T/Echo", data, 1001, out, sizeof out, 5000, &left),
                   -1);
  assert_int_equal(left.status, GRPC_STATUS_RESOURCE_EXHAUSTED);
  fixture_close(&f);
}

static void s_no_message(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  struct client_call c;
  char out[8];
  call_start(&c, &f.client, "/t.T/Echo", 5000);
  assert_true(call_half_close(&c));
  assert_int_equal(call_receive(&c, out, sizeof out), -1);
  assert_int_equal(call_finish(&c), GRPC_STATUS_INVALID_ARGUMENT);
  fixture_close(&f);
}

static void s_reply_from_another_thread(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  struct client_call c;
  char out[8];
  call_start(&c, &f.client, "/t.T/Hold", 60000);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  struct zr_rpc_call *held = fixture_wait_held(&f, 1);
  assert_false(zr_rpc_call_is_cancelled(held));
  struct zr_mono now = zr_mono_now();
  assert_in_range(zr_mono_until(f.held_deadline, now), 30000, 61000);
  zr_rpc_reply_part(held, bytes_of("[part]", 6), 1, 4);
  assert_int_equal(call_receive(&c, out, sizeof out), 4);
  assert_memory_equal(out, "part", 4);
  assert_int_equal(call_finish(&c), GRPC_STATUS_OK);
  fixture_wait_ends(&f, 1);
  assert_false(f.end_cancelled);
  fixture_close(&f);
}

static void s_cancel(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  struct client_call c;
  call_start(&c, &f.client, "/t.T/Hold", 0);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  struct zr_rpc_call *held = fixture_wait_held(&f, 1);
  assert_int_equal(f.held_deadline.ms, ZR_MONO_NEVER.ms);
  (void)grpc_call_cancel(c.call, NULL);
  assert_int_equal(call_finish(&c), GRPC_STATUS_CANCELLED);
  fixture_wait_ends(&f, 1);
  assert_true(f.end_cancelled);
  assert_true(zr_rpc_call_is_cancelled(held));
  assert_int_equal(zr_rpc_server_calls(f.server), 1); /* until it is ended by us, too */
  zr_rpc_reply(held, bytes_of("late", 4));
  fixture_close(&f);
}

static void s_deadline(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  struct client_call c;
  call_start(&c, &f.client, "/t.T/Hold", 100);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  struct zr_rpc_call *held = fixture_wait_held(&f, 1);
  assert_int_equal(call_finish(&c), GRPC_STATUS_DEADLINE_EXCEEDED);
  fixture_wait_ends(&f, 1);
  assert_true(f.end_cancelled);
  zr_rpc_fail(held, &(struct zr_rpc_status){.code = ZR_RPC_CANCELLED});
  fixture_close(&f);
}

static void s_overload(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.max_calls = 1});
  struct client_call c;
  struct client_call left;
  char out[16];
  call_start(&c, &f.client, "/t.T/Hold", 0);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  struct zr_rpc_call *held = fixture_wait_held(&f, 1);
  (void)call_unary(&f.client, "/t.T/Echo", "x", 1, out, sizeof out, 5000, &left);
  assert_int_equal(left.status, GRPC_STATUS_RESOURCE_EXHAUSTED);
  assert_non_null(memmem(left.details, left.details_len, left.text, strlen(left.text)));
  assert_non_null(memmem(left.details, left.details_len, "google.rpc.RetryInfo", 20));
  (void)call_unary(&f.client, "/t.T/Fail", "x", 1, out, sizeof out, 5000, &left);
  assert_int_equal(left.status, GRPC_STATUS_NOT_FOUND); /* always admitted */
  zr_rpc_reply(held, NULL);
  assert_int_equal(call_receive(&c, out, sizeof out), 0);
  assert_int_equal(call_finish(&c), GRPC_STATUS_OK);
  fixture_wait_ends(&f, 1);
  assert_true(fixture_echo_works(&f, 1000));
  fixture_close(&f);
}

static void s_out_of_memory_for_a_slot(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  struct client_call left;
  char out[8];
  for (int i = 0; i < 40; i++) { /* the method has 4 slots */
    zr_mem_fail_after(0);        /* the next slot's object */
    assert_int_equal(call_unary(&f.client, "/t.T/Echo", "x", 1, out, sizeof out, 5000, &left), 1);
    zr_mem_fail_after(UINT64_MAX);
  }
  fixture_close(&f);
}

enum { MESSAGES = 2000 };

static void *s_send_many(void *arg) {
  struct zr_rpc_call *call = arg;
  for (uint32_t i = 0; i < MESSAGES; i++)
    assert_int_equal(zr_rpc_send(call, bytes_of(&i, sizeof i)), ZR_ERR_OK);
  zr_rpc_finish(call);
  return NULL;
}

static void s_stream(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  struct client_call c;
  call_start(&c, &f.client, "/t.T/Stream", 0);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  pthread_t sender;
  pthread_create(&sender, NULL, s_send_many, fixture_wait_held(&f, 1));
  uint32_t got;
  for (uint32_t i = 0; i < MESSAGES; i++) {
    assert_int_equal(call_receive(&c, &got, sizeof got), sizeof got);
    assert_int_equal(got, i);
  }
  assert_int_equal(call_receive(&c, &got, sizeof got), -1);
  assert_int_equal(call_finish(&c), GRPC_STATUS_OK);
  pthread_join(sender, NULL);
  fixture_wait_ends(&f, 1);
  assert_int_equal(f.sent, MESSAGES);
  fixture_close(&f);
}

static void s_stream_queue_limit(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.max_queued_bytes = 1 << 20});
  struct client_call c;
  char *piece = calloc(1, 100000);
  call_start(&c, &f.client, "/t.T/Stream", 0);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  struct zr_rpc_call *call = fixture_wait_held(&f, 1);
  enum zr_err e;
  unsigned taken = 0;
  while ((e = zr_rpc_send(call, bytes_of(piece, 100000))) == ZR_ERR_OK && taken < 100000)
    taken++;
  assert_int_equal(e, ZR_ERR_LIMIT);
  zr_rpc_fail(call, &(struct zr_rpc_status){.code = ZR_RPC_ABORTED, .message = "enough"});
  unsigned got = 0;
  while (call_receive(&c, piece, 100000) == 100000)
    got++;
  assert_int_equal(got, taken); /* the status comes after everything that was taken */
  assert_int_equal(call_finish(&c), GRPC_STATUS_ABORTED);
  free(piece);
  fixture_close(&f);
}

static void s_stream_cancelled(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  struct client_call c;
  call_start(&c, &f.client, "/t.T/Stream", 0);
  assert_true(call_send(&c, "q", 1));
  assert_true(call_half_close(&c));
  struct zr_rpc_call *call = fixture_wait_held(&f, 1);
  (void)grpc_call_cancel(c.call, NULL);
  (void)call_finish(&c);
  fixture_wait_ends(&f, 1);
  assert_int_equal(zr_rpc_send(call, bytes_of("x", 1)), ZR_ERR_CLOSED);
  zr_rpc_finish(call);
  fixture_close(&f);
}

static void s_bidi(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &s_default);
  for (unsigned round = 0; round < 50; round++) {
    struct client_call c;
    char out[16];
    call_start(&c, &f.client, "/t.T/Chat", 0);
    for (int i = 0; i < 3; i++) {
      assert_true(call_send(&c, "chat", 4));
      assert_int_equal(call_receive(&c, out, sizeof out), 4);
    }
    if (round % 2) {
      (void)grpc_call_cancel(c.call, NULL);
      (void)call_finish(&c);
    } else {
      assert_true(call_half_close(&c));
      assert_int_equal(call_receive(&c, out, sizeof out), -1);
      assert_int_equal(call_finish(&c), GRPC_STATUS_OK);
    }
    fixture_wait_ends(&f, round + 1);
  }
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_unary),
      cmocka_unit_test(s_status_with_details),
      cmocka_unit_test(s_unknown_method),
      cmocka_unit_test(s_message_limit),
      cmocka_unit_test(s_no_message),
      cmocka_unit_test(s_reply_from_another_thread),
      cmocka_unit_test(s_cancel),
      cmocka_unit_test(s_deadline),
      cmocka_unit_test(s_overload),
      cmocka_unit_test(s_out_of_memory_for_a_slot),
      cmocka_unit_test(s_stream),
      cmocka_unit_test(s_stream_queue_limit),
      cmocka_unit_test(s_stream_cancelled),
      cmocka_unit_test(s_bidi),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
