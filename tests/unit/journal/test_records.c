/* What is recorded comes back: open until it is settled, and in the history for good. */
#include <time.h>

#include "base/mem.h"
#include "desk.h"

static struct desk d;

static int s_set_up(void **state) {
  (void)state;
  desk_init(&d);
  desk_open(&d);
  return 0;
}

static int s_tear_down(void **state) {
  (void)state;
  desk_clean_up(&d);
  return 0;
}

static void s_again(void) {
  desk_close(&d);
  desk_open(&d);
}

static void an_intent_is_open_until_its_ids_are_decided(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a b"));
  assert_null(desk_answer(&d, 1, ZR_CLASS_OK, "req-1", ""));
  assert_null(desk_intent(&d, 2, "c"));
  s_again();
  assert_string_equal(desk_open_calls(&d), "vm: 1=ok(a b) 2(c)");
  assert_int_equal(zr_journal_last_batch(d.j), 2);
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, "r1"));
  assert_null(desk_outcome(&d, 2, "c", ZR_OUTCOME_REFUSED, "r2"));
  s_again();
  assert_string_equal(desk_open_calls(&d), "vm: 1=ok(b)");
}

static void what_proves_nothing_leaves_the_call_open(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a b c"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_UNKNOWN, "r1"));
  assert_null(desk_outcome(&d, 1, "b", ZR_OUTCOME_ACCEPTED, "r1"));
  assert_null(desk_outcome(&d, 1, "c", ZR_OUTCOME_NOT_ATTEMPTED, "r1"));
  assert_string_equal(desk_open_calls(&d), "vm: 1(a b c)");
  /* Settled later, by nobody's request. */
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, ""));
  assert_string_equal(desk_open_calls(&d), "vm: 1(b c)");
  struct zr_record_query q = desk_any();
  q.instance_id = "a";
  assert_string_equal(desk_history(&d, &q), "a released 1 r1");
}

static void a_call_that_never_left_is_closed_by_its_answer(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a"));
  assert_null(desk_intent(&d, 2, "b"));
  assert_null(desk_answer(&d, 1, ZR_CLASS_NOT_SENT, "", ""));
  assert_null(desk_answer(&d, 2, ZR_CLASS_UNKNOWN, "", ""));
  assert_string_equal(desk_open_calls(&d), "vm: 2=unknown(b)");
}

static void an_outcome_closes_the_earlier_calls_of_its_id_and_no_later_one(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a b"));
  assert_null(desk_intent(&d, 2, "a"));
  assert_null(desk_intent(&d, 3, "a"));
  assert_null(desk_outcome(&d, 2, "a", ZR_OUTCOME_REFUSED, ""));
  assert_string_equal(desk_open_calls(&d), "vm: 1(b) 3(a)");
  assert_null(desk_outcome(&d, 3, "a", ZR_OUTCOME_RELEASED, ""));
  assert_string_equal(desk_open_calls(&d), "vm: 1(b)");
}

static void a_refusal_leaves_calls_open_that_it_does_not_count(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a"));
  assert_null(desk_answer(&d, 1, ZR_CLASS_OK, "req", ""));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_ACCEPTED, "first"));
  assert_null(desk_intent(&d, 2, "a"));
  d.counts_from = 2;
  assert_null(desk_outcome(&d, 2, "a", ZR_OUTCOME_REFUSED, "second"));
  assert_string_equal(desk_open_calls(&d), "vm: 1=ok(a)");
  assert_null(desk_outcome(&d, 2, "a", ZR_OUTCOME_RELEASED, ""));
  assert_string_equal(desk_open_calls(&d), "");
}

static void ids_that_an_answer_lists_come_back_as_listed(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1000, "a b c"));
  assert_null(desk_answer(&d, 1000, ZR_CLASS_OK, "req", "b c"));
  assert_null(desk_intent(&d, 1001, "x"));
  s_again();
  assert_string_equal(desk_open_calls(&d), "zec+: 1000=ok(a !b !c) 1001(x)");
}

static void another_account_has_records_of_its_own(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a b"));
  desk_close(&d);
  d.account = "account-2";
  desk_open(&d);
  assert_string_equal(desk_open_calls(&d), "");
  assert_int_equal(zr_journal_last_batch(d.j), 1);
  assert_int_equal(zr_journal_elsewhere(d.j)->entries, 2);
  assert_string_equal(zr_journal_elsewhere(d.j)->account, "account-1");
  /* Its outcome is not ours to tell. */
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, ""));
  desk_close(&d);
  d.account = "account-1";
  desk_open(&d);
  assert_string_equal(desk_open_calls(&d), "vm: 1(a b)");
}

