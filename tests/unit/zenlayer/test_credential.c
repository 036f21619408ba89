/* One whole credential from one source; a half is an error, and no text of it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zenlayer/credential.h"

struct var {
  const char *name;
  const char *value;
};

struct rig {
  char home[64];
  char folder[96];
  char credentials[128];
  char config[128];
  struct var vars[8];
  struct zr_credential found;
  struct zr_buf problem;
};

static const char *look_up(void *ctx, const char *name) {
  const struct rig *r = ctx;
  if (strcmp(name, "HOME") == 0)
    return r->home;
  for (const struct var *v = r->vars; v->name; v++) {
    if (strcmp(v->name, name) == 0)
      return v->value;
  }
  return NULL;
}

static int set_up(void **state) {
  struct rig *r = calloc(1, sizeof *r);
  if (!r)
    return -1;
  (void)snprintf(r->home, sizeof r->home, "/tmp/zr-test-home-XXXXXX");
  if (!mkdtemp(r->home))
    return -1;
  (void)snprintf(r->folder, sizeof r->folder, "%s/.zenlayer", r->home);
  (void)snprintf(r->credentials, sizeof r->credentials, "%s/credentials.json", r->folder);
  (void)snprintf(r->config, sizeof r->config, "%s/config.json", r->folder);
  r->problem = (struct zr_buf)ZR_BUF_INIT(2000);
  *state = r;
  return mkdir(r->folder, 0700);
}

static int tear_down(void **state) {
  struct rig *r = *state;
  zr_credential_clean_up(&r->found);
  zr_buf_clean_up(&r->problem);
  (void)unlink(r->credentials);
  (void)unlink(r->config);
  (void)rmdir(r->folder);
  (void)rmdir(r->home);
  free(r);
  return 0;
}

static void write_file(const char *path, const char *text, mode_t mode) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
  assert_int_equal(chmod(path, mode), 0);
}

static enum zr_err find(struct rig *r, struct zr_credential_settings s) {
  s.env = (struct zr_env){look_up, r};
  zr_credential_clean_up(&r->found);
  zr_buf_reset(&r->problem);
  return zr_credential_find(&s, &r->found, &r->problem);
}

static void tells(const struct rig *r, const char *words) {
  assert_non_null(r->problem.data);
  if (!strstr(r->problem.data, words))
    fail_msg("\"%s\" does not tell \"%s\"", r->problem.data, words);
}

static void nothing_anywhere(void **state) {
  struct rig *r = *state;
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_NOT_FOUND);
  tells(r, "ZENLAYERCLOUD_ACCESS_KEY_ID");
}

static void the_configuration_comes_first(void **state) {
  struct rig *r = *state;
  r->vars[0] = (struct var){"ZENLAYERCLOUD_ACCESS_KEY_ID", "other"};
  r->vars[1] = (struct var){"ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", "other"};
  struct zr_credential_settings s = {.access_key_id = "id-1", .access_key_password = "pw-1"};
  assert_int_equal(find(r, s), ZR_ERR_OK);
  assert_string_equal(r->found.key_id.bytes, "id-1");
  assert_string_equal(r->found.password.bytes, "pw-1");
  assert_string_equal(r->found.source, "configuration file");
  assert_int_equal(strlen(r->found.fingerprint), 16);
  s.access_key_password = NULL;
  assert_int_equal(find(r, s), ZR_ERR_INVALID);
  tells(r, "access_key_password of the configuration file is missing");
}

static void the_two_families_of_the_environment(void **state) {
  struct rig *r = *state;
  r->vars[0] = (struct var){"ZENLAYER_TOKEN", " tok-en\n"};
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_OK);
  assert_true(zr_credential_is_token(&r->found));
  assert_string_equal(r->found.token.bytes, "tok-en");
  assert_string_equal(r->found.source, "environment ZENLAYER_*");
  r->vars[0] = (struct var){"ZENLAYER_ACCESS_KEY_ID", "id-2"};
  r->vars[1] = (struct var){"ZENLAYER_ACCESS_KEY_SECRET", "pw-2"};
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_OK);
  assert_string_equal(r->found.password.bytes, "pw-2");
  r->vars[2] = (struct var){"ZENLAYERCLOUD_ACCESS_KEY_ID", "id-3"};
  r->vars[3] = (struct var){"ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", "pw 3"};
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_OK);
  assert_string_equal(r->found.key_id.bytes, "id-3");
  assert_string_equal(r->found.password.bytes, "pw 3");
  assert_string_equal(r->found.source, "environment ZENLAYERCLOUD_*");
}

static void half_a_credential_does_not_fall_through(void **state) {
  struct rig *r = *state;
  r->vars[0] = (struct var){"ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", "pw"};
  r->vars[1] = (struct var){"ZENLAYER_TOKEN", "whole"};
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_INVALID);
  tells(r, "ZENLAYERCLOUD_ACCESS_KEY_ID is missing");
  r->vars[0] = (struct var){"ZENLAYER_ACCESS_KEY_ID", "id"};
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_INVALID);
  tells(r, "both ZENLAYER_TOKEN and ZENLAYER_ACCESS_KEY_ID are set");
}

static void what_cannot_be_sent(void **state) {
  static const char *const bad[] = {"a\nb", "a b", "a\x7f", "a\tb", "a,b", "\xC3\xA9"};
  struct rig *r = *state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct zr_credential_settings s = {.token = bad[i]};
    assert_int_equal(find(r, s), ZR_ERR_INVALID);
    tells(r, "cannot be sent");
    assert_null(strstr(r->problem.data, bad[i]));
  }
  struct zr_credential_settings s = {.access_key_id = "id", .access_key_password = "p\x01w"};
  assert_int_equal(find(r, s), ZR_ERR_INVALID);
  assert_null(strstr(r->problem.data, "p\x01w"));
}

static void the_profile_file(void **state) {
  struct rig *r = *state;
  write_file(r->credentials,
             "{\"default\":{\"access_key_id\":\"d\",\"access_key_secret\":\"ds\"},"
             "\"work\":{\"token\":\"t-work\"},"
             "\"half\":{\"access_key_id\":\"h\",\"token\":\"\"},"
             "\"odd\":{\"token\":7}}",
             0600);
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_OK);
  assert_string_equal(r->found.key_id.bytes, "d");
  assert_non_null(strstr(r->found.source, "profile default of /tmp/"));
  assert_int_equal(find(r, (struct zr_credential_settings){.profile = "work"}), ZR_ERR_OK);
  assert_string_equal(r->found.token.bytes, "t-work");
  assert_int_equal(find(r, (struct zr_credential_settings){.profile = "half"}), ZR_ERR_INVALID);
  tells(r, "access key id is set, but access key secret is missing");
  assert_int_equal(find(r, (struct zr_credential_settings){.profile = "odd"}), ZR_ERR_INVALID);
  assert_int_equal(find(r, (struct zr_credential_settings){.profile = "none"}), ZR_ERR_INVALID);
  tells(r, "no credential in profile none");
  write_file(r->config, "{\"current_profile\":\"work\",\"profiles\":{}}", 0644);
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_OK);
  assert_string_equal(r->found.token.bytes, "t-work");
  r->vars[0] = (struct var){"ZENLAYER_PROFILE", "default"};
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_OK);
  assert_string_equal(r->found.key_id.bytes, "d");
}

static void a_named_profile_beats_the_environment(void **state) {
  struct rig *r = *state;
  r->vars[0] = (struct var){"ZENLAYER_TOKEN", "from-env"};
  write_file(r->credentials, "{\"work\":{\"token\":\"t-work\"}}", 0600);
  assert_int_equal(find(r, (struct zr_credential_settings){.profile = "work"}), ZR_ERR_OK);
  assert_string_equal(r->found.token.bytes, "t-work");
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_OK);
  assert_string_equal(r->found.token.bytes, "from-env");
}

static void files_that_are_not_accepted(void **state) {
  struct rig *r = *state;
  assert_int_equal(find(r, (struct zr_credential_settings){.profile = "work"}), ZR_ERR_INVALID);
  tells(r, "does not exist");
  write_file(r->credentials, "{\"default\":{\"token\":\"leak\"}}", 0640);
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_DENIED);
  tells(r, "chmod 600");
  write_file(r->credentials, "{\"default\":{\"token\":\"leak\"}", 0600);
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_INVALID);
  tells(r, "not a JSON object");
  assert_null(strstr(r->problem.data, "leak"));
  write_file(r->credentials, "{\"default\":{\"token\":\"a\"},\"default\":{\"token\":\"b\"}}", 0600);
  assert_int_not_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_OK);
  write_file(r->credentials, "{\"default\":{\"token\":\"a\"}}", 0600);
  write_file(r->config, "nonsense", 0644);
  assert_int_equal(find(r, (struct zr_credential_settings){0}), ZR_ERR_INVALID);
  tells(r, "config.json");
}

static void a_fingerprint_tells_accounts_apart_and_not_the_key(void **state) {
  struct rig *r = *state;
  char first[ZR_FINGERPRINT_CHARS + 1];
  struct zr_credential_settings s = {.access_key_id = "id-1", .access_key_password = "a"};
  assert_int_equal(find(r, s), ZR_ERR_OK);
  memcpy(first, r->found.fingerprint, sizeof first);
  s.access_key_password = "b";
  assert_int_equal(find(r, s), ZR_ERR_OK);
  assert_string_equal(r->found.fingerprint, first);
  s.access_key_id = "id-2";
  assert_int_equal(find(r, s), ZR_ERR_OK);
  assert_string_not_equal(r->found.fingerprint, first);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(nothing_anywhere),
      CASE(the_configuration_comes_first),
      CASE(the_two_families_of_the_environment),
      CASE(half_a_credential_does_not_fall_through),
      CASE(what_cannot_be_sent),
      CASE(the_profile_file),
      CASE(a_named_profile_beats_the_environment),
      CASE(files_that_are_not_accepted),
      CASE(a_fingerprint_tells_accounts_apart_and_not_the_key),
  };
  return cmocka_run_group_tests_name("zenlayer.credential", tests, NULL, NULL);
}
