/* Rules and belts: what they hold back, and that nothing leaves before all was read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/gate.h"
#include "world.h"

static struct world w;

static int s_begin(void **state) {
  (void)state;
  world_init(&w, 11);
  return 0;
}

static int s_end(void **state) {
  (void)state;
  world_clean_up(&w);
  return 0;
}

static void s_finish(void) {
  world_run(&w, 4000000);
  world_check(&w);
  assert_string_equal(w.problem, "");
}

static unsigned s_count(int job, enum zr_outcome o) {
  return w.jobs[job].counts.by_outcome[o];
}

/* How many results of the job have this code. */
static unsigned s_codes(int job, enum zr_code code) {
  unsigned n = 0;
  for (size_t i = 0; i < w.machine_count; i++)
    n += w.jobs[job].code[i] == code;
  return n;
}

/* ---- one row against the rules ---- */

struct judgement {
  const char *name;
  struct zr_keep_rule rule;
  struct zr_instance row;
  enum zr_code code;
};

#define ROW(...)                                                                                   \
  { .id = "1", .status = "RECYCLE", .charge_type = "", .create_time = "", __VA_ARGS__ }

static const struct zr_tag s_prod = {"env", "prod"};

static const struct judgement s_judgements[] = {
    {"name matches",
     {ZR_KEEP_NAME, "db-*", NULL},
     ROW(.name = "db-1", .zone_id = "z", .resource_group_id = "g"),
     ZR_CODE_PROTECTED},
    {"name does not",
     {ZR_KEEP_NAME, "db-*", NULL},
     ROW(.name = "web-db-1", .zone_id = "z", .resource_group_id = "g"),
     ZR_CODE_NONE},
    {"name is not told",
     {ZR_KEEP_NAME, "db-*", NULL},
     ROW(.name = "", .zone_id = "z", .resource_group_id = "g"),
     ZR_CODE_PROTECTED},
    {"tag, any value",
     {ZR_KEEP_TAG, "env", NULL},
     ROW(.name = "a", .zone_id = "z", .resource_group_id = "g", .tags = &s_prod, .tag_count = 1,
         .tags_told = true),
     ZR_CODE_PROTECTED},
    {"tag, other value",
     {ZR_KEEP_TAG, "env", "test"},
     ROW(.name = "a", .zone_id = "z", .resource_group_id = "g", .tags = &s_prod, .tag_count = 1,
         .tags_told = true),
     ZR_CODE_NONE},
    {"tags are not told",
     {ZR_KEEP_TAG, "env", "test"},
     ROW(.name = "a", .zone_id = "z", .resource_group_id = "g"),
     ZR_CODE_PROTECTED},
    {"group matches",
     {ZR_KEEP_GROUP, "g", NULL},
     ROW(.name = "a", .zone_id = "z", .resource_group_id = "g"),
     ZR_CODE_PROTECTED},
    {"group is not told",
     {ZR_KEEP_GROUP, "g", NULL},
     ROW(.name = "a", .zone_id = "z", .resource_group_id = ""),
     ZR_CODE_PROTECTED},
    {"zone does not match",
     {ZR_KEEP_ZONE, "y", NULL},
     ROW(.name = "a", .zone_id = "z", .resource_group_id = "g"),
     ZR_CODE_NONE},
    {"a rule of no kind protects",
     {ZR_KEEP_COUNT_, "y", NULL},
     ROW(.name = "a", .zone_id = "z", .resource_group_id = "g"),
     ZR_CODE_PROTECTED},
};

