/* With a journal: nothing leaves without a record of exactly what leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static struct world w;

static int s_begin(void **state) {
  (void)state;
  world_init(&w, 11);
  world_keep_journal(&w, 40);
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

static void each_release_call_is_recorded_once(void **state) {
  (void)state;
  world_add(&w, 1000, PLACE_BIN);
  int j = world_submit(&w, 0, 1000, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 1000);
  assert_int_equal(w.releases, 10);
  assert_int_equal(w.records, 10);
  assert_int_equal(w.voids, 0);
  assert_true(w.kept[41] && w.kept[50] && !w.kept[40] && !w.kept[51]);
}

static void nothing_leaves_when_the_record_is_not_kept(void **state) {
  (void)state;
  w.journal_broken = true;
  world_add(&w, 150, PLACE_BIN);
  int j = world_submit(&w, 0, 150, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_ATTEMPTED), 150);
  assert_int_equal(w.jobs[j].code[149], ZR_CODE_NOT_RECORDED);
  assert_int_equal(w.releases, 0);
}

static void a_journal_that_works_again_is_used_again(void **state) {
  (void)state;
  world_add(&w, 5, PLACE_BIN);
  w.journal_broken = true;
  (void)world_submit(&w, 0, 5, -1, 0);
  s_finish();
  w.journal_broken = false;
  int j = world_submit(&w, 0, 5, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 5);
  assert_int_equal(w.releases, 1);
}

static void ids_given_up_while_it_is_written_do_not_leave(void **state) {
  (void)state;
  w.record_ms = 500;
  world_add(&w, 20, PLACE_BIN);
  int j = world_submit(&w, 0, 20, -1, 0);
  while (w.records == 0)
    world_run_to(&w, w.now + 5);
  world_cancel(&w, j);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_ATTEMPTED), 20);
  assert_int_equal(w.releases, 0);
  assert_int_equal(w.voids, 1);
}

/* The ids of the other caller leave, under a record of their own. */
static void a_record_names_exactly_what_leaves(void **state) {
  (void)state;
  w.record_ms = 500;
  world_add(&w, 30, PLACE_BIN);
  int a = world_submit(&w, 0, 20, -1, 0);
  int b = world_submit(&w, 10, 20, -1, 0);
  while (w.records == 0)
    world_run_to(&w, w.now + 5);
  world_cancel(&w, a);
  s_finish();
  assert_int_equal(s_count(b, ZR_OUTCOME_RELEASED), 20);
  assert_int_equal(w.machines[0].sent, 0);
  assert_int_equal(w.voids, 1);
  assert_int_equal(w.records, 2);
  assert_int_equal(w.releases, 1);
}

static void reads_are_repeated_when_writing_took_too_long(void **state) {
  (void)state;
  w.record_ms = 3500;
  world_add(&w, 3, PLACE_BIN);
  int j = world_submit(&w, 0, 3, -1, 0);
  while (w.records < 2)
    world_run_to(&w, w.now + 5);
  assert_int_equal(w.voids, 1);
  assert_int_equal(w.reads, 2);
  w.record_ms = 1;
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 3);
  assert_int_equal(w.releases, 1);
}

static void a_disk_that_stays_too_slow_ends_the_request(void **state) {
  (void)state;
  w.record_ms = 3500;
  world_add(&w, 3, PLACE_BIN);
  int j = world_submit(&w, 0, 3, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_ATTEMPTED), 3);
  assert_int_equal(w.jobs[j].code[0], ZR_CODE_NOT_RECORDED);
  assert_int_equal(w.records, 5);
  assert_int_equal(w.voids, 5);
  assert_int_equal(w.releases, 0);
}

static void a_deadline_that_passes_while_it_is_written_is_kept(void **state) {
  (void)state;
  w.record_ms = 1000;
  world_add(&w, 3, PLACE_BIN);
  int j = world_submit(&w, 0, 3, -1, 600);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_NOT_ATTEMPTED), 3);
  assert_int_equal(w.jobs[j].code[0], ZR_CODE_DEADLINE);
  assert_int_equal(w.releases, 0);
}

