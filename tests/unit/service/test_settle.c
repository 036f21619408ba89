/* SettleReleases: the groups, what stood in the way, and callers that leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tester.h"

static void s_open(struct tester *t) {
  tester_open(t);
  t->backend.facts.journal = "/var/lib/zenrelease/journal";
}

static struct zr_rpc_call *s_call(struct tester *t) {
  struct zr_rpc_call *c = fake_call("", 0);
  zr_handle_settle(t->service, c);
  fake_run(&t->backend);
  return c;
}

static struct zr_report s_report(const struct zr_result *results, size_t count,
                                 enum zr_outcome outcome) {
  struct zr_report r = {.results = results, .result_count = count};
  r.counts.by_outcome[outcome] = r.counts.total = (unsigned)count;
  return r;
}

static void s_tell(struct tester *t, enum zr_product product, const struct zr_report *report) {
  t->backend.settle.on_report(t->backend.settle.ctx, product, report);
}

static void s_done(struct tester *t, const char *why) {
  t->backend.settle.on_done(t->backend.settle.ctx, why);
}

static Zenrelease__V1__SettleReleasesResponse *s_response(const struct zr_rpc_call *c) {
  assert_int_equal(c->code, ZR_RPC_OK);
  Zenrelease__V1__SettleReleasesResponse *m =
      zenrelease__v1__settle_releases_response__unpack(NULL, c->answer->len, c->answer->data);
  assert_non_null(m);
  return m;
}

static void groups_come_as_they_are_settled(void **state) {
  (void)state;
  const struct zr_result vm = {.instance_id = "1", .outcome = ZR_OUTCOME_RELEASED, .batch = 7};
  const struct zr_result zec = {.instance_id = "2",
                                .outcome = ZR_OUTCOME_REFUSED,
                                .code = ZR_CODE_STILL_IN_BIN,
                                .diagnostic = {.code = ZR_CODE_STILL_IN_BIN,
                                               .detail = "why",
                                               .instance_id = "2",
                                               .index = -1,
                                               .retry_after_ms = -1}};
  const struct zr_report first = s_report(&vm, 1, ZR_OUTCOME_RELEASED);
  const struct zr_report second = s_report(&zec, 1, ZR_OUTCOME_REFUSED);
  struct tester t;
  s_open(&t);
  struct zr_rpc_call *c = s_call(&t);
  s_tell(&t, ZR_PRODUCT_VM, &first);
  s_tell(&t, ZR_PRODUCT_ZEC, &second);
  assert_false(c->ended);
  s_done(&t, "bmc cannot be read");
  Zenrelease__V1__SettleReleasesResponse *m = s_response(c);
  assert_int_equal(m->n_groups, 2);
  assert_string_equal(m->problem, "bmc cannot be read");
  assert_int_equal(m->groups[0]->product, ZENRELEASE__V1__PRODUCT__PRODUCT_VM);
  assert_string_equal(m->groups[0]->results[0]->instance_id, "1");
  assert_int_equal(m->groups[0]->results[0]->batch, 7);
  assert_int_equal(m->groups[0]->counts->released, 1);
  assert_int_equal(m->groups[1]->product, ZENRELEASE__V1__PRODUCT__PRODUCT_ZEC);
  assert_int_equal(m->groups[1]->counts->refused, 1);
  assert_string_equal(m->groups[1]->diagnostics[0]->code, "STILL_IN_BIN");
  assert_string_equal(m->groups[1]->diagnostics[0]->detail, "why");
  zenrelease__v1__settle_releases_response__free_unpacked(m, NULL);
  tester_over(&t, c);
  assert_null(t.backend.forgotten);
  tester_close(&t);
}

static void nothing_open_is_an_empty_answer(void **state) {
  (void)state;
  struct tester t;
  s_open(&t);
  struct zr_rpc_call *c = s_call(&t);
  s_done(&t, NULL);
  Zenrelease__V1__SettleReleasesResponse *m = s_response(c);
  assert_int_equal(m->n_groups, 0);
  assert_string_equal(m->problem, "");
  zenrelease__v1__settle_releases_response__free_unpacked(m, NULL);
  tester_over(&t, c);
  tester_close(&t);
}

static void a_caller_that_leaves_is_forgotten(void **state) {
  (void)state;
  struct tester t;
  s_open(&t);
  struct zr_rpc_call *stays = s_call(&t);
  struct zr_settle_sink sink = t.backend.settle;
  struct zr_rpc_call *leaves = s_call(&t);
  void *ctx = t.backend.settle.ctx;
  fake_cancel(leaves);
  fake_run(&t.backend);
  assert_int_equal(leaves->code, ZR_RPC_CANCELLED);
  assert_ptr_equal(t.backend.forgotten, ctx);
  fake_done(leaves);
  sink.on_done(sink.ctx, NULL);
  assert_int_equal(stays->code, ZR_RPC_OK);
  tester_over(&t, stays);
  tester_close(&t);
}

static void a_caller_that_left_before_the_beginning_starts_nothing(void **state) {
  (void)state;
  struct tester t;
  s_open(&t);
  struct zr_rpc_call *c = fake_call("", 0);
  zr_handle_settle(t.service, c);
  fake_cancel(c);
  fake_run(&t.backend);
  assert_int_equal(c->code, ZR_RPC_CANCELLED);
  assert_null(t.backend.settle.on_done);
  fake_done(c);
  tester_close(&t);
}

static void the_end_of_the_server_ends_the_waiting(void **state) {
  (void)state;
  const struct zr_result vm = {.instance_id = "1", .outcome = ZR_OUTCOME_RELEASED};
  const struct zr_report report = s_report(&vm, 1, ZR_OUTCOME_RELEASED);
  struct tester t;
  s_open(&t);
  struct zr_rpc_call *c = s_call(&t);
  s_tell(&t, ZR_PRODUCT_VM, &report);
  zr_service_drain(t.service);
  struct zr_rpc_call *late = s_call(&t);
  assert_int_equal(late->code, ZR_RPC_UNAVAILABLE);
  tester_over(&t, late);
  zr_service_close(t.service);
  assert_int_equal(c->code, ZR_RPC_UNAVAILABLE);
  tester_over(&t, c);
  tester_close(&t);
}

static void what_keeps_it_from_starting_is_told(void **state) {
  (void)state;
  static const struct {
    enum zr_err e;
    enum zr_rpc_code code;
    const char *words;
  } cases[] = {{ZR_ERR_STATE, ZR_RPC_FAILED_PRECONDITION, "--journal"},
               {ZR_ERR_DENIED, ZR_RPC_FAILED_PRECONDITION, "credentials"},
               {ZR_ERR_NOMEM, ZR_RPC_RESOURCE_EXHAUSTED, "memory"},
               {ZR_ERR_IO, ZR_RPC_UNAVAILABLE, "settle"}};
  struct tester t;
  s_open(&t);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    t.backend.journal_result = cases[i].e;
    struct zr_rpc_call *c = s_call(&t);
    assert_int_equal(c->code, cases[i].code);
    assert_non_null(strstr(c->message, cases[i].words));
    tester_over(&t, c);
  }
  t.backend.facts.credential_problem = "no key";
  struct zr_rpc_call *c = s_call(&t);
  assert_int_equal(c->code, ZR_RPC_FAILED_PRECONDITION);
  assert_non_null(strstr(c->message, "no key"));
  tester_over(&t, c);
  t.backend.facts.journal = NULL;
  c = s_call(&t);
  assert_int_equal(c->code, ZR_RPC_FAILED_PRECONDITION);
  assert_non_null(strstr(c->message, "--journal"));
  tester_over(&t, c);
  tester_close(&t);
}

static void nothing_but_trouble_is_a_failure(void **state) {
  (void)state;
  struct tester t;
  s_open(&t);
  struct zr_rpc_call *c = s_call(&t);
  s_done(&t, "the disk is broken");
  assert_int_equal(c->code, ZR_RPC_UNAVAILABLE);
  assert_non_null(strstr(c->message, "the disk is broken"));
  tester_over(&t, c);
  tester_close(&t);
}

static struct zr_result *s_many(size_t count, char (*ids)[24]) {
  struct zr_result *all = calloc(count, sizeof *all);
  for (size_t i = 0; i < count; i++) {
    (void)snprintf(ids[i], sizeof ids[i], "1234567890123%07zu", i);
    all[i] = (struct zr_result){.instance_id = ids[i],
                                .outcome = ZR_OUTCOME_RELEASED,
                                .name = "a-name-of-sixty-four-characters-which-is-what-the-console",
                                .zone_id = "asia-east-1a",
                                .release_request_id = "5f2d6a52-9c41-4a5e-9a0e-0d4c1b7f3a21"};
  }
  return all;
}

/* Two groups that are too long together say less; what even then is too long is not cut. */
static void long_groups_say_less_and_lose_no_outcome(void **state) {
  (void)state;
  enum { FEW = 20000, MANY = 200000 };
  char(*ids)[24] = calloc(MANY, sizeof *ids);
  struct zr_result *all = s_many(MANY, ids);
  const struct zr_report few = s_report(all, FEW, ZR_OUTCOME_RELEASED);
  const struct zr_report many = s_report(all, MANY, ZR_OUTCOME_RELEASED);
  struct tester t;
  s_open(&t);
  struct zr_rpc_call *c = s_call(&t);
  s_tell(&t, ZR_PRODUCT_VM, &few);
  s_tell(&t, ZR_PRODUCT_ZEC, &few);
  s_done(&t, NULL);
  assert_true(c->answer->len < 4u << 20);
  Zenrelease__V1__SettleReleasesResponse *m = s_response(c);
  assert_int_equal(m->groups[0]->n_results, FEW);
  assert_int_equal(m->groups[1]->n_results, FEW);
  zenrelease__v1__settle_releases_response__free_unpacked(m, NULL);
  tester_over(&t, c);
  c = s_call(&t);
  s_tell(&t, ZR_PRODUCT_VM, &many);
  s_done(&t, NULL);
  assert_int_equal(c->code, ZR_RPC_RESOURCE_EXHAUSTED);
  assert_non_null(strstr(c->message, "ListReleaseRecords"));
  tester_over(&t, c);
  free(all);
  free(ids);
  tester_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(groups_come_as_they_are_settled),
      cmocka_unit_test(nothing_open_is_an_empty_answer),
      cmocka_unit_test(a_caller_that_leaves_is_forgotten),
      cmocka_unit_test(a_caller_that_left_before_the_beginning_starts_nothing),
      cmocka_unit_test(the_end_of_the_server_ends_the_waiting),
      cmocka_unit_test(what_keeps_it_from_starting_is_told),
      cmocka_unit_test(nothing_but_trouble_is_a_failure),
      cmocka_unit_test(long_groups_say_less_and_lose_no_outcome),
  };
  return cmocka_run_group_tests_name("service: settle", tests, NULL, NULL);
}
