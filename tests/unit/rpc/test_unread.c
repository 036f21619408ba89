/* Answers that nobody reads: they wait while there is room, then the oldest goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

enum { BIG = 8 << 20 };

static void s_ask(struct client_call *c, struct client *client, const char *method) {
  call_start(c, client, method, 0);
  assert_true(call_send(c, "x", 1));
  assert_true(call_half_close(c));
}

/* Another client, whose small answers are taken at once. */
static void s_echo(struct client *c) {
  struct client_call left;
  char out[8];
  assert_int_equal(call_unary(c, "/t.T/Echo", "e", 1, out, sizeof out, 20000, &left), 1);
}

/* The first of two calls goes once there is a second one; the second is not harmed. */
static void s_oldest_goes(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.max_unread_bytes = 1 << 20, .patience_ms = 200});
  struct client others[2];
  struct client_call deaf;
  struct client_call second;
  client_open(&others[0], f.address, NULL);
  client_open(&others[1], f.address, NULL);
  s_ask(&deaf, &f.client, "/t.T/Big");
  while (zr_rpc_server_calls(f.server) < 1) {
  }
  while (zr_rpc_server_calls(f.server) > 0) /* each answer is a look at who waits */
    s_echo(&others[0]);
  assert_int_equal(call_finish(&deaf), GRPC_STATUS_UNAVAILABLE);
  assert_non_null(strstr(deaf.text, "not read"));
  char *out = malloc(BIG);
  assert_non_null(out);
  s_ask(&second, &others[1],
        "/t.T/Big"); /* more than the limit by itself: it is read, so it goes */
  assert_int_equal(call_receive(&second, out, BIG), BIG);
  assert_int_equal(call_finish(&second), GRPC_STATUS_OK);
  free(out);
  client_close(&others[0]);
  client_close(&others[1]);
  fixture_close(&f);
}

static void s_there_is_room(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.max_unread_bytes = (size_t)2 * BIG, .patience_ms = 1});
  struct client other;
  struct client_call deaf;
  client_open(&other, f.address, NULL);
  s_ask(&deaf, &f.client, "/t.T/Big");
  while (zr_rpc_server_calls(f.server) < 1) {
  }
  for (int i = 0; i < 200; i++)
    s_echo(&other);
  char *out = malloc(BIG);
  assert_non_null(out);
  assert_int_equal(call_receive(&deaf, out, BIG), BIG);
  assert_int_equal(call_finish(&deaf), GRPC_STATUS_OK);
  free(out);
  client_close(&other);
  fixture_close(&f);
}

/* What the room above keeps for a stream counts while a message of it waits. */
static void s_kept_counts(void **state) {
  (void)state;
  struct fixture f = {.server = NULL};
  fixture_open(&f, &(struct zr_rpc_options){.max_unread_bytes = (size_t)2 * BIG, .patience_ms = 1});
  struct client other;
  struct client_call deaf;
  client_open(&other, f.address, NULL);
  s_ask(&deaf, &f.client, "/t.T/Stream");
  struct zr_rpc_call *call = fixture_wait_held(&f, 1);
  char *piece = calloc(1, BIG);
  assert_non_null(piece);
  assert_int_equal(zr_rpc_send(call, bytes_of(piece, BIG)), ZR_ERR_OK);
  for (int i = 0; i < 200; i++)
    s_echo(&other);
  assert_false(zr_rpc_call_is_cancelled(call));
  zr_rpc_call_keeps(call, (size_t)2 * BIG);
  while (!zr_rpc_call_is_cancelled(call))
    s_echo(&other);
  assert_int_equal(call_finish(&deaf), GRPC_STATUS_UNAVAILABLE);
  fixture_wait_ends(&f, 1);
  zr_rpc_finish(call);
  free(piece);
  client_close(&other);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_oldest_goes),
      cmocka_unit_test(s_there_is_room),
      cmocka_unit_test(s_kept_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
