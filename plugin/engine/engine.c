#include "engine/engine.h"

#include "engine/gate.h"
#include "engine/held.h"
#include "engine/probe.h"
#include "engine/verdict.h"

enum zr_err zr_engine_new(const struct zr_engine_options *options, struct zr_engine **out) {
  struct zr_engine *e = zr_calloc(1, sizeof *e);
  if (!e)
    return ZR_ERR_NOMEM;
  e->options = *options;
  if (e->options.max_releases == 0)
    e->options.max_releases = 8;
  if (e->options.max_reads == 0)
    e->options.max_reads = 8;
  if (e->options.max_ids == 0)
    e->options.max_ids = 200000;
  if (e->options.call_timeout_ms == 0)
    e->options.call_timeout_ms = 30000;
  e->rng.state = options->seed;
  e->next_batch = options->last_batch;
  zr_rate_init(&e->read_rate, options->calls_per_second);
  zr_rate_init(&e->release_rate, options->calls_per_second);
  e->read_throttled_since = e->send_throttled_since = ZR_MONO_NEVER;
  zr_arena_init(&e->report_arena, NULL, 0);
  *out = e;
  return ZR_ERR_OK;
}

/* What the previous poll handed out is no longer borrowed. */
static void s_recycle(struct zr_engine *e) {
  zr_arena_clean_up(&e->report_arena);
  if (e->finished)
    zr_job_free(e, e->finished);
  e->finished = NULL;
  if (e->voided)
    zr_op_free(e, e->voided);
  e->voided = NULL;
  if (e->handed) {
    zr_answer_release(e->handed->answer);
    zr_free(e->handed);
  }
  e->handed = NULL;
}

static bool s_embedded(const struct zr_out *o) {
  return o->op || o->probe ||
         (o->job && (o == &o->job->outcomes_out || o == &o->job->done_out ||
                     (o->job->guard && o == &o->job->guard->count_out)));
}

static void s_forget_outs(struct zr_engine *e) {
  struct zr_out *o;
  struct zr_out *next;
  DL_FOREACH_SAFE(e->outs, o, next) {
    if (s_embedded(o))
      continue;
    zr_answer_release(o->answer);
    zr_free(o);
  }
  e->outs = NULL;
}

void zr_engine_destroy(struct zr_engine *e) {
  if (!e)
    return;
  s_recycle(e);
  s_forget_outs(e);
  zr_probes_free(e);
  struct zr_job *j;
  struct zr_job *next_job;
  HASH_ITER(hh, e->jobs, j, next_job) {
    zr_job_free(e, j);
  }
  struct zr_op *op;
  struct zr_op *next_op;
  HASH_ITER(hh, e->ops, op, next_op) {
    zr_op_free(e, op);
  }
  while (e->batches)
    zr_batch_free(e, e->batches);
  while (e->lanes) {
    struct zr_lane *l = e->lanes;
    while (l->queue) {
      struct zr_item *it = l->queue;
      zr_lane_remove(l, it);
      if (it->hashed)
        HASH_DEL(e->items[it->product], it);
      zr_item_release(e, it);
    }
    DL_DELETE(e->lanes, l);
    zr_free(l);
  }
  zr_held_clean_up(e);
  zr_free(e);
}

void zr_engine_sweep(struct zr_engine *e) {
  struct zr_lane *l;
  DL_FOREACH(e->lanes, l) {
    struct zr_item *it;
    struct zr_item *next;
    DL_FOREACH_SAFE(l->queue, it, next) {
      if (it->subs)
        continue;
      zr_lane_remove(l, it);
      if (it->hashed)
        HASH_DEL(e->items[it->product], it);
      zr_item_release(e, it);
    }
  }
  struct zr_batch *b;
  struct zr_batch *next_batch;
  DL_FOREACH_SAFE(e->batches, b, next_batch) {
    zr_batch_evaluate(e, b);
  }
}

/* An id that will not be sent (again) because the account is at its end: decided if it never was,
 * or cannot be read either; watched to its end otherwise. */
static void s_halt_item(struct zr_engine *e, struct zr_item *it, struct zr_answer *answer,
                        bool reads_too, bool dry) {
  bool unsent = it->attempts == 0;
  if (it->in_flight || (!unsent && zr_verdict_of(it, dry).next != ZR_NEXT_SEND))
    return;
  if (unsent) {
    zr_answer_set(&it->answer, answer);
  } else if (!reads_too) {
    zr_item_finalise(it, e->now.mono);
    return;
  }
  struct zr_verdict v =
      zr_verdict_final(it, zr_verdict_code_of(answer), zr_verdict_settled_early(it));
  while (it->subs)
    zr_job_decide(e, it->subs, v.outcome, v.code);
}

/* Whether an answer to a call of lane `from` is about lane `l` too. The lack of one right is a
 * matter of one product's calls, and what somebody only tried stops nobody who releases. */
static bool s_concerns(const struct zr_lane *l, const struct zr_lane *from,
                       const struct zr_answer *answer, bool reads_too) {
  bool one_right = answer && zr_view_eq_text(zr_view_of(zr_rstr_text(answer->code)),
                                             "AUTHFAILURE_UNAUTHORIZED_OPERATION");
  if (one_right && (l->product != from->product || (from->dry && !l->dry)))
    return false;
  return reads_too || !l->dry;
}

