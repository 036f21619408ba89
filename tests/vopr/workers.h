/* Schedules in several processes: they take seeds from a common counter, and tell what they found.
 */
#ifndef ZR_VOPR_WORKERS_H
#define ZR_VOPR_WORKERS_H

#include "vopr.h"

enum { WORKERS_MAX = 64 };

struct work {
  const char *program; /* for the command that replays */
  uint64_t from;
  uint64_t to;
  unsigned jobs;
  uint64_t most; /* violations, before it stops */
  bool quiet;
};

/* Runs them all and prints what it saw; the exit code. */
int workers_run(const struct work *w);

#endif
