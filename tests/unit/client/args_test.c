#include <stdio.h>
#include <string.h>

#include "cli/args_check.h"
#include "cli/release_args.h"
#include "cmocka_all.h"

enum { WORDS_MAX = 16 };

/* Parses "release" with the given words; the caller cleans args->ids up. */
static bool s_parse(struct zr_release_args *args, struct zr_common_args *common,
                    const char *const *words) {
  static char copies[WORDS_MAX][64];
  char *argv[WORDS_MAX + 1];
  int argc = 0;
  memset(common, 0, sizeof *common);
  (void)snprintf(copies[argc], sizeof copies[argc], "zenrelease release");
  argv[argc] = copies[argc];
  for (argc = 1; words[argc - 1]; argc++) {
    assert_true(argc < WORDS_MAX && strlen(words[argc - 1]) < sizeof copies[0]);
    (void)snprintf(copies[argc], sizeof copies[argc], "%s", words[argc - 1]);
    argv[argc] = copies[argc];
  }
  argv[argc] = NULL;
  return zr_release_args_parse(args, common, argc, argv);
}

#define PARSE(args, common, ...) s_parse(args, common, (const char *const[]){__VA_ARGS__, NULL})

static void s_refuses(const char *const *words, const char *because) {
  struct zr_release_args args;
  struct zr_common_args common;
  assert_false(s_parse(&args, &common, words));
  assert_non_null(strstr(common.error, because));
  zr_ids_clean_up(&args.ids);
}

#define REFUSES(because, ...) s_refuses((const char *const[]){__VA_ARGS__, NULL}, because)

static void test_defaults(void **state) {
  struct zr_release_args args;
  struct zr_common_args common;
  (void)state;
  assert_true(PARSE(&args, &common, "a"));
  assert_int_equal(args.product, ZENRELEASE_PRODUCT_VM);
  assert_int_equal(args.wait_ms, 60000);
  assert_int_equal(args.timeout_ms, 600000);
  assert_false(args.dry_run || args.allow_missing || args.depend_resource || common.json);
  assert_int_equal(args.ids.count, 1);
  zr_ids_clean_up(&args.ids);
}

static void test_every_flag(void **state) {
  struct zr_release_args args;
  struct zr_common_args common;
  (void)state;
  assert_true(PARSE(&args, &common, "--product=zec", "--depend-resource", "--dry-run",
                    "--allow-missing", "--wait=0", "--timeout", "1h", "--request-id=r1",
                    "--server=[::1]:7", "--json", "a", "b"));
  assert_int_equal(args.product, ZENRELEASE_PRODUCT_ZEC);
  assert_true(args.depend_resource && args.dry_run && args.allow_missing && common.json);
  assert_int_equal(args.wait_ms, 0);
  assert_int_equal(args.timeout_ms, 3600000);
  assert_string_equal(args.request_id, "r1");
  assert_string_equal(common.server, "[::1]:7");
  assert_int_equal(args.ids.count, 2);
  zr_ids_clean_up(&args.ids);
}

static void test_ids_after_two_dashes_may_look_like_flags(void **state) {
  struct zr_release_args args;
  struct zr_common_args common;
  (void)state;
  assert_true(PARSE(&args, &common, "--", "--dry-run", "-x"));
  assert_false(args.dry_run);
  assert_int_equal(args.ids.count, 2);
  zr_ids_clean_up(&args.ids);
}

static void test_nothing_is_coerced(void **state) {
  (void)state;
  REFUSES("no instance ids", "--dry-run");
  REFUSES("unknown flag --dry", "--dry", "a");
  REFUSES("unknown flag --Json", "--Json", "a");
  REFUSES("unknown flag -j", "-j", "a");
  REFUSES("takes no value", "--json=true", "a");
  REFUSES("needs a value", "a", "--wait");
  REFUSES("vm, bmc or zec, not VM", "--product", "VM", "a");
  REFUSES("given twice", "--product=vm", "--product=vm", "a");
  REFUSES("given twice", "--wait=1s", "--wait=1s", "a");
  REFUSES("not 60", "--wait=60", "a");
  REFUSES("not 1w", "--timeout=1w", "a");
  REFUSES("is empty", "--from=");
  REFUSES("zec", "--depend-resource", "a");
  REFUSES("for --server", "--tls-ca=f", "a");
  REFUSES("come together", "--server=h:1", "--tls-cert=f", "a");
  REFUSES("its own", "--server=h:1", "--endpoint=e", "a");
  REFUSES("its own", "--server=h:1", "--journal=f", "a");
  REFUSES("given twice", "--journal=f", "--journal=f", "a");
}

static void test_the_value_of_a_flag_is_no_flag(void **state) {
  struct zr_release_args args;
  struct zr_common_args common;
  (void)state;
  assert_true(PARSE(&args, &common, "--request-id", "--odd", "a"));
  assert_string_equal(args.request_id, "--odd");
  zr_ids_clean_up(&args.ids);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_every_flag),
      cmocka_unit_test(test_ids_after_two_dashes_may_look_like_flags),
      cmocka_unit_test(test_nothing_is_coerced),
      cmocka_unit_test(test_the_value_of_a_flag_is_no_flag),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
