/*
 * A batch: up to 100 ids that travel together.
 *
 *            +--------- nothing to send yet: poll --------+
 *            v                                            |
 *   new -> READ_DUE -> READING -> (evaluate) -> SEND_DUE -> [RECORDING ->] SENDING
 *            ^                       |                                       |
 *            |                       +--> OVER                               |
 *            +---------------- (evaluate) <----------------------------------+
 *
 * evaluate looks at every item's verdict, decides what can be decided, and sets the next state.
 */
#include "engine/gate.h"
#include "engine/held.h"
#include "engine/probe.h"
#include "engine/verdict.h"

enum zr_err zr_batch_new(struct zr_engine *e, struct zr_lane *l, struct zr_budget *budget,
                         struct zr_batch **out) {
  struct zr_batch *b = zr_calloc(1, sizeof *b);
  struct zr_budget *shared = budget ? budget : zr_calloc(1, sizeof *shared);
  if (!b || !shared) {
    zr_free(b);
    if (!budget)
      zr_free(shared);
    return ZR_ERR_NOMEM;
  }
  if (!budget)
    shared->left = ZR_EXTRA_CALLS;
  shared->refs++;
  b->budget = shared;
  b->lane = l;
  l->batches++;
  b->state = ZR_BATCH_READ_DUE;
  b->due = b->started_at = e->now.mono;
  b->expires = ZR_MONO_NEVER;
  DL_APPEND(e->batches, b);
  *out = b;
  return ZR_ERR_OK;
}

void zr_batch_add(struct zr_batch *b, struct zr_item *it) {
  it->batch = b;
  b->items[b->item_count++] = it;
  b->lane->at_work++;
}

static void s_drop(struct zr_engine *e, struct zr_batch *b, unsigned i) {
  struct zr_item *it = b->items[i];
  b->items[i] = b->items[--b->item_count];
  /* The callers that were just answered may send their next ids: the window begins anew for them.
   */
  if (--b->lane->at_work == 0 && b->lane->hold)
    b->lane->last_at = e->now.mono;
  it->batch = NULL;
  if (it->hashed)
    HASH_DEL(e->items[it->product], it);
  it->hashed = false;
  zr_item_release(e, it);
}

void zr_batch_free(struct zr_engine *e, struct zr_batch *b) {
  while (b->item_count)
    s_drop(e, b, b->item_count - 1);
  if (--b->budget->refs == 0)
    zr_free(b->budget);
  zr_answer_release(b->read_trouble);
  b->lane->batches--;
  DL_DELETE(e->batches, b);
  zr_free(b);
}

void zr_batch_set_state(struct zr_batch *b, enum zr_batch_state state, struct zr_mono due) {
  b->state = state;
  b->due = due;
}

static void s_decide_all(struct zr_engine *e, struct zr_item *it, struct zr_verdict v) {
  while (it->subs)
    zr_job_decide(e, it->subs, v.outcome, v.code);
}

/* Tells the watchers how many were proved gone, before their outcomes. */
static void s_tell_verified(struct zr_engine *e, const struct zr_batch *b) {
  uint32_t number = 0;
  for (unsigned i = 0; i < b->item_count; i++) {
    struct zr_verdict v = zr_verdict_of(b->items[i], b->lane->dry);
    if (v.next == ZR_NEXT_DECIDED && v.outcome == ZR_OUTCOME_RELEASED) {
      zr_mark_item(e, b->items[i]);
      number = b->items[i]->batch_number;
    }
  }
  zr_event_verified(e, number);
}

/* Those who have waited long enough for an item that is still open. */
static void s_expire_subs(struct zr_engine *e, struct zr_batch *b, struct zr_item *it) {
  struct zr_sub *s;
  struct zr_sub *next;
  DL_FOREACH_SAFE(it->subs, s, next) {
    struct zr_mono at = zr_verdict_expiry(it, s);
    bool owed = zr_verdict_wants_last_read(it, at);
    struct zr_mono latest = owed ? zr_mono_add(at, ZR_LAST_READ_MS) : at;
    if (latest.ms <= e->now.mono.ms) {
      struct zr_verdict v = zr_verdict_final(it, ZR_CODE_DEADLINE, !owed);
      zr_job_decide(e, s, v.outcome, v.code);
    } else if (at.ms <= e->now.mono.ms) {
      b->last_read_owed = true;
      b->expires = zr_mono_min(b->expires, latest);
    } else {
      b->expires = zr_mono_min(b->expires, at);
    }
  }
}

