/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_TIMERS_H
#define SIM_TIMERS_H

#include "base.h"

/*
 * A binary heap of things to do later, in milliseconds of the monotonic clock. The owner keeps the
 * timer's storage; all zero is an idle timer. Equal times fire in the order in which they were
 * armed.
 */
typedef void(sim_timer_fn)(void *context, uint64_t now_ms);

struct sim_timer {
  uint64_t at_ms;
  uint64_t order;
  size_t slot; /* position in the heap plus one; 0 while idle */
  sim_timer_fn *fire;
  void *context;
};

struct sim_timers {
  struct sim_timer **heap;
  size_t count;
  size_t cap;
  uint64_t armed;
};

void sim_timers_clean_up(struct sim_timers *timers);
/* Arms or re-arms. */
void sim_timer_arm(struct sim_timers *timers, struct sim_timer *timer, uint64_t at_ms);
/* Harmless on an idle timer. */
void sim_timer_disarm(struct sim_timers *timers, struct sim_timer *timer);
/* Fires what is due; a timer may be armed again, or freed, by its own callback. */
void sim_timers_run(struct sim_timers *timers, uint64_t now_ms);
/* Milliseconds until the next one, -1 when there is none. */
int sim_timers_wait_ms(const struct sim_timers *timers, uint64_t now_ms);

#endif
