/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <stdlib.h>

#include "cmocka_all.h"

/* Time is an argument: the timers are run by hand. */
struct s_world {
  struct sim_settings settings;
  struct sim_timers timers;
  struct sim_ledger ledger;
  struct sim_fleet fleet;
  uint64_t now_ms;
};

static int s_set_up(void **state) {
  struct s_world *world = sim_alloc(sizeof *world);
  sim_settings_init(&world->settings);
  sim_fleet_init(&world->fleet, &world->settings, &world->timers, &world->ledger);
  world->now_ms = sim_clock_mono_ms();
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

static void s_pass(struct s_world *world, uint64_t ms) {
  world->now_ms += ms;
  sim_timers_run(&world->timers, world->now_ms);
}

static const char *s_status(const struct sim_instance *instance) {
  return sim_status_name(sim_instance_status(instance));
}

static void test_generated_ids(void **state) {
  struct s_world *world = *state;
  (void)sim_fleet_add(&world->fleet, SIM_BMC, "2000000000002", SIM_STATUS_RUNNING);
  sim_fleet_generate(&world->fleet, SIM_BMC, 0, 2, SIM_STATUS_RECYCLE);
  sim_fleet_generate(&world->fleet, SIM_BMC, 0, 1, SIM_STATUS_RUNNING);
  assert_string_equal(s_status(sim_fleet_find(&world->fleet, SIM_BMC, "2000000000001")), "RECYCLE");
  assert_string_equal(s_status(sim_fleet_find(&world->fleet, SIM_BMC, "2000000000003")), "RECYCLE");
  assert_string_equal(s_status(sim_fleet_find(&world->fleet, SIM_BMC, "2000000000004")), "RUNNING");
  assert_null(sim_fleet_find(&world->fleet, SIM_VM, "2000000000001"));
}

static void test_terminate_passes_through_every_state(void **state) {
  struct s_world *world = *state;
  world->settings.stopping_ms = 10;
  world->settings.recycling_ms = 20;
  struct sim_instance *instance = sim_fleet_add(&world->fleet, SIM_VM, "a", SIM_STATUS_RUNNING);
  sim_instance_terminate(instance, world->now_ms);
  assert_string_equal(s_status(instance), "STOPPING");
  s_pass(world, 10);
  assert_string_equal(s_status(instance), "RECYCLING");
  s_pass(world, 19);
  assert_string_equal(s_status(instance), "RECYCLING");
  s_pass(world, 1);
  assert_string_equal(s_status(instance), "RECYCLE");
  s_pass(world, 1000000);
  assert_string_equal(s_status(instance), "RECYCLE");
  assert_int_equal(world->ledger.count, 0);
}

static void test_terminate_without_times_is_at_once(void **state) {
  struct s_world *world = *state;
  struct sim_instance *instance = sim_fleet_add(&world->fleet, SIM_VM, "a", SIM_STATUS_RUNNING);
  sim_instance_terminate(instance, world->now_ms);
  assert_string_equal(s_status(instance), "RECYCLE");
}

static void test_release_takes_its_time_but_is_certain_at_once(void **state) {
  struct s_world *world = *state;
  struct sim_ledger_entry why = {.cause = SIM_CAUSE_RELEASE, .request_number = 3};
  world->settings.release_ms = 50;
  struct sim_instance *instance = sim_fleet_add(&world->fleet, SIM_VM, "a", SIM_STATUS_RECYCLE);
  sim_instance_destroy(instance, &why, world->now_ms);
  assert_string_equal(s_status(instance), "RELEASING");
  assert_int_equal(world->ledger.count, 1);
  assert_int_equal(world->ledger.entries[0].gone_ms, 0);
  assert_string_equal(world->ledger.entries[0].status_before, "RECYCLE");
  s_pass(world, 50);
  assert_string_equal(s_status(instance), "ABSENT");
  assert_int_not_equal(world->ledger.entries[0].gone_ms, 0);
}

static void test_the_bin_has_an_end(void **state) {
  struct s_world *world = *state;
  world->settings.bin_ms = 5000;
  struct sim_instance *instance = sim_fleet_add(&world->fleet, SIM_VM, "a", SIM_STATUS_RECYCLE);
  s_pass(world, 4000);
  assert_string_equal(s_status(instance), "RECYCLE");
  s_pass(world, 2000);
  assert_string_equal(s_status(instance), "ABSENT");
  assert_int_equal(world->ledger.entries[0].cause, SIM_CAUSE_TIMER);
}

static void test_a_rescued_instance_escapes_the_timer(void **state) {
  struct s_world *world = *state;
  world->settings.bin_ms = 5000;
  struct sim_instance *instance = sim_fleet_add(&world->fleet, SIM_VM, "a", SIM_STATUS_RECYCLE);
  sim_instance_set_status(instance, SIM_STATUS_RUNNING, world->now_ms);
  s_pass(world, 10000);
  assert_string_equal(s_status(instance), "RUNNING");
}

static void test_a_lagging_read_sees_the_past(void **state) {
  struct s_world *world = *state;
  struct sim_ledger_entry why = {.cause = SIM_CAUSE_RELEASE};
  uint64_t now_ms = world->now_ms;
  struct sim_instance *instance = sim_fleet_add(&world->fleet, SIM_VM, "a", SIM_STATUS_RUNNING);
  sim_instance_terminate(instance, now_ms + 100);
  sim_instance_destroy(instance, &why, now_ms + 200);
  assert_int_equal(sim_instance_status_at(instance, 0), SIM_STATUS_RUNNING);
  assert_int_equal(sim_instance_status_at(instance, now_ms + 99), SIM_STATUS_RUNNING);
  assert_int_equal(sim_instance_status_at(instance, now_ms + 100), SIM_STATUS_RECYCLE);
  assert_int_equal(sim_instance_status_at(instance, now_ms + 199), SIM_STATUS_RECYCLE);
  assert_int_equal(sim_instance_status_at(instance, now_ms + 200), SIM_STATUS_ABSENT);
}

static void test_submissions_after_the_end_are_noted(void **state) {
  struct s_world *world = *state;
  struct sim_ledger_entry why = {.cause = SIM_CAUSE_RELEASE};
  struct sim_buf text = {0};
  struct sim_json json = {.out = &text};
  struct sim_instance *instance = sim_fleet_add(&world->fleet, SIM_VM, "a", SIM_STATUS_RECYCLE);
  sim_ledger_submitted(&world->ledger, "a");
  sim_instance_destroy(instance, &why, world->now_ms);
  sim_ledger_submitted(&world->ledger, "a");
  sim_ledger_submitted(&world->ledger, "b");
  sim_ledger_write(&world->ledger, &json);
  assert_true(sim_text_contains(text.data, "\"submissions\":{\"a\":2,\"b\":1}"));
  assert_true(
      sim_text_contains(text.data, "\"resubmitted\":[{\"instance_id\":\"a\",\"times\":1}]"));
  sim_buf_clean_up(&text);
}

static void s_note(void *context, uint64_t now_ms) {
  (void)now_ms;
  sim_buf_puts(context, "x");
}

static void test_many_timers_fire_in_order(void **state) {
  struct s_world *world = *state;
  struct sim_buf fired = {0};
  struct sim_timer timers[200] = {{0}};
  for (size_t i = 0; i < 200; i++) {
    timers[i] = (struct sim_timer){.fire = s_note, .context = &fired};
    sim_timer_arm(&world->timers, &timers[i], (i * 7919) % 200);
  }
  for (size_t i = 0; i < 200; i += 2) {
    sim_timer_disarm(&world->timers, &timers[i]);
  }
  for (uint64_t now_ms = 0; now_ms < 200; now_ms++) {
    size_t before = fired.len;
    sim_timers_run(&world->timers, now_ms);
    assert_true(fired.len - before <= 1);
  }
  assert_int_equal(fired.len, 100);
  assert_int_equal(sim_timers_wait_ms(&world->timers, 0), -1);
  sim_buf_clean_up(&fired);
}

#define S_TEST(test) cmocka_unit_test_setup_teardown(test, s_set_up, s_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      S_TEST(test_generated_ids),
      S_TEST(test_terminate_passes_through_every_state),
      S_TEST(test_terminate_without_times_is_at_once),
      S_TEST(test_release_takes_its_time_but_is_certain_at_once),
      S_TEST(test_the_bin_has_an_end),
      S_TEST(test_a_rescued_instance_escapes_the_timer),
      S_TEST(test_a_lagging_read_sees_the_past),
      S_TEST(test_submissions_after_the_end_are_noted),
      S_TEST(test_many_timers_fire_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
