/* Every allocation of the service fails once: each call is answered, or refused for want of memory,
 * and the service serves the next one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "raw_pb.h"
#include "service/decode_release.h"
#include "service/pack.h"
#include "sweep.h"
#include "tester.h"

/* A call that must be over: OK, or RESOURCE_EXHAUSTED if memory has failed. */
static void s_over(struct tester *t, struct zr_rpc_call *c, bool failed) {
  assert_true(c->ended);
  if (c->code != ZR_RPC_OK) {
    assert_true(failed);
    assert_int_equal(c->code, ZR_RPC_RESOURCE_EXHAUSTED);
    assert_true(c->message[0]);
  }
  tester_over(t, c);
}

/* Whatever happened before: a release goes through, and its report is whole. */
static void s_still_serves(struct tester *t) {
  size_t job = t->backend.job_count;
  struct zr_rpc_call *c = tester_release(t, "afterwards");
  assert_int_equal(t->backend.job_count, job + 1);
  fake_finish(&t->backend, job, ZR_OUTCOME_RELEASED);
  Zenrelease__V1__ReleaseResponse *m = tester_response(c);
  assert_int_equal(m->n_results, 2);
  assert_int_equal(m->counts->released, 2);
  zenrelease__v1__release_response__free_unpacked(m, NULL);
  tester_over(t, c);
}

/* One watch, one call that joins it, one on its own. */
static void s_release(struct sweep *s, void *ctx) {
  struct tester t;
  (void)ctx;
  tester_open(&t);
  sweep_arm(s);
  struct zr_rpc_call *a = tester_watch(&t, "r", 0);
  struct zr_rpc_call *b = tester_release(&t, "r");
  struct zr_rpc_call *c = tester_release(&t, "");
  for (size_t i = 0; i < t.backend.job_count; i++) {
    fake_event(&t.backend, i, &tester_sent);
    fake_finish(&t.backend, i, ZR_OUTCOME_REFUSED);
  }
  while (!a->ended && a->acknowledged < a->sent_count) {
    fake_sent(a);
    fake_run(&t.backend);
  }
  bool failed = sweep_disarm(s);
  s_over(&t, a, failed);
  s_over(&t, b, failed);
  s_over(&t, c, failed);
  s_still_serves(&t);
  tester_close(&t);
}

static void s_no_credentials(struct sweep *s, void *ctx) {
  struct tester t;
  (void)ctx;
  tester_open(&t);
  t.backend.facts.credential_problem = "no key was found";
  sweep_arm(s);
  struct zr_rpc_call *c = tester_release(&t, "");
  s_over(&t, c, sweep_disarm(s));
  t.backend.facts.credential_problem = NULL;
  s_still_serves(&t);
  tester_close(&t);
}

/* A request with something wrong in every field: the words about it need memory. */
static void s_malformed(struct sweep *s, void *ctx) {
  struct tester t;
  (void)ctx;
  tester_open(&t);
  raw_begin();
  raw_int(1, 77);
  for (int i = 0; i < 60; i++)
    raw_text(2, i % 2 ? " padded" : "a\xff");
  raw_text(5, "a\x01");
  struct zr_rpc_call *c = fake_call(raw_view().ptr, raw_view().len);
  sweep_arm(s);
  zr_handle_release(t.service, c);
  bool failed = sweep_disarm(s);
  assert_true(c->ended);
  if (!failed)
    assert_int_equal(c->code, ZR_RPC_INVALID_ARGUMENT);
  else if (c->code != ZR_RPC_INVALID_ARGUMENT)
    assert_int_equal(c->code, ZR_RPC_RESOURCE_EXHAUSTED);
  assert_true(c->message[0]);
  assert_int_equal(t.backend.job_count, 0);
  tester_over(&t, c);
  s_still_serves(&t);
  tester_close(&t);
}

static void s_cancel(struct sweep *s, void *ctx) {
  struct tester t;
  (void)ctx;
  tester_open(&t);
  struct zr_rpc_call *a = tester_release(&t, "r");
  raw_begin();
  raw_text(1, "r");
  struct zr_rpc_call *c = fake_call(raw_view().ptr, raw_view().len);
  sweep_arm(s);
  zr_handle_cancel(t.service, c);
  fake_run(&t.backend);
  bool failed = sweep_disarm(s);
  s_over(&t, c, failed);
  assert_true(t.backend.jobs[0].cancelled || failed);
  fake_finish(&t.backend, 0, ZR_OUTCOME_NOT_ATTEMPTED);
  tester_over(&t, a);
  s_still_serves(&t);
  tester_close(&t);
}