static void every_rule_protects_what_it_names_and_what_it_cannot_see(void **state) {
  (void)state;
  for (size_t i = 0; i < ZR_COUNT(s_judgements); i++) {
    const struct judgement *j = &s_judgements[i];
    struct zr_guard g = {.has_policy = true, .policy = {.keep = &j->rule, .keep_count = 1}};
    struct zr_buf why = ZR_BUF_INIT(4096);
    enum zr_code code = zr_guard_judge(&g, 0, &j->row, (struct zr_wall){1000000}, &why);
    if (code != j->code || (code != ZR_CODE_NONE) != (why.len > 0))
      fail_msg("%s: %s (%s)", j->name, zr_code_info(code)->name, why.data ? why.data : "");
    struct zr_guard server = {.server = &g.policy};
    zr_buf_reset(&why);
    assert_int_equal(zr_guard_judge(&server, 0, &j->row, (struct zr_wall){1000000}, &why), j->code);
    zr_buf_clean_up(&why);
  }
}

static void all_that_protect_are_named_and_many_are_counted(void **state) {
  (void)state;
  struct zr_keep_rule three[] = {
      {ZR_KEEP_NAME, "db-*", NULL}, {ZR_KEEP_ZONE, "y", NULL}, {ZR_KEEP_GROUP, "g", NULL}};
  struct zr_keep_rule many[500];
  struct zr_policy server = {.keep = many, .keep_count = ZR_COUNT(many)};
  struct zr_guard g = {.has_policy = true, .policy = {.keep = three, .keep_count = 3}};
  struct zr_instance row = ROW(.name = "db-1", .zone_id = "z", .resource_group_id = "g");
  struct zr_buf why = ZR_BUF_INIT(16384);
  for (size_t i = 0; i < ZR_COUNT(many); i++)
    many[i] = (struct zr_keep_rule){ZR_KEEP_NAME, "db-1", NULL};
  assert_int_equal(zr_guard_judge(&g, 0, &row, (struct zr_wall){0}, &why), ZR_CODE_PROTECTED);
  assert_string_equal(why.data, "the rule keep name \"db-*\" protects it; "
                                "the rule keep resource group \"g\" protects it");
  zr_buf_reset(&why);
  g.server = &server;
  assert_int_equal(zr_guard_judge(&g, 0, &row, (struct zr_wall){0}, &why), ZR_CODE_PROTECTED);
  assert_in_range(why.len, 2048, 2200);
  assert_non_null(strstr(why.data, "; and 4"));
  zr_buf_clean_up(&why);
}

static void the_least_time_in_the_bin_needs_a_first_sighting(void **state) {
  (void)state;
  struct zr_guard g = {.has_policy = true, .policy = {.min_bin_ms = 60000}};
  struct zr_instance row = ROW(.name = "a", .zone_id = "z", .resource_group_id = "g");
  struct zr_wall now = {1000000};
  struct zr_buf why = ZR_BUF_INIT(4096);
  assert_int_equal(zr_guard_judge(&g, 0, &row, now, &why), ZR_CODE_PROTECTED);
  row.bin_since_ms = now.ms - 59999;
  assert_int_equal(zr_guard_judge(&g, 0, &row, now, &why), ZR_CODE_PROTECTED);
  row.bin_since_ms = now.ms - 60000;
  assert_int_equal(zr_guard_judge(&g, 0, &row, now, &why), ZR_CODE_NONE);
  /* One clock or the other is wrong. */
  zr_buf_reset(&why);
  row.bin_since_ms = now.ms + 7000;
  assert_int_equal(zr_guard_judge(&g, 0, &row, now, &why), ZR_CODE_PROTECTED);
  assert_non_null(strstr(why.data, "7 s from now"));
  row.bin_since_ms = INT64_MAX;
  assert_int_equal(zr_guard_judge(&g, 0, &row, now, &why), ZR_CODE_PROTECTED);
  zr_buf_clean_up(&why);
}

