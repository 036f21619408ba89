/*
 * Every allocation of a release fails once: nothing crashes, nothing is lost, no report lies. Out
 * of memory may cost words of evidence and time, never an outcome.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sweep.h"
#include "world.h"

static struct world w;

/* Runs what was submitted to its end and holds it against the ledger. A submit that was refused
 * changed nothing, and is told by its caller. */
static void s_finish(struct sweep *s) {
  bool refused = w.problem[0] != '\0';
  if (!refused) {
    world_run(&w, 4000000);
    world_check(&w);
  }
  bool failed = sweep_disarm(s);
  if (!refused || !failed)
    assert_string_equal(w.problem, "");
  /* The engine is as good as before. */
  w.problem[0] = '\0';
  w.faults = (struct world_faults){.release_percent = 0};
  size_t first = w.machine_count;
  world_add(&w, 5, PLACE_BIN);
  int job = world_submit(&w, first, 5, 5000, 0);
  world_run(&w, w.now + 4000000);
  assert_string_equal(w.problem, "");
  assert_true(w.jobs[job].done);
  assert_int_equal(w.jobs[job].counts.total, 5);
  world_clean_up(&w);
}

/* Splits, throttling, a lost answer, missing and live ids, guards: most of what the engine
 * allocates for. */
static void s_release(struct sweep *s, void *ctx) {
  const uint64_t seed = *(const uint64_t *)ctx;
  const struct guard_spec spec = {.policy = {.max_bin_percent = 90, .max_drift_percent = 10}};
  world_init(&w, seed);
  w.short_of_memory = true;
  sweep_arm(s);
  world_add(&w, 110, PLACE_BIN);
  world_add(&w, 4, PLACE_NOWHERE);
  world_add(&w, 4, PLACE_LIVE);
  w.machines[17].cursed = true;
  w.refused_next = 1;
  w.faults.release_percent = seed % 2 ? 30 : 0;
  w.faults.missing_refuses_read = seed % 3 == 0;
  (void)world_submit(&w, 0, 118, 5000, 0);
  (void)world_submit(&w, 90, 28, -1, 0);
  world_add(&w, 60, PLACE_BIN);
  w.machines[130].renamed = true;
  (void)world_submit_guarded(&w, 118, 60, &spec);
  s_finish(s);
}

/* One of two callers leaves while a call is under way, the other later. */
static void s_cancel(struct sweep *s, void *ctx) {
  (void)ctx;
  world_init(&w, 5);
  w.short_of_memory = true;
  world_add(&w, 250, PLACE_BIN);
  sweep_arm(s);
  int a = world_submit(&w, 0, 150, 5000, 0);
  int b = world_submit(&w, 100, 150, 5000, 0);
  if (!w.problem[0]) {
    world_run_to(&w, w.now + 30);
    world_cancel(&w, a);
    world_run_to(&w, w.now + 200);
    world_cancel(&w, b);
  }
  s_finish(s);
}

/* With a journal, and a call that an earlier process left open. */
static void s_settle(struct sweep *s, void *ctx) {
  (void)ctx;
  const char *ids[20];
  world_init(&w, 13);
  w.short_of_memory = true;
  world_keep_journal(&w, 7);
  world_add(&w, 120, PLACE_BIN);
  for (size_t i = 0; i < 20; i++)
    ids[i] = w.machines[i].id;
  const struct zr_call_end end = {
      .code = "", .message = "", .request_id = "", .reason = "", .retry_after_ms = -1};
  const struct zr_open_call call = {
      .batch = 7, .sent_at = world_time(&w).wall, .ids = ids, .id_count = 20, .end.call = end};
  const struct zr_open_calls open = {.product = ZR_PRODUCT_VM, .calls = &call, .call_count = 1};
  sweep_arm(s);
  (void)world_settle(&w, &open);
  if (!w.problem[0])
    (void)world_submit(&w, 10, 110, 5000, 0);
  s_finish(s);
}

static void a_release(void **state) {
  static uint64_t seeds[] = {1, 2, 3};
  (void)state;
  sweep_path("engine: release with faults", s_release, &seeds[0]);
  sweep_path("engine: release, one refused", s_release, &seeds[1]);
  sweep_path("engine: release, reads refused", s_release, &seeds[2]);
}

static void a_cancellation(void **state) {
  (void)state;
  sweep_path("engine: cancel in mid-call", s_cancel, NULL);
}

static void an_open_call(void **state) {
  (void)state;
  sweep_path("engine: journal and settling", s_settle, NULL);
}

/* A refused submit leaves nothing behind. */
static void s_submit(struct sweep *s, void *ctx) {
  const char *ids[50];
  uint64_t job = 0;
  (void)ctx;
  world_init(&w, 1);
  world_add(&w, 50, PLACE_BIN);
  for (int i = 0; i < 50; i++)
    ids[i] = w.machines[i].id;
  struct zr_release_request r = {.product = ZR_PRODUCT_VM,
                                 .instance_ids = ids,
                                 .instance_id_count = 50,
                                 .deadline = ZR_MONO_NEVER};
  sweep_arm(s);
  enum zr_err e = zr_engine_submit(w.engine, &r, world_time(&w), &job);
  bool failed = sweep_disarm(s);
  assert_int_equal(e, failed ? ZR_ERR_NOMEM : ZR_ERR_OK);
  assert_int_equal(zr_engine_jobs(w.engine), failed ? 0 : 1);
  if (failed)
    assert_int_equal(zr_engine_submit(w.engine, &r, world_time(&w), &job), ZR_ERR_OK);
  assert_int_equal(zr_engine_jobs(w.engine), 1);
  world_clean_up(&w);
}

static void a_submit(void **state) {
  (void)state;
  sweep_path("engine: submit", s_submit, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_submit),
      cmocka_unit_test(a_release),
      cmocka_unit_test(a_cancellation),
      cmocka_unit_test(an_open_call),
  };
  return cmocka_run_group_tests_name("engine: out of memory", tests, NULL, NULL);
}
