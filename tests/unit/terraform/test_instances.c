/* zenrelease_instances against a fleet: what is planned, done, told and kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stage.h"

#define TYPE        "zenrelease_instances"
#define IDS(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define KIND(stage) stage_kind((stage), ZR_TF_RESOURCE, TYPE)

static struct zr_tf_value s_object(struct stage *s, const char *const *ids) {
  struct zr_tf_value v = stage_object(s, KIND(s), ids);
  stage_set(s, KIND(s), &v, "on_remove", zr_tf_of_text("release"));
  return v;
}

static void s_open(struct stage *s) {
  stage_open(s);
  fleet_add(&s->fleet, "a", "RECYCLE");
  fleet_add(&s->fleet, "b", "RECYCLE");
  fleet_add(&s->fleet, "c", "RECYCLE");
  fleet_add(&s->fleet, "run", "RUNNING");
  fleet_add(&s->fleet, "leaving", "RELEASING");
}

static void a_creation_adopts_and_releases_nothing(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value config = stage_object(&s, KIND(&s), IDS("a", "b"));
  struct answer plan = stage_plan(&s, TYPE, NULL, &config);
  assert_int_equal(plan.diag_count, 0);
  assert_string_equal(zr_tf_text(zr_tf_get(&KIND(&s)->type, &plan.state, "on_remove")), "release");
  struct answer done = stage_apply(&s, TYPE, NULL, &plan.state);
  assert_int_equal(done.diag_count, 0);
  assert_string_equal(stage_ids(&s, KIND(&s), &done.state, "instance_ids"), "a,b");
  assert_true(zr_tf_wholly_known(&zr_tf_identity_type, &done.identity));
  assert_int_equal(done.identity.is, ZR_TF_KNOWN);
  assert_int_equal(s.fleet.releases, 0);
  stage_close(&s);
}

static void a_creation_is_all_or_nothing(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value planned = s_object(&s, IDS("a", "run", "gone"));
  struct answer done = stage_apply(&s, TYPE, NULL, &planned);
  assert_int_equal(done.state.is, ZR_TF_NULL);
  assert_int_equal(done.errors, 2);
  assert_string_equal(stage_diag(&s, &done, 0),
                      "E instance_ids[1]: Instance run is not in the recycle bin");
  assert_string_equal(stage_diag(&s, &done, 1), "E instance_ids[2]: Instance gone was not found");
  stage_close(&s);
}

static void a_plan_points_at_elements(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value prior = s_object(&s, IDS("run", "a"));
  struct zr_tf_value config = s_object(&s, IDS("a", "gone", "leaving", "run"));
  struct answer plan = stage_plan(&s, TYPE, NULL, &config);
  assert_int_equal(plan.diag_count, 3);
  assert_string_equal(stage_diag(&s, &plan, 0), "W instance_ids[1]: Instance gone was not found");
  assert_string_equal(stage_diag(&s, &plan, 1),
                      "W instance_ids[2]: Instance leaving is not in the recycle bin");
  assert_string_equal(stage_diag(&s, &plan, 2),
                      "E instance_ids[3]: Instance run is not in the recycle bin");
  plan = stage_plan(&s, TYPE, &prior, &config);
  assert_int_equal(plan.errors, 0);
  assert_string_equal(stage_diag(&s, &plan, 2),
                      "W instance_ids[3]: Instance run is not in the recycle bin");
  plan = stage_plan(&s, TYPE, &prior, NULL);
  assert_int_equal(plan.state.is, ZR_TF_NULL);
  assert_string_equal(stage_diag(&s, &plan, 0), "W : Instance run is not in the recycle bin");
  assert_non_null(strstr(plan.diags[0]->detail, TYPE));
  stage_close(&s);
}

static void what_is_unknown_stays_silent(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value config = s_object(&s, IDS("a"));
  stage_set(&s, KIND(&s), &config, "instance_ids", zr_tf_unknown);
  struct answer plan = stage_plan(&s, TYPE, NULL, &config);
  assert_int_equal(plan.diag_count, 0);
  assert_string_equal(stage_ids(&s, KIND(&s), &plan.state, "instance_ids"), "unknown");
  s.fleet.broken = ZR_CODE_UNREACHABLE;
  config = s_object(&s, IDS("a"));
  plan = stage_plan(&s, TYPE, NULL, &config);
  assert_int_equal(plan.errors, 0);
  assert_int_equal(plan.diag_count, 1);
  struct answer read = stage_read(&s, TYPE, &config);
  assert_int_equal(read.errors, 0);
  assert_string_equal(stage_ids(&s, KIND(&s), &read.state, "instance_ids"), "a");
  s.fleet.broken = ZR_CODE_CREDENTIALS_REJECTED;
  plan = stage_plan(&s, TYPE, NULL, &config);
  assert_int_equal(plan.errors, 1);
  stage_close(&s);
}

static void an_order_is_no_change(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value prior = s_object(&s, IDS("a", "b", "c"));
  struct zr_tf_value config = s_object(&s, IDS("c", "a", "b"));
  struct answer plan = stage_plan(&s, TYPE, &prior, &config);
  assert_true(zr_tf_equal(&KIND(&s)->type, &plan.state, &prior));
  stage_close(&s);
}

static void a_product_does_not_change(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value prior = s_object(&s, IDS("a"));
  struct zr_tf_value config = prior;
  stage_set(&s, KIND(&s), &config, "product", zr_tf_of_text("bmc"));
  struct answer plan = stage_plan(&s, TYPE, &prior, &config);
  assert_int_equal(plan.errors, 1);
  assert_string_equal(stage_diag(&s, &plan, 0),
                      "E product: The product cannot be changed from vm to bmc");
  stage_close(&s);
}

static void a_destruction_keeps_the_rest(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  fleet_find(&s.fleet, "b")->denied = true;
  struct zr_tf_value prior = s_object(&s, IDS("a", "b", "gone", "c", "run"));
  struct answer done = stage_apply(&s, TYPE, &prior, NULL);
  assert_string_equal(stage_ids(&s, KIND(&s), &done.state, "instance_ids"), "b,run");
  assert_int_equal(done.errors, 2);
  assert_int_equal(done.diag_count, 3);
  assert_int_equal(s.fleet.releases, 2);
  assert_non_null(strstr(stage_diag(&s, &done, 0), "E : Instance b was not released"));
  assert_non_null(strstr(stage_diag(&s, &done, 1), "W : Instance gone was not there"));
  fleet_find(&s.fleet, "b")->denied = false;
  fleet_find(&s.fleet, "run")->status = "RECYCLE";
  done = stage_apply(&s, TYPE, &done.state, NULL);
  assert_int_equal(done.state.is, ZR_TF_NULL);
  assert_int_equal(done.diag_count, 0);
  stage_close(&s);
}

static void an_update_keeps_the_rest(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  fleet_find(&s.fleet, "a")->denied = true;
  struct zr_tf_value prior = s_object(&s, IDS("a", "b"));
  struct zr_tf_value planned = s_object(&s, IDS("c"));
  struct answer done = stage_apply(&s, TYPE, &prior, &planned);
  assert_string_equal(stage_ids(&s, KIND(&s), &done.state, "instance_ids"), "c,a");
  assert_int_equal(done.errors, 1);
  /* An id that cannot be adopted: nothing is released at all. */
  prior = s_object(&s, IDS("c"));
  planned = s_object(&s, IDS("run"));
  done = stage_apply(&s, TYPE, &prior, &planned);
  assert_string_equal(stage_ids(&s, KIND(&s), &done.state, "instance_ids"), "c");
  assert_string_equal(fleet_find(&s.fleet, "c")->status, "RECYCLE");
  stage_close(&s);
}