static void every_fact_that_changes_is_drift(void **state) {
  (void)state;
  static const struct zr_tag other = {"env", "test"};
  static const char *const ips[] = {"198.18.0.1", "198.18.0.2"};
  static const char *const turned[] = {"198.18.0.2", "198.18.0.1"};
  static const char *const others[] = {"198.18.0.1", "198.18.0.3"};
  struct zr_expected x = {.name = "a",
                          .zone_id = "z",
                          .resource_group_id = "g",
                          .charge_type = "POSTPAID",
                          .create_time = "2026-01-01T00:00:00Z",
                          .tags = &s_prod,
                          .tag_count = 1,
                          .has_attachments = true,
                          .public_ips = ips,
                          .public_ip_count = 2,
                          .undetachable_disk_count = 1};
  const struct zr_instance same = {.id = "1",
                                   .status = "RECYCLE",
                                   .name = "a",
                                   .zone_id = "z",
                                   .resource_group_id = "g",
                                   .charge_type = "POSTPAID",
                                   .create_time = "2026-01-01T00:00:00Z",
                                   .tags = &s_prod,
                                   .tag_count = 1,
                                   .public_ips = turned,
                                   .public_ip_count = 2,
                                   .undetachable_disk_count = 1};
  struct zr_guard g = {.expected = &x};
  struct zr_instance rows[] = {same, same, same, same, same, same, same, same, same, same};
  rows[0].name = "b";
  rows[1].zone_id = "y";
  rows[2].resource_group_id = "";
  rows[3].charge_type = "PREPAID";
  rows[4].create_time = "2026-01-01T00:00:01Z";
  rows[5].tags = &other;
  rows[6].tag_count = 0;
  rows[7].public_ip_count = 1;
  rows[8].public_ips = others;
  rows[9].undetachable_disk_count = 2;
  struct zr_buf why = ZR_BUF_INIT(4096);
  assert_int_equal(zr_guard_judge(&g, 0, &same, (struct zr_wall){1}, &why), ZR_CODE_NONE);
  for (size_t i = 0; i < ZR_COUNT(rows); i++) {
    zr_buf_reset(&why);
    assert_int_equal(zr_guard_judge(&g, 0, &rows[i], (struct zr_wall){1}, &why), ZR_CODE_DRIFTED);
    assert_true(why.len > 0);
  }
  x.has_attachments = false; /* a caller who did not tell them does not have them compared */
  for (size_t i = 7; i < ZR_COUNT(rows); i++)
    assert_int_equal(zr_guard_judge(&g, 0, &rows[i], (struct zr_wall){1}, &why), ZR_CODE_NONE);
  zr_buf_clean_up(&why);
}

/* ---- whole jobs ---- */

static void what_drifted_is_left_alone_and_the_rest_is_released(void **state) {
  (void)state;
  world_add(&w, 250, PLACE_BIN);
  w.machines[3].renamed = true;
  w.machines[120].kept = true;
  w.machines[249].place = PLACE_LIVE;
  w.machines[9].place = PLACE_NOWHERE;
  struct guard_spec spec = {.policy = {.max_drift_percent = 10}};
  int j = world_submit_guarded(&w, 0, 250, &spec);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 246);
  assert_int_equal(s_count(j, ZR_OUTCOME_ALREADY_GONE), 1);
  assert_int_equal(s_codes(j, ZR_CODE_DRIFTED), 3);
  assert_int_equal(w.releases, 3);
}

static void too_much_drift_stops_all_before_the_first_send(void **state) {
  (void)state;
  world_add(&w, 250, PLACE_BIN);
  for (int i = 200; i < 226; i++)
    w.machines[i].renamed = true;
  struct guard_spec spec = {.policy = {.max_drift_percent = 10}};
  int j = world_submit_guarded(&w, 0, 250, &spec);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_ATTEMPTED), 250);
  assert_int_equal(s_codes(j, ZR_CODE_DRIFTED), 26);
  assert_int_equal(s_codes(j, ZR_CODE_BELT_BROKEN), 224);
  assert_int_equal(w.releases, 0);
}

static void exactly_the_allowed_drift_is_allowed(void **state) {
  (void)state;
  world_add(&w, 250, PLACE_BIN);
  for (int i = 0; i < 25; i++)
    w.machines[i].renamed = true;
  struct guard_spec spec = {.policy = {.max_drift_percent = 10}};
  int j = world_submit_guarded(&w, 0, 250, &spec);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 225);
}

