/* SPDX-License-Identifier: Apache-2.0 */
#include "filters.h"

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

struct s_world {
  struct sim_settings settings;
  struct sim_timers timers;
  struct sim_ledger ledger;
  struct sim_fleet fleet;
};

/* Per product: web-1 (running, tag env=prod), web-2 (in the bin, group rg-2), db-1 (running, zone
 * Z). */
static int s_set_up(void **state) {
  struct s_world *world = sim_alloc(sizeof *world);
  sim_settings_init(&world->settings);
  sim_fleet_init(&world->fleet, &world->settings, &world->timers, &world->ledger);
  for (int i = 0; i < SIM_PRODUCT_COUNT; i++) {
    enum sim_product product = (enum sim_product)i;
    struct sim_instance *web1 = sim_fleet_add(&world->fleet, product, "a", SIM_STATUS_RUNNING);
    struct sim_instance *web2 = sim_fleet_add(&world->fleet, product, "b", SIM_STATUS_RECYCLE);
    struct sim_instance *db1 = sim_fleet_add(&world->fleet, product, "c", SIM_STATUS_RUNNING);
    sim_set_string(&web1->name, "web-1");
    sim_set_string(&web2->name, "web-2");
    sim_set_string(&db1->name, "db-1");
    sim_instance_add_tag(web1, "env", "prod");
    sim_set_string(&web2->resource_group_id, "rg-2");
    sim_set_string(&db1->zone_id, "Z");
  }
  *state = world;
  return 0;
}

static int s_tear_down(void **state) {
  struct s_world *world = *state;
  sim_fleet_clear(&world->fleet);
  sim_ledger_clean_up(&world->ledger);
  sim_timers_clean_up(&world->timers);
  free(world);
  return 0;
}

/* The ids that pass, one letter each, or the code of the refusal. */
static const char *s_pass(const struct s_world *world, enum sim_product product, bool old_version,
                          const char *body) {
  static char ids[64];
  struct sim_filters filters;
  struct sim_refusal refusal = {0};
  size_t len = 0;
  cJSON *params = sim_params_parse(body, strlen(body), &refusal);
  bool good = params != NULL && sim_filters_read(&filters, product, old_version, params, &refusal);
  const struct sim_instance *instance = world->fleet.by_id[product];
  for (; good && instance != NULL; instance = instance->hh.next) {
    if (sim_filters_accept(&filters, instance, sim_instance_status(instance))) {
      ids[len++] = instance->id[0];
    }
  }
  ids[len] = '\0';
  cJSON_Delete(params);
  return good ? ids : refusal.code;
}

static void test_status(void **state) {
  struct s_world *w = *state;
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"instanceStatus\":\"RECYCLE\"}"), "b");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"instanceStatus\":\"RECYCLED\"}"), "b");
  assert_string_equal(s_pass(w, SIM_BMC, false, "{\"instanceStatus\":\"RUNNING\"}"), "ac");
  assert_string_equal(s_pass(w, SIM_ZEC, false, "{\"status\":\"RUNNING\"}"), "ac");
  /* The other product's name for the filter is no filter. */
  assert_string_equal(s_pass(w, SIM_ZEC, false, "{\"instanceStatus\":\"RUNNING\"}"), "abc");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"instanceStatus\":\"ABSENT\"}"),
                      "INVALID_PARAMETER_VALUE");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"instanceStatus\":null}"), "abc");
}

static void test_names(void **state) {
  struct s_world *w = *state;
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"instanceName\":\"web\"}"), "");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"instanceName\":\"web-1\"}"), "a");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"instanceName\":\"web*\"}"), "ab");
  assert_string_equal(s_pass(w, SIM_BMC, false, "{\"hostname\":\"db-*\"}"), "c");
  assert_string_equal(s_pass(w, SIM_ZEC, false, "{\"name\":\"b-\"}"), "abc");
  assert_string_equal(s_pass(w, SIM_ZEC, false, "{\"name\":\"db\"}"), "c");
}

static void test_tags_groups_zones_and_addresses(void **state) {
  struct s_world *w = *state;
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"tagKeys\":[\"x\",\"env\"]}"), "a");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"tags\":[{\"key\":\"env\",\"value\":\"prod\"}]}"),
                      "a");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"tags\":[{\"key\":\"env\",\"value\":\"test\"}]}"),
                      "");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"tags\":[{\"value\":\"prod\"}]}"),
                      "INVALID_PARAMETER_TYPE");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"resourceGroupId\":\"rg-2\"}"), "b");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"zoneId\":\"Z\"}"), "c");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"zoneId\":7}"), "INVALID_PARAMETER_TYPE");
  assert_string_equal(s_pass(w, SIM_VM, false, "{\"publicIpAddresses\":[\"198.18.0.2\"]}"), "b");
  assert_string_equal(
      s_pass(w, SIM_BMC, false, "{\"privateIpAddresses\":[\"10.11.0.1\",\"10.11.0.3\"]}"), "ac");
  assert_string_equal(s_pass(w, SIM_ZEC, false, "{\"ipv4Address\":\"10.12.0.3\"}"), "c");
  assert_string_equal(s_pass(w, SIM_ZEC, false, "{\"ipv6Address\":\"2001:db8:c::1\"}"), "a");
}

static void test_filters_combine(void **state) {
  struct s_world *w = *state;
  assert_string_equal(
      s_pass(w, SIM_VM, false, "{\"instanceName\":\"web*\",\"instanceStatus\":\"RUNNING\"}"), "a");
}

static void test_old_zec_knows_no_tags(void **state) {
  struct s_world *w = *state;
  assert_string_equal(s_pass(w, SIM_ZEC, false, "{\"tagKeys\":[\"env\"]}"), "a");
  assert_string_equal(s_pass(w, SIM_ZEC, true, "{\"tagKeys\":[\"env\"]}"), "abc");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_status, s_set_up, s_tear_down),
      cmocka_unit_test_setup_teardown(test_names, s_set_up, s_tear_down),
      cmocka_unit_test_setup_teardown(test_tags_groups_zones_and_addresses, s_set_up, s_tear_down),
      cmocka_unit_test_setup_teardown(test_filters_combine, s_set_up, s_tear_down),
      cmocka_unit_test_setup_teardown(test_old_zec_knows_no_tags, s_set_up, s_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
