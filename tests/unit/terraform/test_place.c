/* Where a provider process listens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "terraform/goplugin_place.h"

static char s_long[] = "/tmp/0123456789012345678901234567890123456789012345678901234567890123456789"
                       "0123456789012345678901234567890123456789";

static enum zr_err s_make(const struct zr_goplugin_wish *wish, struct zr_goplugin_place *out,
                          const char *expect) {
  struct zr_buf problem = ZR_BUF_INIT(1024);
  enum zr_err e = zr_goplugin_place_make(wish, out, &problem);
  assert_int_equal(problem.len > 0, e != ZR_ERR_OK);
  if (expect)
    assert_non_null(strstr(problem.data, expect));
  zr_buf_clean_up(&problem);
  return e;
}

static void s_private_folder(void **state) {
  (void)state;
  struct zr_goplugin_place p;
  assert_int_equal(s_make(&(struct zr_goplugin_wish){.temp_dir = "/tmp"}, &p, NULL), ZR_ERR_OK);
  struct stat st;
  assert_int_equal(stat(p.dir, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0700);
  char listen[sizeof p.listen];
  (void)snprintf(listen, sizeof listen, "unix:%s", p.path);
  assert_string_equal(p.listen, listen);
  struct zr_buf problem = ZR_BUF_INIT(64);
  assert_int_equal(zr_goplugin_place_share(&p, &problem), ZR_ERR_OK); /* no group: nothing to do */
  zr_buf_clean_up(&problem);
  char dir[sizeof p.dir];
  (void)snprintf(dir, sizeof dir, "%s", p.dir);
  zr_goplugin_place_remove(&p);
  assert_int_not_equal(stat(dir, &st), 0);
  zr_goplugin_place_remove(&p);
}

/* A folder that will not do is no reason to fail, unless the host named it. */
static void s_long_paths(void **state) {
  (void)state;
  struct zr_goplugin_place p;
  assert_int_equal(s_make(&(struct zr_goplugin_wish){.temp_dir = s_long}, &p, NULL), ZR_ERR_OK);
  assert_int_equal(strncmp(p.path, "/tmp/zr-", 8), 0);
  zr_goplugin_place_remove(&p);
  assert_int_equal(s_make(&(struct zr_goplugin_wish){.socket_dir = s_long}, &p, "too long"),
                   ZR_ERR_INVALID);
  zr_goplugin_place_remove(&p);
  assert_int_equal(
      s_make(&(struct zr_goplugin_wish){.socket_dir = "/nonexistent", .tls = true}, &p, "/nonex"),
      ZR_ERR_IO);
  zr_goplugin_place_remove(&p);
}

static void s_groups(void **state) {
  (void)state;
  struct zr_goplugin_place p;
  struct zr_goplugin_wish wish = {.temp_dir = "/tmp", .socket_group = "no such group"};
  assert_int_equal(s_make(&wish, &p, "no such group"), ZR_ERR_INVALID);
  zr_goplugin_place_remove(&p);
  char own[32];
  (void)snprintf(own, sizeof own, "%u", (unsigned)getgid());
  wish.socket_group = own;
  assert_int_equal(s_make(&wish, &p, NULL), ZR_ERR_OK);
  struct stat st;
  assert_int_equal(stat(p.dir, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0750);
  FILE *f = fopen(p.path, "w");
  assert_non_null(f);
  (void)fclose(f);
  struct zr_buf problem = ZR_BUF_INIT(256);
  assert_int_equal(zr_goplugin_place_share(&p, &problem), ZR_ERR_OK);
  assert_int_equal(stat(p.path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0660);
  zr_buf_clean_up(&problem);
  zr_goplugin_place_remove(&p);
  wish.socket_group = "root";
  if (getuid() == 0) {
    assert_int_equal(s_make(&wish, &p, NULL), ZR_ERR_OK);
    assert_int_equal(p.group, 0);
    zr_goplugin_place_remove(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_private_folder),
      cmocka_unit_test(s_long_paths),
      cmocka_unit_test(s_groups),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
