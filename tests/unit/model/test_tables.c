/* The vocabulary: products, outcomes, codes, classes and status words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "model/call.h"
#include "model/diagnostic.h"
#include "model/instance.h"
#include "model/outcome.h"
#include "model/product.h"

static void products_speak_to_their_api(void **state) {
  (void)state;
  static const struct {
    enum zr_product product;
    const char *name, *path, *version, *status_field, *name_filter;
    bool zec;
  } rows[] = {
      {ZR_PRODUCT_VM, "vm", "/api/v2/vm", "2026-04-01", "instanceStatus", "instanceName", false},
      {ZR_PRODUCT_BMC, "bmc", "/api/v2/bmc", "2026-02-01", "instanceStatus", "instanceName", false},
      {ZR_PRODUCT_ZEC, "zec", "/api/v2/zec", "2025-09-01", "status", "name", true},
  };
  for (size_t i = 0; i < ZR_COUNT(rows); i++) {
    const struct zr_product_info *p = zr_product_info(rows[i].product);
    assert_non_null(p);
    assert_string_equal(p->name, rows[i].name);
    assert_string_equal(p->path, rows[i].path);
    assert_string_equal(p->version, rows[i].version);
    assert_string_equal(p->status_field, rows[i].status_field);
    assert_string_equal(p->name_filter, rows[i].name_filter);
    assert_int_equal(p->has_depend_resource, rows[i].zec);
    assert_int_equal(p->releases_live, rows[i].zec);
    assert_int_equal(p->answers_failed_ids, rows[i].zec);
    assert_int_equal(zr_product_parse(zr_view_of(rows[i].name)), rows[i].product);
  }
}

static void what_is_no_product_is_none(void **state) {
  (void)state;
  assert_null(zr_product_info(ZR_PRODUCT_NONE));
  assert_null(zr_product_info(ZR_PRODUCT_COUNT_));
  static const char *const words[] = {"", "VM", "vm ", "v", "zeca", "none"};
  for (size_t i = 0; i < ZR_COUNT(words); i++)
    assert_int_equal(zr_product_parse(zr_view_of(words[i])), ZR_PRODUCT_NONE);
}

static void outcomes_have_their_public_names(void **state) {
  (void)state;
  static const char *const names[] = {
      "none",         "released", "accepted", "already_gone",  "not_found",
      "not_recycled", "refused",  "invalid",  "not_attempted", "unknown",
  };
  assert_int_equal(ZR_COUNT(names), ZR_OUTCOME_COUNT_);
  for (int i = 0; i < ZR_OUTCOME_COUNT_; i++)
    assert_string_equal(zr_outcome_name((enum zr_outcome)i), names[i]);
}

static void only_what_is_gone_is_a_success(void **state) {
  (void)state;
  for (int i = 0; i < ZR_OUTCOME_COUNT_; i++) {
    bool gone = i == ZR_OUTCOME_RELEASED || i == ZR_OUTCOME_ALREADY_GONE;
    assert_int_equal(zr_outcome_is_success((enum zr_outcome)i, false), gone);
    assert_int_equal(zr_outcome_is_success((enum zr_outcome)i, true),
                     gone || i == ZR_OUTCOME_NOT_FOUND);
  }
}

static void every_code_is_complete_and_unique(void **state) {
  (void)state;
  for (int i = 1; i < ZR_CODE_COUNT_; i++) {
    const struct zr_code_info *c = zr_code_info((enum zr_code)i);
    assert_int_not_equal(c->severity, ZR_SEVERITY_NONE);
    assert_int_equal(strspn(c->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), strlen(c->name));
    assert_true(strlen(c->summary) > 5);
    assert_int_equal(c->hint[strlen(c->hint) - 1], '.');
    assert_int_not_equal(c->summary[strlen(c->summary) - 1], '.');
    for (int k = 1; k < i; k++)
      assert_string_not_equal(c->name, zr_code_info((enum zr_code)k)->name);
  }
  assert_string_equal(zr_code_info(ZR_CODE_COUNT_)->name, "INTERNAL");
  assert_string_equal(zr_code_info(ZR_CODE_NONE)->name, "NONE");
}

static void every_class_has_a_name_of_its_own(void **state) {
  (void)state;
  for (int i = 0; i < ZR_CLASS_COUNT_; i++) {
    assert_true(strlen(zr_class_name((enum zr_class)i)) > 1);
    for (int k = 0; k < i; k++)
      assert_string_not_equal(zr_class_name((enum zr_class)i), zr_class_name((enum zr_class)k));
  }
}

static void status_words_stand_for_a_presence(void **state) {
  (void)state;
  static const struct {
    const char *word;
    enum zr_presence presence;
  } rows[] = {
      {"RECYCLE", ZR_PRESENCE_BIN},
      {"RECYCLED", ZR_PRESENCE_BIN},
      {"RECYCLING", ZR_PRESENCE_ENTERING},
      {"RELEASING", ZR_PRESENCE_LEAVING},
      {"RUNNING", ZR_PRESENCE_LIVE},
      {"STOPPED", ZR_PRESENCE_LIVE},
      {"", ZR_PRESENCE_OTHER},
      {"recycle", ZR_PRESENCE_OTHER},
      {"RECYCLE ", ZR_PRESENCE_OTHER},
      {"SOMETHING_NEW", ZR_PRESENCE_OTHER},
      {"STOPPING", ZR_PRESENCE_OTHER},
      {"SHUTDOWN", ZR_PRESENCE_OTHER},
  };
  for (size_t i = 0; i < ZR_COUNT(rows); i++) {
    enum zr_presence presence = zr_presence_of_status(rows[i].word);
    if (presence != rows[i].presence)
      fail_msg("\"%s\": %d", rows[i].word, (int)presence);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_speak_to_their_api),
      cmocka_unit_test(what_is_no_product_is_none),
      cmocka_unit_test(outcomes_have_their_public_names),
      cmocka_unit_test(only_what_is_gone_is_a_success),
      cmocka_unit_test(every_code_is_complete_and_unique),
      cmocka_unit_test(every_class_has_a_name_of_its_own),
      cmocka_unit_test(status_words_stand_for_a_presence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
