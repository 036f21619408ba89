/* SPDX-License-Identifier: Apache-2.0 */
#include "params.h"

#include <string.h>

#include "cmocka_all.h"

/* The code that a body meets, "" when it passes. */
static const char *s_release_code(const char *body, bool strict) {
  struct sim_refusal refusal = {0};
  const cJSON *ids = NULL;
  cJSON *params = sim_params_parse(body, strlen(body), &refusal);
  bool good = params != NULL && sim_params_release_ids(params, strict, &ids, &refusal);
  cJSON_Delete(params);
  return good ? "" : refusal.code;
}

static const char *s_page_code(const char *body, struct sim_page *page) {
  struct sim_refusal refusal = {0};
  cJSON *params = sim_params_parse(body, strlen(body), &refusal);
  bool good = params != NULL && sim_params_page(params, page, &refusal);
  cJSON_Delete(params);
  return good ? "" : refusal.code;
}

static void test_only_one_json_object_is_a_body(void **state) {
  (void)state;
  static const char *const bad[] = {"", "[]", "null", "7", "{", "{} {}", "{}x", "{\"a\":}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct sim_refusal refusal = {0};
    print_message("%s\n", bad[i]);
    assert_null(sim_params_parse(bad[i], strlen(bad[i]), &refusal));
    assert_int_equal(refusal.status, 400);
  }
  struct sim_refusal refusal = {0};
  cJSON *good = sim_params_parse(" {} \r\n", 6, &refusal);
  assert_non_null(good);
  cJSON_Delete(good);
}

static void test_release_ids(void **state) {
  (void)state;
  assert_string_equal(s_release_code("{\"instanceIds\":[\"1\"]}", false), "");
  assert_string_equal(s_release_code("{}", false), "MISSING_PARAMETER");
  assert_string_equal(s_release_code("{\"instanceIds\":null}", false), "MISSING_PARAMETER");
  assert_string_equal(s_release_code("{\"instanceIds\":[]}", false), "MISSING_PARAMETER");
  assert_string_equal(s_release_code("{\"instanceIds\":\"1\"}", false), "INVALID_PARAMETER_TYPE");
  assert_string_equal(s_release_code("{\"instanceIds\":[1]}", false), "INVALID_PARAMETER_TYPE");
  assert_string_equal(s_release_code("{\"instanceIds\":[\"1\",null]}", false),
                      "INVALID_PARAMETER_TYPE");
  assert_string_equal(s_release_code("{\"instanceIds\":[\" 1\"]}", false), "");
  assert_string_equal(s_release_code("{\"instanceIds\":[\" 1\"]}", true),
                      "INVALID_PARAMETER_PATTERN_ERROR");
  assert_string_equal(s_release_code("{\"instanceIds\":[\"\"]}", true),
                      "INVALID_PARAMETER_PATTERN_ERROR");
}

static void test_hundred_ids_and_no_more(void **state) {
  (void)state;
  for (int count = 100; count <= 101; count++) {
    struct sim_buf body = {0};
    sim_buf_puts(&body, "{\"instanceIds\":[\"0\"");
    for (int i = 1; i < count; i++) {
      sim_buf_printf(&body, ",\"%d\"", i);
    }
    sim_buf_puts(&body, "]}");
    assert_string_equal(s_release_code(body.data, false),
                        count == 100 ? "" : "INVALID_PARAMETER_EXCEED_LENGTH");
    sim_buf_clean_up(&body);
  }
}

static void test_page(void **state) {
  (void)state;
  struct sim_page page = {0};
  assert_string_equal(s_page_code("{}", &page), "");
  assert_int_equal(page.number, 1);
  assert_int_equal(page.size, 20);
  assert_string_equal(s_page_code("{\"pageNum\":7,\"pageSize\":1000}", &page), "");
  assert_int_equal(page.number, 7);
  assert_int_equal(page.size, 1000);
  assert_string_equal(s_page_code("{\"pageSize\":1001}", &page),
                      "INVALID_PARAMETER_EXCEED_MAXIMUM");
  assert_string_equal(s_page_code("{\"pageSize\":0}", &page), "INVALID_PARAMETER_LESS_MINIMUM");
  assert_string_equal(s_page_code("{\"pageNum\":-1}", &page), "INVALID_PARAMETER_LESS_MINIMUM");
  assert_string_equal(s_page_code("{\"pageNum\":1.5}", &page), "INVALID_PARAMETER_TYPE");
  assert_string_equal(s_page_code("{\"pageNum\":\"1\"}", &page), "INVALID_PARAMETER_TYPE");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_only_one_json_object_is_a_body),
      cmocka_unit_test(test_release_ids),
      cmocka_unit_test(test_hundred_ids_and_no_more),
      cmocka_unit_test(test_page),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
