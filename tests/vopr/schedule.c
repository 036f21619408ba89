/* What a seed chooses: the fleet, the weather, who will call, and when the process dies. */
#include <stdio.h>

#include "judge.h"

/* ---- the fleet ---- */

/* Mostly few: small schedules find as much, and many more of them can be run. */
static unsigned s_size(struct sim *s) {
  unsigned dice = vopr_below(s, 1000);
  if (dice < 480)
    return 1 + vopr_below(s, 3);
  if (dice < 840)
    return 4 + vopr_below(s, 9);
  if (dice < 965)
    return 13 + vopr_below(s, 48);
  if (dice < 988)
    return 61 + vopr_below(s, 70);
  return 131 + vopr_below(s, IDS_MAX - 131);
}

static enum place s_place(struct sim *s) {
  if (s->weather.pure)
    return BIN;
  unsigned dice = vopr_below(s, 100);
  if (dice < 86)
    return BIN;
  if (dice < 90)
    return LIVE;
  if (dice < 92)
    return ENTERING;
  if (dice < 94)
    return LEAVING;
  return dice < 95 ? WEIRD : NOWHERE;
}

static void s_machine(struct sim *s, struct machine *m, unsigned n) {
  *m = (struct machine){.destroyed_at = NEVER, .destroyed_by = -1, .listed_in = -1};
  m->malformed = !s->weather.pure && vopr_chance(s, 1);
  m->cursed = !s->weather.pure && vopr_chance(s, 3);
  (void)snprintf(m->id, sizeof m->id, "%c%u", m->malformed ? 'x' : 'i', n);
  m->past[0] = (struct state){s->now, m->malformed ? NOWHERE : s_place(s), 0};
  m->past_count = 1;
  m->shown.at = m->before.at = NEVER;
  m->bin_shown_at = m->bin_told_at = m->read_at = m->unread_at = INT64_MIN / 2;
  if (machine_place(m) == BIN && !vopr_chance(s, 5))
    m->bin_since_ms = vopr_time(s).wall.ms - vopr_between(s, 0, 14400000);
  if (machine_place(m) == LEAVING) {
    m->destroyed_at = s->now;
    m->dooms[m->doom_count++] = (struct doom){s->now + vopr_between(s, 1, 90000), -1, true};
    if (m->dooms[0].at < s->next_doom)
      s->next_doom = m->dooms[0].at;
  }
}

static void s_fleet(struct sim *s) {
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++)
    s->machine_count[p] = 0;
  unsigned first = 1 + vopr_below(s, ZR_PRODUCT_COUNT_ - 1);
  s->machine_count[first] = s_size(s);
  for (unsigned p = 1; p < ZR_PRODUCT_COUNT_; p++) {
    if (p != first && vopr_chance(s, 20))
      s->machine_count[p] = 1 + vopr_below(s, 6);
    for (unsigned i = 0; i < s->machine_count[p]; i++)
      s_machine(s, &s->machines[p][i], i);
  }
}

/* ---- the weather ---- */

static uint32_t s_mask(struct sim *s, unsigned kinds) {
  if (vopr_chance(s, 50))
    return UINT32_MAX;
  uint32_t mask = 0;
  for (unsigned n = 1 + vopr_below(s, 4); n > 0; n--)
    mask |= 1U << vopr_below(s, kinds);
  return mask;
}

static void s_service(struct sim *s, struct weather *w) {
  if (vopr_chance(s, 75)) {
    w->release_mask = s_mask(s, RELEASE_COUNT_);
    w->release_faults = 1 + vopr_below(s, vopr_chance(s, 75) ? 60 : 100);
  }
  if (vopr_chance(s, 45)) {
    w->read_mask = s_mask(s, READ_REFUSED_MISSING);
    w->read_faults = 1 + vopr_below(s, vopr_chance(s, 80) ? 40 : 95);
  }
  if (vopr_chance(s, 30))
    w->lag_ms = 1 + vopr_below(s, vopr_chance(s, 70) ? 1500 : 4000);
  w->flaps = vopr_chance(s, 25) ? 1 + vopr_below(s, 40) : 0;
  w->hides = vopr_chance(s, 15) ? 1 + vopr_below(s, 15) : 0;
  w->latency_ms = vopr_chance(s, 80) ? 20 : 400;
  w->slow_calls = vopr_chance(s, 20) ? vopr_below(s, 60) : 0;
  w->refuses_missing = vopr_chance(s, 20);
  w->leaving = vopr_chance(s, 35);
  w->weird_word = vopr_chance(s, 30);
}

