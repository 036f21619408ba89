#include "cli/duration.h"

#include "cmocka_all.h"

static void s_accepts(const char *text, int64_t want) {
  int64_t ms = -1;
  assert_true(zr_duration_parse(text, &ms));
  assert_int_equal(ms, want);
}

static void test_units_and_their_sums(void **state) {
  (void)state;
  s_accepts("0", 0);
  s_accepts("500ms", 500);
  s_accepts("60s", 60000);
  s_accepts("10m", 600000);
  s_accepts("1h30m", 5400000);
  s_accepts("1h2m3s4ms", 3723004);
  s_accepts("0s", 0);
  s_accepts("7d", 7LL * 24 * 3600 * 1000);
  s_accepts("1d12h", 36LL * 3600 * 1000);
  s_accepts("8760h", 365LL * 24 * 3600 * 1000);
}

static void test_what_would_have_to_be_guessed_is_refused(void **state) {
  static const char *const bad[] = {
      "",     "60",    "1",    "00",    "-1s",  "+1s",  "1.5s", " 1s",           "1s ",
      "s",    "1S",    "1h1d", "1ms1s", "1s1s", "1m1h", "1h30", "1hm",           "ms",
      "1msx", "8761h", "366d", "1w",    "0x1s", "1h1h", "1 s",  "999999999999h", "9999999999999ms"};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    int64_t ms = 0;
    if (zr_duration_parse(bad[i], &ms))
      fail_msg("\"%s\" was taken for %lld ms", bad[i], (long long)ms);
  }
}

static void test_a_moment_is_a_time_or_so_long_ago(void **state) {
  int64_t ms = 0;
  (void)state;
  assert_true(zr_moment_parse("1h", 5000000, &ms));
  assert_int_equal(ms, 1400000);
  assert_true(zr_moment_parse("0", 5000000, &ms));
  assert_int_equal(ms, 5000000);
  assert_true(zr_moment_parse("1970-01-01T00:00:01.5Z", 5000000, &ms));
  assert_int_equal(ms, 1500);
  assert_false(zr_moment_parse("yesterday", 5000000, &ms));
  assert_false(zr_moment_parse("1970-01-01", 5000000, &ms));
  assert_false(zr_moment_parse("", 5000000, &ms));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_units_and_their_sums),
      cmocka_unit_test(test_what_would_have_to_be_guessed_is_refused),
      cmocka_unit_test(test_a_moment_is_a_time_or_so_long_ago),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
