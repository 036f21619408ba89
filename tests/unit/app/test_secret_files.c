/* Files with a secret in them: whatever is read of them is wiped before its memory is given back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/config.h"
#include "app/tls_files.h"
#include "remains.h"

#define SECRET "hush-4711-hush"

static char s_path[64];

static int s_begin(void **state) {
  (void)state;
  (void)snprintf(s_path, sizeof s_path, "/tmp/zr-secret-XXXXXX");
  int fd = mkstemp(s_path);
  return fd < 0 ? -1 : close(fd);
}

static int s_end(void **state) {
  (void)state;
  remains_end();
  return unlink(s_path);
}

/* The secret at the front, in a file that is larger than what is read at once. */
static void s_write(const char *before, const char *after) {
  FILE *f = fopen(s_path, "w");
  assert_non_null(f);
  assert_true(fprintf(f, "%s%s%s%*s\n", before, SECRET, after, 20000, "") > 0);
  assert_int_equal(fclose(f), 0);
  assert_int_equal(chmod(s_path, 0600), 0);
}

static void s_read_config(enum zr_err wanted) {
  struct zr_buf problem = ZR_BUF_INIT(4096);
  struct zr_config config;
  const struct zr_app_options options = {.config = s_path};
  remains_begin(SECRET);
  assert_int_equal(zr_config_read(&options, &config, &problem), wanted);
  zr_config_clean_up(&config);
  zr_buf_clean_up(&problem);
  remains_end();
  assert_true(remains_looked > 1);
  assert_int_equal(remains_found, 0);
}

static void a_password_in_the_configuration(void **state) {
  (void)state;
  s_write("{\"access_key_id\":\"id\",\"access_key_password\":\"", "\"}");
  s_read_config(ZR_ERR_OK);
}

static void a_password_of_the_proxy(void **state) {
  (void)state;
  s_write("{\"proxy\":\"http://u:", "@127.0.0.1:1\"}");
  s_read_config(ZR_ERR_OK);
}

static void a_password_in_a_configuration_that_is_refused(void **state) {
  (void)state;
  s_write("{\"access_key_password\":\"", "\",\"no_such\":1}");
  s_read_config(ZR_ERR_INVALID);
}

static void the_key_of_the_server(void **state) {
  (void)state;
  struct zr_buf problem = ZR_BUF_INIT(4096);
  struct zr_tls_files files = {0};
  const struct zr_app_options options = {.tls_cert = s_path, .tls_key = s_path};
  s_write("-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----\n");
  remains_begin(SECRET);
  assert_int_equal(zr_tls_files_read(&options, &files, &problem), ZR_ERR_OK);
  assert_non_null(memmem(files.key.data, files.key.len, SECRET, sizeof SECRET - 1));
  zr_tls_files_clean_up(&files);
  zr_buf_clean_up(&problem);
  remains_end();
  assert_true(remains_looked > 1);
  assert_int_equal(remains_found, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, s_begin, s_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_password_in_the_configuration),
      CASE(a_password_of_the_proxy),
      CASE(a_password_in_a_configuration_that_is_refused),
      CASE(the_key_of_the_server),
  };
  return cmocka_run_group_tests_name("app: files with secrets", tests, NULL, NULL);
}
