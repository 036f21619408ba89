/* What an earlier process left open is read before anything is sent, and told as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "world.h"

static struct world w;
static const char *s_ids[20];

static int s_begin(void **state) {
  (void)state;
  world_init(&w, 13);
  world_keep_journal(&w, 7);
  world_add(&w, 20, PLACE_BIN);
  for (size_t i = 0; i < 20; i++)
    s_ids[i] = w.machines[i].id;
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

static struct zr_open_call s_call(uint32_t batch, size_t first, size_t count) {
  return (struct zr_open_call){
      .batch = batch,
      .sent_at = world_time(&w).wall,
      .ids = s_ids + first,
      .id_count = count,
      .end.call = {
          .code = "", .message = "", .request_id = "", .reason = "", .retry_after_ms = -1}};
}

static int s_settle(const struct zr_open_call *calls, size_t count) {
  const struct zr_open_calls open = {.product = ZR_PRODUCT_VM, .calls = calls, .call_count = count};
  return world_settle(&w, &open);
}

/* Sent by the earlier process and gone, all of it or a part. */
static void s_was_destroyed(size_t first, size_t count) {
  for (size_t i = first; i < first + count; i++) {
    w.machines[i].place = PLACE_GONE;
    w.machines[i].by_release = true;
  }
}

static void gone_after_a_call_without_an_answer_is_released(void **state) {
  (void)state;
  s_was_destroyed(0, 10);
  const struct zr_open_call call = s_call(7, 0, 10);
  int j = s_settle(&call, 1);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 10);
  assert_int_equal(w.releases, 0);
  assert_int_equal(w.jobs[j].notes, 0);
}

static void still_there_is_told_only_when_no_late_effect_is_left(void **state) {
  (void)state;
  const struct zr_open_call call = s_call(7, 0, 4);
  int j = s_settle(&call, 1);
  world_run_to(&w, w.now + 29000);
  assert_false(w.jobs[j].done);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_REFUSED), 4);
  assert_int_equal(w.releases, 0);
}

static void a_late_effect_is_seen(void **state) {
  (void)state;
  const struct zr_open_call call = s_call(7, 0, 4);
  int j = s_settle(&call, 1);
  world_run_to(&w, w.now + 20000);
  s_was_destroyed(0, 4);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 4);
}

static void an_accepted_call_is_watched_and_not_repeated(void **state) {
  (void)state;
  struct zr_open_call call = s_call(7, 0, 4);
  call.answered = true;
  call.end.call.request_id = "R-7";
  int a = s_settle(&call, 1);
  int b = world_submit(&w, 0, 4, 10000, 0);
  s_finish();
  assert_int_equal(s_count(a, ZR_OUTCOME_ACCEPTED), 4);
  assert_int_equal(s_count(b, ZR_OUTCOME_ACCEPTED), 4);
  assert_int_equal(w.releases, 0);
}

static void a_refusal_is_told_with_its_reason(void **state) {
  (void)state;
  struct zr_open_call call = s_call(7, 0, 4);
  call.answered = true;
  call.end.call.class_ = ZR_CLASS_DENIED;
  call.end.call.http_status = 403;
  call.end.call.code = "OPERATION_DENIED_BY_A_NEW_RULE";
  int j = s_settle(&call, 1);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_REFUSED), 4);
  assert_int_equal(w.jobs[j].code[0], ZR_CODE_REFUSED);
}

static void who_wants_it_has_it_sent_again_after_a_read(void **state) {
  (void)state;
  const struct zr_open_call call = s_call(7, 0, 4);
  int a = s_settle(&call, 1);
  int b = world_submit(&w, 0, 20, -1, 0);
  s_finish();
  assert_int_equal(s_count(a, ZR_OUTCOME_RELEASED), 4);
  assert_int_equal(s_count(b, ZR_OUTCOME_RELEASED), 20);
  assert_int_equal(w.machines[0].sent, 1);
  assert_true(w.kept[8] && !w.kept[7]);
}

static void s_nothing_yet(struct world *world) {
  if (zr_engine_held(world->engine) > 0)
    world_break(world, "sent while ids of an earlier process are unread");
}

