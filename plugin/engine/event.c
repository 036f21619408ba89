/*
 * What is handed out, in order: calls, events, finished jobs. Calls and reports sit in structures
 * that exist already and are never lost; events are news, dropped when memory is out.
 */
#include "engine/state.h"

void zr_out_push(struct zr_engine *e, struct zr_out *o) {
  DL_APPEND(e->outs, o);
}

void zr_mark_item(struct zr_engine *e, const struct zr_item *it) {
  for (const struct zr_sub *s = it->subs; s; s = s->next) {
    if (s->job->marks++ == 0) {
      s->job->next_marked = e->marked;
      e->marked = s->job;
    }
  }
}

/* Hands `event` to each marked job with its own count of ids, and clears the marks. */
static void s_tell_marked(struct zr_engine *e, struct zr_event event, struct zr_answer *answer) {
  event.at = e->now.wall;
  while (e->marked) {
    struct zr_job *j = e->marked;
    e->marked = j->next_marked;
    event.ids = j->marks;
    j->marks = 0;
    struct zr_out *o = zr_calloc(1, sizeof *o);
    if (!o)
      continue;
    o->kind = ZR_ACTION_EVENT;
    o->job = j;
    o->event = event;
    o->answer = zr_answer_acquire(answer);
    zr_out_push(e, o);
  }
}

static void s_mark_all(struct zr_engine *e, struct zr_item *const *items, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    zr_mark_item(e, items[i]);
}

/* `eligible` is of the whole batch's ids; jobs that share a batch are told the same number. */
void zr_event_preflight(struct zr_engine *e, struct zr_batch *b) {
  uint32_t eligible = 0;
  for (unsigned i = 0; i < b->item_count; i++)
    eligible += b->items[i]->presence == ZR_PRESENCE_BIN;
  s_mark_all(e, b->items, b->item_count);
  s_tell_marked(e, (struct zr_event){.kind = ZR_EVENT_PREFLIGHT_DONE, .eligible = eligible}, NULL);
}

void zr_event_sent(struct zr_engine *e, const struct zr_op *op, unsigned attempt) {
  s_mark_all(e, op->items, op->count);
  struct zr_event event = {.kind = ZR_EVENT_BATCH_SENT, .batch = op->number, .attempt = attempt};
  s_tell_marked(e, event, NULL);
}

void zr_event_answered(struct zr_engine *e, const struct zr_op *op, const struct zr_call_end *end) {
  struct zr_answer *copy = zr_answer_new(end);
  if (!copy)
    return;
  s_mark_all(e, op->items, op->count);
  struct zr_event event = {.kind = ZR_EVENT_BATCH_ANSWERED,
                           .batch = op->number,
                           .class_name = zr_class_name(end->class_),
                           .http_status = end->http_status,
                           .code = zr_rstr_text(copy->code),
                           .request_id = zr_rstr_text(copy->request_id)};
  s_tell_marked(e, event, copy);
  zr_answer_release(copy);
}

void zr_event_throttled(struct zr_engine *e, int64_t wait_ms) {
  struct zr_job *j;
  struct zr_job *next;
  HASH_ITER(hh, e->jobs, j, next) {
    if (j->undecided == 0)
      continue;
    j->marks = j->undecided;
    j->next_marked = e->marked;
    e->marked = j;
  }
  struct zr_event event = {.kind = ZR_EVENT_THROTTLED,
                           .wait_ms = wait_ms,
                           .reason = "the service limits the rate of requests"};
  s_tell_marked(e, event, NULL);
}

void zr_event_split(struct zr_engine *e, const struct zr_batch *b, unsigned parts, unsigned dropped,
                    const char *reason) {
  s_mark_all(e, b->items, b->item_count);
  struct zr_event event = {.kind = ZR_EVENT_BATCH_SPLIT,
                           .batch = b->number,
                           .parts = parts,
                           .dropped = dropped,
                           .reason = reason};
  s_tell_marked(e, event, NULL);
}

void zr_event_verified(struct zr_engine *e, uint32_t batch) {
  s_tell_marked(e, (struct zr_event){.kind = ZR_EVENT_VERIFIED, .batch = batch}, NULL);
}

void zr_event_outcomes(struct zr_engine *e, struct zr_job *j) {
  if (j->outcomes_queued)
    return;
  j->outcomes_queued = true;
  j->outcomes_out.kind = ZR_ACTION_EVENT;
  j->outcomes_out.event = (struct zr_event){.kind = ZR_EVENT_OUTCOMES, .at = e->now.wall};
  zr_out_push(e, &j->outcomes_out);
}