void zr_engine_halt(struct zr_engine *e, const struct zr_batch *from, struct zr_answer *answer,
                    bool reads_too) {
  const struct zr_lane *lane = from->lane;
  struct zr_batch *b;
  DL_FOREACH(e->batches, b) {
    for (unsigned i = 0; i < b->item_count && s_concerns(b->lane, lane, answer, reads_too); i++)
      s_halt_item(e, b->items[i], answer, reads_too, b->lane->dry);
    b->expires = e->now.mono; /* evaluate at the next step: this may run inside an evaluation */
  }
  struct zr_lane *l;
  DL_FOREACH(e->lanes, l) {
    struct zr_item *it;
    struct zr_item *next;
    DL_FOREACH_SAFE(l->queue, it, next) {
      if (!s_concerns(l, lane, answer, reads_too))
        continue;
      s_halt_item(e, it, answer, reads_too, l->dry);
      if (it->subs)
        continue; /* sent by an earlier process: it is read all the same */
      zr_lane_remove(l, it);
      if (it->hashed)
        HASH_DEL(e->items[it->product], it);
      zr_item_release(e, it);
    }
  }
}

/* The other kind of call pauses shortly too: it is the same account, but reading must stay
 * possible. */
void zr_engine_throttle(struct zr_engine *e, struct zr_rate *rate, struct zr_mono *since,
                        int64_t retry_after_ms) {
  int64_t pause = zr_rate_throttled(rate, retry_after_ms, &e->rng, e->now.mono);
  int64_t brief = pause < ZR_OTHER_PAUSE_MS ? pause : ZR_OTHER_PAUSE_MS;
  zr_rate_pause(&e->read_rate, zr_mono_add(e->now.mono, brief));
  zr_rate_pause(&e->release_rate, zr_mono_add(e->now.mono, brief));
  if (since->ms == ZR_MONO_NEVER.ms)
    *since = e->now.mono;
  zr_event_throttled(e, pause);
}

void zr_engine_passed(struct zr_rate *rate, struct zr_mono *since) {
  zr_rate_passed(rate);
  *since = ZR_MONO_NEVER;
}

static void s_hand_out_call(const struct zr_op *op, struct zr_action *out) {
  out->op = op->handle;
  out->product = op->batch->lane->product;
  out->ids = op->ids;
  out->id_count = op->count;
  out->depend_resource = op->batch->lane->depend_resource;
  out->timeout_ms = op->timeout_ms;
  out->batch = op->number;
  for (unsigned i = 0; i < op->count && !op->is_release; i++) {
    const struct zr_item *it = op->items[i];
    out->wants_known = out->wants_known || (it->attempts == 0 && !it->seen);
    out->wants_first_seen = out->wants_first_seen || (it->attempts == 0 && zr_guard_asks_age(it));
  }
}

/* False when memory is out for a report: it is tried again later. */
static bool s_hand_out(struct zr_engine *e, struct zr_out *o, struct zr_action *out) {
  *out = (struct zr_action){.kind = o->kind};
  switch (o->kind) {
  case ZR_ACTION_DESCRIBE:
  case ZR_ACTION_RELEASE:
  case ZR_ACTION_RECORD:
    s_hand_out_call(o->op, out);
    break;
  case ZR_ACTION_VOID:
    out->product = o->op->items[0]->product;
    out->batch = o->op->number;
    e->voided = o->op;
    break;
  case ZR_ACTION_EVENT:
    out->job = o->job->handle;
    out->event = &o->event;
    if (o == &o->job->outcomes_out)
      zr_report_fresh(e, o->job, &o->event);
    else
      e->handed = o;
    break;
  case ZR_ACTION_COUNT_BIN:
    out->op = o->job->guard->count_op;
    out->product = o->job->product;
    out->timeout_ms = e->options.call_timeout_ms;
    break;
  case ZR_ACTION_COUNT_GROUP:
    zr_probe_hand_out(e, o->probe, out);
    break;
  case ZR_ACTION_DONE:
    if (!zr_report_build(e, o->job))
      return false;
    out->job = o->job->handle;
    out->report = &e->report;
    e->finished = o->job;
    break;
  }
  return true;
}

bool zr_engine_poll(struct zr_engine *e, struct zr_engine_time now, struct zr_action *out) {
  e->now = now;
  s_recycle(e);
  if (!e->outs) {
    zr_jobs_expire(e);
    zr_lanes_flush(e);
    zr_gates_step(e);
    zr_probes_step(e);
    zr_batches_step(e);
    zr_probes_step(e); /* those that the batches came to want */
  }
  struct zr_out *o = e->outs;
  if (!o)
    return false;
  e->starved = !s_hand_out(e, o, out);
  if (e->starved)
    return false;
  DL_DELETE(e->outs, o);
  return true;
}

struct zr_mono zr_engine_wake(const struct zr_engine *e, struct zr_mono now) {
  if (e->outs)
    return e->starved ? zr_mono_add(now, ZR_NOMEM_MS) : now;
  struct zr_mono at = zr_mono_min(zr_jobs_wake(e), zr_lanes_wake(e));
  at = zr_mono_min(at, zr_gates_wake(e));
  at = zr_mono_min(at, zr_probes_wake(e));
  return zr_mono_min(at, zr_batches_wake(e));
}

bool zr_engine_is_idle(const struct zr_engine *e) {
  return HASH_COUNT(e->jobs) == 0 && HASH_COUNT(e->ops) == 0 && !e->batches && !e->outs &&
         !e->probes && e->item_total == 0;
}

size_t zr_engine_jobs(const struct zr_engine *e) {
  return HASH_COUNT(e->jobs);
}

uint32_t zr_engine_last_batch(const struct zr_engine *e) {
  return e->next_batch;
}
