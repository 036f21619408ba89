/* Operations: started, joined, re-attached, cancelled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tester.h"

static void s_unary(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *c = tester_release(&t, "");
  assert_int_equal(zr_service_running(t.service), 1);
  assert_int_equal(t.backend.jobs[0].request.deadline.ms, ZR_MONO_NEVER.ms);
  assert_int_equal(t.backend.jobs[0].request.wait_ms, ZR_DEFAULT_WAIT_MS);
  assert_int_equal(t.backend.jobs[0].request.window_ms, 5);
  fake_event(&t.backend, 0, &tester_sent);
  fake_finish(&t.backend, 0, ZR_OUTCOME_RELEASED);
  Zenrelease__V1__ReleaseResponse *m = tester_response(c);
  assert_int_equal(m->n_results, 2);
  assert_int_equal(m->counts->released, 2);
  assert_int_equal(strlen(m->request_id), 32); /* made up */
  zenrelease__v1__release_response__free_unpacked(m, NULL);
  assert_int_equal(zr_service_running(t.service), 0);
  tester_over(&t, c);
  assert_null(t.service->registry.all); /* nobody can ask for it again */
  tester_close(&t);
}

static void s_deadline_has_a_margin(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *c = tester_call("", false, 0);
  struct zr_mono now = zr_mono_now();
  c->deadline = zr_mono_add(now, 20000);
  zr_handle_release(t.service, c);
  fake_run(&t.backend);
  assert_in_range(zr_mono_until(t.backend.jobs[0].request.deadline, now), 17900, 18100);
  fake_finish(&t.backend, 0, ZR_OUTCOME_RELEASED);
  tester_over(&t, c);
  tester_close(&t);
}

static void s_same_id_joins(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *a = tester_release(&t, "r");
  struct zr_rpc_call *b = tester_release(&t, "r");
  assert_int_equal(t.backend.job_count, 1);
  fake_finish(&t.backend, 0, ZR_OUTCOME_RELEASED);
  struct zr_rpc_call *late = tester_release(&t, "r");
  assert_int_equal(t.backend.job_count, 1);
  assert_int_equal(a->answer->len, b->answer->len);
  assert_memory_equal(a->answer->data, late->answer->data, a->answer->len);
  tester_over(&t, a);
  tester_over(&t, b);
  tester_over(&t, late);
  tester_close(&t);
}

static void s_same_id_other_content(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *a = tester_release(&t, "r");
  struct zr_rpc_call *b = tester_call("r", true, 0);
  zr_handle_release(t.service, b);
  fake_run(&t.backend);
  assert_int_equal(b->code, ZR_RPC_INVALID_ARGUMENT);
  assert_non_null(strstr(b->message, "request_id"));
  assert_non_null(strstr(b->message, "nothing was sent"));
  tester_over(&t, b);
  fake_finish(&t.backend, 0, ZR_OUTCOME_RELEASED);
  tester_over(&t, a);
  tester_close(&t);
}

static void s_callers_gone_cancels(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *a = tester_release(&t, "r");
  struct zr_rpc_call *b = tester_release(&t, "r");
  tester_gone(&t, a);
  assert_false(t.backend.jobs[0].cancelled); /* the other one still waits */
  tester_gone(&t, b);
  assert_true(t.backend.jobs[0].cancelled);
  fake_finish(&t.backend, 0, ZR_OUTCOME_NOT_ATTEMPTED);
  struct zr_rpc_call *again = tester_release(&t, "r"); /* the exact report is there */
  Zenrelease__V1__ReleaseResponse *m = tester_response(again);
  assert_int_equal(m->counts->not_attempted, 2);
  zenrelease__v1__release_response__free_unpacked(m, NULL);
  tester_over(&t, again);
  tester_close(&t);
}

static void s_gone_before_the_start(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *c = tester_call("", false, 0);
  zr_handle_release(t.service, c);
  tester_gone(&t, c);
  assert_int_equal(t.backend.job_count, 0);
  tester_close(&t);
}

/* One event is on its way at a time, and none is lost. */
static void s_slow_watcher(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *c = tester_watch(&t, "", 0);
  for (int i = 0; i < 5; i++)
    fake_event(&t.backend, 0, &tester_sent);
  assert_int_equal(c->sent_count, 1);
  fake_finish(&t.backend, 0, ZR_OUTCOME_RELEASED);
  tester_take_all(&t, c);
  assert_int_equal(c->sent_count, 6);
  for (size_t i = 0; i < 6; i++) {
    Zenrelease__V1__ReleaseEvent *e = tester_event(c, i);
    assert_int_equal(e->sequence, i + 1);
    assert_int_equal(e->event_case, i < 5 ? ZENRELEASE__V1__RELEASE_EVENT__EVENT_BATCH_SENT
                                          : ZENRELEASE__V1__RELEASE_EVENT__EVENT_RESULT);
    zenrelease__v1__release_event__free_unpacked(e, NULL);
  }
  tester_over(&t, c);
  assert_null(t.service->registry.all);
  tester_close(&t);
}

