/*
 * vopr: runs schedules by their seeds, in several processes.
 *
 *   vopr --count 1000000           seeds 1 to a million
 *   vopr --seeds 5000-6000         those
 *   vopr --seed 4711               one, with a trace in words
 *   vopr --replay 200              runs each of the first 200 seeds three times, once with a trace,
 *                                  and compares the hashes of what happened
 *   --jobs N                       processes; 2 unless told
 *   --most N                       stops after so many violations; 10 unless told
 *   --quiet                        no progress and, unless something is missing in it, no census
 *
 * Exit code 0: no invariant broke; 1: one did, or a run of 10,000 seeds or more lacked something
 * that ought to happen; 2: usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers.h"

static struct sim s_sim;

static int s_usage(void) {
  (void)fprintf(stderr, "usage: vopr [--count N | --seeds FROM-TO | --seed N | --replay N] "
                        "[--jobs N] [--most N] [--quiet]\n");
  return 2;
}

static int s_one(uint64_t seed) {
  bool holds = vopr_run(&s_sim, seed, stdout);
  printf("seed %llu: %s, %llu steps, hash %016llx\n", (unsigned long long)seed,
         holds ? "no violation" : s_sim.problem, (unsigned long long)s_sim.steps,
         (unsigned long long)s_sim.hash);
  vopr_clean_up(&s_sim);
  return holds ? 0 : 1;
}

/* The same seed gives the same run, whatever ran before, and whether it is traced or not. */
static int s_replay(uint64_t seeds) {
  FILE *nowhere = fopen("/dev/null", "w");
  uint64_t *hash = calloc(seeds, sizeof *hash);
  uint64_t differ = 0;
  if (!nowhere || !hash)
    abort();
  for (uint64_t i = 0; i < seeds; i++) {
    (void)vopr_run(&s_sim, i + 1, NULL);
    hash[i] = s_sim.hash;
  }
  for (uint64_t i = seeds; i-- > 0;) {
    (void)vopr_run(&s_sim, i + 1, nowhere);
    bool same = s_sim.hash == hash[i];
    (void)vopr_run(&s_sim, i + 1, NULL);
    if (same && s_sim.hash == hash[i])
      continue;
    differ++;
    printf("seed %llu does not run the same way again\n", (unsigned long long)(i + 1));
  }
  printf("%llu seeds replayed, %llu differ\n", (unsigned long long)seeds,
         (unsigned long long)differ);
  (void)fclose(nowhere);
  free(hash);
  vopr_clean_up(&s_sim);
  return differ ? 1 : 0;
}

static bool s_range(const char *text, struct work *w) {
  char *end = NULL;
  w->from = strtoull(text, &end, 10);
  if (*end != '-')
    return false;
  w->to = strtoull(end + 1, &end, 10);
  return *end == '\0' && w->from <= w->to;
}

static bool s_number(const char *text, uint64_t *out) {
  char *end = NULL;
  *out = strtoull(text, &end, 10);
  return *text && *end == '\0' && *out > 0;
}

int main(int argc, char **argv) {
  struct work w = {.program = argv[0], .from = 1, .to = 100000, .jobs = 2, .most = 10};
  for (int i = 1; i < argc; i++) {
    uint64_t n = 0;
    if (strcmp(argv[i], "--quiet") == 0) {
      w.quiet = true;
      continue;
    }
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(argv[i], "--seeds") == 0 && s_range(value, &w)) {
      i++;
      continue;
    }
    if (!s_number(value, &n))
      return s_usage();
    if (strcmp(argv[i], "--seed") == 0)
      return s_one(n);
    else if (strcmp(argv[i], "--replay") == 0)
      return s_replay(n);
    else if (strcmp(argv[i], "--count") == 0 && ++i)
      w.to = n;
    else if (strcmp(argv[i], "--jobs") == 0 && n <= WORKERS_MAX && ++i)
      w.jobs = (unsigned)n;
    else if (strcmp(argv[i], "--most") == 0 && ++i)
      w.most = n;
    else
      return s_usage();
  }
  return workers_run(&w);
}
