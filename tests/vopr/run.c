/* One schedule from its first caller to the end: one input at a time, then all actions, then the
 * next. At last the faults cease, and everything must become known. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

enum {
  LONGEST_MS = 12 * 3600 * 1000, /* virtual, before and after the faults cease */
  MOST_ACTIONS = 100000,         /* without an input */
  MOST_TURNS = 20000,            /* without the clock going on */
  ROUNDS = 12,                   /* of the last callers: a pause may still be on */
};

/* ---- chance ---- */

bool vopr_chance(struct sim *s, unsigned percent) {
  return percent > 0 && zr_rng_below(&s->rng, 100) < percent;
}

unsigned vopr_below(struct sim *s, unsigned bound) {
  return (unsigned)zr_rng_below(&s->rng, bound);
}

unsigned vopr_bit(struct sim *s, uint32_t mask, unsigned kinds) {
  unsigned set = 0;
  for (unsigned i = 0; i < kinds; i++)
    set += mask >> i & 1;
  unsigned n = vopr_below(s, set);
  for (unsigned i = 0; i < kinds; i++) {
    if (mask >> i & 1 && n-- == 0)
      return i;
  }
  return 0;
}

int64_t vopr_between(struct sim *s, int64_t low, int64_t high) {
  return high <= low ? low : low + (int64_t)zr_rng_below(&s->rng, (uint64_t)(high - low + 1));
}

struct zr_engine_time vopr_time(const struct sim *s) {
  return (struct zr_engine_time){{s->now - s->booted_at},
                                 {1700000000000 + s->now + s->wall_offset}};
}

uint32_t vopr_keep_ids(struct sim *s, const struct zr_action *a) {
  struct ids *ids = &s->ids;
  if (ids->count + a->id_count > ids->cap) {
    ids->cap = 2 * (ids->cap + a->id_count);
    ids->at = realloc(ids->at, ids->cap * sizeof *ids->at);
    if (!ids->at)
      abort();
  }
  uint32_t first = (uint32_t)ids->count;
  for (size_t i = 0; i < a->id_count; i++) {
    const struct machine *m = machine_find(s, a->product, a->ids[i]);
    if (!m) {
      judge_break(s, "a call names %s, which nobody asked for", a->ids[i]);
      m = s->machines[a->product];
    }
    ids->at[ids->count++] = (uint16_t)machine_number(s, m, a->product);
  }
  return first;
}

void vopr_crash_point(struct sim *s, enum crash_point at) {
  struct weather *w = &s->weather;
  if (s->calm || s->crash_now || s->crash_next >= w->crashes || w->crash_at[s->crash_next] != at)
    return;
  if (--w->crash_after[s->crash_next] > 0)
    return;
  s->crash_next++;
  s->crashed_at = at;
  s->crash_now = true;
}

/* ---- one input, then the actions ---- */

static bool s_settling(const struct sim *s) {
  for (unsigned i = s->caller_count; i-- > 0;) {
    const struct caller *c = &s->callers[i];
    if (c->settle && !c->done && c->life == s->life)
      return true;
  }
  return false;
}

static void s_after_step(struct sim *s) {
  judge_step(s);
  vopr_crash_point(s, CRASH_ANY_STEP);
  if (s->crash_next < s->weather.crashes && s->weather.crash_at[s->crash_next] == CRASH_SETTLING &&
      s_settling(s))
    vopr_crash_point(s, CRASH_SETTLING);
}

static void s_drain(struct sim *s) {
  struct zr_action a;
  unsigned actions = 0;
  while (!s->problem[0] && !s->crash_now && s->engine &&
         zr_engine_poll(s->engine, vopr_time(s), &a)) {
    host_act(s, &a);
    s_after_step(s);
    if (++actions > MOST_ACTIONS)
      judge_break(s, "the engine never stops acting");
  }
}

static void s_arrive(struct sim *s, struct call *c) {
  c->arrives = NEVER;
  if (c->kind == CALL_READ) {
    service_read(s, c);
  } else if (c->kind == CALL_COUNT_BIN) {
    service_count_bin(s, c);
  } else if (c->kind == CALL_COUNT_GROUP) {
    service_count_group(s, c);
  } else {
    service_release(s, c);
    vopr_crash_point(s, CRASH_EFFECT);
  }
  if (c->life != s->life || !s->engine)
    c->used = false; /* nobody reads its answer */
}

