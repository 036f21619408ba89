/* What is kept when the file cannot be written to. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/spool.h"
#include "cmocka_all.h"

enum { OBJECT = 1000, OBJECT_ROOM = 2000, LIMIT = 256 * 1024, ALL_ROOM = 1 << 30 };

/* An object of OBJECT bytes. */
static void s_add(struct zr_spool *s, unsigned number) {
  struct zr_buf b = ZR_BUF_INIT(OBJECT_ROOM);
  (void)zr_buf_printf(&b, "{%08u%*s}", number, OBJECT - 10, "");
  assert_int_equal(b.len, OBJECT);
  zr_spool_add(s, &b);
  assert_int_equal(b.len, 0);
  zr_buf_clean_up(&b);
}

struct reader {
  struct zr_buf all;
};

static bool s_put(void *ctx, const char *bytes, size_t len) {
  struct reader *r = ctx;
  return zr_buf_append(&r->all, bytes, len) == ZR_ERR_OK;
}

/* `count` whole objects in order, and nothing else. */
static void s_check(const struct zr_spool *s, unsigned count) {
  struct reader r = {ZR_BUF_INIT(ALL_ROOM)};
  char number[9];
  assert_true(zr_spool_copy(s, s_put, &r));
  assert_int_equal(s->count, count);
  assert_int_equal(r.all.len, count ? (size_t)count * (OBJECT + 1) - 1 : 0);
  for (unsigned i = 0; i < count; i++) {
    const char *at = r.all.data + (size_t)i * (OBJECT + 1);
    (void)snprintf(number, sizeof number, "%08u", i);
    assert_memory_equal(at + 1, number, 8);
    assert_true(at[0] == '{' && at[OBJECT - 1] == '}');
    assert_true(i + 1 == count || at[OBJECT] == ',');
  }
  zr_buf_clean_up(&r.all);
}

static void s_limit(rlim_t size) {
  struct rlimit limit = {.rlim_max = RLIM_INFINITY};
  limit.rlim_cur = size;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_what_is_kept_comes_back(void **state) {
  struct zr_spool s;
  (void)state;
  assert_true(zr_spool_begin(&s));
  s_check(&s, 0);
  for (unsigned i = 0; i < 500; i++)
    s_add(&s, i);
  s_check(&s, 500);
  assert_true(zr_spool_settle(&s));
  assert_int_equal(s.held.len, 0);
  s_check(&s, 500);
  assert_true(zr_spool_reset(&s));
  s_add(&s, 0);
  s_check(&s, 1);
  zr_spool_clean_up(&s);
}

static void test_a_full_disk_costs_no_object(void **state) {
  struct zr_spool s;
  (void)state;
  assert_true(zr_spool_begin(&s));
  s_limit(LIMIT);
  for (unsigned i = 0; i < 1000; i++)
    s_add(&s, i);
  assert_false(zr_spool_settle(&s));
  s_limit(RLIM_INFINITY);
  assert_int_equal(s.error, EFBIG);
  assert_int_equal(s.lost, 0);
  s_check(&s, 1000);
  zr_spool_clean_up(&s);
}

static void test_what_is_lost_is_counted_and_the_rest_stays_whole(void **state) {
  struct zr_spool s;
  struct zr_buf bad = ZR_BUF_INIT(4);
  (void)state;
  assert_true(zr_spool_begin(&s));
  s_add(&s, 0);
  (void)zr_buf_text(&bad, "{\"too\":\"long\"}");
  zr_spool_add(&s, &bad);
  s_add(&s, 1);
  assert_int_equal(s.lost, 1);
  assert_false(zr_spool_settle(&s));
  s_check(&s, 2);
  zr_spool_clean_up(&s);
  zr_buf_clean_up(&bad);
}

static void test_no_folder_no_spool(void **state) {
  struct zr_spool s;
  (void)state;
  assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
  assert_false(zr_spool_begin(&s));
  assert_int_equal(errno, ENOENT);
  zr_spool_clean_up(&s);
  assert_int_equal(unsetenv("TMPDIR"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_kept_comes_back),
      cmocka_unit_test(test_a_full_disk_costs_no_object),
      cmocka_unit_test(test_what_is_lost_is_counted_and_the_rest_stays_whole),
      cmocka_unit_test(test_no_folder_no_spool),
  };
  (void)signal(SIGXFSZ, SIG_IGN);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