static void a_number_is_never_taken_twice(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 7, "a"));
  assert_non_null(desk_intent(&d, 7, "b"));
  assert_null(desk_intent(&d, 8, "c"));
  assert_string_equal(desk_open_calls(&d), "vm: 7(a) 8(c)");
  assert_string_equal(d.health.data ? d.health.data : "", "");
}

static void history_is_filtered_and_paged(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a b"));
  assert_null(desk_answer(&d, 1, ZR_CLASS_OK, "req-1", ""));
  assert_null(desk_intent(&d, 2, "c"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, "mine"));
  assert_null(desk_outcome(&d, 0, "z", ZR_OUTCOME_NOT_FOUND, "mine"));
  struct zr_record_query q = desk_any();
  assert_string_equal(desk_history(&d, &q),
                      "z not_found 0 mine; c - 2 open; b - 1 open; a released 1 mine");
  q.limit = 2;
  assert_string_equal(desk_history(&d, &q), "z not_found 0 mine; c - 2 open ... 3");
  q.after = 3;
  assert_string_equal(desk_history(&d, &q), "b - 1 open; a released 1 mine");
  q = desk_any();
  q.request_id = "mine";
  assert_string_equal(desk_history(&d, &q), "z not_found 0 mine; a released 1 mine");
  q.outcome = ZR_OUTCOME_RELEASED;
  assert_string_equal(desk_history(&d, &q), "a released 1 mine");
  q = desk_any();
  q.release_request_id = "req-1";
  assert_string_equal(desk_history(&d, &q), "b - 1 open; a released 1 mine");
  q = desk_any();
  q.open_only = true;
  q.from.ms = (DESK_EPOCH_S + 2) * INT64_C(1000);
  assert_string_equal(desk_history(&d, &q), "c - 2 open");
  q.to.ms = q.from.ms;
  assert_string_equal(desk_history(&d, &q), "");
  q = desk_any();
  q.any_product = false;
  q.product = ZR_PRODUCT_BMC;
  assert_string_equal(desk_history(&d, &q), "");
}

static void two_callers_of_one_id_keep_their_own_outcomes(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_UNKNOWN, "r1"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, "r2"));
  struct zr_record_query q = desk_any();
  assert_string_equal(desk_history(&d, &q), "a released 1 r2; a unknown 1 r1");
  assert_string_equal(desk_open_calls(&d), "");
}

static const char *s_of(const char *request_id) {
  struct zr_record_query q = desk_any();
  q.request_id = request_id;
  return desk_history(&d, &q);
}

static void an_intent_is_found_by_the_request_of_each_caller(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a:r1 b:r1:r2:r2:r3 c"));
  s_again();
  assert_string_equal(s_of("r1"), "b - 1 open r1; a - 1 open r1");
  assert_string_equal(s_of("r2"), "b - 1 open r2");
  assert_string_equal(s_of("r3"), "b - 1 open r3");
  assert_string_equal(desk_open_calls(&d), "vm: 1(a b c)");
  /* Settled by nobody in particular: all of them hear of it. */
  assert_null(desk_outcome(&d, 1, "b", ZR_OUTCOME_REFUSED, ""));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_UNKNOWN, ""));
  assert_string_equal(s_of("r1"), "b refused 1 r1; a unknown 1 open r1");
  assert_string_equal(s_of("r2"), "b refused 1 r2");
  assert_string_equal(s_of("r3"), "b refused 1 r3");
  assert_string_equal(desk_open_calls(&d), "vm: 1(a c)");
}

static void each_caller_of_an_intent_keeps_what_he_was_told(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a:r1:r2:r3:r4"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_ACCEPTED, "r2"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_NOT_ATTEMPTED, "r3"));
  assert_string_equal(s_of("r2"), "a accepted 1 open r2");
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, "r1"));
  struct zr_record_query q = desk_any();
  assert_string_equal(desk_history(&d, &q),
                      "a released 1 r4; a not_attempted 1 r3; a accepted 1 r2; a released 1 r1");
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, "r4"));
  assert_string_equal(s_of("r4"), "a released 1 r4");
  assert_string_equal(desk_open_calls(&d), "");
}