/* A dry run's end of what would be sent: for those whom nothing holds back. */
static void s_decide_cleared(struct zr_engine *e, struct zr_item *it, struct zr_verdict v) {
  struct zr_sub *s;
  struct zr_sub *next;
  DL_FOREACH_SAFE(it->subs, s, next) {
    if (zr_gate_clears(s))
      zr_job_decide(e, s, v.outcome, v.code);
  }
}

static void s_judge(struct zr_engine *e, struct zr_batch *b, struct zr_item *it) {
  struct zr_verdict v = zr_verdict_of(it, b->lane->dry);
  bool would = v.next == ZR_NEXT_DECIDED && v.code == ZR_CODE_WOULD_RELEASE;
  bool unread =
      it->attempts > 0 && !it->read_since_answer; /* a 429: no refusal before it is read */
  if (v.next == ZR_NEXT_WAIT && it->hidden && !it->probed && !it->in_flight)
    zr_probe_want(e, it);
  if (it->attempts == 0 && (would || v.next == ZR_NEXT_SEND))
    zr_gate_hold_back(e, it);
  if (would) {
    s_decide_cleared(e, it, v);
  } else if (v.next == ZR_NEXT_DECIDED) {
    s_decide_all(e, it, v);
  } else if (v.next == ZR_NEXT_SEND && !zr_item_wanted(it) && !it->ambiguous && !unread &&
             !zr_verdict_lag_possible(it)) {
    s_decide_all(e, it, zr_verdict_final(it, ZR_CODE_CANCELLED, true));
  } else if (v.next == ZR_NEXT_WAIT || !zr_item_cleared(it)) {
    s_expire_subs(e, b, it);
  }
}

unsigned zr_batch_sendable(const struct zr_batch *b, struct zr_item *out[ZR_BATCH_MAX]) {
  unsigned n = 0;
  for (unsigned i = 0; i < b->item_count; i++) {
    struct zr_item *it = b->items[i];
    if (zr_verdict_of(it, b->lane->dry).next == ZR_NEXT_SEND && zr_item_cleared(it))
      out[n++] = it;
  }
  return n;
}

/* When the next read should be: soon after an answer, sooner where an absence wants confirming,
 * and ever later while nothing changes. */
static struct zr_mono s_next_read(const struct zr_batch *b, struct zr_mono now) {
  struct zr_mono at = now;
  bool unread = false;
  bool confirm = false;
  for (unsigned i = 0; i < b->item_count; i++) {
    const struct zr_item *it = b->items[i];
    unread = unread || !it->read_since_answer;
    confirm = confirm || it->presence == ZR_PRESENCE_ABSENT;
  }
  if (!unread && !b->last_read_owed) {
    int64_t step = ZR_CONFIRM_MS;
    if (!confirm) {
      unsigned shift = b->quiet_reads < 5 ? b->quiet_reads : 5;
      step = (int64_t)ZR_RETRY_MS << shift;
      step = step < ZR_POLL_MAX_MS ? step : ZR_POLL_MAX_MS;
    }
    at = zr_mono_add(b->last_read_at, step);
  }
  return at.ms < b->read_not_before.ms ? b->read_not_before : at;
}

/* Sent, answered by a 429, and nothing may be sent for a while: time to read what the call did. */
static bool s_read_in_pause(const struct zr_engine *e, const struct zr_batch *b) {
  if (e->release_rate.paused_until.ms - e->now.mono.ms < ZR_CONFIRM_MS)
    return false;
  for (unsigned i = 0; i < b->item_count; i++) {
    if (b->items[i]->attempts > 0 && !b->items[i]->read_since_answer)
      return true;
  }
  return false;
}

/* An id of it keeps its product from being sent, and only a read ends that. */
static bool s_holds(const struct zr_engine *e, const struct zr_batch *b) {
  for (unsigned i = 0; i < b->item_count; i++) {
    if (zr_held_has(e, b->items[i]))
      return true;
  }
  return false;
}

static bool s_busy(const struct zr_batch *b) {
  return b->state == ZR_BATCH_READING || b->state == ZR_BATCH_RECORDING ||
         b->state == ZR_BATCH_SENDING;
}

