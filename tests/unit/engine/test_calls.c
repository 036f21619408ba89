/* What a release costs, and how it ends, in the cases the contract names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static struct world w;

static int s_begin(void **state) {
  (void)state;
  world_init(&w, 7);
  return 0;
}

static int s_end(void **state) {
  (void)state;
  world_clean_up(&w);
  return 0;
}

static void s_finish(void) {
  world_run(&w, 4000000);
  world_check(&w);
  assert_string_equal(w.problem, "");
}

static unsigned s_count(int job, enum zr_outcome o) {
  return w.jobs[job].counts.by_outcome[o];
}

static void a_hundred_good_ids_cost_four_calls(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 100);
  assert_int_equal(w.releases, 1);
  assert_int_equal(w.reads, 3);
}

static void ten_thousand_calls_are_not_made_for_a_thousand_ids(void **state) {
  (void)state;
  world_add(&w, 1000, PLACE_BIN);
  int j = world_submit(&w, 0, 1000, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 1000);
  assert_int_equal(w.releases, 10);
  assert_int_equal(w.reads, 30);
}

static size_t s_leavers;

/* After the preflight, some are taken out of the bin: the service refuses the whole batch. */
static void s_leave_once(struct world *world) {
  for (size_t i = 0; i < s_leavers; i++)
    world->machines[i * 2].place = i % 2 ? PLACE_LIVE : PLACE_GONE;
  world->before_release = NULL;
}

static void s_rejected(size_t bad) {
  world_add(&w, 100, PLACE_BIN);
  s_leavers = bad;
  w.before_release = s_leave_once;
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 100 - bad);
  assert_int_equal(s_count(j, ZR_OUTCOME_ALREADY_GONE), (bad + 1) / 2);
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_RECYCLED), bad / 2);
  assert_int_equal(w.releases, 2);
  assert_true(w.releases + w.reads <= 6);
}

static void one_bad_id_costs_one_more_release(void **state) {
  (void)state;
  s_rejected(1);
}

static void fifty_bad_ids_cost_one_more_release(void **state) {
  (void)state;
  s_rejected(50);
}

static void a_refusal_that_no_read_explains_is_halved_and_bounded(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  w.machines[37].cursed = true;
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 99);
  assert_int_equal(w.jobs[j].outcome[37], ZR_OUTCOME_REFUSED);
  assert_true(w.releases <= 1 + 20);
}

static void many_cursed_ids_end_refused_within_the_bound(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  for (int i = 0; i < 100; i += 3)
    w.machines[i].cursed = true;
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_true(w.releases <= 1 + 20);
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED) + s_count(j, ZR_OUTCOME_REFUSED), 100);
}

static void bad_ids_found_by_the_preflight_cost_nothing(void **state) {
  (void)state;
  world_add(&w, 245, PLACE_BIN);
  world_add(&w, 3, PLACE_NOWHERE);
  world_add(&w, 2, PLACE_LIVE);
  int j = world_submit(&w, 0, 250, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 245);
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_FOUND), 3);
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_RECYCLED), 2);
  assert_int_equal(w.releases, 3);
}

static void two_callers_of_one_id_share_its_release(void **state) {
  (void)state;
  world_add(&w, 60, PLACE_BIN);
  int a = world_submit(&w, 0, 40, -1, 0);
  int b = world_submit(&w, 20, 40, -1, 0);
  s_finish();
  assert_int_equal(s_count(a, ZR_OUTCOME_RELEASED), 40);
  assert_int_equal(s_count(b, ZR_OUTCOME_RELEASED), 40);
  assert_int_equal(w.releases, 1);
  for (int i = 0; i < 60; i++)
    assert_int_equal(w.machines[i].sent, 1);
}

static void a_cancel_before_the_send_sends_nothing(void **state) {
  (void)state;
  world_add(&w, 10, PLACE_BIN);
  int j = world_submit(&w, 0, 10, -1, 0);
  world_cancel(&w, j);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_ATTEMPTED), 10);
  assert_int_equal(w.releases, 0);
}

static void one_callers_cancel_leaves_the_others_ids_alone(void **state) {
  (void)state;
  world_add(&w, 10, PLACE_BIN);
  int a = world_submit(&w, 0, 10, -1, 0);
  int b = world_submit(&w, 0, 10, -1, 0);
  world_cancel(&w, a);
  s_finish();
  assert_int_equal(s_count(a, ZR_OUTCOME_NOT_ATTEMPTED), 10);
  assert_int_equal(s_count(b, ZR_OUTCOME_RELEASED), 10);
}

static void a_storm_of_429_is_waited_out(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  w.refused_next = 5;
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 100);
  assert_int_equal(w.releases, 6);
}

/* While the first call is answered by a 429, the owner takes the instances out of the bin. */
static void s_rescue_all(struct world *world) {
  for (size_t i = 0; i < world->machine_count; i++)
    world->machines[i].place = PLACE_LIVE;
  world->reads_fail_from = world->now;
  world->before_release = NULL;
}