static int64_t s_min(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static struct call *s_next_call(struct sim *s, int64_t *at) {
  struct call *next = NULL;
  *at = NEVER;
  for (unsigned i = 0; i < s->calls_used; i++) {
    struct call *c = &s->calls[i];
    int64_t t = c->arrives != NEVER ? c->arrives : c->due;
    if (c->used && t < *at) {
      *at = t;
      next = c;
    }
  }
  return next;
}

static struct caller *s_next_cancel(struct sim *s, int64_t *at) {
  struct caller *next = NULL;
  *at = NEVER;
  for (unsigned i = 0; i < s->caller_count; i++) {
    struct caller *c = &s->callers[i];
    if (c->cancel_due < *at && c->life == s->life && !c->done && s->engine) {
      *at = c->cancel_due;
      next = c;
    }
  }
  return next;
}

static int64_t s_engine_wake(const struct sim *s) {
  if (!s->engine)
    return NEVER;
  struct zr_mono at = zr_engine_wake(s->engine, vopr_time(s).mono);
  return at.ms == ZR_MONO_NEVER.ms ? NEVER : at.ms + s->booted_at;
}

/* Anything that can still lead to an input, people and clocks apart. */
static int64_t s_next(struct sim *s, struct call **call, struct caller **cancel) {
  int64_t at_call;
  int64_t at_cancel;
  *call = s_next_call(s, &at_call);
  *cancel = s_next_cancel(s, &at_cancel);
  int64_t at = s_min(at_call, at_cancel);
  at = s_min(at, s_engine_wake(s));
  at = s_min(at, s->restart_at);
  at = s_min(at, s->flush_due);
  if (s->engine) {
    at = s_min(at, disk_tell_at(s));
    at = s_min(at, disk_give_at(s));
    if (s->asks_to_come > 0)
      at = s_min(at, s->next_ask);
    at = s_min(at, s->shutdown_at);
    if (s->callers_to_come > 0)
      at = s_min(at, s->next_caller);
  }
  return at;
}

static void s_new_caller(struct sim *s) {
  s->callers_to_come--;
  static const int64_t gaps[] = {0, 3, 200, 3000, 40000};
  s->next_caller = s->now + vopr_between(s, 0, gaps[vopr_below(s, 5)]);
  callers_submit(s);
}

static void s_new_ask(struct sim *s) {
  s->asks_to_come--;
  s->next_ask = s->now + vopr_between(s, 0, 60000);
  disk_ask(s);
}

/* What is due now: one input of the engine at most. */
static void s_fire(struct sim *s, struct call *call, struct caller *cancel) {
  if (s->restart_at <= s->now) {
    s->life_began = s->now;
    host_start(s);
  } else if (call && s_min(call->arrives, call->arrives != NEVER ? NEVER : call->due) <= s->now) {
    if (call->arrives != NEVER)
      s_arrive(s, call);
    else
      host_deliver(s, call);
  } else if (s->flush_due <= s->now) {
    disk_flushed(s);
  } else if (!s->engine) {
    return;
  } else if (disk_tell_at(s) <= s->now) {
    disk_tell(s);
  } else if (disk_give_at(s) <= s->now) {
    disk_give(s);
  } else if (s->asks_to_come > 0 && s->next_ask <= s->now) {
    s_new_ask(s);
  } else if (cancel && cancel->cancel_due <= s->now) {
    callers_cancel(s, cancel);
  } else if (s->shutdown_at <= s->now) {
    host_shut_down(s);
  } else if (s->callers_to_come > 0 && s->next_caller <= s->now) {
    s_new_caller(s);
  }
}

/* False when nothing is left to happen before `limit`. */
static bool s_turn(struct sim *s, int64_t limit) {
  struct call *call;
  struct caller *cancel;
  int64_t at = s_next(s, &call, &cancel);
  if (at == NEVER || at > limit)
    return false;
  int64_t people = s->calm ? NEVER : s_min(s->next_move, s->next_step);
  int64_t world = s_min(people, s->next_doom);
  if (world < at) {
    s->now = world > s->now ? world : s->now;
    machines_pass(s);
    return true;
  }
  s->now = at > s->now ? at : s->now;
  s_fire(s, call, cancel);
  if (s->engine && !s->crash_now)
    s_after_step(s);
  if (!s->crash_now)
    s_drain(s);
  if (s->crash_now && !s->problem[0])
    host_crash(s);
  return true;
}

/* Until all callers were answered and nothing is under way. */
static void s_until_rest(struct sim *s) {
  int64_t limit = s->now + LONGEST_MS;
  int64_t last = s->now;
  unsigned still = 0;
  while (!s->problem[0] && s_turn(s, limit)) {
    still = s->now > last ? 0 : still + 1;
    last = s->now;
    if (still > MOST_TURNS)
      judge_break(s, "the engine wants to be woken at once, for ever");
  }
  if (!s->problem[0] && s->engine)
    judge_rest(s);
}

/* ---- the end ---- */

/* Whatever was ordered has happened after this. */
static void s_wait_for_effects(struct sim *s) {
  while (s->next_doom != NEVER) {
    s->now = s->next_doom > s->now ? s->next_doom : s->now;
    machines_pass(s);
  }
  s->now += 5000;
}

static void s_faults_cease(struct sim *s) {
  trace_say(s, "   (the faults cease)");
  s->calm = true;
  s->next_move = s->next_step = s->shutdown_at = NEVER;
  s->asks_to_come = 0;
  s->weather.lag_ms = 0;
  s->weather.refuses_missing = false;
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++) {
    for (unsigned i = 0; i < s->machine_count[p]; i++) {
      struct machine *m = &s->machines[p][i];
      m->hidden = false;
      if (machine_place(m) == WEIRD && m->doom_count == 0)
        machine_put(s, m, LIVE, m->past[0].facts);
    }
  }
  s_wait_for_effects(s);
}

