/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "fault_samples.h"

static const char *s_replace(struct sim_faults *faults, const char *text) {
  cJSON *list = cJSON_Parse(text);
  assert_non_null(list);
  const char *why = sim_faults_replace(faults, list);
  cJSON_Delete(list);
  return why;
}

/* One letter per request: "x" where a rule fires, "." where none does. */
static const char *s_run(const char *rules, const char *action, int requests) {
  static char pattern[64];
  struct sim_faults faults = {0};
  assert_null(s_replace(&faults, rules));
  struct sim_fault_facts facts = {
      .moment = SIM_MOMENT_REQUEST, .action = action, .product = SIM_VM, .number_on_connection = 1};
  for (int i = 0; i < requests; i++) {
    pattern[i] = sim_faults_pick(&faults, &facts) != NULL ? 'x' : '.';
  }
  pattern[requests] = '\0';
  sim_faults_clean_up(&faults);
  return pattern;
}

static void test_counting_matchers(void **state) {
  (void)state;
  assert_string_equal(s_run("[{\"do\":\"hang\"}]", "A", 3), "xxx");
  assert_string_equal(s_run("[{\"do\":\"hang\",\"match\":{\"nth\":2}}]", "A", 4), ".x..");
  assert_string_equal(s_run("[{\"do\":\"hang\",\"match\":{\"from\":3}}]", "A", 5), "..xxx");
  assert_string_equal(s_run("[{\"do\":\"hang\",\"match\":{\"from\":2,\"count\":2}}]", "A", 5),
                      ".xx..");
  assert_string_equal(s_run("[{\"do\":\"hang\",\"match\":{\"every\":2}}]", "A", 5), ".x.x.");
  assert_string_equal(s_run("[{\"do\":\"hang\",\"match\":{\"probability\":0}}]", "A", 3), "...");
  assert_string_equal(s_run("[{\"do\":\"hang\",\"match\":{\"action\":\"B\"}}]", "A", 2), "..");
  assert_string_equal(s_run("[{\"do\":\"hang\",\"match\":{\"product\":\"zec\"}}]", "A", 2), "..");
  assert_string_equal(s_run("[{\"do\":\"hang\",\"match\":{\"product\":\"vm\"}}]", "A", 2), "xx");
  assert_string_equal(s_run("[{\"do\":\"close_idle\"}]", "A", 2), "..");
}

static void test_the_same_seed_gives_the_same_run(void **state) {
  (void)state;
  static const char rules[] =
      "{\"seed\":9,\"rules\":[{\"do\":\"hang\",\"match\":{\"probability\":0.5}}]}";
  char first[64];
  (void)snprintf(first, sizeof first, "%s", s_run(rules, "A", 40));
  assert_string_equal(s_run(rules, "A", 40), first);
  assert_non_null(strchr(first, 'x'));
  assert_non_null(strchr(first, '.'));
}

static void test_containing(void **state) {
  (void)state;
  struct sim_faults faults = {0};
  cJSON *ids = cJSON_Parse("[\"1\",\"2\"]");
  struct sim_fault_facts facts = {
      .moment = SIM_MOMENT_REQUEST, .action = "A", .product = -1, .ids = ids};
  assert_null(s_replace(&faults, "[{\"do\":\"hang\",\"match\":{\"containing\":[\"9\",\"2\"]}}]"));
  assert_non_null(sim_faults_pick(&faults, &facts));
  assert_null(s_replace(&faults, "[{\"do\":\"hang\",\"match\":{\"containing\":[\"9\"]}}]"));
  assert_null(sim_faults_pick(&faults, &facts));
  cJSON_Delete(ids);
  sim_faults_clean_up(&faults);
}

static void test_first_rule_that_fires_has_the_request_and_all_count(void **state) {
  (void)state;
  struct sim_faults faults = {0};
  struct sim_fault_facts facts = {.moment = SIM_MOMENT_REQUEST, .action = "A", .product = -1};
  assert_null(s_replace(
      &faults,
      "[{\"do\":\"hang\",\"match\":{\"nth\":1}},{\"do\":\"reset\",\"match\":{\"nth\":2}}]"));
  assert_string_equal(sim_fault_name(sim_faults_pick(&faults, &facts)), "hang");
  assert_string_equal(sim_fault_name(sim_faults_pick(&faults, &facts)), "reset");
  sim_faults_clean_up(&faults);
}

static void test_moments(void **state) {
  (void)state;
  struct sim_faults faults = {0};
  struct sim_fault_facts facts = {.moment = SIM_MOMENT_HEADERS, .action = "A", .product = -1};
  assert_null(s_replace(
      &faults,
      "[{\"do\":\"hang\"},{\"do\":\"drop_before\",\"after_bytes\":7},{\"do\":\"accept_reset\"}]"));
  assert_string_equal(sim_fault_name(sim_faults_pick(&faults, &facts)), "drop_before");
  facts.moment = SIM_MOMENT_ACCEPT;
  assert_string_equal(sim_fault_name(sim_faults_pick(&faults, &facts)), "accept_reset");
  facts.moment = SIM_MOMENT_REQUEST;
  assert_string_equal(sim_fault_name(sim_faults_pick(&faults, &facts)), "hang");
  sim_faults_clean_up(&faults);
}