static void keep_keeps(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value prior = s_object(&s, IDS("a", "b"));
  struct zr_tf_value planned = s_object(&s, IDS("a"));
  stage_set(&s, KIND(&s), &planned, "on_remove", zr_tf_of_text("keep"));
  struct answer done = stage_apply(&s, TYPE, &prior, &planned);
  assert_string_equal(stage_ids(&s, KIND(&s), &done.state, "instance_ids"), "a");
  done = stage_apply(&s, TYPE, &done.state, NULL);
  assert_int_equal(done.state.is, ZR_TF_NULL);
  assert_int_equal(s.fleet.releases, 0);
  stage_close(&s);
}

static void a_read_lets_go_of_what_is_gone(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value prior = s_object(&s, IDS("a", "gone", "run"));
  struct answer read = stage_read(&s, TYPE, &prior);
  assert_string_equal(stage_ids(&s, KIND(&s), &read.state, "instance_ids"), "a,run");
  assert_string_equal(stage_diag(&s, &read, 0), "W : Instance gone was not found");
  prior = s_object(&s, (const char *const[]){NULL});
  read = stage_read(&s, TYPE, &prior);
  assert_string_equal(stage_ids(&s, KIND(&s), &read.state, "instance_ids"), "");
  stage_close(&s);
}

/* Credentials of another account find nothing, and must not make the state forget. */
static void a_read_that_finds_nothing_keeps_all(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value prior = s_object(&s, IDS("gone", "lost"));
  struct answer read = stage_read(&s, TYPE, &prior);
  assert_true(zr_tf_equal(&KIND(&s)->type, &read.state, &prior));
  assert_int_equal(read.diag_count, 1);
  assert_string_equal(stage_diag(&s, &read, 0), "W : 2 of 2 instances were not found");
  assert_non_null(strstr(read.diags[0]->detail, "right account and endpoint?"));
  struct answer done = stage_apply(&s, TYPE, &read.state, NULL);
  assert_int_equal(done.state.is, ZR_TF_NULL);
  assert_int_equal(done.errors, 0);
  stage_close(&s);
}

static void a_read_lets_go_of_what_it_saw_released(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value prior = s_object(&s, IDS("a"));
  assert_int_equal(stage_apply(&s, TYPE, &prior, NULL).state.is, ZR_TF_NULL);
  assert_int_equal(s.fleet.releases, 1);
  assert_int_equal(stage_read(&s, TYPE, &prior).state.is, ZR_TF_NULL);
  prior = s_object(&s, IDS("a", "gone"));
  assert_int_equal(stage_read(&s, TYPE, &prior).state.is, ZR_TF_NULL);
  stage_close(&s);
}