static void s_list(struct sweep *s, void *ctx) {
  static const struct zr_instance rows[] = {
      {.id = "1", .status = "RECYCLE", .name = "one", .zone_id = "z"},
      {.id = "2", .status = "RECYCLE", .name = "two", .zone_id = "z"}};
  const struct zr_list_end end = {
      .call = {.class_ = ZR_CLASS_OK, .http_status = 200, .retry_after_ms = -1},
      .total = 500,
      .rows = rows,
      .row_count = 2};
  struct tester t;
  (void)ctx;
  tester_open(&t);
  t.backend.list_end = &end;
  raw_begin();
  raw_int(1, 1);
  raw_text(5, "web-*");
  raw_text(10, "1234567654321");
  raw_bytes(12, "\x0A\x01k\x12\x01v", 6);
  struct zr_rpc_call *c = fake_call(raw_view().ptr, raw_view().len);
  sweep_arm(s);
  zr_handle_list(t.service, c);
  fake_run(&t.backend);
  s_over(&t, c, sweep_disarm(s));
  s_still_serves(&t);
  tester_close(&t);
}

/* A unary method with an empty request. */
static void s_empty(struct sweep *s, void *ctx) {
  void (*const *handle)(void *, struct zr_rpc_call *) = ctx;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *c = fake_call("", 0);
  sweep_arm(s);
  (*handle)(t.service, c);
  s_over(&t, c, sweep_disarm(s));
  s_still_serves(&t);
  tester_close(&t);
}

/* Two watchers of the health, until the end is told. */
static void s_health_watch(struct sweep *s, void *ctx) {
  struct tester t;
  (void)ctx;
  tester_open(&t);
  struct zr_rpc_call *c[2] = {fake_call("", 0), fake_call("", 0)};
  sweep_arm(s);
  zr_handle_health_watch(t.service, c[0]);
  zr_handle_health_watch(t.service, c[1]);
  zr_service_drain(t.service);
  bool failed = sweep_disarm(s);
  s_over(&t, c[0], failed);
  s_over(&t, c[1], failed);
  tester_close(&t);
}

static void s_ask(struct zr_rpc_call *c, unsigned field, const char *text) {
  raw_begin();
  raw_text(field, text);
  if (!fake_message(c, raw_view(), false))
    return;
  if (!c->ended && c->acknowledged < c->sent_count)
    fake_sent(c);
}

static void s_reflection(struct sweep *s, void *ctx) {
  struct tester t;
  (void)ctx;
  tester_open(&t);
  struct zr_rpc_call *c = fake_call("", 0);
  sweep_arm(s);
  zr_handle_reflection(t.service, c);
  s_ask(c, 7, "*");
  s_ask(c, 4, "zenrelease.v1.ReleaseService");
  s_ask(c, 4, "no.such");
  s_ask(c, 3, "google/rpc/error_details.proto");
  (void)fake_message(c, ZR_VIEW(""), true);
  s_over(&t, c, sweep_disarm(s));
  tester_close(&t);
}

enum { MANY = 5000 };

static void s_decode(struct sweep *s, void *ctx) {
  const uint64_t key[2] = {1, 2};
  struct zr_release_order order;
  struct zr_arena arena;
  struct zr_violations v = {.arena = &arena};
  (void)ctx;
  raw_begin();
  raw_int(1, 1);
  for (int i = 0; i < MANY; i++)
    raw_text(2, "1234567890");
  zr_arena_init(&arena, NULL, 0);
  sweep_arm(s);
  bool ok = zr_decode_release(raw_view(), key, &order, &v);
  bool failed = sweep_disarm(s);
  assert_int_equal(ok, !failed);
  assert_int_equal(v.nomem, failed);
  assert_int_equal(v.total, 0);
  zr_arena_clean_up(&arena);
}

