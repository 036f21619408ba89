#include "tester.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void tester_open_with(struct tester *t, struct zr_service_options options) {
  fake_backend_init(&t->backend);
  options.version = "1.2.3";
  assert_int_equal(zr_service_new(&t->backend.face, &options, &t->service), ZR_ERR_OK);
}

void tester_open(struct tester *t) {
  tester_open_with(t, (struct zr_service_options){.version = NULL});
}

void tester_close(struct tester *t) {
  fake_run(&t->backend);
  t->backend.closed = true;
  zr_service_close(t->service);
  zr_service_destroy(t->service);
  assert_int_equal(g_fake_live, 0);
}

/* The packed request of two instances; one buffer for each call of this function. */
struct zr_rpc_call *tester_call(const char *request_id, bool validate_only, int64_t after) {
  static uint8_t buffer[256];
  Zenrelease__V1__ReleaseRequest m;
  zenrelease__v1__release_request__init(&m);
  char one[] = "1";
  char two[] = "2";
  char id[160];
  char *ids[] = {one, two};
  (void)snprintf(id, sizeof id, "%s", request_id);
  m.product = ZENRELEASE__V1__PRODUCT__PRODUCT_VM;
  m.instance_ids = ids;
  m.n_instance_ids = 2;
  m.request_id = id;
  m.validate_only = validate_only;
  m.after_sequence = after;
  return fake_call(buffer, zenrelease__v1__release_request__pack(&m, buffer));
}

struct zr_rpc_call *tester_release(struct tester *t, const char *request_id) {
  struct zr_rpc_call *c = tester_call(request_id, false, 0);
  zr_handle_release(t->service, c);
  fake_run(&t->backend);
  return c;
}

struct zr_rpc_call *tester_watch(struct tester *t, const char *request_id, int64_t after) {
  struct zr_rpc_call *c = tester_call(request_id, false, after);
  zr_handle_watch(t->service, c);
  fake_run(&t->backend);
  return c;
}

void tester_gone(struct tester *t, struct zr_rpc_call *c) {
  fake_cancel(c);
  fake_run(&t->backend);
  fake_done(c);
}

void tester_over(struct tester *t, struct zr_rpc_call *c) {
  assert_true(c->ended);
  fake_over(c);
  fake_run(&t->backend);
  fake_done(c);
}

Zenrelease__V1__ReleaseResponse *tester_response(const struct zr_rpc_call *c) {
  assert_int_equal(c->code, ZR_RPC_OK);
  assert_non_null(c->answer);
  Zenrelease__V1__ReleaseResponse *m =
      zenrelease__v1__release_response__unpack(NULL, c->answer->len, c->answer->data);
  assert_non_null(m);
  return m;
}

Zenrelease__V1__ReleaseEvent *tester_event(const struct zr_rpc_call *c, size_t i) {
  assert_true(i < c->sent_count);
  Zenrelease__V1__ReleaseEvent *m =
      zenrelease__v1__release_event__unpack(NULL, c->sent[i]->len, c->sent[i]->data);
  assert_non_null(m);
  return m;
}

const struct zr_event tester_sent = {
    .kind = ZR_EVENT_BATCH_SENT, .at = {1700000000123}, .batch = 7, .ids = 2, .attempt = 1};

void tester_take_all(struct tester *t, struct zr_rpc_call *c) {
  while (c->acknowledged < c->sent_count) {
    fake_sent(c);
    fake_run(&t->backend);
  }
}