static void nothing_is_sent_before_all_of_it_was_read(void **state) {
  (void)state;
  w.before_release = s_nothing_yet;
  w.faults.read_percent = 25;
  const struct zr_open_call calls[] = {s_call(6, 0, 4), s_call(7, 4, 6)};
  (void)s_settle(calls, 2);
  assert_int_equal(zr_engine_held(w.engine), 10);
  int j = world_submit(&w, 10, 10, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 10);
  assert_int_equal(zr_engine_held(w.engine), 0);
}

static void what_cannot_be_read_keeps_everything_from_being_sent(void **state) {
  (void)state;
  w.reads_fail_from = w.now;
  const struct zr_open_call call = s_call(7, 0, 4);
  int a = s_settle(&call, 1);
  s_finish();
  assert_int_equal(s_count(a, ZR_OUTCOME_UNKNOWN), 4);
  assert_int_equal(zr_engine_held(w.engine), 4);
  w.reads_fail_from = 0;
  int b = world_submit(&w, 10, 10, -1, 0);
  s_finish();
  assert_int_equal(s_count(b, ZR_OUTCOME_NOT_ATTEMPTED), 10);
  assert_int_equal(w.jobs[b].code[10], ZR_CODE_UNSETTLED);
  int c = s_settle(&call, 1);
  int d = world_submit(&w, 10, 10, -1, 0);
  s_finish();
  assert_int_equal(s_count(c, ZR_OUTCOME_REFUSED), 4);
  assert_int_equal(s_count(d, ZR_OUTCOME_RELEASED), 10);
}

static void an_id_of_two_calls_is_one_instance(void **state) {
  (void)state;
  struct zr_open_call calls[] = {s_call(6, 0, 4), s_call(7, 2, 4)};
  calls[0].answered = true;
  calls[0].end.call.class_ = ZR_CLASS_THROTTLED;
  calls[0].end.call.http_status = 429;
  s_was_destroyed(2, 4);
  int j = s_settle(calls, 2);
  s_finish();
  assert_int_equal(w.jobs[j].counts.total, 6);
  assert_int_equal(w.jobs[j].counts.duplicates, 0);
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 4);
  assert_int_equal(s_count(j, ZR_OUTCOME_REFUSED), 2);
}

/* The wall clock may have been set since: what it says of the age shortens no watch. */
static void what_seems_long_ago_is_watched_as_long(void **state) {
  (void)state;
  struct zr_open_call call = s_call(7, 0, 4);
  call.sent_at.ms -= 4000000;
  int j = s_settle(&call, 1);
  int64_t start = w.now;
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_REFUSED), 4);
  assert_true(w.now - start >= 30000);
}

static void ids_at_work_keep_their_own_evidence(void **state) {
  (void)state;
  int a = world_submit(&w, 0, 4, -1, 0);
  while (w.releases == 0)
    world_run_to(&w, w.now + 5);
  const struct zr_open_call call = s_call(8, 0, 4);
  int b = s_settle(&call, 1);
  assert_int_equal(zr_engine_held(w.engine), 0);
  s_finish();
  assert_int_equal(s_count(a, ZR_OUTCOME_RELEASED), 4);
  assert_int_equal(s_count(b, ZR_OUTCOME_RELEASED), 4);
}

static void told_twice_is_known_once(void **state) {
  (void)state;
  const struct zr_open_call calls[] = {s_call(5, 0, 4), s_call(6, 0, 4)};
  for (int n = 0; n < 4; n++)
    (void)s_settle(calls, 2);
  int j = world_submit(&w, 0, 4, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 4);
}

static void who_asked_first_hears_of_the_earlier_call(void **state) {
  (void)state;
  s_was_destroyed(0, 4);
  int a = world_submit(&w, 0, 8, -1, 0);
  const struct zr_open_call call = s_call(7, 0, 4);
  int b = s_settle(&call, 1);
  s_finish();
  assert_int_equal(s_count(b, ZR_OUTCOME_RELEASED), 4);
  assert_int_equal(s_count(a, ZR_OUTCOME_RELEASED), 8);
  assert_int_equal(w.machines[0].sent, 0);
}

