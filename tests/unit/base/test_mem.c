/* Memory: overflow is refused, growth doubles, and any allocation can be made to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"

static void the_chosen_allocation_fails_once(void **state) {
  (void)state;
  zr_mem_fail_after(2);
  void *a = zr_alloc(1);
  void *b = zr_calloc(1, 1);
  void *c = zr_alloc(1);
  void *d = zr_alloc(1);
  assert_non_null(a);
  assert_non_null(b);
  assert_null(c);
  assert_non_null(d);
  zr_mem_fail_after(0);
  assert_null(zr_realloc(a, 10));
  zr_mem_fail_after(0);
  assert_null(zr_strdup("x"));
  zr_mem_fail_after(UINT64_MAX);
  zr_free(a);
  zr_free(b);
  zr_free(d);
}

static void allocations_are_counted(void **state) {
  (void)state;
  uint64_t before = zr_mem_count();
  void *a = zr_alloc(0);
  char *b = zr_strndup("abc", 2);
  assert_non_null(a);
  assert_string_equal(b, "ab");
  assert_int_equal(zr_mem_count() - before, 2);
  zr_free(a);
  zr_free(b);
}

static void overflow_is_refused(void **state) {
  (void)state;
  assert_null(zr_realloc_array(NULL, SIZE_MAX / 2, 3));
#ifndef ZR_SANITIZED /* whose calloc ends the program instead */
  assert_null(zr_calloc(SIZE_MAX / 2, 3));
#endif
  void *array = NULL;
  size_t cap = 0;
  assert_int_equal(zr_grow(&array, &cap, SIZE_MAX / 4, 8), -1);
  assert_int_equal(zr_grow(&array, &cap, SIZE_MAX, 1), -1);
  assert_null(array);
  assert_int_equal(cap, 0);
}

static void grow_doubles_and_keeps_the_content(void **state) {
  (void)state;
  int *array = NULL;
  void *raw = NULL;
  size_t cap = 0;
  uint64_t before = zr_mem_count();
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(zr_grow(&raw, &cap, (size_t)i + 1, sizeof *array), 0);
    array = raw;
    array[i] = i;
  }
  for (int i = 0; i < 1000; i++)
    assert_int_equal(array[i], i);
  assert_in_range(zr_mem_count() - before, 1, 10);
  zr_free(raw);
}

static void a_failed_grow_leaves_the_array_alone(void **state) {
  (void)state;
  void *array = NULL;
  size_t cap = 0;
  assert_int_equal(zr_grow(&array, &cap, 1, 4), 0);
  memcpy(array, "abc", 4);
  void *same = array;
  size_t same_cap = cap;
  zr_mem_fail_after(0);
  assert_int_equal(zr_grow(&array, &cap, cap + 1, 4), -1);
  zr_mem_fail_after(UINT64_MAX);
  assert_ptr_equal(array, same);
  assert_int_equal(cap, same_cap);
  assert_string_equal(array, "abc");
  zr_free(array);
}

static void nothing_is_copied_from_nothing(void **state) {
  (void)state;
  assert_null(zr_strdup(NULL));
  assert_null(zr_strndup(NULL, 3));
  zr_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_chosen_allocation_fails_once),
      cmocka_unit_test(allocations_are_counted),
      cmocka_unit_test(overflow_is_refused),
      cmocka_unit_test(grow_doubles_and_keeps_the_content),
      cmocka_unit_test(a_failed_grow_leaves_the_array_alone),
      cmocka_unit_test(nothing_is_copied_from_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
