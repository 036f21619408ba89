/*
 * The allocation sweep: a path of the program is run again and again, and in each run another one
 * of its allocations fails. A run must not crash, must end in an error or in an honest outcome
 * (which the path itself looks at), must leave what it worked on usable, and must give back every
 * block.
 *
 * A path is a function that sets its scene, arms, does what it is about, disarms, judges, and tears
 * down. It is first run without a failure, to learn its allocations and where they are made.
 *
 * A quick sweep fails, of each place that allocates (the call stack), the first two and the last
 * allocation; with ZR_SWEEP=full in the environment every single one fails. One line for each path
 * goes to stdout; tests/sweep/run.sh makes a table of them.
 */
#ifndef ZR_TEST_SWEEP_H
#define ZR_TEST_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

struct sweep;

/* One run. Uses cmocka's assertions. */
typedef void sweep_once(struct sweep *s, void *ctx);

/* Sweeps over the path; fails the running cmocka test when a block is lost or nothing failed. */
void sweep_path(const char *name, sweep_once *once, void *ctx);

/* From here on allocations count, on every thread, and one of them may fail. May be called again
 * after sweep_disarm; counting goes on. */
void sweep_arm(struct sweep *s);
/* Back to normal. True: an allocation has failed in this run. */
bool sweep_disarm(struct sweep *s);
/* Whether this is the run without a failure. */
bool sweep_is_first(const struct sweep *s);

#endif