static struct zr_open_call s_answered(uint32_t batch, size_t first, size_t count, enum zr_class c) {
  struct zr_open_call call = s_call(batch, first, count);
  call.answered = true;
  call.end.call.class_ = c;
  return call;
}

/* Of this process, whose caller has left: refused by a 429, and then accepted. */
static void what_came_last_of_several_calls_of_this_process_counts(void **state) {
  (void)state;
  w.settled_before = true;
  const struct zr_open_call calls[] = {s_answered(8, 0, 2, ZR_CLASS_THROTTLED),
                                       s_answered(9, 0, 2, ZR_CLASS_OK)};
  int j = s_settle(calls, 2);
  assert_int_equal(zr_engine_held(w.engine), 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_ACCEPTED), 2);
}

static void parts_of_a_call_that_was_taken_apart_count(void **state) {
  (void)state;
  w.settled_before = true;
  s_was_destroyed(0, 2);
  const struct zr_open_call calls[] = {s_answered(8, 0, 2, ZR_CLASS_MISSING),
                                       s_answered(9, 0, 1, ZR_CLASS_OK),
                                       s_answered(10, 1, 1, ZR_CLASS_OK)};
  int j = s_settle(calls, 3);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 2);
}

/* The item has calls of its own, and an earlier request's was accepted. */
static void an_earlier_acceptance_keeps_it_from_being_sent_again(void **state) {
  (void)state;
  w.refused_next = 1;
  w.retry_after_ms = 5000;
  int a = world_submit(&w, 0, 1, -1, 0);
  while (w.releases == 0)
    world_run_to(&w, w.now + 5);
  world_run_to(&w, w.now + 1000);
  const struct zr_open_call call = s_answered(6, 0, 1, ZR_CLASS_OK);
  int b = s_settle(&call, 1);
  s_finish();
  assert_int_equal(s_count(a, ZR_OUTCOME_ACCEPTED), 1);
  assert_int_equal(s_count(b, ZR_OUTCOME_ACCEPTED), 1);
  assert_int_equal(w.machines[0].sent, 1);
}

/* The two groups of an id that was sent with either option come in any order of their numbers. */
static void an_older_answer_does_not_replace_a_younger_one(void **state) {
  (void)state;
  const struct zr_open_call young = s_answered(7, 0, 1, ZR_CLASS_DENIED);
  struct zr_open_calls open = {.product = ZR_PRODUCT_VM, .calls = &young, .call_count = 1};
  int a = world_settle(&w, &open);
  const struct zr_open_call old = s_call(6, 0, 1);
  open = (struct zr_open_calls){
      .product = ZR_PRODUCT_VM, .depend_resource = true, .calls = &old, .call_count = 1};
  int b = world_settle(&w, &open);
  s_finish();
  assert_int_equal(w.jobs[a].code[0], ZR_CODE_REFUSED);
  assert_int_equal(w.jobs[b].code[0], ZR_CODE_REFUSED);
}

static uint64_t s_settle_again(const struct zr_open_call *call) {
  const struct zr_open_calls open = {.product = ZR_PRODUCT_VM, .calls = call, .call_count = 1};
  uint64_t job = 0;
  assert_int_equal(zr_engine_settle(w.engine, &open, false, world_time(&w), &job), ZR_ERR_OK);
  return job;
}

/* Its intent is in what the journal tells; that it became void is not. */
static void a_call_that_became_void_meanwhile_is_left_out(void **state) {
  (void)state;
  w.record_ms = 500;
  int a = world_submit(&w, 0, 4, -1, 0);
  while (w.records == 0)
    world_run_to(&w, w.now + 5);
  assert_int_equal(zr_engine_asks_journal(w.engine), ZR_ERR_OK);
  world_cancel(&w, a);
  s_finish();
  assert_int_equal(w.voids, 1);
  const struct zr_open_call call = s_call(8, 0, 4);
  assert_int_equal(s_settle_again(&call), 0);
  assert_true(zr_engine_is_idle(w.engine));
}

