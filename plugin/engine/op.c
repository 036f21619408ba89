/*
 * Upstream calls, and among them the reads: which ids go into one, and what its end says about each
 * of them. A read that the service refuses for one of its ids is repeated in parts (ZR_FAN_OUT),
 * down to single ids. Release calls are in send.c.
 */
#include "engine/crowd.h"
#include "engine/gate.h"
#include "engine/held.h"
#include "engine/verdict.h"

int64_t zr_backoff_ms(struct zr_engine *e, unsigned failures) {
  unsigned shift = failures > 5 ? 5 : failures ? failures - 1 : 0;
  int64_t base = (int64_t)ZR_RETRY_MS << shift;
  if (base > ZR_RETRY_MAX_MS)
    base = ZR_RETRY_MAX_MS;
  return base / 2 + (int64_t)zr_rng_below(&e->rng, (uint64_t)base);
}

int64_t zr_op_timeout(const struct zr_engine *e, const struct zr_batch *b) {
  int64_t left = zr_mono_until(zr_batch_deadline(b), e->now.mono);
  if (left < ZR_SHORTEST_CALL_MS)
    return 0;
  int64_t third = left / 3 > ZR_SHORTEST_CALL_MS / 3 ? left / 3 : left;
  return third < e->options.call_timeout_ms ? third : e->options.call_timeout_ms;
}

struct zr_op *zr_op_new(struct zr_engine *e, struct zr_batch *b, struct zr_item *const *items,
                        unsigned count, bool is_release) {
  struct zr_op *op = zr_calloc(1, sizeof *op);
  if (!op)
    return NULL;
  op->handle = ++e->next_handle;
  HASH_ADD(hh, e->ops, handle, sizeof op->handle, op);
  if (!op->hh.tbl) {
    zr_free(op);
    return NULL;
  }
  op->is_release = is_release;
  op->batch = b;
  op->count = count;
  for (unsigned i = 0; i < count; i++) {
    op->items[i] = items[i];
    op->ids[i] = zr_rstr_text(items[i]->id);
    zr_item_acquire(items[i]);
  }
  op->out.kind = is_release ? ZR_ACTION_RELEASE : ZR_ACTION_DESCRIBE;
  op->out.op = op;
  return op;
}

void zr_op_free(struct zr_engine *e, struct zr_op *op) {
  HASH_DEL(e->ops, op);
  for (unsigned i = 0; i < op->count; i++)
    zr_item_release(e, op->items[i]);
  zr_free(op);
}

/* Starts queued parts of the current read while slots and tokens last. */
void zr_op_next_part(struct zr_engine *e, struct zr_batch *b) {
  while (b->read_queue && e->reads_open < e->options.max_reads) {
    int64_t timeout = zr_op_timeout(e, b);
    if (timeout == 0 || !zr_rate_take(&e->read_rate, e->now.mono))
      return;
    struct zr_op *op = b->read_queue;
    DL_DELETE(b->read_queue, op);
    op->prev = op->next = NULL;
    op->timeout_ms = timeout;
    op->started = true;
    e->reads_open++;
    zr_out_push(e, &op->out);
  }
}

void zr_op_drop_parts(struct zr_engine *e, struct zr_batch *b) {
  while (b->read_queue) {
    struct zr_op *op = b->read_queue;
    DL_DELETE(b->read_queue, op);
    zr_op_free(e, op);
    b->reads_open--;
  }
  if (b->reads_open == 0)
    zr_batch_set_state(b, ZR_BATCH_READ_DUE, e->now.mono);
}

/* Queues reads of `items` in parts of at most `size`. False when memory is out; what was queued
 * stays, and the round counts as troubled. */
static bool s_queue_reads(struct zr_engine *e, struct zr_batch *b, struct zr_item *const *items,
                          unsigned count, unsigned size) {
  for (unsigned at = 0; at < count; at += size) {
    unsigned n = count - at < size ? count - at : size;
    struct zr_op *op = zr_op_new(e, b, items + at, n, false);
    if (!op)
      return false;
    DL_APPEND(b->read_queue, op);
    b->reads_open++;
  }
  return true;
}

