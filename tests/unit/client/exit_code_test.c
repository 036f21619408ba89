#include "cli/exit_code.h"

#include "cmocka_all.h"

/* Counts by name, in the order of enum zenrelease_outcome; total is their sum. */
static struct zenrelease_counts s_counts(int64_t released, int64_t gone, int64_t missing,
                                         int64_t refused) {
  struct zenrelease_counts c = {{0}, 0, 0};
  c.by_outcome[ZENRELEASE_OUTCOME_RELEASED] = released;
  c.by_outcome[ZENRELEASE_OUTCOME_ALREADY_GONE] = gone;
  c.by_outcome[ZENRELEASE_OUTCOME_NOT_FOUND] = missing;
  c.by_outcome[ZENRELEASE_OUTCOME_REFUSED] = refused;
  c.total = released + gone + missing + refused;
  return c;
}

static enum zr_exit s_code(struct zenrelease_counts c, bool allow_missing) {
  const struct zr_exit_facts facts = {.counts = &c, .allow_missing = allow_missing};
  return zr_exit_code(&facts);
}

static void test_all_is_0_some_is_3_none_is_1(void **state) {
  (void)state;
  assert_int_equal(s_code(s_counts(5, 0, 0, 0), false), 0);
  assert_int_equal(s_code(s_counts(3, 2, 0, 0), false), 0);
  assert_int_equal(s_code(s_counts(0, 2, 0, 0), false), 0);
  assert_int_equal(s_code(s_counts(4, 0, 0, 1), false), 3);
  assert_int_equal(s_code(s_counts(0, 0, 1, 4), false), 1);
}

static void test_missing_counts_only_where_allowed(void **state) {
  (void)state;
  assert_int_equal(s_code(s_counts(4, 0, 1, 0), false), 3);
  assert_int_equal(s_code(s_counts(4, 0, 1, 0), true), 0);
  assert_int_equal(s_code(s_counts(0, 0, 2, 0), true), 0);
  assert_int_equal(s_code(s_counts(0, 0, 2, 0), false), 1);
}

static void test_accepted_is_not_released(void **state) {
  struct zenrelease_counts c = s_counts(1, 0, 0, 0);
  (void)state;
  c.by_outcome[ZENRELEASE_OUTCOME_ACCEPTED] = 1;
  c.total++;
  assert_int_equal(s_code(c, true), 3);
}

static void test_unknown_beats_some_and_interruption_beats_all(void **state) {
  struct zenrelease_counts c = s_counts(4, 0, 0, 1);
  struct zr_exit_facts facts = {.counts = &c};
  (void)state;
  c.by_outcome[ZENRELEASE_OUTCOME_UNKNOWN] = 1;
  c.total++;
  assert_int_equal(zr_exit_code(&facts), 4);
  facts.interrupted = true;
  assert_int_equal(zr_exit_code(&facts), 130);
}

static void test_a_report_that_nobody_got_leaves_outcomes_unknown(void **state) {
  struct zenrelease_counts c = s_counts(4, 0, 0, 0);
  const struct zr_exit_facts facts = {.counts = &c, .undelivered = true};
  (void)state;
  assert_int_equal(zr_exit_code(&facts), 4);
}

static void test_dry_run_counts_what_would_be_released(void **state) {
  struct zenrelease_counts c = s_counts(0, 0, 0, 1);
  struct zr_exit_facts facts = {.counts = &c, .dry_run = true};
  (void)state;
  c.by_outcome[ZENRELEASE_OUTCOME_NOT_ATTEMPTED] = 2;
  c.total = 3;
  assert_int_equal(zr_exit_code(&facts), 1);
  facts.would_release = 2;
  assert_int_equal(zr_exit_code(&facts), 3);
  c.by_outcome[ZENRELEASE_OUTCOME_REFUSED] = 0;
  c.total = 2;
  assert_int_equal(zr_exit_code(&facts), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_is_0_some_is_3_none_is_1),
      cmocka_unit_test(test_missing_counts_only_where_allowed),
      cmocka_unit_test(test_accepted_is_not_released),
      cmocka_unit_test(test_unknown_beats_some_and_interruption_beats_all),
      cmocka_unit_test(test_a_report_that_nobody_got_leaves_outcomes_unknown),
      cmocka_unit_test(test_dry_run_counts_what_would_be_released),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
