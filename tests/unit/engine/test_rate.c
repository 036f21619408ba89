#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/rate.h"

static struct zr_mono s_at(int64_t ms) {
  return (struct zr_mono){ms};
}

static void there_is_no_ceiling_before_the_first_429(void **state) {
  (void)state;
  struct zr_rate r;
  zr_rate_init(&r, 0);
  for (int i = 0; i < 10000; i++)
    assert_true(zr_rate_take(&r, s_at(1000)));
}

static void a_configured_rate_is_kept(void **state) {
  (void)state;
  struct zr_rate r;
  zr_rate_init(&r, 10);
  unsigned taken = 0;
  for (int64_t t = 0; t < 10000; t += 10)
    taken += zr_rate_take(&r, s_at(t));
  assert_in_range(taken, 95, 105);
}

static void retry_after_is_a_floor(void **state) {
  (void)state;
  struct zr_rate r;
  struct zr_rng rng = {3};
  zr_rate_init(&r, 0);
  assert_true(zr_rate_take(&r, s_at(0)));
  int64_t pause = zr_rate_throttled(&r, 7000, &rng, s_at(10));
  assert_true(pause >= 7000);
  assert_false(zr_rate_take(&r, s_at(7009)));
  assert_true(zr_rate_take(&r, zr_rate_ready(&r, s_at(7009))));
}

static void pauses_double_and_end(void **state) {
  (void)state;
  struct zr_rate r;
  struct zr_rng rng = {3};
  zr_rate_init(&r, 0);
  int64_t now = 0;
  int64_t before = 0;
  for (int i = 0; i < 5; i++) {
    int64_t pause = zr_rate_throttled(&r, -1, &rng, s_at(now));
    assert_true(pause >= (int64_t)1000 << i);
    assert_true(pause > before);
    before = pause;
    now += pause;
  }
  zr_rate_passed(&r);
  assert_true(zr_rate_throttled(&r, -1, &rng, s_at(now)) < 2000);
}

static void a_storm_of_answers_counts_once(void **state) {
  (void)state;
  struct zr_rate r;
  struct zr_rng rng = {3};
  zr_rate_init(&r, 0);
  for (int i = 0; i < 8; i++)
    (void)zr_rate_take(&r, s_at(0));
  for (int i = 0; i < 8; i++)
    (void)zr_rate_throttled(&r, -1, &rng, s_at(100 + i));
  assert_true(zr_mono_until(r.paused_until, s_at(100)) < 2000);
  assert_true(r.ceiling >= 3.9);
}

static void a_quiet_minute_lifts_the_ceiling(void **state) {
  (void)state;
  struct zr_rate r;
  struct zr_rng rng = {3};
  zr_rate_init(&r, 0);
  (void)zr_rate_throttled(&r, -1, &rng, s_at(0));
  assert_true(r.ceiling > 0);
  (void)zr_rate_take(&r, s_at(61000));
  assert_true(r.ceiling <= 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(there_is_no_ceiling_before_the_first_429),
      cmocka_unit_test(a_configured_rate_is_kept),
      cmocka_unit_test(retry_after_is_a_floor),
      cmocka_unit_test(pauses_double_and_end),
      cmocka_unit_test(a_storm_of_answers_counts_once),
      cmocka_unit_test(a_quiet_minute_lifts_the_ceiling),
  };
  return cmocka_run_group_tests_name("engine: rate", tests, NULL, NULL);
}