static void s_judge_all(struct zr_engine *e, struct zr_batch *b) {
  b->expires = ZR_MONO_NEVER;
  b->last_read_owed = false;
  for (unsigned i = 0; i < b->item_count; i++)
    s_judge(e, b, b->items[i]);
  for (unsigned i = b->item_count; i-- > 0;) {
    if (!b->items[i]->subs && !b->items[i]->in_flight)
      s_drop(e, b, i);
  }
}

void zr_batch_evaluate(struct zr_engine *e, struct zr_batch *b) {
  s_tell_verified(e, b);
  s_judge_all(e, b);
  if (b->item_count == 0 && b->state == ZR_BATCH_READING)
    zr_op_drop_parts(e, b);
  if (s_busy(b))
    return;
  zr_lane_leave(e, b);
  if (b->rejected && zr_isolate(e, b))
    return;
  s_judge_all(e, b); /* isolation may have made some final */
  if (b->item_count == 0) {
    zr_batch_set_state(b, ZR_BATCH_OVER, ZR_MONO_NEVER);
    zr_batch_free(e, b);
    return;
  }
  struct zr_item *send[ZR_BATCH_MAX];
  if (zr_batch_sendable(b, send) > 0 && !s_read_in_pause(e, b) && !s_holds(e, b)) {
    struct zr_mono at = b->send_not_before.ms > e->now.mono.ms ? b->send_not_before : e->now.mono;
    zr_batch_set_state(b, ZR_BATCH_SEND_DUE, at);
  } else if (zr_gate_parks(b)) {
    zr_batch_set_state(b, ZR_BATCH_READ_DUE, ZR_MONO_NEVER);
  } else {
    zr_batch_set_state(b, ZR_BATCH_READ_DUE, s_next_read(b, e->now.mono));
  }
}

void zr_batch_give_up(struct zr_engine *e, struct zr_batch *b, enum zr_code why, bool unsent_only) {
  for (unsigned i = 0; i < b->item_count; i++) {
    struct zr_item *it = b->items[i];
    if (it->in_flight || (unsent_only && it->attempts > 0))
      continue;
    s_decide_all(e, it, zr_verdict_final(it, why, zr_verdict_settled_early(it)));
  }
}

struct zr_mono zr_batch_deadline(const struct zr_batch *b) {
  struct zr_mono latest = {INT64_MIN};
  for (unsigned i = 0; i < b->item_count; i++) {
    for (const struct zr_sub *s = b->items[i]->subs; s; s = s->next) {
      if (s->job->deadline.ms > latest.ms)
        latest = s->job->deadline;
    }
  }
  return latest.ms == INT64_MIN ? ZR_MONO_NEVER : latest;
}

void zr_batch_give_up_resend(struct zr_engine *e, struct zr_batch *b) {
  for (unsigned i = 0; i < b->item_count; i++) {
    struct zr_item *it = b->items[i];
    if (it->attempts > 0 && zr_verdict_of(it, b->lane->dry).next == ZR_NEXT_SEND)
      s_decide_all(e, it,
                   zr_verdict_final(it, ZR_CODE_SERVICE_ERROR, zr_verdict_settled_early(it)));
  }
}

static struct zr_mono s_give_up_at(const struct zr_engine *e) {
  struct zr_mono since = zr_mono_min(e->read_throttled_since, e->send_throttled_since);
  return zr_mono_add(since, ZR_GIVE_UP_MS);
}

/* What was sent is not sent again, and is decided by the reads that can still be had. */
static void s_finalise_sent(const struct zr_engine *e, struct zr_batch *b) {
  for (unsigned i = 0; i < b->item_count; i++) {
    if (b->items[i]->attempts > 0 && !b->items[i]->in_flight)
      zr_item_finalise(b->items[i], e->now.mono);
  }
}

/* Throttled for so long that waiting on would be hiding it: everything that waits is decided. */
static void s_give_up_throttled(struct zr_engine *e) {
  e->read_throttled_since = e->send_throttled_since = ZR_MONO_NEVER;
  struct zr_batch *b;
  struct zr_batch *next;
  DL_FOREACH_SAFE(e->batches, b, next) {
    s_finalise_sent(e, b);
    zr_batch_give_up(e, b, ZR_CODE_THROTTLED, true);
    zr_batch_evaluate(e, b);
  }
}