bool zr_op_start_read(struct zr_engine *e, struct zr_batch *b) {
  if (e->reads_open >= e->options.max_reads || zr_op_timeout(e, b) == 0)
    return false;
  if (zr_rate_ready(&e->read_rate, e->now.mono).ms > e->now.mono.ms)
    return false;
  if (!s_queue_reads(e, b, b->items, b->item_count, ZR_BATCH_MAX) && b->reads_open == 0) {
    b->due = zr_mono_add(e->now.mono, ZR_NOMEM_MS);
    return false;
  }
  zr_batch_set_state(b, ZR_BATCH_READING, ZR_MONO_NEVER);
  zr_op_next_part(e, b);
  return true;
}

struct zr_op *zr_op_take(struct zr_engine *e, uint64_t handle, bool is_release, bool recording) {
  struct zr_op *op = NULL;
  HASH_FIND(hh, e->ops, &handle, sizeof handle, op);
  bool fits = op && op->started && op->is_release == is_release && op->recording == recording;
  return fits ? op : NULL;
}

static const struct zr_instance *s_row(const struct zr_describe_end *end, const char *id) {
  for (size_t i = 0; i < end->row_count; i++) {
    if (strcmp(end->rows[i].id, id) == 0)
      return &end->rows[i];
  }
  return NULL;
}

static bool s_is_known(const struct zr_describe_end *end, const char *id, bool *gone) {
  for (size_t i = 0; i < end->known_count; i++) {
    *gone = end->known_gone && end->known_gone[i];
    if (strcmp(end->known_ids[i], id) == 0)
      return true;
  }
  return false;
}

/* A good read. False when it cannot speak for all ids: totals and rows disagreed. */
static bool s_take_rows(struct zr_engine *e, struct zr_op *op, const struct zr_describe_end *end) {
  struct zr_rstr *read_id = zr_rstr_new(zr_view_of(end->call.request_id));
  bool whole = true;
  for (unsigned i = 0; i < op->count; i++) {
    const struct zr_instance *row = s_row(end, op->ids[i]);
    if (!row && !end->complete) {
      whole = false;
      continue;
    }
    if (row)
      zr_item_seen(op->items[i], row, read_id, e->now.mono);
    else
      zr_item_absent(op->items[i], read_id, e->now.mono);
    bool gone = false;
    if (!row && s_is_known(end, op->ids[i], &gone))
      zr_item_known(op->items[i], gone);
    zr_guard_note(e, op->items[i], row);
    zr_held_clear(e, op->items[i]);
  }
  if (whole)
    zr_crowd_note(op->items, op->count);
  zr_rstr_release(read_id);
  zr_engine_passed(&e->read_rate, &e->read_throttled_since);
  return whole;
}

static void s_trouble(struct zr_batch *b, struct zr_op *op, struct zr_answer *answer) {
  zr_answer_set(&b->read_trouble, answer);
  for (unsigned i = 0; i < op->count; i++) {
    if (op->items[i]->attempts == 0)
      zr_answer_set(&op->items[i]->answer, answer);
  }
}

/* The service refused to read for one of the ids. */
static bool s_refused_read(struct zr_engine *e, struct zr_op *op, struct zr_answer *answer) {
  if (op->count > 1) {
    if (op->batch->item_count == 0)
      return true; /* nobody waits for these ids any more */
    unsigned size = op->count > ZR_FAN_OUT ? (op->count + ZR_FAN_OUT - 1) / ZR_FAN_OUT : 1;
    return s_queue_reads(e, op->batch, op->items, op->count, size);
  }
  if (answer->class_ == ZR_CLASS_MISSING) {
    zr_item_absent(op->items[0], answer->request_id, e->now.mono);
    zr_crowd_note(op->items, 1);
  } else {
    zr_item_malformed(op->items[0], answer, e->now.mono);
  }
  zr_held_clear(e, op->items[0]);
  return true;
}

