/* Time: two kinds that saturate, one format written, one format read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/clock.h"

static void monotonic_time_never_runs_backwards(void **state) {
  (void)state;
  struct zr_mono last = zr_mono_now();
  assert_true(last.ms > 0);
  for (int i = 0; i < 1000; i++) {
    struct zr_mono now = zr_mono_now();
    assert_true(now.ms >= last.ms);
    last = now;
  }
}

static void sums_saturate(void **state) {
  (void)state;
  struct zr_mono t = {1000};
  assert_int_equal(zr_mono_add(t, 500).ms, 1500);
  assert_int_equal(zr_mono_add(t, -500).ms, 500);
  assert_true(zr_mono_add(t, INT64_MAX).ms == INT64_MAX);
  assert_true(zr_mono_add(ZR_MONO_NEVER, 1).ms == INT64_MAX);
}

static void waits_are_never_negative(void **state) {
  (void)state;
  struct zr_mono now = {1000};
  assert_int_equal(zr_mono_until((struct zr_mono){1700}, now), 700);
  assert_int_equal(zr_mono_until((struct zr_mono){300}, now), 0);
  assert_true(zr_mono_until(ZR_MONO_NEVER, now) == INT64_MAX);
  assert_int_equal(zr_mono_min((struct zr_mono){5}, ZR_MONO_NEVER).ms, 5);
}

static void wall_time_is_written_in_utc_with_milliseconds(void **state) {
  (void)state;
  static const struct {
    int64_t ms;
    const char *text;
  } cases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {1, "1970-01-01T00:00:00.001Z"},
      {951782400000, "2000-02-29T00:00:00.000Z"},
      {1769862896789, "2026-01-31T12:34:56.789Z"},
      {4107542400000, "2100-03-01T00:00:00.000Z"},
  };
  for (size_t i = 0; i < ZR_COUNT(cases); i++) {
    char out[32];
    zr_wall_format((struct zr_wall){cases[i].ms}, out);
    assert_string_equal(out, cases[i].text);
  }
}

static void http_dates_are_read(void **state) {
  (void)state;
  struct zr_wall t = {-1};
  assert_int_equal(zr_wall_parse_http("Sun, 06 Nov 1994 08:49:37 GMT", &t), 0);
  assert_true(t.ms == 784111777000);
  assert_int_equal(zr_wall_parse_http("Thu, 01 Jan 1970 00:00:00 GMT", &t), 0);
  assert_true(t.ms == 0);
}

static void other_dates_are_refused_and_change_nothing(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "yesterday",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 06 Nov 1994 08:49:37 GMT+1",
      "Sun, 06 Nov 1994 08:49:37 GMT ",
      "Sun, 36 Nov 1994 08:49:37 GMT",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "1994-11-06T08:49:37Z",
      "784111777",
  };
  struct zr_wall t = {-1};
  for (size_t i = 0; i < ZR_COUNT(bad); i++)
    assert_int_equal(zr_wall_parse_http(bad[i], &t), -1);
  assert_true(t.ms == -1);
}

static void times_of_rfc_3339_are_read(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t ms;
  } cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2026-01-31T12:34:56Z", 1769862896000},
      {"2026-01-31T12:34:56.789Z", 1769862896789},
      {"2026-01-31T12:34:56.7Z", 1769862896700},
      {"2026-01-31T12:34:56.789999999Z", 1769862896789},
      {"2026-01-31T14:34:56+02:00", 1769862896000},
      {"2026-01-31T07:04:56-05:30", 1769862896000},
      {"2000-02-29T00:00:00Z", 951782400000},
      {"9999-12-31T23:59:59Z", 253402300799000},
  };
  for (size_t i = 0; i < ZR_COUNT(cases); i++) {
    struct zr_wall t = {-1};
    assert_int_equal(zr_wall_parse(cases[i].text, &t), 0);
    assert_true(t.ms == cases[i].ms);
  }
}

static void what_is_no_time_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "2026",
      "2026-01-31",
      "2026-01-31T12:34:56",
      "2026-01-31 12:34:56Z",
      "2026-01-31t12:34:56z",
      "2026-01-31T12:34:56Zx",
      "2026-01-31T12:34:56.Z",
      "2026-01-31T12:34:56.1",
      "2026-01-31T12:34:56+2:00",
      "2026-01-31T12:34:56+24:00",
      "2026-01-31T12:34:56+02:60",
      "2026-01-31T12:34:56+02:000",
      "2026-02-29T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z",
      "2026-01-00T00:00:00Z",
      "2026-01-31T24:00:00Z",
      "2026-01-31T12:60:00Z",
      "2016-12-31T23:59:60Z",
      "1969-12-31T23:59:59Z",
      "1970-01-01T00:00:00+00:01",
      " 2026-01-31T12:34:56Z",
      "+026-01-31T12:34:56Z",
  };
  for (size_t i = 0; i < ZR_COUNT(bad); i++) {
    struct zr_wall t = {-1};
    if (zr_wall_parse(bad[i], &t) == 0)
      fail_msg("\"%s\" was taken for %lld", bad[i], (long long)t.ms);
    assert_true(t.ms == -1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(monotonic_time_never_runs_backwards),
      cmocka_unit_test(sums_saturate),
      cmocka_unit_test(waits_are_never_negative),
      cmocka_unit_test(wall_time_is_written_in_utc_with_milliseconds),
      cmocka_unit_test(http_dates_are_read),
      cmocka_unit_test(other_dates_are_refused_and_change_nothing),
      cmocka_unit_test(times_of_rfc_3339_are_read),
      cmocka_unit_test(what_is_no_time_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
