/* Growing text: ceilings, escapes, and what a failure leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "remains.h"

static void the_ceiling_stops_an_append_and_keeps_the_content(void **state) {
  (void)state;
  struct zr_buf b = ZR_BUF_INIT(10);
  assert_int_equal(zr_buf_text(&b, "0123456789"), ZR_ERR_OK);
  assert_int_equal(zr_buf_char(&b, 'x'), ZR_ERR_LIMIT);
  assert_string_equal(b.data, "0123456789");
  assert_int_equal(b.len, 10);
  assert_int_equal(zr_buf_failed(&b), ZR_ERR_LIMIT);
  zr_buf_clean_up(&b);
}

static void a_failure_is_remembered_until_reset(void **state) {
  (void)state;
  struct zr_buf b = ZR_BUF_INIT(3);
  assert_int_equal(zr_buf_text(&b, "abcd"), ZR_ERR_LIMIT);
  assert_int_equal(zr_buf_text(&b, "a"), ZR_ERR_LIMIT);
  assert_int_equal(b.len, 0);
  zr_buf_reset(&b);
  assert_int_equal(zr_buf_text(&b, "abc"), ZR_ERR_OK);
  assert_string_equal(b.data, "abc");
  zr_buf_clean_up(&b);
}

static void a_huge_append_does_not_wrap_around(void **state) {
  (void)state;
  struct zr_buf b = ZR_BUF_INIT(100);
  assert_int_equal(zr_buf_text(&b, "x"), ZR_ERR_OK);
  assert_int_equal(zr_buf_append(&b, "y", SIZE_MAX), ZR_ERR_LIMIT);
  assert_int_equal(zr_buf_hex(&b, (const uint8_t *)"y", SIZE_MAX / 2 + 2), ZR_ERR_LIMIT);
  assert_string_equal(b.data, "x");
  zr_buf_clean_up(&b);
}

static void growth_keeps_every_byte(void **state) {
  (void)state;
  struct zr_buf b = ZR_BUF_INIT(100000);
  for (unsigned i = 0; i < 100000; i++)
    assert_int_equal(zr_buf_char(&b, (char)('a' + i % 26)), ZR_ERR_OK);
  assert_int_equal(b.len, 100000);
  for (unsigned i = 0; i < 100000; i++)
    assert_int_equal(b.data[i], 'a' + i % 26);
  assert_int_equal(b.data[100000], '\0');
  zr_buf_clean_up(&b);
}

static void formatted_text_is_appended(void **state) {
  (void)state;
  struct zr_buf b = ZR_BUF_INIT(64);
  (void)zr_buf_text(&b, "a");
  assert_int_equal(zr_buf_printf(&b, "-%d-%s", 42, "z"), ZR_ERR_OK);
  assert_string_equal(b.data, "a-42-z");
  assert_int_equal(zr_buf_printf(&b, "%70s", ""), ZR_ERR_LIMIT);
  assert_string_equal(b.data, "a-42-z");
  zr_buf_clean_up(&b);
}

static void hexadecimal_is_lower_case(void **state) {
  (void)state;
  static const uint8_t bytes[] = {0x00, 0x0f, 0xa5, 0xff};
  struct zr_buf b = ZR_BUF_INIT(64);
  assert_int_equal(zr_buf_hex(&b, bytes, sizeof bytes), ZR_ERR_OK);
  assert_string_equal(b.data, "000fa5ff");
  zr_buf_clean_up(&b);
}

static void json_strings_are_escaped(void **state) {
  (void)state;
  static const struct {
    const char *in;
    size_t len;
    const char *out;
  } cases[] = {
      {"", 0, "\"\""},
      {"plain", 5, "\"plain\""},
      {"\"\\/", 3, "\"\\\"\\\\/\""},
      {"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
      {"\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\\u007f\""},
      {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9, "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
      {"a\xFF\x62", 3, "\"a\xEF\xBF\xBD\x62\""},
      {"\xC0\x80", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
  };
  for (size_t i = 0; i < ZR_COUNT(cases); i++) {
    struct zr_buf b = ZR_BUF_INIT(256);
    struct zr_view in = {cases[i].in, cases[i].len};
    assert_int_equal(zr_buf_json(&b, in), ZR_ERR_OK);
    assert_string_equal(b.data, cases[i].out);
    zr_buf_clean_up(&b);
  }
}

static void a_json_string_that_does_not_fit_fails(void **state) {
  (void)state;
  for (size_t ceiling = 0; ceiling < 7; ceiling++) {
    struct zr_buf b = ZR_BUF_INIT(ceiling);
    assert_int_equal(zr_buf_json(&b, ZR_VIEW("a\nbc")), ZR_ERR_LIMIT);
    assert_null(zr_buf_take(&b));
  }
  struct zr_buf b = ZR_BUF_INIT(7);
  assert_int_equal(zr_buf_json(&b, ZR_VIEW("a\nbc")), ZR_ERR_OK);
  zr_buf_clean_up(&b);
}

static void take_hands_over_and_leaves_it_empty(void **state) {
  (void)state;
  struct zr_buf b = ZR_BUF_INIT(64);
  (void)zr_buf_text(&b, "mine");
  char *taken = zr_buf_take(&b);
  assert_string_equal(taken, "mine");
  assert_int_equal(b.len, 0);
  assert_null(b.data);
  zr_free(taken);
  taken = zr_buf_take(&b);
  assert_string_equal(taken, "");
  zr_free(taken);
  zr_buf_clean_up(&b);
}

static void out_of_memory_is_an_error_and_not_an_end(void **state) {
  (void)state;
  struct zr_buf b = ZR_BUF_INIT(4096);
  (void)zr_buf_text(&b, "kept");
  zr_mem_fail_after(0);
  char big[512];
  memset(big, 'x', sizeof big);
  assert_int_equal(zr_buf_append(&b, big, sizeof big), ZR_ERR_NOMEM);
  zr_mem_fail_after(UINT64_MAX);
  assert_string_equal(b.data, "kept");
  assert_int_equal(zr_buf_failed(&b), ZR_ERR_NOMEM);
  assert_null(zr_buf_take(&b));
}

static void a_secret_is_wiped_wherever_it_was(void **state) {
  (void)state;
  struct zr_buf b = ZR_BUF_SECRET(100000);
  remains_begin("hush");
  assert_int_equal(zr_buf_text(&b, "hush"), ZR_ERR_OK);
  for (int i = 0; i < 5000; i++)
    assert_int_equal(zr_buf_char(&b, 'x'), ZR_ERR_OK);
  assert_memory_equal(b.data, "hushxxxx", 8);
  assert_int_equal(b.len, 5004);
  assert_int_equal(b.data[5004], '\0');
  zr_buf_reset(&b);
  assert_null(memmem(b.data, b.cap, "hush", 4));
  assert_int_equal(zr_buf_text(&b, "hush"), ZR_ERR_OK);
  zr_mem_fail_after(0);
  char big[9000] = "hush";
  assert_int_equal(zr_buf_append(&b, big, sizeof big), ZR_ERR_NOMEM);
  zr_mem_fail_after(UINT64_MAX);
  assert_string_equal(b.data, "hush");
  zr_buf_clean_up(&b);
  remains_end();
  assert_true(remains_looked > 5);
  assert_int_equal(remains_found, 0);
}

static void an_empty_buffer_is_an_empty_view(void **state) {
  (void)state;
  struct zr_buf b = ZR_BUF_INIT(1);
  struct zr_view v = zr_buf_as_view(&b);
  assert_non_null(v.ptr);
  assert_int_equal(v.len, 0);
  zr_buf_clean_up(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_ceiling_stops_an_append_and_keeps_the_content),
      cmocka_unit_test(a_failure_is_remembered_until_reset),
      cmocka_unit_test(a_huge_append_does_not_wrap_around),
      cmocka_unit_test(growth_keeps_every_byte),
      cmocka_unit_test(formatted_text_is_appended),
      cmocka_unit_test(hexadecimal_is_lower_case),
      cmocka_unit_test(json_strings_are_escaped),
      cmocka_unit_test(a_json_string_that_does_not_fit_fails),
      cmocka_unit_test(take_hands_over_and_leaves_it_empty),
      cmocka_unit_test(out_of_memory_is_an_error_and_not_an_end),
      cmocka_unit_test(a_secret_is_wiped_wherever_it_was),
      cmocka_unit_test(an_empty_buffer_is_an_empty_view),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