static void test_mistakes_are_refused_and_change_nothing(void **state) {
  (void)state;
  static const char *const mistakes[] = {
      "7",
      "{\"rule\":[]}",
      "{\"seed\":\"x\",\"rules\":[]}",
      "[7]",
      "[{}]",
      "[{\"do\":\"drop\"}]",
      "[{\"do\":\"hang\",\"nth\":1}]",
      "[{\"do\":\"hang\",\"match\":{\"nht\":1}}]",
      "[{\"do\":\"hang\",\"match\":{\"nth\":0}}]",
      "[{\"do\":\"hang\",\"match\":{\"product\":\"foo\"}}]",
      "[{\"do\":\"hang\",\"match\":{\"probability\":2}}]",
      "[{\"do\":\"hang\",\"match\":{\"containing\":[]}}]",
      "[{\"do\":\"hang\",\"effect\":1}]",
      "[{\"do\":\"status\"}]",
      "[{\"do\":\"status\",\"status\":99}]",
      "[{\"do\":\"status\",\"status\":500,\"body\":\"xml\"}]",
      "[{\"do\":\"html\",\"page\":\"x\"}]",
      "[{\"do\":\"body\",\"sample\":\"x\"}]",
      "[{\"do\":\"body\",\"text\":\"a\",\"json\":1}]",
      "[{\"do\":\"body\",\"base64\":\"!\"}]",
      "[{\"do\":\"partial\"}]",
      "[{\"do\":\"failed_ids\",\"ids\":\"none\"}]",
      "[{\"do\":\"rows\",\"ids\":\"all\"}]",
      "[{\"do\":\"truncate\",\"bytes\":1,\"of\":\"tail\"}]",
      "[{\"do\":\"drop_before\",\"effect\":true}]",
      "[{\"do\":\"drop_before\",\"after_bytes\":1,\"match\":{\"containing\":[\"a\"]}}]",
      "[{\"do\":\"accept_reset\",\"match\":{\"action\":\"a\"}}]",
      "[{\"do\":\"throttle\",\"retry_after\":\"a\\r\\nb\"}]",
      "[{\"do\":\"hang\"},{\"do\":\"drop\"}]",
  };
  struct sim_faults faults = {0};
  assert_null(s_replace(&faults, "[{\"do\":\"reset\"}]"));
  for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
    print_message("%s\n", mistakes[i]);
    assert_non_null(s_replace(&faults, mistakes[i]));
    assert_int_equal(faults.count, 1);
  }
  sim_faults_clean_up(&faults);
}

static void test_what_is_written_can_be_read_again(void **state) {
  (void)state;
  struct sim_faults faults = {0};
  struct sim_buf text = {0};
  struct sim_json json = {.out = &text};
  assert_null(s_replace(&faults,
                        "{\"seed\":3,\"rules\":[{\"do\":\"status\",\"status\":503,\"note\":\"why\","
                        "\"match\":{\"nth\":1}},{\"do\":\"body\",\"json\":{\"a\":[1]}}]}"));
  sim_faults_write(&faults, &json);
  assert_null(s_replace(&faults, text.data));
  assert_int_equal(faults.count, 2);
  assert_int_equal(faults.seed, 3);
  assert_string_equal(faults.rules[1].payload.data, "{\"a\":[1]}");
  sim_buf_clean_up(&text);
  sim_faults_clean_up(&faults);
}

static void test_payloads(void **state) {
  (void)state;
  struct sim_faults faults = {0};
  struct sim_buf out = {0};
  assert_null(s_replace(
      &faults, "[{\"do\":\"raw\",\"base64\":\"AAEC\"},{\"do\":\"raw\",\"base64\":\"YQ==\"}]"));
  assert_int_equal(faults.rules[0].payload.len, 3);
  assert_memory_equal(faults.rules[0].payload.data, "\0\1\2", 3);
  assert_int_equal(faults.rules[1].payload.len, 1);
  assert_null(s_replace(&faults, "[{\"do\":\"body\",\"text\":\"<{{requestId}}|{{requestId}}>\"}]"));
  sim_fault_fill_in(&out, &faults.rules[0].payload, "T1");
  assert_string_equal(out.data, "<T1|T1>");
  sim_buf_clean_up(&out);
  sim_faults_clean_up(&faults);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counting_matchers),
      cmocka_unit_test(test_the_same_seed_gives_the_same_run),
      cmocka_unit_test(test_containing),
      cmocka_unit_test(test_first_rule_that_fires_has_the_request_and_all_count),
      cmocka_unit_test(test_moments),
      cmocka_unit_test(test_mistakes_are_refused_and_change_nothing),
      cmocka_unit_test(test_what_is_written_can_be_read_again),
      cmocka_unit_test(test_payloads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
