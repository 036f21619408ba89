/* SPDX-License-Identifier: Apache-2.0 */
#include "timers.h"

#include <limits.h>
#include <stdlib.h>

void sim_timers_clean_up(struct sim_timers *timers) {
  free(timers->heap);
  *timers = (struct sim_timers){0};
}

static bool s_before(const struct sim_timer *a, const struct sim_timer *b) {
  return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void s_place(struct sim_timers *timers, size_t index, struct sim_timer *timer) {
  timers->heap[index] = timer;
  timer->slot = index + 1;
}

static void s_rise(struct sim_timers *timers, size_t index) {
  struct sim_timer *timer = timers->heap[index];
  while (index > 0 && s_before(timer, timers->heap[(index - 1) / 2])) {
    s_place(timers, index, timers->heap[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  s_place(timers, index, timer);
}

static void s_sink(struct sim_timers *timers, size_t index) {
  struct sim_timer *timer = timers->heap[index];
  for (;;) {
    size_t child = 2 * index + 1;
    if (child >= timers->count) {
      break;
    }
    if (child + 1 < timers->count && s_before(timers->heap[child + 1], timers->heap[child])) {
      child++;
    }
    if (!s_before(timers->heap[child], timer)) {
      break;
    }
    s_place(timers, index, timers->heap[child]);
    index = child;
  }
  s_place(timers, index, timer);
}

void sim_timer_disarm(struct sim_timers *timers, struct sim_timer *timer) {
  if (timer->slot == 0) {
    return;
  }
  size_t index = timer->slot - 1;
  timer->slot = 0;
  struct sim_timer *last = timers->heap[--timers->count];
  if (last == timer) {
    return;
  }
  s_place(timers, index, last);
  s_rise(timers, index);
  s_sink(timers, last->slot - 1);
}

void sim_timer_arm(struct sim_timers *timers, struct sim_timer *timer, uint64_t at_ms) {
  sim_timer_disarm(timers, timer);
  if (timers->count == timers->cap) {
    timers->cap = timers->cap == 0 ? 64 : timers->cap * 2;
    timers->heap = sim_realloc(timers->heap, timers->cap * sizeof(struct sim_timer *));
  }
  timer->at_ms = at_ms;
  timer->order = ++timers->armed;
  s_place(timers, timers->count++, timer);
  s_rise(timers, timers->count - 1);
}

void sim_timers_run(struct sim_timers *timers, uint64_t now_ms) {
  while (timers->count > 0 && timers->heap[0]->at_ms <= now_ms) {
    struct sim_timer *timer = timers->heap[0];
    sim_timer_disarm(timers, timer);
    timer->fire(timer->context, now_ms);
  }
}

int sim_timers_wait_ms(const struct sim_timers *timers, uint64_t now_ms) {
  if (timers->count == 0) {
    return -1;
  }
  uint64_t at_ms = timers->heap[0]->at_ms;
  if (at_ms <= now_ms) {
    return 0;
  }
  return at_ms - now_ms > INT_MAX ? INT_MAX : (int)(at_ms - now_ms);
}
