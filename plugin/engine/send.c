/*
 * Release calls: which ids of a batch leave together, the record that goes before them where there
 * is a journal, and what the answer says about each of them.
 *
 *   SEND_DUE --a record is asked for--> RECORDING --kept--> SENDING --answer--> READ_DUE
 *                                                 --kept, but they may not leave any more: void
 *                                                 --not kept: nothing leaves
 */
#include "engine/gate.h"
#include "engine/held.h"
#include "engine/verdict.h"

/* Of the ids that want to be sent, those whose last read is not too old to rely on. */
static unsigned s_fresh(const struct zr_engine *e, struct zr_item **items, unsigned count) {
  unsigned fresh = 0;
  for (unsigned i = 0; i < count; i++) {
    if (e->now.mono.ms - items[i]->read_at.ms <= ZR_FRESH_MS)
      items[fresh++] = items[i];
  }
  return fresh;
}

/* The call leaves: its first byte may be out before the next input. */
static void s_send(struct zr_engine *e, struct zr_op *op) {
  struct zr_batch *b = op->batch;
  op->recording = false;
  op->out.kind = ZR_ACTION_RELEASE;
  b->number = op->number;
  b->last_sent = op->count;
  b->sends++;
  b->quiet_reads = 0;
  for (unsigned i = 0; i < op->count; i++)
    zr_item_sent(op->items[i], op->number, e->now.wall);
  zr_batch_set_state(b, ZR_BATCH_SENDING, ZR_MONO_NEVER);
  zr_event_sent(e, op, b->sends);
  zr_out_push(e, &op->out);
}

static void s_record(struct zr_engine *e, struct zr_op *op) {
  op->recording = true;
  op->recorded_from = e->now.mono;
  op->out.kind = ZR_ACTION_RECORD;
  op->batch->recording = op->number;
  zr_batch_set_state(op->batch, ZR_BATCH_RECORDING, ZR_MONO_NEVER);
  zr_out_push(e, &op->out);
}

bool zr_op_start_release(struct zr_engine *e, struct zr_batch *b) {
  int64_t timeout = zr_op_timeout(e, b);
  if (e->releases_open >= e->options.max_releases || timeout == 0 ||
      zr_held_of(e, b->lane->product) > 0)
    return false;
  if (zr_rate_ready(&e->release_rate, e->now.mono).ms > e->now.mono.ms)
    return false;
  struct zr_item *items[ZR_BATCH_MAX];
  unsigned count = zr_batch_sendable(b, items);
  if (count == 0) {
    zr_batch_evaluate(e, b);
    return false;
  }
  count = s_fresh(e, items, count);
  if (count == 0) {
    bool held = b->read_not_before.ms > e->now.mono.ms;
    zr_batch_set_state(b, ZR_BATCH_READ_DUE, held ? b->read_not_before : e->now.mono);
    return !held && zr_op_start_read(e, b);
  }
  if (!zr_rate_take(&e->release_rate, e->now.mono))
    return false;
  struct zr_op *op = zr_op_new(e, b, items, count, true);
  if (!op) {
    b->due = zr_mono_add(e->now.mono, ZR_NOMEM_MS);
    return false;
  }
  op->number = ++e->next_batch;
  op->timeout_ms = timeout;
  op->started = true;
  e->releases_open++;
  if (e->options.journal)
    s_record(e, op);
  else
    s_send(e, op);
  return true;
}

/* What was recorded is what is sent: when one of the ids is given up, or was read too long ago by
 * now, none of them leaves under this intent. */
static bool s_may_leave(const struct zr_engine *e, const struct zr_op *op) {
  struct zr_item *items[ZR_BATCH_MAX];
  unsigned wanted = 0;
  for (unsigned i = 0; i < op->count; i++) {
    struct zr_item *it = op->items[i];
    if (it->batch == op->batch && zr_item_cleared(it) &&
        zr_verdict_of(it, op->batch->lane->dry).next == ZR_NEXT_SEND)
      items[wanted++] = it;
  }
  return wanted == op->count && s_fresh(e, items, wanted) == op->count &&
         e->release_rate.paused_until.ms <= e->now.mono.ms && zr_op_timeout(e, op->batch) > 0 &&
         zr_held_of(e, op->batch->lane->product) == 0;
}

