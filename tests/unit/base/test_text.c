/* Shared text, error sentences and chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/rstr.h"

static void shared_text_lives_as_long_as_a_reference(void **state) {
  (void)state;
  struct zr_rstr *a = zr_rstr_new(ZR_VIEW("T-1"));
  struct zr_rstr *slot = NULL;
  zr_rstr_set(&slot, a);
  zr_rstr_release(a);
  assert_string_equal(zr_rstr_text(slot), "T-1");
  zr_rstr_set(&slot, slot);
  assert_string_equal(zr_rstr_text(slot), "T-1");
  struct zr_rstr *again = zr_rstr_acquire(slot);
  zr_rstr_set(&slot, NULL);
  assert_string_equal(zr_rstr_text(again), "T-1");
  assert_string_equal(zr_rstr_text(slot), "");
  zr_rstr_release(again);
  zr_rstr_release(NULL);
  assert_null(zr_rstr_acquire(NULL));
}

static void shared_text_may_be_empty_and_memory_may_be_out(void **state) {
  (void)state;
  struct zr_rstr *s = zr_rstr_new((struct zr_view){NULL, 0});
  assert_string_equal(zr_rstr_text(s), "");
  zr_rstr_release(s);
  zr_mem_fail_after(0);
  assert_null(zr_rstr_new(ZR_VIEW("x")));
  zr_mem_fail_after(UINT64_MAX);
}

static void every_error_has_a_sentence_of_its_own(void **state) {
  (void)state;
  for (int i = 0; i < ZR_ERR_COUNT_; i++) {
    const char *text = zr_err_text((enum zr_err)i);
    assert_true(strlen(text) > 3);
    for (int k = 0; k < i; k++)
      assert_string_not_equal(text, zr_err_text((enum zr_err)k));
  }
  assert_string_equal(zr_err_text((enum zr_err)ZR_ERR_COUNT_), "unknown error code");
  assert_int_equal(ZR_ERR_OK, 0);
}

static void chance_repeats_from_its_seed(void **state) {
  (void)state;
  struct zr_rng a = {42};
  struct zr_rng b = {42};
  struct zr_rng c = {43};
  unsigned differ = 0;
  unsigned seen = 0;
  for (int i = 0; i < 1000; i++) {
    uint64_t x = zr_rng_below(&a, 10);
    assert_true(x < 10);
    assert_true(x == zr_rng_below(&b, 10));
    differ += x != zr_rng_below(&c, 10);
    seen |= 1U << x;
  }
  assert_true(differ > 500);
  assert_int_equal(seen, 1023);
  assert_int_equal(zr_rng_below(&a, 0), 0);
  /* The published first value of splitmix64 for seed 0. */
  struct zr_rng zero = {0};
  assert_true(zr_rng_next(&zero) == 0xE220A8397B1DCDAFULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shared_text_lives_as_long_as_a_reference),
      cmocka_unit_test(shared_text_may_be_empty_and_memory_may_be_out),
      cmocka_unit_test(every_error_has_a_sentence_of_its_own),
      cmocka_unit_test(chance_repeats_from_its_seed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