static void a_call_that_was_answered_meanwhile_waits_for_the_next_time(void **state) {
  (void)state;
  int a = world_submit(&w, 0, 4, 0, 0);
  while (w.releases == 0)
    world_run_to(&w, w.now + 1);
  assert_int_equal(zr_engine_asks_journal(w.engine), ZR_ERR_OK);
  const struct zr_open_call call = s_call(8, 0, 4);
  s_finish();
  assert_int_equal(w.jobs[a].counts.total, 4);
  assert_int_equal(s_settle_again(&call), 0);
  assert_int_equal(zr_engine_asks_journal(w.engine), ZR_ERR_OK);
  const struct zr_open_call answered = s_answered(8, 0, 4, ZR_CLASS_OK);
  int b = s_settle(&answered, 1);
  s_finish();
  assert_int_equal(s_count(b, ZR_OUTCOME_RELEASED), 4);
}

static void what_one_account_held_does_not_hold_up_another(void **state) {
  (void)state;
  w.reads_fail_from = w.now;
  const struct zr_open_call call = s_call(7, 0, 4);
  (void)s_settle(&call, 1);
  s_finish();
  assert_int_equal(zr_engine_held(w.engine), 4);
  w.reads_fail_from = 0;
  zr_engine_change_account(w.engine, 90);
  assert_int_equal(zr_engine_held(w.engine), 0);
  int j = world_submit(&w, 10, 10, -1, 0);
  s_finish();
  assert_int_equal(s_count(j, ZR_OUTCOME_RELEASED), 10);
  assert_true(w.kept[91] && !w.kept[8]);
}

static void out_of_memory_changes_nothing(void **state) {
  (void)state;
  const struct zr_open_call calls[] = {s_call(6, 0, 4), s_call(7, 2, 4)};
  const struct zr_open_calls open = {.product = ZR_PRODUCT_VM, .calls = calls, .call_count = 2};
  uint64_t job = 0;
  unsigned failed = 0;
  for (;; failed++) {
    zr_mem_fail_after(failed);
    enum zr_err e = zr_engine_settle(w.engine, &open, true, world_time(&w), &job);
    bool held = zr_engine_held(w.engine) > 0;
    zr_mem_fail_after(UINT64_MAX);
    if (e == ZR_ERR_OK)
      break;
    assert_int_equal(e, ZR_ERR_NOMEM);
    assert_int_equal(zr_engine_jobs(w.engine), 0);
    assert_false(held);
  }
  assert_true(failed > 20);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, s_begin, s_end)
  const struct CMUnitTest tests[] = {
      T(gone_after_a_call_without_an_answer_is_released),
      T(still_there_is_told_only_when_no_late_effect_is_left),
      T(a_late_effect_is_seen),
      T(an_accepted_call_is_watched_and_not_repeated),
      T(a_refusal_is_told_with_its_reason),
      T(who_wants_it_has_it_sent_again_after_a_read),
      T(nothing_is_sent_before_all_of_it_was_read),
      T(what_cannot_be_read_keeps_everything_from_being_sent),
      T(an_id_of_two_calls_is_one_instance),
      T(what_seems_long_ago_is_watched_as_long),
      T(ids_at_work_keep_their_own_evidence),
      T(told_twice_is_known_once),
      T(who_asked_first_hears_of_the_earlier_call),
      T(what_came_last_of_several_calls_of_this_process_counts),
      T(parts_of_a_call_that_was_taken_apart_count),
      T(an_earlier_acceptance_keeps_it_from_being_sent_again),
      T(an_older_answer_does_not_replace_a_younger_one),
      T(a_call_that_became_void_meanwhile_is_left_out),
      T(a_call_that_was_answered_meanwhile_waits_for_the_next_time),
      T(what_one_account_held_does_not_hold_up_another),
      T(out_of_memory_changes_nothing),
  };
#undef T
  return cmocka_run_group_tests_name("engine: settle", tests, NULL, NULL);
}
