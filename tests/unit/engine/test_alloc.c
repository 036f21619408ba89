/*
 * Every allocation of a release fails once: nothing crashes, nothing is lost, no report lies. Out
 * of memory may cost words of evidence and time, never an outcome.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "world.h"

static struct world w;

/* Splits, throttling, a lost answer, missing and live ids: most of what the engine allocates for.
 */
static void s_scene(uint64_t seed) {
  w.short_of_memory = true;
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
  const struct guard_spec spec = {.policy = {.max_bin_percent = 90, .max_drift_percent = 10}};
  (void)world_submit_guarded(&w, 118, 60, &spec);
}

/* True when the n-th allocation was reached. The engine itself is there before the fault. */
static bool s_fails_at(uint64_t seed, uint64_t n) {
  world_init(&w, seed);
  uint64_t before = zr_mem_count();
  zr_mem_fail_after(n);
  s_scene(seed);
  bool refused = w.problem[0] != '\0'; /* a submit that was refused changed nothing */
  if (!refused) {
    world_run(&w, 4000000);
    world_check(&w);
  }
  bool reached = zr_mem_count() - before > n;
  zr_mem_fail_after(UINT64_MAX);
  world_clean_up(&w);
  if (!refused && w.problem[0])
    fail_msg("seed %llu, allocation %llu: %s", (unsigned long long)seed, (unsigned long long)n,
             w.problem);
  return reached;
}

static void any_allocation_may_fail(void **state) {
  (void)state;
  uint64_t sites = 0;
  for (uint64_t seed = 1; seed <= 3; seed++) {
    uint64_t n = 0;
    while (s_fails_at(seed, n))
      n++;
    sites += n;
  }
  print_message("allocations that failed once: about %llu\n", (unsigned long long)sites);
  assert_true(sites > 1000);
}

static void a_refused_submit_leaves_nothing_behind(void **state) {
  (void)state;
  world_init(&w, 1);
  world_add(&w, 50, PLACE_BIN);
  const char *ids[50];
  for (int i = 0; i < 50; i++)
    ids[i] = w.machines[i].id;
  struct zr_release_request r = {.product = ZR_PRODUCT_VM,
                                 .instance_ids = ids,
                                 .instance_id_count = 50,
                                 .deadline = ZR_MONO_NEVER};
  uint64_t job = 0;
  unsigned refused = 0;
  for (uint64_t n = 0;; n++) {
    zr_mem_fail_after(n);
    enum zr_err e = zr_engine_submit(w.engine, &r, world_time(&w), &job);
    zr_mem_fail_after(UINT64_MAX);
    if (e == ZR_ERR_OK)
      break;
    assert_int_equal(e, ZR_ERR_NOMEM);
    assert_int_equal(zr_engine_jobs(w.engine), 0);
    refused++;
  }
  assert_true(refused > 100);
  assert_int_equal(zr_engine_jobs(w.engine), 1);
  world_clean_up(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_allocation_may_fail),
      cmocka_unit_test(a_refused_submit_leaves_nothing_behind),
  };
  return cmocka_run_group_tests_name("engine: out of memory", tests, NULL, NULL);
}
