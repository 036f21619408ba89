/* The configuration file: strict, and closed to others where it holds a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/config.h"

static char s_path[64];
static struct zr_config s_config;
static struct zr_buf s_problem = ZR_BUF_INIT(4096);

static int s_begin(void **state) {
  (void)state;
  (void)snprintf(s_path, sizeof s_path, "/tmp/zr-config-XXXXXX");
  int fd = mkstemp(s_path);
  return fd < 0 ? -1 : close(fd);
}

static int s_end(void **state) {
  (void)state;
  zr_config_clean_up(&s_config);
  zr_buf_clean_up(&s_problem);
  return unlink(s_path);
}

static enum zr_err s_read(const char *text, mode_t mode) {
  FILE *f = fopen(s_path, "w");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
  assert_int_equal(chmod(s_path, mode), 0);
  zr_config_clean_up(&s_config);
  zr_buf_reset(&s_problem);
  const struct zr_app_options options = {.config = s_path};
  return zr_config_read(&options, &s_config, &s_problem);
}

static void no_file_is_all_defaults(void **state) {
  (void)state;
  const struct zr_app_options options = {0};
  assert_int_equal(zr_config_read(&options, &s_config, &s_problem), ZR_ERR_OK);
  assert_null(s_config.endpoint);
}

static void every_member_is_read(void **state) {
  (void)state;
  assert_int_equal(s_read("{\"endpoint\":\"127.0.0.1:1\",\"scheme\":\"http\",\"profile\":\"p\","
                          "\"ca_file\":\"/c\",\"proxy\":\"none\",\"allow_plain_http\":true,"
                          "\"http1_only\":true,\"calls_per_second\":2.5,\"call_timeout_ms\":5000,"
                          "\"window_ms\":7,\"max_concurrent_releases\":3}",
                          0644),
                   ZR_ERR_OK);
  assert_string_equal(s_config.endpoint, "127.0.0.1:1");
  assert_string_equal(s_config.proxy, "none");
  assert_true(s_config.allow_plain_http && s_config.http1_only);
  assert_true(s_config.calls_per_second > 2.4 && s_config.calls_per_second < 2.6);
  assert_int_equal(s_config.call_timeout_ms, 5000);
  assert_int_equal(s_config.window_ms, 7);
  assert_int_equal(s_config.max_concurrent_releases, 3);
}

static void what_is_not_right_is_named(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *named;
  } cases[] = {
      {"", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"{} x", "not a JSON object"},
      {"{\"endpiont\":\"x\"}", "endpiont"},
      {"{\"Endpoint\":\"x\"}", "Endpoint"},
      {"{\"endpoint\":5}", "endpoint"},
      {"{\"endpoint\":\"\"}", "endpoint"},
      {"{\"http1_only\":\"true\"}", "http1_only"},
      {"{\"window_ms\":0}", "window_ms"},
      {"{\"window_ms\":1.5}", "window_ms"},
      {"{\"call_timeout_ms\":\"5s\"}", "call_timeout_ms"},
      {"{\"proxy\":\"a\",\"proxy\":\"b\"}", "proxy"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(s_read(cases[i].text, 0600), ZR_ERR_INVALID);
    if (!strstr(s_problem.data, cases[i].named))
      fail_msg("%s: %s", cases[i].text, s_problem.data);
  }
}

static void clients_and_their_rights(void **state) {
  (void)state;
  assert_int_equal(s_read("{\"clients\":[{\"name\":\"spiffe://a/*\",\"rights\":\"plan\"},"
                          "{\"rights\":\"none\",\"name\":\"*\"}]}",
                          0644),
                   ZR_ERR_OK);
  assert_int_equal(s_config.client_count, 2);
  assert_string_equal(s_config.clients[0].name, "spiffe://a/*");
  assert_int_equal(s_config.clients[0].right, ZR_RIGHT_PLAN);
  assert_int_equal(s_config.clients[1].right, ZR_RIGHT_NONE);
  static const char *const wrong[] = {"{}",
                                      "[]",
                                      "[5]",
                                      "[{}]",
                                      "[{\"name\":\"a\"}]",
                                      "[{\"name\":\"\",\"rights\":\"read\"}]",
                                      "[{\"name\":\"a\",\"rights\":\"all\"}]",
                                      "[{\"name\":\"a\",\"rights\":\"READ\"}]",
                                      "[{\"name\":\"a\",\"rights\":\"read\",\"x\":1}]",
                                      "[{\"name\":\"a[\",\"rights\":\"read\"}]",
                                      "[{\"name\":\"a\",\"name\":\"b\"}]",
                                      "[{\"Name\":\"a\",\"rights\":\"read\"}]"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    char text[256];
    (void)snprintf(text, sizeof text, "{\"clients\":%s}", wrong[i]);
    if (s_read(text, 0600) != ZR_ERR_INVALID || !strstr(s_problem.data, "clients"))
      fail_msg("%s: %s", text, s_problem.data);
  }
}

static void a_secret_wants_a_closed_file(void **state) {
  (void)state;
  static const char text[] = "{\"access_key_id\":\"id\",\"access_key_password\":\"hush\"}";
  assert_int_equal(s_read(text, 0644), ZR_ERR_DENIED);
  assert_non_null(strstr(s_problem.data, "chmod 600"));
  assert_null(strstr(s_problem.data, "hush"));
  assert_int_equal(s_read(text, 0600), ZR_ERR_OK);
  assert_string_equal(s_config.access_key_password.bytes, "hush");
}

static void the_files_credential_comes_first(void **state) {
  (void)state;
  assert_int_equal(setenv("ZENLAYERCLOUD_ACCESS_KEY_ID", "from-environment", 1), 0);
  assert_int_equal(setenv("ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", "p", 1), 0);
  assert_int_equal(s_read("{\"access_key_id\":\"id\",\"access_key_password\":\"hush\"}", 0600),
                   ZR_ERR_OK);
  const struct zr_app_options options = {0};
  struct zr_credential credential = {0};
  assert_int_equal(zr_config_credential(&s_config, &options, &credential, &s_problem), ZR_ERR_OK);
  assert_string_equal(credential.key_id.bytes, "id");
  zr_credential_clean_up(&credential);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, s_begin, s_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(no_file_is_all_defaults),          CASE(every_member_is_read),
      CASE(what_is_not_right_is_named),       CASE(a_secret_wants_a_closed_file),
      CASE(the_files_credential_comes_first), CASE(clients_and_their_rights),
  };
  return cmocka_run_group_tests_name("app: configuration", tests, NULL, NULL);
}