static void s_lost_stream_goes_on(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *c = tester_watch(&t, "r", 0);
  fake_event(&t.backend, 0, &tester_sent);
  tester_gone(&t, c);
  assert_false(t.backend.jobs[0].cancelled);
  fake_event(&t.backend, 0, &tester_sent);
  fake_event(&t.backend, 0, &tester_sent);
  c = tester_watch(&t, "r", 1); /* re-attaches behind the first event */
  Zenrelease__V1__ReleaseEvent *e = tester_event(c, 0);
  assert_int_equal(e->sequence, 2);
  zenrelease__v1__release_event__free_unpacked(e, NULL);
  fake_finish(&t.backend, 0, ZR_OUTCOME_RELEASED);
  tester_take_all(&t, c);
  assert_int_equal(c->sent_count, 3);
  tester_over(&t, c);
  c = tester_watch(&t, "r", 1000); /* whatever was asked for, the result comes */
  assert_int_equal(c->sent_count, 1);
  e = tester_event(c, 0);
  assert_int_equal(e->event_case, ZENRELEASE__V1__RELEASE_EVENT__EVENT_RESULT);
  zenrelease__v1__release_event__free_unpacked(e, NULL);
  tester_over(&t, c);
  tester_close(&t);
}

static void s_lost_stream_without_id_cancels(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *c = tester_watch(&t, "", 0);
  tester_gone(&t, c);
  assert_true(t.backend.jobs[0].cancelled);
  fake_finish(&t.backend, 0, ZR_OUTCOME_NOT_ATTEMPTED);
  assert_null(t.service->registry.all);
  tester_close(&t);
}

static int s_stop_or_forget(struct tester *t, const char *id, bool forget, bool *cancelled) {
  uint8_t buffer[256];
  char text[160];
  (void)snprintf(text, sizeof text, "%s", id);
  Zenrelease__V1__CancelReleaseRequest m;
  zenrelease__v1__cancel_release_request__init(&m);
  m.request_id = text;
  m.forget = forget;
  struct zr_rpc_call *c =
      fake_call(buffer, zenrelease__v1__cancel_release_request__pack(&m, buffer));
  zr_handle_cancel(t->service, c);
  fake_run(&t->backend);
  int code = (int)c->code;
  if (code == ZR_RPC_OK) {
    Zenrelease__V1__CancelReleaseResponse *r =
        zenrelease__v1__cancel_release_response__unpack(NULL, c->answer->len, c->answer->data);
    *cancelled = r->cancelled;
    zenrelease__v1__cancel_release_response__free_unpacked(r, NULL);
  }
  fake_done(c);
  return code;
}

static int s_cancel_release(struct tester *t, const char *id, bool *cancelled) {
  return s_stop_or_forget(t, id, false, cancelled);
}

/* The one in the middle goes, and a running one stays and runs on. */
static void s_forget(void **state) {
  (void)state;
  static const char *const ids[] = {"a", "b", "c"};
  struct tester t;
  bool cancelled = true;
  tester_open(&t);
  for (size_t i = 0; i < 3; i++) {
    struct zr_rpc_call *c = tester_release(&t, ids[i]);
    assert_int_equal(s_stop_or_forget(&t, ids[i], true, &cancelled), ZR_RPC_OK);
    assert_false(cancelled || t.backend.jobs[i].cancelled);
    fake_finish(&t.backend, i, ZR_OUTCOME_RELEASED);
    tester_over(&t, c);
  }
  size_t bytes = t.service->registry.finished_bytes;
  assert_int_equal(s_stop_or_forget(&t, "b", true, &cancelled), ZR_RPC_OK);
  assert_int_equal(s_stop_or_forget(&t, "b", true, &cancelled), ZR_RPC_NOT_FOUND);
  assert_int_equal(t.service->registry.finished_bytes, bytes - bytes / 3);
  assert_int_equal(s_stop_or_forget(&t, "c", true, &cancelled), ZR_RPC_OK);
  struct zr_rpc_call *c = tester_release(&t, "d"); /* the list of kept ones still has an end */
  fake_finish(&t.backend, 3, ZR_OUTCOME_RELEASED);
  tester_over(&t, c);
  assert_non_null(zr_registry_find(&t.service->registry, "a"));
  assert_non_null(zr_registry_find(&t.service->registry, "d"));
  assert_int_equal(t.service->registry.finished_count, 2);
  tester_close(&t);
}

static void s_cancel(void **state) {
  (void)state;
  struct tester t;
  bool cancelled = false;
  tester_open(&t);
  struct zr_rpc_call *c = tester_watch(&t, "r", 0);
  assert_int_equal(s_cancel_release(&t, "other", &cancelled), ZR_RPC_NOT_FOUND);
  assert_int_equal(s_cancel_release(&t, "", &cancelled), ZR_RPC_INVALID_ARGUMENT);
  assert_int_equal(s_cancel_release(&t, "r", &cancelled), ZR_RPC_OK);
  assert_true(cancelled);
  assert_true(t.backend.jobs[0].cancelled);
  fake_finish(&t.backend, 0, ZR_OUTCOME_NOT_ATTEMPTED);
  assert_int_equal(s_cancel_release(&t, "r", &cancelled), ZR_RPC_OK);
  assert_false(cancelled);
  tester_over(&t, c);
  tester_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_unary),
      cmocka_unit_test(s_deadline_has_a_margin),
      cmocka_unit_test(s_same_id_joins),
      cmocka_unit_test(s_same_id_other_content),
      cmocka_unit_test(s_callers_gone_cancels),
      cmocka_unit_test(s_gone_before_the_start),
      cmocka_unit_test(s_slow_watcher),
      cmocka_unit_test(s_lost_stream_goes_on),
      cmocka_unit_test(s_lost_stream_without_id_cancels),
      cmocka_unit_test(s_cancel),
      cmocka_unit_test(s_forget),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