/* The first read of a batch is held back while enough others are ready to be sent: it would be too
 * old when its turn comes. */
static bool s_held_back(const struct zr_engine *e, const struct zr_batch *b) {
  return !b->preflight_told && b->read_failures == 0 && !b->lane->dry &&
         zr_held_of(e, b->lane->product) == 0 && e->sends_waiting >= e->options.max_releases;
}

static void s_give_up_held(struct zr_engine *e, struct zr_batch *b) {
  struct zr_item *items[ZR_BATCH_MAX];
  unsigned count = zr_batch_sendable(b, items);
  for (unsigned i = 0; i < count; i++) {
    struct zr_item *it = items[i];
    if (it->attempts > 0)
      zr_item_finalise(it, e->now.mono); /* watched, and not sent again */
    else
      s_decide_all(e, it, zr_verdict_final(it, ZR_CODE_UNSETTLED, false));
  }
  zr_batch_evaluate(e, b);
}

static void s_step(struct zr_engine *e, struct zr_batch *b) {
  struct zr_mono now = e->now.mono;
  if (b->expires.ms <= now.ms) {
    zr_batch_evaluate(e, b);
  } else if (b->state == ZR_BATCH_READING) {
    zr_op_next_part(e, b);
  } else if (b->state == ZR_BATCH_READ_DUE && b->due.ms <= now.ms) {
    if (!s_held_back(e, b))
      (void)zr_op_start_read(e, b);
  } else if (b->state == ZR_BATCH_SEND_DUE && e->held_for_good[b->lane->product]) {
    s_give_up_held(e, b);
  } else if (b->state == ZR_BATCH_SEND_DUE && b->due.ms <= now.ms) {
    (void)zr_op_start_release(e, b);
  }
}

static unsigned s_count_waiting(const struct zr_engine *e) {
  unsigned n = 0;
  const struct zr_batch *b;
  DL_FOREACH(e->batches, b) {
    n += b->state == ZR_BATCH_SEND_DUE;
  }
  return n;
}

void zr_batches_step(struct zr_engine *e) {
  if (s_give_up_at(e).ms <= e->now.mono.ms)
    s_give_up_throttled(e);
  e->sends_waiting = s_count_waiting(e);
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++)
    e->held_for_good[p] = zr_held_for_good(e, (enum zr_product)p);
  struct zr_batch *b;
  struct zr_batch *next;
  DL_FOREACH_SAFE(e->batches, b, next) {
    s_step(e, b);
  }
}

/* Slots that are full free themselves by the end of a call, which is an input of its own. */
static struct zr_mono s_wake(const struct zr_engine *e, const struct zr_batch *b,
                             struct zr_mono now) {
  struct zr_mono at = b->expires;
  if (zr_mono_until(zr_batch_deadline(b), now) < ZR_SHORTEST_CALL_MS)
    return at; /* no call is started any more: the deadline itself is the next thing */
  bool read_slot = e->reads_open < e->options.max_reads;
  bool send_slot = e->releases_open < e->options.max_releases;
  if (b->state == ZR_BATCH_READ_DUE && read_slot && !s_held_back(e, b)) {
    struct zr_mono ready = zr_rate_ready(&e->read_rate, now);
    at = zr_mono_min(at, b->due.ms > ready.ms ? b->due : ready);
  } else if (b->state == ZR_BATCH_READING && b->read_queue && read_slot) {
    at = zr_mono_min(at, zr_rate_ready(&e->read_rate, now));
  } else if (b->state == ZR_BATCH_SEND_DUE && e->held_for_good[b->lane->product]) {
    at = now;
  } else if (b->state == ZR_BATCH_SEND_DUE && send_slot && zr_held_of(e, b->lane->product) == 0) {
    struct zr_mono ready = zr_rate_ready(&e->release_rate, now);
    at = zr_mono_min(at, b->due.ms > ready.ms ? b->due : ready);
  }
  return at;
}

struct zr_mono zr_batches_wake(const struct zr_engine *e) {
  const struct zr_batch *b = e->batches;
  struct zr_mono at = b ? s_give_up_at(e) : ZR_MONO_NEVER;
  DL_FOREACH(e->batches, b) {
    at = zr_mono_min(at, s_wake(e, b, e->now.mono));
  }
  return at;
}