static void s_void(struct zr_engine *e, struct zr_op *op) {
  op->recording = false;
  op->started = false;
  op->batch = NULL;
  op->out.kind = ZR_ACTION_VOID;
  zr_out_push(e, &op->out);
}

/* Nothing leaves without a record. What was sent before is what is left to report. */
static void s_not_kept(struct zr_engine *e, struct zr_op *op, const char *why) {
  const struct zr_call_end end = {.class_ = ZR_CLASS_NOT_SENT, .reason = why, .retry_after_ms = -1};
  struct zr_answer *answer = zr_answer_new(&end);
  for (unsigned i = 0; i < op->count; i++) {
    struct zr_item *it = op->items[i];
    if (it->batch != op->batch || it->in_flight)
      continue;
    if (it->attempts > 0) {
      zr_item_finalise(it, e->now.mono); /* watched, and not sent again */
      continue;
    }
    zr_answer_set(&it->answer, answer);
    while (it->subs)
      zr_job_decide(e, it->subs, ZR_OUTCOME_NOT_ATTEMPTED, ZR_CODE_NOT_RECORDED);
  }
  zr_answer_release(answer);
}

/* A disk slower than a read stays fresh would have us read and record for ever. */
static bool s_too_slow(const struct zr_engine *e, const struct zr_op *op) {
  return e->now.mono.ms - op->recorded_from.ms > ZR_FRESH_MS &&
         ++op->batch->stale_records >= ZR_TRIES_RECORD;
}

void zr_engine_recorded(struct zr_engine *e, uint64_t handle, bool kept, const char *why,
                        struct zr_engine_time now) {
  e->now = now;
  struct zr_op *op = zr_op_take(e, handle, true, true);
  if (!op)
    return;
  struct zr_batch *b = op->batch;
  if (kept && s_may_leave(e, op)) {
    b->stale_records = 0;
    s_send(e, op);
    return;
  }
  e->releases_open--;
  zr_batch_set_state(b, ZR_BATCH_READ_DUE, now.mono);
  if (!kept)
    s_not_kept(e, op, why);
  else if (s_too_slow(e, op))
    s_not_kept(e, op,
               "each record took the journal's disk so long that what was read before it was "
               "too old to act on");
  if (kept)
    s_void(e, op);
  else
    zr_op_free(e, op);
  zr_batch_evaluate(e, b);
}

/* Accepted, but for the ids that the answer itself lists as not accepted (zec). */
static void s_accepted(struct zr_engine *e, struct zr_op *op, const struct zr_release_end *end) {
  struct zr_rstr *request_id = zr_rstr_new(zr_view_of(end->call.request_id));
  struct zr_call_end listed = end->call;
  listed.class_ = ZR_CLASS_DENIED;
  listed.reason = "the service listed it among those it did not accept, without a reason";
  struct zr_answer *refusal = end->failed_count ? zr_answer_new(&listed) : NULL;
  for (unsigned i = 0; i < op->count; i++) {
    if (!zr_release_end_lists(end, op->ids[i])) {
      zr_item_accepted(op->items[i], request_id, e->now.mono);
      continue;
    }
    zr_item_listed(op->items[i], refusal, e->now.mono);
  }
  zr_answer_release(refusal);
  zr_rstr_release(request_id);
  zr_engine_passed(&e->release_rate, &e->send_throttled_since);
}