/* A process that finds the journal of the last one, and settles what it left. */
static void s_resume(struct sim *s) {
  MARK(CLOSED_BY_RESUME);
  if (s->engine)
    host_stop(s);
  s_until_rest(s);
  for (int p = 0; p < ZR_PRODUCT_COUNT_ && !s->problem[0]; p++) {
    if (s->held_count[p] > 0)
      judge_break(s, "%zu ids are held although everything can be read", s->held_count[p]);
  }
}

/* The same process settles what it knows to be open. */
static void s_ask(struct sim *s) {
  disk_ask(s);
  s_until_rest(s);
}

static bool s_held(const struct sim *s) {
  size_t n = 0;
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++)
    n += s->held_count[p];
  return n > 0;
}

static bool s_throttled(const struct caller *c) {
  for (unsigned i = 0; i < c->distinct_count; i++) {
    if (c->code[c->distinct[i]] == ZR_CODE_THROTTLED)
      return true;
  }
  return false;
}

/* Somebody asks for everything that is there, until no pause of earlier days is on. */
static void s_close(struct sim *s, enum zr_product p) {
  unsigned rounds = 0;
  unsigned callers = s->caller_count;
  do {
    s->caller_count = callers;
    callers_close(s, p);
    s_drain(s);
    s_until_rest(s);
    s->now += 60000;
  } while (!s->problem[0] && s_throttled(&s->callers[callers]) && ++rounds < ROUNDS);
  if (!s->problem[0])
    judge_closing(s, &s->callers[callers]);
}

static void s_begin(struct sim *s, uint64_t seed, FILE *trace) {
  s->seed = seed;
  s->rng.state = seed * 0x9E3779B97F4A7C15ULL;
  s->trace = trace;
  s->hash = seed;
  s->calm = s->crash_now = s->shutting_down = false;
  s->now = s->life_began = 1000;
  s->booted_at = s->wall_offset = 0;
  s->life = 0;
  s->steps = 0;
  s->crash_next = 0;
  s->calls_used = 0;
  memset(s->calls, 0, sizeof s->calls);
  s->sent_count = s->ids.count = s->record_count = 0;
  s->caller_count = 0;
  s->flushing = s->unacked = 0;
  s->flush_due = NEVER;
  s->releases_open = s->reads_open = 0;
  s->release_pause_until = s->read_pause_until = INT64_MIN;
  memset(s->held_count, 0, sizeof s->held_count);
  s->asking = false;
  s->settled_at = INT64_MIN / 2;
  s->stopped_at = s->denied_at = INT64_MIN / 2;
  s->problem[0] = '\0';
}

bool vopr_run(struct sim *s, uint64_t seed, FILE *trace) {
  s_begin(s, seed, trace);
  schedule_draw(s);
  MARK(SCHEDULES);
  host_start(s);
  s_until_rest(s);
  if (!s->problem[0])
    s_faults_cease(s);
  bool resume = !s->engine || s->options.max_ids > 0 || s_held(s) || vopr_chance(s, 60);
  s->options.max_ids = 0;
  if (!s->problem[0] && resume)
    s_resume(s);
  else if (!s->problem[0] && vopr_chance(s, 50))
    s_ask(s);
  for (int p = ZR_PRODUCT_VM; p < ZR_PRODUCT_COUNT_ && !s->problem[0]; p++) {
    if (s->machine_count[p] > 0)
      s_close(s, (enum zr_product)p);
  }
  zr_engine_destroy(s->engine);
  s->engine = NULL;
  census.virtual_ms += (uint64_t)s->now;
  census.steps += s->steps;
  trace_mix(s, (uint64_t)s->now);
  return !s->problem[0];
}

void vopr_clean_up(struct sim *s) {
  free(s->sent);
  free(s->ids.at);
  free(s->records);
}
