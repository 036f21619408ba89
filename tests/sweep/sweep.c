#include "sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "blocks.h"

enum { LOST_TOLD = 4, RUNS_MAX = 200000 };

/* One path at a time. */
struct sweep {
  const char *name;
  sweep_once *once;
  void *ctx;
  int64_t fail_at;
  bool armed; /* by some run */
  uint64_t *hashes;
  size_t hash_count;
  size_t distinct;
};

static void s_tell(const struct sweep *s, const char *what) {
  (void)fprintf(stderr, "sweep %s, allocation %lld: %s\n", s->name, (long long)s->fail_at, what);
  if (blocks_failed())
    blocks_print_place(blocks_failed_at());
}

static struct sweep s_now;
static bool s_unfinished;

/* A failed assertion leaves in mid-path: then this says where. */
static void s_tell_unfinished(void) {
  if (s_unfinished)
    s_tell(&s_now, "not finished; it failed at");
}

void sweep_arm(struct sweep *s) {
  s->armed = true;
  blocks_arm(true);
}

bool sweep_disarm(struct sweep *s) {
  (void)s;
  blocks_arm(false);
  return blocks_failed();
}

bool sweep_is_first(const struct sweep *s) {
  return s->fail_at == BLOCKS_NEVER;
}

/* One run, and what it left behind. */
static void s_run(struct sweep *s) {
  int64_t which[LOST_TOLD];
  blocks_begin(s->fail_at, sweep_is_first(s));
  s->once(s, s->ctx);
  blocks_end();
  size_t lost = blocks_lost(which, LOST_TOLD);
  if (lost == 0)
    return;
  s_tell(s, "blocks were lost; it failed at");
  for (size_t i = 0; i < lost && i < LOST_TOLD; i++) {
    size_t count = 0;
    const struct place *places = blocks_places(&count);
    (void)fprintf(stderr, "lost: allocation %lld\n", (long long)which[i]);
    if (which[i] >= 0 && (size_t)which[i] < count)
      blocks_print_place(&places[which[i]]);
  }
  fail_msg("%s: %zu blocks lost when allocation %lld failed", s->name, lost, (long long)s->fail_at);
}

static int s_by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* The run without a failure: how many allocations there are, and where. */
static int64_t s_learn(struct sweep *s) {
  s->fail_at = BLOCKS_NEVER;
  s_run(s);
  const struct place *places = blocks_places(&s->hash_count);
  s->hashes = calloc(s->hash_count + 1, sizeof *s->hashes);
  uint64_t *sorted = calloc(s->hash_count + 1, sizeof *sorted);
  assert_true(s->hashes && sorted);
  for (size_t i = 0; i < s->hash_count; i++)
    s->hashes[i] = sorted[i] = places[i].hash;
  qsort(sorted, s->hash_count, sizeof *sorted, s_by_value);
  for (size_t i = 0; i < s->hash_count; i++)
    s->distinct += i == 0 || sorted[i] != sorted[i - 1];
  free(sorted);
  return blocks_counted();
}

/* Whether a quick sweep fails this one: the first two of its place, and the last. */
static bool s_is_chosen(const struct sweep *s, int64_t n) {
  size_t at = (size_t)n;
  if (at >= s->hash_count)
    return true;
  unsigned before = 0;
  bool last = true;
  for (size_t i = 0; i < at && before < 2; i++)
    before += s->hashes[i] == s->hashes[at];
  for (size_t i = at + 1; i < s->hash_count && last; i++)
    last = s->hashes[i] != s->hashes[at];
  return before < 2 || last;
}

/* Lets allocation after allocation fail; how many did. */
static int64_t s_fail_each(struct sweep *s, int64_t known, bool full) {
  int64_t failed = 0;
  for (int64_t n = 0; n < RUNS_MAX; n++) {
    if (!full && n < known && !s_is_chosen(s, n))
      continue;
    s->fail_at = n;
    s_run(s);
    failed += blocks_failed();
    if (!blocks_failed() && n >= known) /* with a failure a run may go on to further ones */
      break;
    if (!blocks_failed() && n < known - known / 4 - 8) /* more than threads can explain */
      fail_msg("%s: allocation %lld of %lld was not reached", s->name, (long long)n,
               (long long)known);
  }
  return failed;
}

void sweep_path(const char *name, sweep_once *once, void *ctx) {
  struct sweep *s = &s_now;
  const char *how = getenv("ZR_SWEEP");
  bool full = how && strcmp(how, "full") == 0;
  if (s->name)
    s_tell_unfinished();
  else
    (void)atexit(s_tell_unfinished);
  free(s->hashes);
  *s = (struct sweep){.name = name, .once = once, .ctx = ctx};
  s_unfinished = true;
  int64_t known = s_learn(s);
  assert_true(s->armed);
  int64_t failed = s_fail_each(s, known, full);
  assert_true(failed > 0 || known == 0); /* some paths need no memory */
  (void)printf("sweep: %-44s %6lld failed %5zu places %6lld made\n", name, (long long)failed,
               s->distinct, (long long)known);
  (void)fflush(stdout);
  s_unfinished = false;
}
