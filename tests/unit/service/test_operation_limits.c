/* Operations at their limits: too many, too old, without credentials, at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tester.h"

static void s_too_many(void **state) {
  (void)state;
  struct tester t;
  tester_open_with(&t, (struct zr_service_options){.max_concurrent_releases = 1});
  struct zr_rpc_call *a = tester_release(&t, "r");
  struct zr_rpc_call *b = tester_release(&t, "s");
  assert_int_equal(b->code, ZR_RPC_RESOURCE_EXHAUSTED);
  assert_non_null(memmem(b->details, b->details_len, "google.rpc.RetryInfo", 20));
  tester_over(&t, b);
  struct zr_rpc_call *join = tester_release(&t, "r"); /* joining costs nothing */
  assert_false(join->ended);
  fake_finish(&t.backend, 0, ZR_OUTCOME_RELEASED);
  tester_over(&t, a);
  tester_over(&t, join);
  t.backend.submit_result = ZR_ERR_LIMIT;
  b = tester_release(&t, "s");
  assert_int_equal(b->code, ZR_RPC_RESOURCE_EXHAUSTED);
  tester_over(&t, b);
  t.backend.submit_result = ZR_ERR_OK;
  b = tester_release(&t, "s"); /* the refused one left no trace */
  assert_false(b->ended);
  fake_finish(&t.backend, 1, ZR_OUTCOME_RELEASED);
  tester_over(&t, b);
  tester_close(&t);
}

static void s_old_reports_go(void **state) {
  (void)state;
  struct tester t;
  tester_open_with(&t, (struct zr_service_options){.keep_count = 2});
  static const char *const ids[] = {"a", "b", "c"};
  for (size_t i = 0; i < 3; i++) {
    struct zr_rpc_call *c = tester_release(&t, ids[i]);
    fake_finish(&t.backend, i, ZR_OUTCOME_RELEASED);
    tester_over(&t, c);
  }
  assert_null(zr_registry_find(&t.service->registry, "a"));
  assert_non_null(zr_registry_find(&t.service->registry, "b"));
  assert_non_null(zr_registry_find(&t.service->registry, "c"));
  t.service->options.keep_bytes = 1;
  zr_registry_trim(t.service, zr_mono_now());
  assert_null(t.service->registry.all);
  assert_int_equal(t.service->registry.finished_bytes, 0);
  t.service->options.keep_bytes = 1 << 20;
  struct zr_rpc_call *c = tester_release(&t, "d");
  fake_finish(&t.backend, 3, ZR_OUTCOME_RELEASED);
  tester_over(&t, c);
  zr_registry_trim(t.service, zr_mono_add(zr_mono_now(), 3599000));
  assert_non_null(zr_registry_find(&t.service->registry, "d"));
  zr_registry_trim(t.service, zr_mono_add(zr_mono_now(), 3600000));
  assert_null(zr_registry_find(&t.service->registry, "d"));
  tester_close(&t);
}

static void s_no_credentials(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  t.backend.facts.credential_problem = "no key was found";
  struct zr_rpc_call *c = tester_release(&t, "");
  assert_int_equal(t.backend.job_count, 0);
  Zenrelease__V1__ReleaseResponse *m = tester_response(c);
  assert_int_equal(m->n_results, 2);
  assert_int_equal(m->counts->not_attempted, 2);
  assert_int_equal(m->n_diagnostics, 3);
  assert_string_equal(m->diagnostics[0]->code, "CREDENTIALS_MISSING");
  assert_string_equal(m->diagnostics[0]->detail, "no key was found");
  assert_string_equal(m->diagnostics[0]->field, "");
  assert_string_equal(m->diagnostics[2]->field, "instance_ids[1]");
  zenrelease__v1__release_response__free_unpacked(m, NULL);
  tester_over(&t, c);
  tester_close(&t);
}

static void s_drain(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *a = tester_release(&t, "r");
  zr_service_drain(t.service);
  struct zr_rpc_call *b = tester_release(&t, "s");
  assert_int_equal(b->code, ZR_RPC_UNAVAILABLE);
  tester_over(&t, b);
  b = tester_release(&t, "r"); /* joining is still possible */
  assert_false(b->ended);
  zr_service_cancel_all(t.service);
  fake_run(&t.backend);
  assert_true(t.backend.jobs[0].cancelled);
  fake_finish(&t.backend, 0, ZR_OUTCOME_NOT_ATTEMPTED);
  tester_over(&t, a);
  tester_over(&t, b);
  tester_close(&t);
}

/* The loop is gone and the release has ended: a watcher that is behind still gets all of it. */
static void s_close_with_slow_watcher(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *c = tester_watch(&t, "r", 0);
  for (int i = 0; i < 5; i++)
    fake_event(&t.backend, 0, &tester_sent);
  fake_finish(&t.backend, 0, ZR_OUTCOME_RELEASED);
  assert_int_equal(c->sent_count, 1);
  t.backend.closed = true;
  zr_service_close(t.service);
  assert_int_equal(c->code, ZR_RPC_OK);
  assert_int_equal(c->sent_count, 6);
  tester_over(&t, c);
  tester_close(&t);
}

static void s_close_with_callers(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *a = tester_release(&t, "r");
  struct zr_rpc_call *b = tester_watch(&t, "", 0);
  t.backend.closed = true;
  struct zr_rpc_call *c = tester_release(&t, "late");
  assert_int_equal(c->code, ZR_RPC_UNAVAILABLE);
  zr_service_close(t.service);
  assert_int_equal(a->code, ZR_RPC_UNAVAILABLE);
  assert_int_equal(b->code, ZR_RPC_UNAVAILABLE);
  tester_over(&t, a);
  tester_over(&t, b);
  tester_over(&t, c);
  tester_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_too_many),
      cmocka_unit_test(s_old_reports_go),
      cmocka_unit_test(s_no_credentials),
      cmocka_unit_test(s_drain),
      cmocka_unit_test(s_close_with_slow_watcher),
      cmocka_unit_test(s_close_with_callers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
