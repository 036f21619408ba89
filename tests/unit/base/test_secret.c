/* Secrets: kept whole, compared whole, gone when cleaned up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"

static void a_secret_is_kept_byte_for_byte(void **state) {
  (void)state;
  struct zr_secret s = {0};
  assert_false(zr_secret_is_set(&s));
  assert_int_equal(zr_secret_set(&s, (struct zr_view){"a\0b", 3}), ZR_ERR_OK);
  assert_true(zr_secret_is_set(&s));
  assert_int_equal(s.len, 3);
  assert_memory_equal(s.bytes, "a\0b", 4);
  zr_secret_clean_up(&s);
  assert_false(zr_secret_is_set(&s));
  zr_secret_clean_up(&s);
}

static void only_equal_secrets_are_equal(void **state) {
  (void)state;
  struct zr_secret a = {0};
  struct zr_secret b = {0};
  assert_true(zr_secret_equal(&a, &b));
  assert_int_equal(zr_secret_set(&a, ZR_VIEW("password")), ZR_ERR_OK);
  assert_false(zr_secret_equal(&a, &b));
  assert_int_equal(zr_secret_copy(&b, &a), ZR_ERR_OK);
  assert_ptr_not_equal(a.bytes, b.bytes);
  assert_true(zr_secret_equal(&a, &b));
  for (size_t i = 0; i < b.len; i++) {
    b.bytes[i] = (char)(b.bytes[i] ^ 1);
    assert_false(zr_secret_equal(&a, &b));
    b.bytes[i] = (char)(b.bytes[i] ^ 1);
  }
  assert_int_equal(zr_secret_set(&b, ZR_VIEW("passwor")), ZR_ERR_OK);
  assert_false(zr_secret_equal(&a, &b));
  zr_secret_clean_up(&a);
  zr_secret_clean_up(&b);
}

static void one_that_is_too_long_is_refused_and_the_old_one_stays(void **state) {
  (void)state;
  static char text[4001];
  memset(text, 'x', sizeof text);
  struct zr_secret s = {0};
  assert_int_equal(zr_secret_set(&s, (struct zr_view){text, 4000}), ZR_ERR_OK);
  assert_int_equal(zr_secret_set(&s, (struct zr_view){text, 4001}), ZR_ERR_LIMIT);
  assert_int_equal(s.len, 4000);
  zr_secret_clean_up(&s);
}

static void clean_up_gives_the_page_back(void **state) {
  (void)state;
  struct zr_secret s = {0};
  assert_int_equal(zr_secret_set(&s, ZR_VIEW("password")), ZR_ERR_OK);
  char *page = s.bytes;
  size_t mapped = s.mapped;
  assert_int_equal(msync(page, mapped, MS_ASYNC), 0);
  zr_secret_clean_up(&s);
  assert_int_equal(msync(page, mapped, MS_ASYNC), -1);
  assert_int_equal(errno, ENOMEM);
}

static void wipe_overwrites(void **state) {
  (void)state;
  char text[] = "password";
  zr_wipe(text, 4);
  assert_memory_equal(text, "\0\0\0\0word", 9);
  zr_wipe(text, 0);
  zr_wipe(NULL, 8);
  assert_memory_equal(text, "\0\0\0\0word", 9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_secret_is_kept_byte_for_byte),
      cmocka_unit_test(only_equal_secrets_are_equal),
      cmocka_unit_test(one_that_is_too_long_is_refused_and_the_old_one_stays),
      cmocka_unit_test(clean_up_gives_the_page_back),
      cmocka_unit_test(wipe_overwrites),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