static void a_read_that_fails_is_no_reason_to_send(void **state) {
  (void)state;
  world_add(&w, 10, PLACE_BIN);
  w.refused_next = 1;
  w.retry_after_ms = 12000;
  w.before_release = s_rescue_all;
  (void)world_submit(&w, 0, 10, -1, 0);
  s_finish();
  assert_int_equal(w.releases, 1);
  for (size_t i = 0; i < w.machine_count; i++)
    assert_false(w.machines[i].by_release);
}

static void another_callers_options_are_told(void **state) {
  (void)state;
  world_add(&w, 3, PLACE_BIN);
  int a = world_submit(&w, 0, 3, -1, 0);
  w.depend_resource = true;
  int b = world_submit(&w, 0, 3, -1, 0);
  s_finish();
  assert_int_equal(w.jobs[a].notes, 0);
  assert_int_equal(w.jobs[b].notes, 3);
}

static void a_storm_without_end_is_reported_as_throttled(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  w.refused_next = UINT32_MAX;
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_REFUSED), 100);
  assert_true(w.now < 1000000);
}

static void zero_wait_answers_after_acceptance(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  int j = world_submit(&w, 0, 100, 0, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_ACCEPTED), 100);
  assert_int_equal(w.reads, 1);
}

static void a_deadline_before_the_send_sends_nothing(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  int j = world_submit(&w, 0, 100, -1, 100);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_ATTEMPTED), 100);
  assert_int_equal(w.releases, 0);
}

static void an_effect_without_an_answer_is_released(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  w.faults.release_percent = 100;
  w.faults.only = FAULT_DROP_AFTER;
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 100);
  assert_int_equal(w.releases, 1);
}

static void an_effect_that_comes_late_is_released(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  w.faults.release_percent = 100;
  w.faults.only = FAULT_LATE;
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 100);
}

static void an_error_without_effect_is_tried_again_and_then_refused(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  w.faults.release_percent = 100;
  w.faults.only = FAULT_ERROR_BEFORE;
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_REFUSED), 100);
  assert_int_equal(w.releases, 4);
}

static void a_redirect_is_never_sent_again(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  w.faults.release_percent = 100;
  w.faults.only = FAULT_REDIRECT;
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_REFUSED), 100);
  assert_int_equal(w.releases, 1);
}

static void revoked_credentials_stop_the_account(void **state) {
  (void)state;
  world_add(&w, 1000, PLACE_BIN);
  w.faults.release_percent = 100;
  w.faults.only = FAULT_UNAUTHORIZED;
  int j = world_submit(&w, 0, 1000, -1, 0);
  s_finish();
  assert_true(w.releases <= 8); /* those in flight together; none after the first refusal */
  assert_int_equal(s_count(j, ZR_OUTCOME_REFUSED), w.releases * 100);
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_ATTEMPTED), 1000 - w.releases * 100);
}

static void a_service_that_refuses_to_read_missing_ids_is_read_in_parts(void **state) {
  (void)state;
  world_add(&w, 99, PLACE_BIN);
  world_add(&w, 1, PLACE_NOWHERE);
  w.faults.missing_refuses_read = true;
  int j = world_submit(&w, 0, 100, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 99);
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_FOUND), 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, s_begin, s_end)

static void what_the_journal_knows_is_gone_and_not_missing(void **state) {
  (void)state;
  world_add(&w, 2, PLACE_GONE);
  w.known = "m1";
  int j = world_submit(&w, 0, 2, -1, 0);
  s_finish();
  assert_int_equal(w.jobs[j].outcome[0], ZR_OUTCOME_NOT_FOUND);
  assert_int_equal(w.jobs[j].outcome[1], ZR_OUTCOME_ALREADY_GONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_hundred_good_ids_cost_four_calls),
      CASE(what_the_journal_knows_is_gone_and_not_missing),
      CASE(ten_thousand_calls_are_not_made_for_a_thousand_ids),
      CASE(one_bad_id_costs_one_more_release),
      CASE(fifty_bad_ids_cost_one_more_release),
      CASE(a_refusal_that_no_read_explains_is_halved_and_bounded),
      CASE(many_cursed_ids_end_refused_within_the_bound),
      CASE(bad_ids_found_by_the_preflight_cost_nothing),
      CASE(two_callers_of_one_id_share_its_release),
      CASE(a_cancel_before_the_send_sends_nothing),
      CASE(one_callers_cancel_leaves_the_others_ids_alone),
      CASE(a_storm_of_429_is_waited_out),
      CASE(a_read_that_fails_is_no_reason_to_send),
      CASE(another_callers_options_are_told),
      CASE(a_storm_without_end_is_reported_as_throttled),
      CASE(zero_wait_answers_after_acceptance),
      CASE(a_deadline_before_the_send_sends_nothing),
      CASE(an_effect_without_an_answer_is_released),
      CASE(an_effect_that_comes_late_is_released),
      CASE(an_error_without_effect_is_tried_again_and_then_refused),
      CASE(a_redirect_is_never_sent_again),
      CASE(revoked_credentials_stop_the_account),
      CASE(a_service_that_refuses_to_read_missing_ids_is_read_in_parts),
  };
  return cmocka_run_group_tests_name("engine: calls and outcomes", tests, NULL, NULL);
}
