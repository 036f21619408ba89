/* When a file counts as changed, and as settled. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/watch.h"

static char s_folder[64];
static char s_one[96];
static char s_two[96];

static void s_write(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
}

/* A time of its own for each change, so that the file system's clock does not matter. */
static void s_age(const char *path, time_t at) {
  const struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};
  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int s_begin(void **state) {
  (void)state;
  (void)snprintf(s_folder, sizeof s_folder, "/tmp/zr-watch-XXXXXX");
  assert_non_null(mkdtemp(s_folder));
  (void)snprintf(s_one, sizeof s_one, "%s/one", s_folder);
  (void)snprintf(s_two, sizeof s_two, "%s/two", s_folder);
  s_write(s_one, "1");
  s_age(s_one, 1000);
  return 0;
}

static int s_end(void **state) {
  (void)state;
  (void)unlink(s_one);
  (void)unlink(s_two);
  return rmdir(s_folder);
}

static void nothing_changes(void **state) {
  (void)state;
  struct zr_watch w;
  zr_watch_init(&w, s_one, NULL, s_two);
  for (int i = 0; i < 3; i++)
    assert_false(zr_watch_is_due(&w));
}

static void a_change_is_due_when_it_has_settled(void **state) {
  (void)state;
  struct zr_watch w;
  zr_watch_init(&w, s_one, s_two, NULL);
  s_age(s_one, 2000);
  assert_false(zr_watch_is_due(&w));
  s_write(s_two, "the key comes a moment later");
  assert_false(zr_watch_is_due(&w));
  assert_true(zr_watch_is_due(&w));
  assert_true(zr_watch_is_due(&w)); /* until it is taken */
  zr_watch_take(&w);
  assert_false(zr_watch_is_due(&w));
}

static void a_file_that_comes_or_goes_has_changed(void **state) {
  (void)state;
  struct zr_watch w;
  zr_watch_init(&w, s_two, NULL, NULL);
  s_write(s_two, "");
  assert_false(zr_watch_is_due(&w));
  assert_true(zr_watch_is_due(&w));
  zr_watch_take(&w);
  assert_int_equal(unlink(s_two), 0);
  assert_false(zr_watch_is_due(&w));
  assert_true(zr_watch_is_due(&w));
}

static void another_file_of_the_same_time_and_size_has_changed(void **state) {
  (void)state;
  struct zr_watch w;
  s_write(s_two, "2");
  s_age(s_two, 1000);
  zr_watch_init(&w, s_one, NULL, NULL);
  assert_int_equal(rename(s_two, s_one), 0);
  assert_false(zr_watch_is_due(&w));
  assert_true(zr_watch_is_due(&w));
}

static void what_goes_back_is_no_change(void **state) {
  (void)state;
  struct zr_watch w;
  zr_watch_init(&w, s_two, NULL, NULL);
  s_write(s_two, "x");
  assert_false(zr_watch_is_due(&w));
  assert_int_equal(unlink(s_two), 0);
  assert_false(zr_watch_is_due(&w));
  assert_false(zr_watch_is_due(&w));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, s_begin, s_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(nothing_changes),
      CASE(a_change_is_due_when_it_has_settled),
      CASE(a_file_that_comes_or_goes_has_changed),
      CASE(another_file_of_the_same_time_and_size_has_changed),
      CASE(what_goes_back_is_no_change),
  };
  return cmocka_run_group_tests_name("app: watch", tests, NULL, NULL);
}