/* Why a batch is given up whose reads go on failing. A call that had less than its usual time
 * because of the callers' deadline, and got no answer in it, was cut off by that deadline. */
static enum zr_code s_why_unread(const struct zr_engine *e, const struct zr_batch *b,
                                 const struct zr_answer *a) {
  int64_t left = zr_mono_until(zr_batch_deadline(b), e->now.mono);
  bool cut_short = left / 3 < e->options.call_timeout_ms;
  bool unanswered = a && a->class_ == ZR_CLASS_UNKNOWN && a->http_status == 0;
  return cut_short && unanswered ? ZR_CODE_DEADLINE : zr_verdict_code_of(a);
}

/* After the last read of a round: what its trouble, if any, means for the batch. */
static void s_round_over(struct zr_engine *e, struct zr_batch *b) {
  struct zr_answer *a = b->read_trouble;
  b->read_trouble = NULL;
  b->last_read_at = e->now.mono;
  b->quiet_reads++;
  zr_batch_set_state(b, ZR_BATCH_READ_DUE, e->now.mono);
  enum zr_class c = a ? a->class_ : ZR_CLASS_OK;
  b->read_failures = c == ZR_CLASS_OK || c == ZR_CLASS_THROTTLED ? 0 : b->read_failures + 1;
  b->read_not_before = e->now.mono;
  if (c == ZR_CLASS_OK) {
    if (!b->preflight_told)
      zr_event_preflight(e, b);
    b->preflight_told = true;
  } else if (c == ZR_CLASS_SKEWED && b->read_failures <= ZR_SKEW_TRIES) {
    b->quiet_reads--;
  } else if (c == ZR_CLASS_UNAUTHORIZED || c == ZR_CLASS_BLOCKED || c == ZR_CLASS_NO_CHANNEL ||
             c == ZR_CLASS_REDIRECTED || c == ZR_CLASS_SKEWED) {
    zr_engine_halt(e, b, a, true);
    zr_batch_give_up(e, b, zr_verdict_code_of(a), false);
  } else if (c == ZR_CLASS_STATE || c == ZR_CLASS_DENIED) {
    zr_batch_give_up(e, b, ZR_CODE_SERVICE_ERROR, false);
  } else if (c != ZR_CLASS_THROTTLED) {
    b->read_not_before = zr_mono_add(e->now.mono, zr_backoff_ms(e, b->read_failures));
    if (b->read_failures >= ZR_TRIES_UNSENT)
      zr_batch_give_up(e, b, s_why_unread(e, b, a), true);
    if (b->read_failures >= 2 * ZR_TRIES_UNSENT)
      zr_batch_give_up_resend(e, b);
  }
  zr_answer_release(a);
  zr_batch_evaluate(e, b);
}

void zr_engine_described(struct zr_engine *e, uint64_t handle, const struct zr_describe_end *end,
                         struct zr_engine_time now) {
  e->now = now;
  struct zr_op *op = zr_op_take(e, handle, false, false);
  if (!op)
    return;
  struct zr_batch *b = op->batch;
  e->reads_open--;
  struct zr_answer *answer = NULL;
  enum zr_class c = end->call.class_;
  bool good = false;
  if (c == ZR_CLASS_OK) {
    good = s_take_rows(e, op, end);
  }
  if (!good) {
    struct zr_call_end call = end->call;
    if (c == ZR_CLASS_OK) {
      call.class_ = ZR_CLASS_UNKNOWN;
      call.reason = "the rows of the reply do not match its total";
    }
    answer = zr_answer_new(&call);
    if (c == ZR_CLASS_THROTTLED)
      zr_engine_throttle(e, &e->read_rate, &e->read_throttled_since, end->call.retry_after_ms);
    bool refused = answer && (c == ZR_CLASS_MISSING || c == ZR_CLASS_INPUT);
    if (!refused || !s_refused_read(e, op, answer))
      s_trouble(b, op, answer);
  }
  zr_answer_release(answer);
  zr_op_free(e, op);
  if (--b->reads_open == 0)
    s_round_over(e, b);
  else
    zr_op_next_part(e, b);
}