static void what_a_caller_was_told_for_now_gives_way_to_what_was_settled(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a:r1:r2:r3"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_ACCEPTED, "r1"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_UNKNOWN, "r2"));
  s_again();
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, ""));
  struct zr_record_query q = desk_any();
  assert_string_equal(desk_history(&d, &q), "a released 1 r3; a released 1 r2; a released 1 r1");
}

static void a_call_that_never_left_is_closed_for_each_caller(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a:r1:r2"));
  assert_null(desk_answer(&d, 1, ZR_CLASS_NOT_SENT, "", ""));
  assert_null(desk_intent(&d, 2, "a:r1:r2"));
  assert_null(desk_outcome(&d, 2, "a", ZR_OUTCOME_RELEASED, "r2"));
  assert_string_equal(s_of("r2"), "a released 2 r2; a not_attempted 1 r2");
  assert_string_equal(s_of("r1"), "a released 2 r1; a not_attempted 1 r1");
}

static void a_caller_who_joins_is_found_as_well(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a b:r1 c"));
  assert_null(desk_outcome(&d, 1, "c", ZR_OUTCOME_RELEASED, ""));
  assert_null(desk_joined(&d, 1, "a b c x", "r2")); /* c is over, x was never in it */
  assert_null(desk_joined(&d, 1, "a b", "r2"));     /* once is enough */
  assert_null(desk_joined(&d, 7, "a", "r2"));       /* there is no such call */
  s_again();
  assert_string_equal(s_of("r2"), "b - 1 open r2; a - 1 open r2");
  assert_string_equal(s_of("r1"), "b - 1 open r1");
  assert_string_equal(desk_open_calls(&d), "vm: 1(a b)");
  assert_null(desk_outcome(&d, 1, "b", ZR_OUTCOME_RELEASED, "r1"));
  assert_null(desk_outcome(&d, 1, "b", ZR_OUTCOME_RELEASED, "r2"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, "r2"));
  assert_string_equal(s_of("r2"), "b released 1 r2; a released 1 r2");
  struct zr_record_query q = desk_any();
  assert_string_equal(desk_history(&d, &q),
                      "b released 1 r2; c released 1; b released 1 r1; a released 1 r2");
}

static void sightings_keep_the_first_time_and_forget_those_that_left(void **state) {
  (void)state;
  desk_sight(&d, "a b", false, 1000);
  desk_sight(&d, "a c", false, 2000);
  assert_string_equal(desk_seen(&d, "a b c x"), "1000 1000 2000 -");
  desk_sight(&d, "a", true, 3000);
  desk_sight(&d, "a", false, 4000);
  s_again();
  assert_string_equal(desk_seen(&d, "a b"), "4000 1000");
}

/* Known it stays; when it left counts for what is old. */
static void what_left_the_bin_is_never_seen_and_still_known(void **state) {
  (void)state;
  desk_sight(&d, "a b", false, 1000);
  desk_sight(&d, "a x", true, 2000);
  assert_string_equal(desk_seen(&d, "a b x"), "- 1000 -");
  assert_string_equal(desk_known(&d, "a b x"), "yes yes no");
  desk_sight(&d, "a", true, 3000);
  desk_sight(&d, "b", true, -5); /* whatever the clock says */
  assert_string_equal(desk_seen(&d, "a b"), "- -");
  s_again();
  desk_sight(&d, "b", false, 4000);
  assert_string_equal(desk_seen(&d, "a b"), "- 4000");
}

static void what_an_outcome_has_gone_is_known_as_gone(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a b c"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, "r1"));
  assert_null(desk_outcome(&d, 1, "b", ZR_OUTCOME_ACCEPTED, "r1"));
  assert_string_equal(desk_known(&d, "a b c x"), "gone yes yes no");
}

/* A file that was sighted in by an earlier process. */
static void what_left_is_forgotten_after_a_start(void **state) {
  (void)state;
  desk_sight(&d, "a", true, 500);
  desk_sight(&d, "a b", false, 1000);
  s_again();
  desk_sight(&d, "a", true, 2000);
  assert_string_equal(desk_seen(&d, "a b"), "- 1000");
}

/* An id that left the bin, and could not be named: nothing that was seen before is believed. */
static void in_doubt_nothing_was_seen_before(void **state) {
  (void)state;
  desk_sight(&d, "a b", false, 1000);
  zr_journal_doubt(d.j);
  assert_string_equal(desk_seen(&d, "a b"), "- -");
  assert_string_equal(desk_known(&d, "a b"), "yes yes");
  desk_sight(&d, "a", false, 2000);
  assert_string_equal(desk_seen(&d, "a b"), "2000 -");
  s_again();
  assert_string_equal(desk_seen(&d, "a b"), "2000 -");
}

