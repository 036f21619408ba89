/* Two things measured in turns, so that both see the same machine; the median of their ratios. */
#ifndef BENCH_ROUNDS_H
#define BENCH_ROUNDS_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BENCH_ROUNDS = 41 };

/* CPU time of this thread. */
static inline double bench_cpu_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int bench_order(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

typedef void(bench_fn)(void *ctx, unsigned times);

static inline double bench_once(bench_fn *fn, void *ctx, unsigned times) {
  double before = bench_cpu_ns();
  fn(ctx, times);
  return (bench_cpu_ns() - before) / times;
}

/* Prints both medians, the median ratio and, unless it is 0, whether the goal is met. */
static inline double bench_compare(const char *name, bench_fn *ours, bench_fn *floor, void *ctx,
                                   unsigned times, double goal) {
  double a[BENCH_ROUNDS], b[BENCH_ROUNDS], ratio[BENCH_ROUNDS];
  (void)bench_once(ours, ctx, times);
  (void)bench_once(floor, ctx, times);
  for (int i = 0; i < BENCH_ROUNDS; i++) {
    a[i] = bench_once(ours, ctx, times);
    b[i] = bench_once(floor, ctx, times);
    ratio[i] = a[i] / b[i];
  }
  qsort(a, BENCH_ROUNDS, sizeof *a, bench_order);
  qsort(b, BENCH_ROUNDS, sizeof *b, bench_order);
  qsort(ratio, BENCH_ROUNDS, sizeof *ratio, bench_order);
  double median = ratio[BENCH_ROUNDS / 2];
  (void)printf("%-34s ours %9.0f ns  floor %9.0f ns  ratio %.3f", name, a[BENCH_ROUNDS / 2],
               b[BENCH_ROUNDS / 2], median);
  if (goal > 0)
    (void)printf("  goal <= %.2f  %s", goal, median <= goal ? "met" : "missed");
  (void)putchar('\n');
  return median;
}

#endif
