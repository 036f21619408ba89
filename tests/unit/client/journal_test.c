/* The journal's part of the library and of the output: what a caller of it can get wrong, and what
 * a resumption prints. */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "cli/json.h"
#include "cmocka_all.h"
#include "lib/names.h"
#include "zenrelease/journal.h"

static void s_refused(const struct zenrelease_records_options *o, const char *because) {
  struct zenrelease_records *records = NULL;
  struct zenrelease_error *error = NULL;
  assert_int_equal(zenrelease_records_new(NULL, o, &records, &error), ZENRELEASE_INVALID_ARGUMENT);
  assert_null(records);
  assert_non_null(strstr(zenrelease_error_message(error), because));
  zenrelease_error_free(error);
}

static void test_bad_options_are_refused_before_anything_is_sent(void **state) {
  struct zenrelease_records_options o = {0};
  (void)state;
  s_refused(&o, "initialised");
  s_refused(NULL, "initialised");
  zenrelease_records_options_init(&o);
  o.page_size = 1001;
  s_refused(&o, "page_size");
  o.page_size = -1;
  s_refused(&o, "page_size");
  zenrelease_records_options_init(&o);
  o.start_time_ms = -1;
  s_refused(&o, "1970");
  zenrelease_records_options_init(&o);
  o.product = (enum zenrelease_product)4;
  s_refused(&o, "product");
  zenrelease_records_options_init(&o);
  o.outcome = (enum zenrelease_outcome)ZENRELEASE_OUTCOME_COUNT;
  s_refused(&o, "outcome");

  struct zenrelease_settle_options settle = {0};
  struct zenrelease_settled *settled = NULL;
  struct zenrelease_error *error = NULL;
  assert_int_equal(zenrelease_settle(NULL, &settle, &settled, &error), ZENRELEASE_INVALID_ARGUMENT);
  assert_null(settled);
  zenrelease_error_free(error);
}

static void test_a_shorter_struct_of_an_older_program_is_read(void **state) {
  struct zenrelease_records_options o;
  struct zenrelease_records *records = NULL;
  (void)state;
  zenrelease_records_options_init(&o);
  o.page_size = 5000; /* behind what the older program knows */
  o.size = offsetof(struct zenrelease_records_options, page_size);
  assert_int_equal(zenrelease_records_new(NULL, &o, &records, NULL), ZENRELEASE_OK);
  zenrelease_records_free(records);
  zenrelease_records_free(NULL);
  zenrelease_settled_free(NULL);
}

static void test_out_of_memory_is_told(void **state) {
  struct zenrelease_records_options o;
  struct zenrelease_records *records = NULL;
  (void)state;
  zenrelease_records_options_init(&o);
  for (uint64_t n = 0; n < 2; n++) {
    zr_mem_fail_after(n);
    enum zenrelease_status status = zenrelease_records_new(NULL, &o, &records, NULL);
    zr_mem_fail_after(UINT64_MAX);
    assert_int_equal(status, ZENRELEASE_RESOURCE_EXHAUSTED);
    assert_null(records);
  }
}

static void test_products_of_a_newer_server_are_none(void **state) {
  (void)state;
  assert_int_equal(zr_product_from_number(3), ZENRELEASE_PRODUCT_ZEC);
  assert_int_equal(zr_product_from_number(4), ZENRELEASE_PRODUCT_NONE);
  assert_int_equal(zr_product_from_number(-1), ZENRELEASE_PRODUCT_NONE);
}

static const struct zenrelease_record s_record = {.instance_id = "1",
                                                  .product = ZENRELEASE_PRODUCT_BMC,
                                                  .batch = 7,
                                                  .send_time_ms = 1769862896789,
                                                  .answer_class = "ok",
                                                  .service_code = "",
                                                  .release_request_id = "theirs",
                                                  .request_id = "mine",
                                                  .diagnostic_code = "",
                                                  .display_name = "a \"name\"",
                                                  .zone_id = "",
                                                  .account_fingerprint = "",
                                                  .endpoint = "",
                                                  .open = 1};

static void test_a_record_as_json(void **state) {
  struct zr_buf b = ZR_BUF_INIT(4096);
  (void)state;
  zr_json_record(&b, &s_record);
  assert_string_equal(
      b.data, "{\"type\":\"record\",\"instance_id\":\"1\",\"product\":\"bmc\",\"open\":true,"
              "\"batch\":7,\"send_time\":\"2026-01-31T12:34:56.789Z\",\"answer_class\":\"ok\","
              "\"release_request_id\":\"theirs\",\"request_id\":\"mine\","
              "\"display_name\":\"a \\\"name\\\"\"}");
  zr_buf_clean_up(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bad_options_are_refused_before_anything_is_sent),
      cmocka_unit_test(test_a_shorter_struct_of_an_older_program_is_read),
      cmocka_unit_test(test_out_of_memory_is_told),
      cmocka_unit_test(test_products_of_a_newer_server_are_none),
      cmocka_unit_test(test_a_record_as_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