static void an_import_keeps_until_applied(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  const struct zr_tf_type *type = &KIND(&s)->type;
  struct answer done = stage_import(&s, TYPE, "vm/a");
  assert_string_equal(zr_tf_text(zr_tf_get(type, &done.state, "on_remove")), "keep");
  struct zr_tf_value prior = stage_object(&s, KIND(&s), IDS("a")); /* without on_remove */
  struct answer read = stage_read(&s, TYPE, &prior);
  assert_string_equal(zr_tf_text(zr_tf_get(type, &read.state, "on_remove")), "keep");
  struct answer plan = stage_plan(&s, TYPE, &read.state, &prior);
  assert_string_equal(zr_tf_text(zr_tf_get(type, &plan.state, "on_remove")), "release");
  assert_int_equal(stage_apply(&s, TYPE, &done.state, NULL).state.is, ZR_TF_NULL);
  assert_int_equal(s.fleet.releases, 0);
  stage_close(&s);
}

/* Terraform plans a replacement as a creation; only the read before it tells. */
static void a_replacement_is_warned_of(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value object = s_object(&s, IDS("a"));
  (void)stage_read(&s, TYPE, &object);
  struct answer plan = stage_plan(&s, TYPE, &object, &object);
  assert_int_equal(plan.diag_count, 0);
  plan = stage_plan(&s, TYPE, NULL, &object);
  assert_int_equal(plan.diag_count, 1);
  assert_string_equal(stage_diag(&s, &plan, 0),
                      "W instance_ids[0]: Instance a is held by a resource that releases it");
  stage_close(&s);
}

static void an_import_looks_first(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct answer done = stage_import(&s, TYPE, "vm/a,b");
  assert_string_equal(stage_ids(&s, KIND(&s), &done.state, "instance_ids"), "a,b");
  assert_int_equal(done.identity.is, ZR_TF_KNOWN);
  static const char *const bad[] = {"a",     "vm/",       "vm/a,",  "vm/a,a", "ecs/a",
                                    "vm/ a", "vm/a,gone", "vm/run", "/a",     ""};
  for (size_t i = 0; i < ZR_COUNT(bad); i++)
    assert_true(stage_import(&s, TYPE, bad[i]).errors > 0);
  stage_close(&s);
}

static void a_validation_names_the_element(void **state) {
  (void)state;
  struct stage s;
  s_open(&s);
  struct zr_tf_value config = stage_object(
      &s, KIND(&s), IDS("a", "", "a", " b", "\xC2\xA0", "c\x01", "d", "\xE3\x80\x80x"));
  struct answer a = stage_validate(&s, TYPE, &config);
  static const char *const said[] = {
      "E instance_ids[1]: The id in instance_ids[1] is empty",
      "E instance_ids[2]: Instance a is named more than once",
      "E instance_ids[3]: The id in instance_ids[3] has white space at its beginning or end",
      "E instance_ids[4]: The id in instance_ids[4] is blank",
      "E instance_ids[5]: The id in instance_ids[5] contains a control character",
      "E instance_ids[7]: The id in instance_ids[7] has white space at its beginning or end"};
  assert_int_equal(a.diag_count, ZR_COUNT(said));
  for (size_t i = 0; i < ZR_COUNT(said); i++)
    assert_string_equal(stage_diag(&s, &a, i), said[i]);
  config = stage_object(&s, KIND(&s), IDS("a"));
  stage_set(&s, KIND(&s), &config, "product", zr_tf_of_text("VM"));
  stage_set(&s, KIND(&s), &config, "on_remove", zr_tf_of_text("drop"));
  stage_set(&s, KIND(&s), &config, "wait", zr_tf_of_text("1"));
  stage_set(&s, KIND(&s), &config, "release_dependencies", zr_tf_unknown);
  a = stage_validate(&s, TYPE, &config);
  assert_int_equal(a.errors, 3);
  stage_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_creation_adopts_and_releases_nothing),
      cmocka_unit_test(a_creation_is_all_or_nothing),
      cmocka_unit_test(a_plan_points_at_elements),
      cmocka_unit_test(what_is_unknown_stays_silent),
      cmocka_unit_test(an_order_is_no_change),
      cmocka_unit_test(a_product_does_not_change),
      cmocka_unit_test(a_destruction_keeps_the_rest),
      cmocka_unit_test(an_update_keeps_the_rest),
      cmocka_unit_test(keep_keeps),
      cmocka_unit_test(a_read_lets_go_of_what_is_gone),
      cmocka_unit_test(a_read_that_finds_nothing_keeps_all),
      cmocka_unit_test(a_read_lets_go_of_what_it_saw_released),
      cmocka_unit_test(an_import_keeps_until_applied),
      cmocka_unit_test(a_replacement_is_warned_of),
      cmocka_unit_test(an_import_looks_first),
      cmocka_unit_test(a_validation_names_the_element),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
