/* Borrowed text: comparing, cutting, and which bytes are UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/view.h"

static void views_compare_by_content(void **state) {
  (void)state;
  assert_true(zr_view_eq(ZR_VIEW("ab"), zr_view_of("ab")));
  assert_false(zr_view_eq(ZR_VIEW("ab"), ZR_VIEW("abc")));
  assert_false(zr_view_eq(ZR_VIEW("ab"), ZR_VIEW("aB")));
  assert_true(zr_view_eq((struct zr_view){NULL, 0}, ZR_VIEW("")));
  assert_true(zr_view_eq_text(zr_view_of(NULL), ""));
  assert_true(zr_view_eq_nocase(ZR_VIEW("Retry-After"), ZR_VIEW("retry-aFTER")));
  assert_false(zr_view_eq_nocase(ZR_VIEW("a-b"), ZR_VIEW("a_b")));
  assert_true(zr_view_starts(ZR_VIEW("unix:/x"), "unix:"));
  assert_false(zr_view_starts(ZR_VIEW("uni"), "unix:"));
}

static void trim_takes_white_space_off_both_ends(void **state) {
  (void)state;
  assert_true(zr_view_eq_text(zr_view_trim(ZR_VIEW(" \t\r\na b\n ")), "a b"));
  assert_true(zr_view_eq_text(zr_view_trim(ZR_VIEW(" \t ")), ""));
  assert_true(zr_view_eq_text(zr_view_trim(ZR_VIEW("")), ""));
  assert_true(zr_view_eq_text(zr_view_trim(ZR_VIEW("\xC2\xA0x")), "\xC2\xA0x"));
}

static void split_walks_over_the_parts(void **state) {
  (void)state;
  struct zr_view rest = ZR_VIEW("a,,b");
  assert_true(zr_view_eq_text(zr_view_split(&rest, ','), "a"));
  assert_true(zr_view_eq_text(zr_view_split(&rest, ','), ""));
  assert_true(zr_view_eq_text(zr_view_split(&rest, ','), "b"));
  assert_int_equal(rest.len, 0);
  assert_true(zr_view_eq_text(zr_view_split(&rest, ','), ""));
}

static void utf8_is_told_from_what_is_not(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t len;
    bool good;
  } cases[] = {
      {"", 0, true},
      {"ascii", 5, true},
      {"\x7f", 1, true},
      {"a\0b", 3, false},
      {"\x80", 1, false},             /* a continuation byte first */
      {"\xC2\x80", 2, true},          /* U+0080, the smallest of two bytes */
      {"\xC1\xBF", 2, false},         /* overlong */
      {"\xDF\xBF", 2, true},          /* U+07FF */
      {"\xC2", 1, false},             /* cut short */
      {"\xC2\x20", 2, false},         /* continued by a space */
      {"\xE0\x9F\xBF", 3, false},     /* overlong */
      {"\xE0\xA0\x80", 3, true},      /* U+0800 */
      {"\xED\x9F\xBF", 3, true},      /* U+D7FF */
      {"\xED\xA0\x80", 3, false},     /* U+D800, a surrogate */
      {"\xED\xBF\xBF", 3, false},     /* U+DFFF */
      {"\xEE\x80\x80", 3, true},      /* U+E000 */
      {"\xEF\xBF\xBF", 3, true},      /* U+FFFF */
      {"\xE2\x82", 2, false},         /* cut short */
      {"\xF0\x8F\xBF\xBF", 4, false}, /* overlong */
      {"\xF0\x90\x80\x80", 4, true},  /* U+10000 */
      {"\xF4\x8F\xBF\xBF", 4, true},  /* U+10FFFF */
      {"\xF4\x90\x80\x80", 4, false}, /* above */
      {"\xF8\x88\x80\x80\x80", 5, false},
      {"\xFE", 1, false},
      {"\xFF", 1, false},
      {"ok\xC3\xA9ok\xFF", 7, false},
  };
  for (size_t i = 0; i < ZR_COUNT(cases); i++) {
    bool good = zr_view_is_utf8((struct zr_view){cases[i].text, cases[i].len});
    if (good != cases[i].good)
      fail_msg("case %zu: %d", i, good);
  }
}

static void every_code_point_is_accepted_in_its_shortest_form_only(void **state) {
  (void)state;
  for (unsigned c = 1; c <= 0x110000; c += c < 0x1000 ? 1 : 61) {
    char two[] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 63))};
    char three[] = {(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))};
    char four[] = {(char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 63)),
                   (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))};
    bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    if (c < 0x800)
      assert_int_equal(zr_view_is_utf8((struct zr_view){two, 2}), c >= 0x80);
    if (c < 0x10000)
      assert_int_equal(zr_view_is_utf8((struct zr_view){three, 3}), c >= 0x800 && !surrogate);
    assert_int_equal(zr_view_is_utf8((struct zr_view){four, 4}), c >= 0x10000 && c <= 0x10FFFF);
  }
}

static void whole_numbers_are_read(void **state) {
  (void)state;
  unsigned long long n = 7;
  assert_true(zr_view_to_u64(ZR_VIEW("0"), &n) && n == 0);
  assert_true(zr_view_to_u64(ZR_VIEW("0042"), &n) && n == 42);
  assert_true(zr_view_to_u64(ZR_VIEW("999999999999999999"), &n) && n == 999999999999999999ULL);
  n = 7;
  static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "1a", "0x1", "1000000000000000000"};
  for (size_t i = 0; i < ZR_COUNT(bad); i++)
    assert_false(zr_view_to_u64(zr_view_of(bad[i]), &n));
  assert_int_equal(n, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(views_compare_by_content),
      cmocka_unit_test(trim_takes_white_space_off_both_ends),
      cmocka_unit_test(split_walks_over_the_parts),
      cmocka_unit_test(utf8_is_told_from_what_is_not),
      cmocka_unit_test(every_code_point_is_accepted_in_its_shortest_form_only),
      cmocka_unit_test(whole_numbers_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
