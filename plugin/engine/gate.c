/*
 * Belts about a whole job. While its gate is closed none of a job's ids is sent on its behalf; the
 * gate is looked at when all of them were read, and opens or breaks for good. What another caller
 * sends meanwhile is that caller's affair: the job hears of it.
 */
#include "engine/gate.h"
#include "engine/probe.h"

enum { WHY_MAX = 512, PERCENT = 100 };

bool zr_gate_clears(const struct zr_sub *s) {
  const struct zr_guard *g = s->job->guard;
  return !g || (g->gate == ZR_GATE_OPEN && s->judged && s->held == ZR_CODE_NONE);
}

bool zr_sub_cleared(const struct zr_sub *s) {
  return !s->job->cancelled && zr_lane_fits(s->item->lane, s->job) && zr_gate_clears(s);
}

bool zr_item_cleared(const struct zr_item *it) {
  for (const struct zr_sub *s = it->subs; s; s = s->next) {
    if (zr_sub_cleared(s))
      return true;
  }
  return false;
}

void zr_gate_hold_back(struct zr_engine *e, struct zr_item *it) {
  struct zr_sub *s;
  struct zr_sub *next;
  DL_FOREACH_SAFE(it->subs, s, next) {
    const struct zr_guard *g = s->job->guard;
    if (g && g->gate == ZR_GATE_OPEN && s->judged && s->held != ZR_CODE_NONE && !it->in_flight)
      zr_job_decide(e, s, ZR_OUTCOME_NOT_ATTEMPTED, s->held);
  }
}

static bool s_waits(const struct zr_sub *s) {
  const struct zr_guard *g = s->job->guard;
  return g && g->gate == ZR_GATE_CLOSED && s->judged;
}

bool zr_gate_parks(const struct zr_batch *b) {
  for (unsigned i = 0; i < b->item_count; i++) {
    const struct zr_item *it = b->items[i];
    if (it->attempts > 0 || it->presence != ZR_PRESENCE_BIN)
      return false;
    for (const struct zr_sub *s = it->subs; s; s = s->next) {
      if (!s_waits(s))
        return false;
    }
  }
  return true;
}

/* ---- what the reads came to ---- */

struct tally {
  uint32_t unknown; /* not read to the end yet */
  uint32_t unread;  /* given up, so they cannot be counted */
  uint32_t drifted;
  uint32_t gone;
  uint32_t ready; /* would be sent */
};

static bool s_is_held(enum zr_code c) {
  return c == ZR_CODE_DRIFTED || c == ZR_CODE_PROTECTED;
}

static void s_tally_sub(struct tally *t, const struct zr_sub *s) {
  if (!s->item) {
    t->drifted += s->code == ZR_CODE_DRIFTED || s->code == ZR_CODE_GROUP_NOT_VISIBLE;
    t->gone += s->outcome == ZR_OUTCOME_ALREADY_GONE;
    t->unread += s->outcome == ZR_OUTCOME_NOT_ATTEMPTED && !s_is_held(s->code);
    return;
  }
  const struct zr_item *it = s->item;
  bool over = it->accepted || it->final || it->presence == ZR_PRESENCE_LEAVING;
  if (it->attempts > 0 && over && !it->in_flight)
    return; /* another caller's doing, and nothing is sent for it any more */
  if (it->presence == ZR_PRESENCE_LEAVING)
    return;
  if (it->in_flight || it->presence != ZR_PRESENCE_BIN || !s->judged) {
    t->unknown++;
    return;
  }
  t->drifted += s->held == ZR_CODE_DRIFTED;
  t->ready += s->held == ZR_CODE_NONE;
}

/* ---- the end of a closed gate ---- */