/* So long that words are left out. */
static void s_pack(struct sweep *s, void *ctx) {
  static char words[1000];
  static struct zr_result results[MANY];
  size_t offset = 0;
  (void)ctx;
  memset(words, 'w', sizeof words - 1);
  for (uint32_t i = 0; i < MANY; i++)
    results[i] = (struct zr_result){
        .instance_id = "1234567654321",
        .index = i,
        .outcome = ZR_OUTCOME_REFUSED,
        .diagnostic = {.code = ZR_CODE_REFUSED, .detail = words, .retry_after_ms = -1}};
  struct zr_report report = {.results = results, .result_count = MANY};
  sweep_arm(s);
  struct zr_rpc_bytes *b = zr_pack_report(&report, "r", 1, (struct zr_wall){1}, &offset);
  bool failed = sweep_disarm(s);
  assert_int_equal(b == NULL, failed);
  zr_rpc_bytes_release(b);
}

static void s_new(struct sweep *s, void *ctx) {
  struct fake_backend backend;
  struct zr_service *service = NULL;
  const struct zr_service_options options = {.version = "1"};
  (void)ctx;
  fake_backend_init(&backend);
  sweep_arm(s);
  enum zr_err e = zr_service_new(&backend.face, &options, &service);
  bool failed = sweep_disarm(s);
  assert_int_equal(e, failed ? ZR_ERR_NOMEM : ZR_ERR_OK);
  if (!failed) {
    zr_service_close(service);
    zr_service_destroy(service);
  }
}

/* What the journal has, and what it found out. */
static void s_records(struct sweep *s, void *ctx) {
  struct tester t;
  const struct zr_record_entry entries[2] = {{.number = 2, .instance_id = "1", .batch = 7},
                                             {.number = 1, .instance_id = "2"}};
  (void)ctx;
  tester_open(&t);
  t.backend.facts.journal = "j";
  raw_begin();
  raw_text(5, "the-request");
  struct zr_rpc_call *c = fake_call(raw_view().ptr, raw_view().len);
  sweep_arm(s);
  zr_handle_records(t.service, c);
  fake_run(&t.backend);
  if (t.backend.records.on_done)
    t.backend.records.on_done(t.backend.records.ctx, entries, 2, true, NULL);
  s_over(&t, c, sweep_disarm(s));
  s_still_serves(&t);
  tester_close(&t);
}

static void s_settle(struct sweep *s, void *ctx) {
  struct tester t;
  const struct zr_result one = {.instance_id = "1", .outcome = ZR_OUTCOME_RELEASED};
  const struct zr_report report = {.results = &one, .result_count = 1};
  (void)ctx;
  tester_open(&t);
  t.backend.facts.journal = "j";
  struct zr_rpc_call *c = fake_call("", 0);
  sweep_arm(s);
  zr_handle_settle(t.service, c);
  fake_run(&t.backend);
  if (t.backend.settle.on_done) {
    t.backend.settle.on_report(t.backend.settle.ctx, ZR_PRODUCT_VM, &report);
    t.backend.settle.on_done(t.backend.settle.ctx, "half of it");
  }
  s_over(&t, c, sweep_disarm(s));
  s_still_serves(&t);
  tester_close(&t);
}

static void s_sweeps(void **state) {
  static void (*info)(void *, struct zr_rpc_call *) = zr_handle_info;
  static void (*health)(void *, struct zr_rpc_call *) = zr_handle_health_check;
  (void)state;
  sweep_path("service: made anew", s_new, NULL);
  sweep_path("service: watch, join and release", s_release, NULL);
  sweep_path("service: release without credentials", s_no_credentials, NULL);
  sweep_path("service: malformed request", s_malformed, NULL);
  sweep_path("service: decoding 5,000 ids", s_decode, NULL);
  sweep_path("service: packing a report of 5,000", s_pack, NULL);
  sweep_path("service: cancel", s_cancel, NULL);
  sweep_path("service: list", s_list, NULL);
  sweep_path("service: list release records", s_records, NULL);
  sweep_path("service: settle releases", s_settle, NULL);
  sweep_path("service: server info", s_empty, &info);
  sweep_path("service: health check", s_empty, &health);
  sweep_path("service: health watch", s_health_watch, NULL);
  sweep_path("service: reflection", s_reflection, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_sweeps),
  };
  return cmocka_run_group_tests_name("service: out of memory", tests, NULL, NULL);
}