/* 30 of 250 here are more than a tenth, and less than a tenth of the run's 1,000. */
static void the_share_of_drift_is_one_of_the_whole_run(void **state) {
  (void)state;
  world_add(&w, 250, PLACE_BIN);
  for (int i = 0; i < 30; i++)
    w.machines[i].renamed = true;
  struct guard_spec spec = {
      .policy = {.max_drift_percent = 10, .planned_instances = 1000, .drifted_instances = 71}};
  int over = world_submit_guarded(&w, 0, 250, &spec);
  s_finish();
  assert_int_equal(s_codes(over, ZR_CODE_BELT_BROKEN), 220);
  assert_int_equal(w.releases, 0);
  spec.policy.drifted_instances = 70;
  int fine = world_submit_guarded(&w, 0, 250, &spec);
  s_finish();
  assert_int_equal(s_count(fine, ZR_OUTCOME_RELEASED), 220);
}

/* What others have seen is enough, and a run cannot be said to be smaller than the request. */
static void drift_elsewhere_stops_a_request_without_any(void **state) {
  (void)state;
  world_add(&w, 20, PLACE_BIN);
  struct guard_spec spec = {
      .policy = {.max_drift_percent = 10, .planned_instances = 100, .drifted_instances = 11}};
  int j = world_submit_guarded(&w, 0, 20, &spec);
  s_finish();
  assert_int_equal(s_codes(j, ZR_CODE_BELT_BROKEN), 20);
  spec.policy = (struct zr_policy){.max_drift_percent = 10, .planned_instances = 1};
  w.machines[0].renamed = true;
  j = world_submit_guarded(&w, 0, 20, &spec);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 19);
}

static void half_of_the_bin_may_go_and_one_more_may_not(void **state) {
  (void)state;
  world_add(&w, 200, PLACE_BIN);
  struct guard_spec spec = {.policy = {.max_bin_percent = 50}};
  int over = world_submit_guarded(&w, 0, 101, &spec);
  s_finish();
  assert_int_equal(s_codes(over, ZR_CODE_BELT_BROKEN), 101);
  assert_int_equal(w.releases, 0);
  int half = world_submit_guarded(&w, 0, 100, &spec);
  s_finish();
  assert_int_equal(s_count(half, ZR_OUTCOME_RELEASED), 100);
  assert_int_equal(w.counts, 2);
}

static void the_rest_of_a_set_counts_although_it_travels_elsewhere(void **state) {
  (void)state;
  world_add(&w, 200, PLACE_BIN);
  struct guard_spec spec = {.policy = {.max_bin_percent = 50, .other_instances = 81}};
  int j = world_submit_guarded(&w, 0, 20, &spec);
  s_finish();
  assert_int_equal(s_codes(j, ZR_CODE_BELT_BROKEN), 20);
  spec.policy = (struct zr_policy){.max_instances = 100, .other_instances = 81};
  j = world_submit_guarded(&w, 0, 20, &spec);
  s_finish();
  assert_int_equal(s_codes(j, ZR_CODE_BELT_BROKEN), 20);
  assert_int_equal(w.releases, 0);
}

static void a_ceiling_needs_no_read(void **state) {
  (void)state;
  world_add(&w, 200, PLACE_BIN);
  struct guard_spec spec = {.policy = {.max_instances = 100}, .blind = true};
  int j = world_submit_guarded(&w, 0, 101, &spec);
  s_finish();
  assert_int_equal(s_codes(j, ZR_CODE_BELT_BROKEN), 101);
  assert_int_equal(w.releases + w.reads, 0);
}

static void a_bin_that_cannot_be_counted_breaks_the_belt(void **state) {
  (void)state;
  world_add(&w, 200, PLACE_BIN);
  w.uncountable = 100;
  struct guard_spec spec = {.policy = {.max_bin_percent = 50}};
  int j = world_submit_guarded(&w, 0, 10, &spec);
  s_finish();
  assert_int_equal(s_codes(j, ZR_CODE_BELT_BROKEN), 10);
  assert_int_equal(w.releases, 0);
}