static void s_break(struct zr_engine *e, struct zr_job *j, struct zr_buf *why) {
  j->guard->gate = ZR_GATE_BROKEN;
  j->guard->why = zr_rstr_new(zr_buf_as_view(why));
  for (uint32_t i = 0; i < j->sub_count; i++) {
    struct zr_sub *s = &j->subs[i];
    if (!s->item || s->item->attempts > 0)
      continue;
    bool held = s->judged && s_is_held(s->held);
    zr_job_decide(e, s, ZR_OUTCOME_NOT_ATTEMPTED, held ? s->held : ZR_CODE_BELT_BROKEN);
  }
  zr_engine_sweep(e);
}

static void s_open(struct zr_engine *e, struct zr_job *j) {
  j->guard->gate = ZR_GATE_OPEN;
  for (uint32_t i = 0; i < j->sub_count; i++) {
    struct zr_item *it = j->subs[i].item;
    if (it && it->batch)
      it->batch->expires = e->now.mono; /* evaluate at this poll's step */
  }
}

static bool s_wants_count(const struct zr_guard *g) {
  return g->count_wanted && !g->counted && !g->count_op;
}

static void s_start_count(struct zr_engine *e, struct zr_job *j) {
  struct zr_guard *g = j->guard;
  if (g->count_op || g->count_due.ms > e->now.mono.ms || !zr_rate_take(&e->read_rate, e->now.mono))
    return;
  g->count_op = ++e->next_handle;
  g->count_out = (struct zr_out){.kind = ZR_ACTION_COUNT_BIN, .job = j};
  zr_out_push(e, &g->count_out);
}

static void s_want_count(struct zr_engine *e, struct zr_job *j) {
  j->guard->count_wanted = true;
  s_start_count(e, j);
}

/* Percent are compared without a division: 51 of 101 is more than half. */
static bool s_too_large(const struct zr_guard *g, const struct tally *t, struct zr_buf *why) {
  uint64_t set = g->policy.other_instances + t->ready;
  uint64_t bin = g->bin_total + g->policy.settled_instances + t->gone;
  if (set <= bin && set * PERCENT <= bin * g->policy.max_bin_percent)
    return false;
  (void)zr_buf_printf(why, "%llu of the %llu instances in the bin are more than %u percent of it",
                      (unsigned long long)set, (unsigned long long)bin, g->policy.max_bin_percent);
  return true;
}

static bool s_too_much_drift(const struct zr_job *j, const struct tally *t, struct zr_buf *why) {
  const struct zr_guard *g = j->guard;
  uint64_t planned = g->policy.planned_instances;
  uint64_t drifted = t->drifted + g->policy.drifted_instances;
  if (planned < j->sub_count)
    planned = j->sub_count;
  if (!g->expected || drifted * PERCENT <= planned * g->policy.max_drift_percent)
    return false;
  (void)zr_buf_printf(why,
                      "%llu of %llu instances changed since they were planned, which is more than "
                      "%u percent",
                      (unsigned long long)drifted, (unsigned long long)planned,
                      g->policy.max_drift_percent);
  return true;
}

static bool s_over_ceiling(const struct zr_job *j, struct zr_buf *why) {
  const struct zr_guard *g = j->guard;
  if (!g->ceiling_broken)
    return false;
  uint64_t most = g->has_policy ? g->policy.max_instances : 0;
  uint64_t set = j->sub_count + (g->has_policy ? g->policy.other_instances : 0);
  if (g->server && g->server->max_instances > 0 && (most == 0 || g->server->max_instances < most))
    most = g->server->max_instances;
  (void)zr_buf_printf(why, "the set has %llu instances, and at most %llu are allowed",
                      (unsigned long long)set, (unsigned long long)most);
  return true;
}

/* True when a belt breaks. */
static bool s_breaks(const struct zr_job *j, const struct tally *t, struct zr_buf *why) {
  if (t->unread > 0) {
    (void)zr_buf_printf(why,
                        "%u of %u instances could not be read, so the belts cannot be evaluated",
                        t->unread, j->sub_count);
    return true;
  }
  return s_too_much_drift(j, t, why);
}

