/* The blocks that are out, and the places that made them: what the sweeps know of memory. */
#ifndef ZR_TEST_SWEEP_BLOCKS_H
#define ZR_TEST_SWEEP_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCKS_DEPTH = 12, BLOCKS_NEVER = -1 };

/* Where an allocation was made: return addresses, the innermost first. */
struct place {
  uint64_t hash; /* of the stack, as deep as it goes into our code */
  int depth;
  void *stack[BLOCKS_DEPTH];
};

/* Hears of every allocation from now on, and forgets what it knew. The allocation with the number
 * `fail_at`, counted from 0 while armed, fails; BLOCKS_NEVER: none. With `places` the place of
 * each counted one is kept. */
void blocks_begin(int64_t fail_at, bool places);
void blocks_arm(bool armed);
/* Stops listening. */
void blocks_end(void);

/* Of this run so far. */
int64_t blocks_counted(void);
bool blocks_failed(void);
const struct place *blocks_failed_at(void);
/* The places, by number; valid until the next run with places. */
const struct place *blocks_places(size_t *count);

/* Blocks made since the beginning that are still out; the numbers of the first few (-1: made while
 * not armed) in `which`. */
size_t blocks_lost(int64_t *which, size_t room);
/* Writes a place to stderr, a line for each frame: for addr2line. */
void blocks_print_place(const struct place *p);

#endif