static void a_count_that_fails_at_first_is_made_again(void **state) {
  (void)state;
  world_add(&w, 200, PLACE_BIN);
  w.uncountable = 2;
  struct guard_spec spec = {.policy = {.max_bin_percent = 50}};
  int j = world_submit_guarded(&w, 0, 10, &spec);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 10);
  assert_int_equal(w.counts, 3);
}

static void a_dry_run_breaks_the_same_belts_and_sends_nothing(void **state) {
  (void)state;
  world_add(&w, 200, PLACE_BIN);
  w.machines[5].renamed = true;
  struct guard_spec spec = {.policy = {.max_bin_percent = 50, .max_drift_percent = 10},
                            .dry = true};
  int over = world_submit_guarded(&w, 0, 110, &spec);
  int fine = world_submit_guarded(&w, 0, 90, &spec);
  s_finish();
  assert_int_equal(s_codes(over, ZR_CODE_BELT_BROKEN), 109);
  assert_int_equal(s_codes(fine, ZR_CODE_WOULD_RELEASE), 89);
  assert_int_equal(s_codes(fine, ZR_CODE_DRIFTED), 1);
  assert_int_equal(w.releases, 0);
}

static void another_callers_ids_are_not_held_by_this_callers_belt(void **state) {
  (void)state;
  world_add(&w, 100, PLACE_BIN);
  struct guard_spec spec = {.policy = {.max_bin_percent = 1}};
  int broken = world_submit_guarded(&w, 0, 60, &spec);
  int other = world_submit(&w, 50, 50, -1, 0);
  s_finish();
  assert_int_equal(s_count(other, ZR_OUTCOME_RELEASED), 50);
  assert_int_equal(s_codes(broken, ZR_CODE_BELT_BROKEN) + s_count(broken, ZR_OUTCOME_RELEASED), 60);
  assert_true(s_codes(broken, ZR_CODE_BELT_BROKEN) >= 50);
}

static void a_cancel_at_a_closed_gate_sends_nothing(void **state) {
  (void)state;
  world_add(&w, 300, PLACE_BIN);
  w.uncountable = 2;
  struct guard_spec spec = {.policy = {.max_bin_percent = 100}};
  int j = world_submit_guarded(&w, 0, 300, &spec);
  world_run_to(&w, w.now + 300);
  world_cancel(&w, j);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_ATTEMPTED), 300);
  assert_int_equal(w.releases, 0);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, s_begin, s_end)
  const struct CMUnitTest tests[] = {
      TEST(every_rule_protects_what_it_names_and_what_it_cannot_see),
      TEST(all_that_protect_are_named_and_many_are_counted),
      TEST(the_least_time_in_the_bin_needs_a_first_sighting),
      TEST(every_fact_that_changes_is_drift),
      TEST(what_drifted_is_left_alone_and_the_rest_is_released),
      TEST(too_much_drift_stops_all_before_the_first_send),
      TEST(exactly_the_allowed_drift_is_allowed),
      TEST(the_share_of_drift_is_one_of_the_whole_run),
      TEST(drift_elsewhere_stops_a_request_without_any),
      TEST(half_of_the_bin_may_go_and_one_more_may_not),
      TEST(the_rest_of_a_set_counts_although_it_travels_elsewhere),
      TEST(a_ceiling_needs_no_read),
      TEST(a_bin_that_cannot_be_counted_breaks_the_belt),
      TEST(a_count_that_fails_at_first_is_made_again),
      TEST(a_dry_run_breaks_the_same_belts_and_sends_nothing),
      TEST(another_callers_ids_are_not_held_by_this_callers_belt),
      TEST(a_cancel_at_a_closed_gate_sends_nothing),
  };
  return cmocka_run_group_tests_name("engine: rules and belts", tests, NULL, NULL);
}