static void s_look(struct zr_engine *e, struct zr_job *j) {
  struct zr_guard *g = j->guard;
  struct tally t = {0};
  struct zr_buf why = ZR_BUF_INIT(WHY_MAX);
  g->dirty = false;
  g->count_wanted = false; /* until all are read; some may be in flight again */
  bool broken = s_over_ceiling(j, &why);
  for (uint32_t i = 0; !broken && i < j->sub_count; i++)
    s_tally_sub(&t, &j->subs[i]);
  bool all = t.unknown == 0;
  bool share = g->has_policy && g->policy.max_bin_percent > 0 && t.ready > 0;
  if (!broken && all)
    broken = s_breaks(j, &t, &why);
  if (!broken && all && share && g->counted)
    broken = s_too_large(g, &t, &why);
  if (broken)
    s_break(e, j, &why);
  else if (all && share && !g->counted)
    s_want_count(e, j);
  else if (all)
    s_open(e, j);
  zr_buf_clean_up(&why);
}

static bool s_is_closed(const struct zr_job *j) {
  return j->guard && j->guard->gate == ZR_GATE_CLOSED && j->undecided > 0;
}

void zr_gates_step(struct zr_engine *e) {
  struct zr_job *j;
  struct zr_job *next;
  HASH_ITER(hh, e->jobs, j, next) {
    bool retry =
        s_is_closed(j) && s_wants_count(j->guard) && j->guard->count_due.ms <= e->now.mono.ms;
    if (s_is_closed(j) && (j->guard->dirty || retry))
      s_look(e, j);
  }
}

struct zr_mono zr_gates_wake(const struct zr_engine *e) {
  struct zr_mono at = ZR_MONO_NEVER;
  for (const struct zr_job *j = e->jobs; j; j = j->hh.next) {
    if (!s_is_closed(j))
      continue;
    if (j->guard->dirty)
      return e->now.mono;
    struct zr_mono ready = zr_rate_ready(&e->read_rate, e->now.mono);
    if (s_wants_count(j->guard))
      at = zr_mono_min(at, j->guard->count_due.ms > ready.ms ? j->guard->count_due : ready);
  }
  return at;
}

/* ---- the size of the bin ---- */

static struct zr_job *s_counting(struct zr_engine *e, uint64_t op) {
  for (struct zr_job *j = e->jobs; j; j = j->hh.next) {
    if (op && j->guard && j->guard->count_op == op)
      return j;
  }
  return NULL;
}

static void s_uncounted(struct zr_engine *e, struct zr_job *j, const struct zr_call_end *end) {
  struct zr_guard *g = j->guard;
  g->count_due = e->now.mono;
  if (end->class_ == ZR_CLASS_THROTTLED) {
    zr_engine_throttle(e, &e->read_rate, &g->count_throttled, end->retry_after_ms);
    if (e->now.mono.ms - g->count_throttled.ms < ZR_GIVE_UP_MS)
      return;
    g->count_failures = ZR_TRIES_UNSENT;
  } else {
    g->count_due = zr_mono_add(e->now.mono, zr_backoff_ms(e, ++g->count_failures));
  }
  if (g->count_failures < ZR_TRIES_UNSENT || !s_is_closed(j))
    return;
  struct zr_buf why = ZR_BUF_INIT(WHY_MAX);
  (void)zr_buf_text(&why, "the size of the bin could not be read, so the belt on the share of it "
                          "cannot be evaluated");
  s_break(e, j, &why);
  zr_buf_clean_up(&why);
}

void zr_engine_counted(struct zr_engine *e, uint64_t op, const struct zr_call_end *end,
                       uint64_t total, struct zr_engine_time now) {
  e->now = now;
  if (zr_probe_counted(e, op, end, total))
    return;
  struct zr_job *j = s_counting(e, op);
  if (!j)
    return;
  j->guard->count_op = 0;
  if (end->class_ != ZR_CLASS_OK) {
    s_uncounted(e, j, end);
    return;
  }
  zr_rate_passed(&e->read_rate);
  j->guard->counted = true;
  j->guard->bin_total = total;
  j->guard->dirty = true;
}