static void want_of_memory_for_what_left_is_a_doubt(void **state) {
  (void)state;
  static const char *const left[] = {"b"};
  const struct zr_wall now = {2000};
  unsigned failed = 0;
  for (uint64_t n = 0; n < 200 && failed < 4; n++) {
    desk_sight(&d, "a b", false, 1000);
    assert_non_null(desk_seen(&d, "a b")); /* it is at rest */
    zr_mem_fail_after(n % 2);              /* where the thread's house-keeping does not take it */
    enum zr_err e = zr_journal_sight(d.j, ZR_PRODUCT_VM, left, 1, true, now);
    zr_mem_fail_after(UINT64_MAX);
    if (e == ZR_ERR_OK)
      continue;
    failed++;
    assert_int_equal(e, ZR_ERR_NOMEM);
    assert_string_equal(desk_seen(&d, "a b"), "- -");
    s_again();
    assert_string_equal(desk_seen(&d, "a b"), "- -");
  }
  assert_int_equal(failed, 4);
}

static void what_is_old_and_closed_goes_and_numbers_stay(void **state) {
  (void)state;
  assert_null(desk_intent(&d, 1, "a b"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, ""));
  assert_null(desk_intent(&d, 2, "c"));
  assert_null(desk_outcome(&d, 2, "c", ZR_OUTCOME_RELEASED, ""));
  desk_close(&d);
  d.keep_days = 1;
  desk_open(&d);
  struct zr_record_query q = desk_any();
  const struct timespec while_it_rests = {.tv_nsec = 1000000};
  for (int i = 0; i < 20000 && strcmp(desk_history(&d, &q), "b - 1 open") != 0; i++)
    (void)nanosleep(&while_it_rests, NULL); /* the thread does a step when nobody asks */
  assert_string_equal(desk_history(&d, &q), "b - 1 open");
  s_again();
  assert_int_equal(zr_journal_last_batch(d.j), 2);
}

/* The thread takes them in groups; each is told, and all are there. */
static void many_at_once_are_all_kept(void **state) {
  (void)state;
  char id[16];
  for (uint32_t i = 1; i <= 40; i++) {
    (void)snprintf(id, sizeof id, "i%02u", i);
    assert_null(desk_intent(&d, i, id));
  }
  for (uint32_t i = 1; i <= 39; i++) {
    (void)snprintf(id, sizeof id, "i%02u", i);
    desk_outcome_later(&d, i, id, ZR_OUTCOME_RELEASED);
  }
  assert_string_equal(desk_open_calls(&d), "vm: 40(i40)");
  for (uint32_t i = 1; i <= 39; i++)
    desk_outcome_later(&d, 40, "i40", ZR_OUTCOME_RELEASED);
  s_again();
  assert_string_equal(desk_open_calls(&d), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, s_set_up, s_tear_down)
      T(an_intent_is_open_until_its_ids_are_decided),
      T(what_proves_nothing_leaves_the_call_open),
      T(a_call_that_never_left_is_closed_by_its_answer),
      T(an_outcome_closes_the_earlier_calls_of_its_id_and_no_later_one),
      T(a_refusal_leaves_calls_open_that_it_does_not_count),
      T(ids_that_an_answer_lists_come_back_as_listed),
      T(another_account_has_records_of_its_own),
      T(a_number_is_never_taken_twice),
      T(history_is_filtered_and_paged),
      T(two_callers_of_one_id_keep_their_own_outcomes),
      T(an_intent_is_found_by_the_request_of_each_caller),
      T(each_caller_of_an_intent_keeps_what_he_was_told),
      T(what_a_caller_was_told_for_now_gives_way_to_what_was_settled),
      T(a_call_that_never_left_is_closed_for_each_caller),
      T(a_caller_who_joins_is_found_as_well),
      T(what_left_the_bin_is_never_seen_and_still_known),
      T(what_an_outcome_has_gone_is_known_as_gone),
      T(what_left_is_forgotten_after_a_start),
      T(in_doubt_nothing_was_seen_before),
      T(want_of_memory_for_what_left_is_a_doubt),
      T(sightings_keep_the_first_time_and_forget_those_that_left),
      T(what_is_old_and_closed_goes_and_numbers_stay),
      T(many_at_once_are_all_kept),
#undef T
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
