/*
 * A refused batch. The service refuses all ids of a call for one that it does not like, and does
 * not say which. So: read again (op.c has done that when this runs), drop what the read explains,
 * send the rest once. Only when the read explains nothing, split in halves, each of which reads
 * again if it is refused too; at most ZR_EXTRA_CALLS release calls for one batch, then the rest is
 * reported with the refusal.
 */
#include "engine/state.h"
#include "engine/verdict.h"

static void s_spend(struct zr_batch *b, unsigned calls) {
  b->budget->left = b->budget->left > calls ? b->budget->left - calls : 0;
}

static void s_finalise(const struct zr_engine *e, struct zr_item *const *items, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    zr_item_finalise(items[i], e->now.mono);
}

/* Moves an item from one batch to another; the lane and the references stay. */
static void s_move(struct zr_batch *from, struct zr_batch *to, struct zr_item *it) {
  for (unsigned i = 0; i < from->item_count; i++) {
    if (from->items[i] == it) {
      from->items[i] = from->items[--from->item_count];
      from->lane->at_work--;
      zr_batch_add(to, it);
      return;
    }
  }
}

/* False when memory for the second half is out. */
static bool s_split(struct zr_engine *e, struct zr_batch *b, struct zr_item **items,
                    unsigned count) {
  struct zr_batch *half = NULL;
  if (zr_batch_new(e, b->lane, b->budget, &half) != ZR_ERR_OK)
    return false;
  for (unsigned i = count / 2; i < count; i++)
    s_move(b, half, items[i]);
  half->last_read_at = b->last_read_at;
  half->preflight_told = true;
  half->number = b->number;
  zr_batch_set_state(half, ZR_BATCH_SEND_DUE, e->now.mono);
  zr_batch_set_state(b, ZR_BATCH_SEND_DUE, e->now.mono);
  s_spend(b, 2);
  zr_event_split(e, b, 2, 0, "no read explains the refusal");
  return true;
}

bool zr_isolate(struct zr_engine *e, struct zr_batch *b) {
  struct zr_item *rest[ZR_BATCH_MAX];
  for (unsigned i = 0; i < b->item_count; i++) {
    if (b->items[i]->attempts > 0 && !b->items[i]->read_since_answer) {
      bool held = b->read_not_before.ms > e->now.mono.ms;
      zr_batch_set_state(b, ZR_BATCH_READ_DUE, held ? b->read_not_before : e->now.mono);
      return true; /* nothing is sent before all of them were read */
    }
  }
  unsigned count = zr_batch_sendable(b, rest);
  unsigned dropped = b->last_sent > count ? b->last_sent - count : 0;
  if (count > 0 && dropped == 0 && !b->reread && zr_verdict_lag_possible(rest[0])) {
    b->reread = true;
    zr_batch_set_state(b, ZR_BATCH_READ_DUE, zr_mono_add(e->now.mono, ZR_REREAD_MS));
    return true;
  }
  b->rejected = false;
  b->reread = false;
  if (count == 0)
    return false;
  if (dropped > 0 && b->budget->left > 0) {
    s_spend(b, 1);
    zr_event_split(e, b, 1, dropped, "the read explains the refusal");
    return false;
  }
  if (count > 1 && b->budget->left >= 2 && s_split(e, b, rest, count))
    return true;
  s_finalise(e, rest, count);
  return false;
}
