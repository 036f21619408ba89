/* Small files: read whole, and a private one only when it is private. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct place {
  char dir[64];
  char path[96];
};

static int set_up(void **state) {
  static struct place place;
  (void)snprintf(place.dir, sizeof place.dir, "/tmp/zr-file-XXXXXX");
  if (!mkdtemp(place.dir))
    return -1;
  (void)snprintf(place.path, sizeof place.path, "%s/profile", place.dir);
  *state = &place;
  return 0;
}

static int tear_down(void **state) {
  struct place *place = *state;
  (void)unlink(place->path);
  return rmdir(place->dir);
}

static void write_file(const struct place *place, const char *text, size_t len, mode_t mode) {
  int fd = open(place->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, len), (ssize_t)len);
  assert_int_equal(fchmod(fd, mode), 0);
  assert_int_equal(close(fd), 0);
}

static void a_file_is_read_whole(void **state) {
  struct place *place = *state;
  static char text[10000];
  for (size_t i = 0; i < sizeof text; i++)
    text[i] = (char)i;
  write_file(place, text, sizeof text, 0644);
  struct zr_buf out = ZR_BUF_INIT(65536);
  assert_int_equal(zr_file_read(place->path, false, &out), ZR_ERR_OK);
  assert_int_equal(out.len, sizeof text);
  assert_memory_equal(out.data, text, sizeof text);
  zr_buf_clean_up(&out);
}

static void a_file_above_the_ceiling_is_refused(void **state) {
  struct place *place = *state;
  static char text[5000];
  memset(text, 'x', sizeof text);
  write_file(place, text, sizeof text, 0600);
  struct zr_buf out = ZR_BUF_INIT(4999);
  assert_int_equal(zr_file_read(place->path, true, &out), ZR_ERR_LIMIT);
  zr_buf_clean_up(&out);
}

static void a_private_file_gives_nothing_to_others(void **state) {
  struct place *place = *state;
  static const mode_t open_modes[] = {0604, 0640, 0660, 0602, 0620, 0610, 0601, 0644, 0666};
  for (size_t i = 0; i < ZR_COUNT(open_modes); i++) {
    write_file(place, "secret", 6, open_modes[i]);
    struct zr_buf out = ZR_BUF_INIT(100);
    assert_int_equal(zr_file_read(place->path, true, &out), ZR_ERR_DENIED);
    assert_int_equal(out.len, 0);
    assert_int_equal(zr_file_read(place->path, false, &out), ZR_ERR_OK);
    zr_buf_clean_up(&out);
  }
  static const mode_t private_modes[] = {0600, 0400, 0700};
  for (size_t i = 0; i < ZR_COUNT(private_modes); i++) {
    write_file(place, "secret", 6, private_modes[i]);
    struct zr_buf out = ZR_BUF_INIT(100);
    assert_int_equal(zr_file_read(place->path, true, &out), ZR_ERR_OK);
    assert_string_equal(out.data, "secret");
    zr_buf_clean_up(&out);
    assert_int_equal(unlink(place->path), 0);
  }
}

static void a_file_of_another_user_is_not_private(void **state) {
  struct place *place = *state;
  if (geteuid() != 0)
    return; /* only root can give a file away */
  write_file(place, "secret", 6, 0600);
  assert_int_equal(chown(place->path, 12345, 12345), 0);
  struct zr_buf out = ZR_BUF_INIT(100);
  assert_int_equal(zr_file_read(place->path, true, &out), ZR_ERR_DENIED);
  assert_int_equal(zr_file_read(place->path, false, &out), ZR_ERR_OK);
  zr_buf_clean_up(&out);
}

static void what_is_no_regular_file_is_refused(void **state) {
  struct place *place = *state;
  struct zr_buf out = ZR_BUF_INIT(100);
  assert_int_equal(zr_file_read(place->path, false, &out), ZR_ERR_NOT_FOUND);
  assert_int_equal(zr_file_read("/dev/null/x", false, &out), ZR_ERR_NOT_FOUND);
  assert_int_equal(zr_file_read(place->dir, false, &out), ZR_ERR_INVALID);
  assert_int_equal(mkfifo(place->path, 0600), 0);
  assert_int_equal(zr_file_read(place->path, true, &out), ZR_ERR_INVALID);
  zr_buf_clean_up(&out);
}

static enum zr_err read_private(const struct place *place) {
  struct zr_buf out = ZR_BUF_INIT(65536);
  enum zr_err e = zr_file_read(place->path, true, &out);
  zr_buf_clean_up(&out);
  return e;
}

static void in_the_folder_of_credentials_a_group_may_read(void **state) {
  struct place *place = *state;
  char below[128];
  assert_int_equal(setenv("CREDENTIALS_DIRECTORY", place->dir, 1), 0);
  write_file(place, "x", 1, 0440);
  assert_int_equal(read_private(place), ZR_ERR_OK);
  write_file(place, "x", 1, 0444);
  assert_int_equal(read_private(place), ZR_ERR_DENIED);
  write_file(place, "x", 1, 0460);
  assert_int_equal(read_private(place), ZR_ERR_DENIED);
  write_file(place, "x", 1, 0440);
  (void)snprintf(below, sizeof below, "%.*s", (int)strlen(place->dir) - 1, place->dir);
  assert_int_equal(setenv("CREDENTIALS_DIRECTORY", below, 1), 0); /* the start of its name only */
  assert_int_equal(read_private(place), ZR_ERR_DENIED);
  assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/tmp", 1), 0); /* a folder above */
  assert_int_equal(read_private(place), ZR_ERR_DENIED);
  assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "", 1), 0);
  assert_int_equal(read_private(place), ZR_ERR_DENIED);
  assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_file_is_read_whole, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_file_above_the_ceiling_is_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_private_file_gives_nothing_to_others, set_up, tear_down),
      cmocka_unit_test_setup_teardown(in_the_folder_of_credentials_a_group_may_read, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_file_of_another_user_is_not_private, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_no_regular_file_is_refused, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