static void s_unsent(struct zr_engine *e, struct zr_op *op, struct zr_answer *answer) {
  struct zr_batch *b = op->batch;
  for (unsigned i = 0; i < op->count; i++) {
    zr_item_unsent(op->items[i], op->number);
    if (op->items[i]->attempts == 0)
      zr_answer_set(&op->items[i]->answer, answer);
  }
  b->unsent_failures++;
  b->send_not_before = zr_mono_add(e->now.mono, zr_backoff_ms(e, b->unsent_failures));
}

/* Which belongs to no single id: the account's pause or end, this batch's next step. */
static void s_after_answer(struct zr_engine *e, struct zr_batch *b, struct zr_answer *a,
                           enum zr_class c, int64_t retry_after_ms) {
  switch (c) {
  case ZR_CLASS_THROTTLED:
    zr_engine_throttle(e, &e->release_rate, &e->send_throttled_since, retry_after_ms);
    break;
  case ZR_CLASS_MISSING:
  case ZR_CLASS_STATE:
  case ZR_CLASS_INPUT:
  case ZR_CLASS_DENIED:
    b->rejected = true;
    break;
  case ZR_CLASS_UNAUTHORIZED:
  case ZR_CLASS_BLOCKED:
  case ZR_CLASS_NO_CHANNEL:
    zr_engine_halt(e, b, a, false);
    break;
  case ZR_CLASS_UNKNOWN:
  case ZR_CLASS_REDIRECTED:
    b->send_not_before = zr_mono_add(e->now.mono, zr_backoff_ms(e, b->sends));
    break;
  case ZR_CLASS_NOT_SENT:
  case ZR_CLASS_OK:
  case ZR_CLASS_SKEWED:
  case ZR_CLASS_COUNT_:
    break;
  }
}

/* A skew that a corrected clock did not cure is a matter of the credentials. */
static void s_skew_limit(struct zr_batch *b, struct zr_call_end *call) {
  if (call->class_ == ZR_CLASS_SKEWED && ++b->skews > ZR_SKEW_TRIES)
    call->class_ = ZR_CLASS_UNAUTHORIZED;
}

void zr_engine_released(struct zr_engine *e, uint64_t handle, const struct zr_release_end *end,
                        struct zr_engine_time now) {
  e->now = now;
  struct zr_op *op = zr_op_take(e, handle, true, false);
  if (!op)
    return;
  struct zr_batch *b = op->batch;
  struct zr_call_end call = end->call;
  s_skew_limit(b, &call);
  enum zr_class c = call.class_;
  e->releases_open--;
  struct zr_answer *a = c == ZR_CLASS_OK ? NULL : zr_answer_new(&call);
  zr_batch_set_state(b, ZR_BATCH_READ_DUE, now.mono);
  bool unsent = c == ZR_CLASS_NOT_SENT || c == ZR_CLASS_NO_CHANNEL;
  bool refused =
      c == ZR_CLASS_MISSING || c == ZR_CLASS_STATE || c == ZR_CLASS_INPUT || c == ZR_CLASS_DENIED;
  b->read_not_before = zr_mono_add(now.mono, refused ? 0 : ZR_FIRST_PROOF_MS);
  if (c == ZR_CLASS_OK) {
    s_accepted(e, op, end);
  } else if (unsent) {
    s_unsent(e, op, a);
  } else {
    b->unsent_failures = 0;
    for (unsigned i = 0; i < op->count; i++)
      zr_item_answered(op->items[i], a, now.mono);
  }
  for (unsigned i = 0; i < op->count; i++)
    zr_guard_note(e, op->items[i], NULL); /* gates waited for the end of this call */
  zr_event_answered(e, op, &call);
  zr_op_free(e, op);
  s_after_answer(e, b, a, c, call.retry_after_ms);
  if (c == ZR_CLASS_NO_CHANNEL || (unsent && b->unsent_failures >= ZR_TRIES_UNSENT))
    zr_batch_give_up(e, b, zr_verdict_code_of(a), false);
  zr_answer_release(a);
  zr_batch_evaluate(e, b);
}