static void s_storms(struct sim *s, struct weather *w) {
  static const enum release_fault outages[] = {RELEASE_NOT_SENT,      RELEASE_NO_CHANNEL,
                                               RELEASE_BLOCKED,       RELEASE_UNAUTHORIZED,
                                               RELEASE_CUT_NO_EFFECT, RELEASE_CUT_EFFECT};
  static const int64_t retries[] = {-1, -1, 0, 500, 3000, 20000, 900000};
  w->retry_after_ms = retries[vopr_below(s, vopr_chance(s, 90) ? 5 : 7)];
  if (vopr_chance(s, 8)) {
    w->storm_from = s->now + vopr_between(s, 0, 3000);
    w->storm_to = w->storm_from + vopr_between(s, 1, vopr_chance(s, 70) ? 20000 : 900000);
    w->storm_reads = vopr_chance(s, 30);
  }
  if (vopr_chance(s, 12)) {
    w->outage = outages[vopr_below(s, 6)];
    w->outage_from = s->now + vopr_between(s, 0, 2000);
    w->outage_to = w->outage_from + vopr_between(s, 1, vopr_chance(s, 70) ? 5000 : 90000);
  }
}

static void s_people(struct sim *s, struct weather *w) {
  if (vopr_chance(s, 30))
    w->move_every_ms = vopr_chance(s, 60) ? vopr_between(s, 20, 400) : vopr_between(s, 400, 20000);
  if (vopr_chance(s, 15))
    w->step_every_ms = vopr_between(s, 100, 20000);
  s->next_move = w->move_every_ms ? s->now + vopr_between(s, 1, w->move_every_ms) : NEVER;
  s->next_step = w->step_every_ms ? s->now + vopr_between(s, 1, w->step_every_ms) : NEVER;
}

static void s_process(struct sim *s, struct weather *w) {
  w->journal = vopr_chance(s, 60);
  w->flush_ms = vopr_chance(s, 80) ? 8 : 300;
  w->flush_slow = vopr_chance(s, 15) ? 1 + vopr_below(s, 60) : 0;
  w->flush_fails = vopr_chance(s, 12) ? 1 + vopr_below(s, 100) : 0;
  w->down_ms = vopr_chance(s, 50) ? 2000 : vopr_chance(s, 50) ? 40000 : 7200000;
  if (!vopr_chance(s, w->journal ? 60 : 20))
    return;
  w->crashes = 1 + vopr_below(s, 3);
  for (unsigned i = 0; i < w->crashes; i++) {
    unsigned at = vopr_below(s, CRASH_COUNT_);
    w->crash_at[i] = (enum crash_point)at;
    w->crash_after[i] = 1 + vopr_below(s, vopr_chance(s, 60) ? 2 : 8);
    if (w->crash_at[i] == CRASH_ANY_STEP)
      w->crash_after[i] = 1 + vopr_below(s, 60);
  }
}

/* With few slots or a low rate of our own making, the reads of many batches come too late for their
 * watches: unknown then, and honest, but not what is looked for here. */
static bool s_is_small(const struct sim *s) {
  unsigned n = 0;
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++)
    n += s->machine_count[p];
  return n <= 12;
}

static void s_engine(struct sim *s) {
  static const struct zr_keep_rule keep = {ZR_KEEP_TAG, "keep", NULL};
  s->options = (struct zr_engine_options){0};
  if (vopr_chance(s, 20) && s_is_small(s)) {
    s->options.max_releases = 1 + vopr_below(s, 8);
    s->options.max_reads = 1 + vopr_below(s, 8);
  }
  if (vopr_chance(s, 8) && s_is_small(s))
    s->options.calls_per_second = 1 + vopr_below(s, 20);
  if (vopr_chance(s, 6))
    s->options.call_timeout_ms = vopr_between(s, 500, 20000);
  if (vopr_chance(s, 3))
    s->options.max_ids = 20 + vopr_below(s, 100);
  s->has_server_policy = vopr_chance(s, 8);
  s->server_policy = (struct zr_policy){.keep = &keep, .keep_count = 1};
}

void schedule_draw(struct sim *s) {
  struct weather *w = &s->weather;
  *w = (struct weather){.storm_from = NEVER, .outage_from = NEVER};
  w->pure = vopr_chance(s, 30);
  s->next_doom = NEVER;
  s_fleet(s);
  s_service(s, w);
  s_storms(s, w);
  s_people(s, w);
  s_process(s, w);
  s_engine(s);
  s->callers_to_come = 1 + vopr_below(s, vopr_chance(s, 70) ? 3 : 7);
  s->next_caller = s->now;
  s->asks_to_come = w->journal && vopr_chance(s, 40) ? 1 + vopr_below(s, 3) : 0;
  s->next_ask = s->now + vopr_between(s, 0, vopr_chance(s, 50) ? 3000 : 60000);
  s->shutdown_at = vopr_chance(s, 6) ? s->now + vopr_between(s, 1, 20000) : NEVER;
}
