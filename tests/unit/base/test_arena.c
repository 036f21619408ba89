/* Bump memory: aligned, disjoint, bounded by nothing but memory, freed together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/rng.h"

static void pieces_are_aligned_and_do_not_overlap(void **state) {
  (void)state;
  struct zr_arena a;
  zr_arena_init(&a, NULL, 0);
  struct zr_rng rng = {1};
  unsigned char *piece[500];
  size_t size[500];
  for (unsigned i = 0; i < 500; i++) {
    size[i] = zr_rng_below(&rng, 3000);
    piece[i] = zr_arena_alloc(&a, size[i]);
    assert_non_null(piece[i]);
    assert_int_equal((uintptr_t)piece[i] % _Alignof(max_align_t), 0);
    memset(piece[i], (int)(i & 255), size[i]);
  }
  for (unsigned i = 0; i < 500; i++) {
    for (size_t k = 0; k < size[i]; k++)
      assert_int_equal(piece[i][k], i & 255);
  }
  zr_arena_clean_up(&a);
}

static void the_owner_s_storage_is_used_first(void **state) {
  (void)state;
  _Alignas(max_align_t) char first[256];
  struct zr_arena a;
  zr_arena_init(&a, first, sizeof first);
  uint64_t before = zr_mem_count();
  char *p = zr_arena_alloc(&a, 100);
  assert_ptr_equal(p, first);
  assert_non_null(zr_arena_alloc(&a, 100));
  assert_int_equal(zr_mem_count(), before);
  assert_non_null(zr_arena_alloc(&a, 100));
  assert_int_equal(zr_mem_count(), before + 1);
  zr_arena_clean_up(&a);
}

static void large_pieces_have_room(void **state) {
  (void)state;
  struct zr_arena a;
  zr_arena_init(&a, NULL, 0);
  char *p = zr_arena_alloc(&a, 1000000);
  assert_non_null(p);
  memset(p, 1, 1000000);
  char *q = zr_arena_alloc(&a, 10);
  assert_non_null(q);
  zr_arena_clean_up(&a);
}

static void impossible_sizes_are_refused(void **state) {
  (void)state;
  struct zr_arena a;
  zr_arena_init(&a, NULL, 0);
  assert_null(zr_arena_alloc(&a, SIZE_MAX));
  assert_null(zr_arena_alloc(&a, SIZE_MAX - 8));
  assert_null(zr_arena_calloc(&a, SIZE_MAX / 4, 16));
  zr_arena_clean_up(&a);
}

static void text_is_copied_and_formatted(void **state) {
  (void)state;
  struct zr_arena a;
  zr_arena_init(&a, NULL, 0);
  assert_string_equal(zr_arena_strdup(&a, "copy"), "copy");
  assert_string_equal(zr_arena_strdup(&a, ""), "");
  assert_string_equal(zr_arena_printf(&a, "%s[%d]", "instance_ids", 17), "instance_ids[17]");
  char *zeros = zr_arena_calloc(&a, 3, 100);
  for (int i = 0; i < 300; i++)
    assert_int_equal(zeros[i], 0);
  zr_arena_clean_up(&a);
}

static void out_of_memory_is_null_and_the_arena_goes_on(void **state) {
  (void)state;
  struct zr_arena a;
  zr_arena_init(&a, NULL, 0);
  zr_mem_fail_after(0);
  assert_null(zr_arena_alloc(&a, 10));
  zr_mem_fail_after(0);
  assert_null(zr_arena_printf(&a, "%d", 5));
  zr_mem_fail_after(0);
  assert_null(zr_arena_calloc(&a, 2, 5));
  zr_mem_fail_after(UINT64_MAX);
  assert_non_null(zr_arena_alloc(&a, 10));
  zr_arena_clean_up(&a);
}

static void blocks_grow_so_that_calls_stay_few(void **state) {
  (void)state;
  struct zr_arena a;
  zr_arena_init(&a, NULL, 0);
  uint64_t before = zr_mem_count();
  for (int i = 0; i < 100000; i++)
    assert_non_null(zr_arena_alloc(&a, 16));
  assert_in_range(zr_mem_count() - before, 1, 20);
  zr_arena_clean_up(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
      cmocka_unit_test(the_owner_s_storage_is_used_first),
      cmocka_unit_test(large_pieces_have_room),
      cmocka_unit_test(impossible_sizes_are_refused),
      cmocka_unit_test(text_is_copied_and_formatted),
      cmocka_unit_test(out_of_memory_is_null_and_the_arena_goes_on),
      cmocka_unit_test(blocks_grow_so_that_calls_stay_few),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