static void a_pause_that_begins_while_it_is_written_is_kept(void **state) {
  (void)state;
  world_add(&w, 300, PLACE_BIN);
  w.refused_next = 1;
  w.retry_after_ms = 30000;
  w.record_ms = 60;
  int j = world_submit(&w, 0, 300, -1, 0);
  world_run_to(&w, w.now + 20000);
  assert_true(w.releases <= 3);
  unsigned early = w.releases;
  world_run_to(&w, w.now + 5000);
  assert_int_equal(w.releases, early);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 300);
}

static void an_intent_has_those_who_want_its_ids(void **state) {
  (void)state;
  world_add(&w, 3, PLACE_BIN);
  w.record_ms = 500;
  (void)world_submit(&w, 0, 2, -1, 0); /* m0 m1 */
  (void)world_submit(&w, 1, 2, -1, 0); /* m1 m2 */
  int gone = world_submit(&w, 0, 3, -1, 0);
  world_cancel(&w, gone);
  while (w.records == 0)
    world_run_to(&w, w.now + 5);
  assert_string_equal(w.callers, "0:0 1:0 1:1 2:1 ");
  s_finish();
}

static void s_note_call(void *ctx, const char *id, uint32_t batch) {
  char *text = ctx;
  size_t len = strlen(text);
  (void)snprintf(text + len, 128 - len, "%s:%u ", id, batch);
}

static const char *s_joined(int job) {
  static char text[128];
  text[0] = '\0';
  zr_engine_joined(w.engine, w.jobs[job].handle, s_note_call, text);
  return text;
}

/* While it is recorded, while it is away, and not when nothing is. */
static void a_latecomer_hears_of_the_calls_under_way(void **state) {
  (void)state;
  world_add(&w, 3, PLACE_BIN);
  w.record_ms = 500;
  int first = world_submit(&w, 0, 2, -1, 0);
  assert_string_equal(s_joined(first), "");
  while (w.records == 0)
    world_run_to(&w, w.now + 5);
  assert_string_equal(s_joined(world_submit(&w, 1, 2, -1, 0)), "m1:41 ");
  while (w.releases == 0)
    world_run_to(&w, w.now + 5);
  assert_string_equal(s_joined(world_submit(&w, 0, 2, -1, 0)), "m0:41 m1:41 ");
  s_finish();
  assert_string_equal(s_joined(first), "");
  world_add(&w, 1, PLACE_BIN);
  assert_string_equal(s_joined(world_submit(&w, 3, 1, -1, 0)), "");
  s_finish();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(each_release_call_is_recorded_once, s_begin, s_end),
      cmocka_unit_test_setup_teardown(nothing_leaves_when_the_record_is_not_kept, s_begin, s_end),
      cmocka_unit_test_setup_teardown(a_journal_that_works_again_is_used_again, s_begin, s_end),
      cmocka_unit_test_setup_teardown(ids_given_up_while_it_is_written_do_not_leave, s_begin,
                                      s_end),
      cmocka_unit_test_setup_teardown(a_record_names_exactly_what_leaves, s_begin, s_end),
      cmocka_unit_test_setup_teardown(reads_are_repeated_when_writing_took_too_long, s_begin,
                                      s_end),
      cmocka_unit_test_setup_teardown(a_disk_that_stays_too_slow_ends_the_request, s_begin, s_end),
      cmocka_unit_test_setup_teardown(a_deadline_that_passes_while_it_is_written_is_kept, s_begin,
                                      s_end),
      cmocka_unit_test_setup_teardown(an_intent_has_those_who_want_its_ids, s_begin, s_end),
      cmocka_unit_test_setup_teardown(a_latecomer_hears_of_the_calls_under_way, s_begin, s_end),
      cmocka_unit_test_setup_teardown(a_pause_that_begins_while_it_is_written_is_kept, s_begin,
                                      s_end),
  };
  return cmocka_run_group_tests_name("engine: journal", tests, NULL, NULL);
}
