/* Jobs: a caller's request, its distinct ids, and when each of them is decided. */
#include "engine/gate.h"
#include "engine/verdict.h"

/* Distinct ids of one request, by text, while it is taken in. */
struct distinct {
  UT_hash_handle hh;
  uint32_t sub;
};

static void s_drop_sub(struct zr_sub *s) {
  zr_rstr_release(s->id);
  zr_rstr_release(s->status);
  zr_rstr_release(s->name);
  zr_rstr_release(s->zone);
  zr_rstr_release(s->release_id);
  zr_rstr_release(s->read_id[0]);
  zr_rstr_release(s->read_id[1]);
  zr_answer_release(s->answer);
  zr_rstr_release(s->held_why);
}

void zr_job_free(struct zr_engine *e, struct zr_job *j) {
  if (j->hh.tbl)
    HASH_DEL(e->jobs, j);
  for (uint32_t i = 0; j->subs && i < j->sub_count; i++)
    s_drop_sub(&j->subs[i]);
  zr_guard_free(j->guard);
  zr_free(j->subs);
  zr_free(j->duplicates);
  zr_free(j->fresh);
  zr_free(j);
}

/* Fills subs with the distinct ids in order of first mention, and duplicates with the others. */
static enum zr_err s_collapse(struct zr_job *j, const struct zr_release_request *r) {
  struct distinct *seen = NULL;
  struct distinct *nodes = zr_calloc(r->instance_id_count, sizeof *nodes);
  enum zr_err err = nodes ? ZR_ERR_OK : ZR_ERR_NOMEM;
  for (uint32_t i = 0; i < r->instance_id_count && err == ZR_ERR_OK; i++) {
    const char *id = r->instance_ids[i];
    if (!id) {
      err = ZR_ERR_INVALID;
      break;
    }
    size_t len = strlen(id);
    struct distinct *d = NULL;
    HASH_FIND(hh, seen, id, len, d);
    if (d) {
      j->duplicates[j->duplicate_count++] = (struct zr_duplicate){j->subs[d->sub].index, i};
      continue;
    }
    d = &nodes[j->sub_count];
    d->sub = j->sub_count;
    struct zr_sub *s = &j->subs[j->sub_count];
    s->index = i;
    s->job = j;
    s->id = zr_rstr_new((struct zr_view){id, len});
    if (s->id)
      HASH_ADD_KEYPTR(hh, seen, id, len, d);
    if (!s->id || !d->hh.tbl)
      err = ZR_ERR_NOMEM;
    j->sub_count++;
  }
  HASH_CLEAR(hh, seen);
  zr_free(nodes);
  return err;
}

static struct zr_job *s_new(struct zr_engine *e, const struct zr_release_request *r,
                            const struct zr_policy *server) {
  struct zr_job *j = zr_calloc(1, sizeof *j);
  if (!j)
    return NULL;
  size_t n = r->instance_id_count;
  j->subs = zr_calloc(n, sizeof *j->subs);
  j->duplicates = zr_calloc(n, sizeof *j->duplicates);
  j->fresh = zr_calloc(n, sizeof *j->fresh);
  j->product = r->product;
  j->allow_missing = r->allow_missing;
  j->depend_resource = r->depend_resource;
  j->wait_ms = r->wait_ms;
  j->deadline = r->deadline;
  j->handle = ++e->next_handle;
  j->outcomes_out.job = j->done_out.job = j;
  if (j->subs && j->duplicates && j->fresh && s_collapse(j, r) == ZR_ERR_OK &&
      zr_guard_new(j, r, server, &j->guard) == ZR_ERR_OK)
    return j;
  zr_job_free(e, j);
  return NULL;
}

/* The item of one id: the one at work already, or a new one that waits in `fresh`. */
static struct zr_item *s_item(struct zr_engine *e, const struct zr_release_request *r,
                              struct zr_sub *s, struct zr_item **fresh) {
  struct zr_item *it = NULL;
  const char *id = zr_rstr_text(s->id);
  size_t len = strlen(id);
  if (!r->validate_only)
    HASH_FIND(hh, e->items[r->product], id, len, it);
  if (it)
    return it;
  it = zr_item_new(e, r->product, s->id);
  if (!it)
    return NULL;
  if (!r->validate_only) {
    HASH_ADD_KEYPTR(hh, e->items[r->product], zr_rstr_text(it->id), len, it);
    if (!it->hh.tbl) {
      zr_item_release(e, it);
      return NULL;
    }
    it->hashed = true;
  }
  DL_APPEND(*fresh, it);
  return it;
}

static void s_unlink(struct zr_sub *s) {
  if (!s->item)
    return;
  DL_DELETE(s->item->subs, s);
  s->item = NULL;
}

/* Undoes a submit that ran out of memory half-way. */
static void s_undo(struct zr_engine *e, struct zr_job *j, struct zr_item *fresh) {
  for (uint32_t i = 0; i < j->sub_count; i++)
    s_unlink(&j->subs[i]);
  struct zr_item *it;
  struct zr_item *next;
  DL_FOREACH_SAFE(fresh, it, next) {
    if (it->hashed)
      HASH_DEL(e->items[it->product], it);
    zr_item_release(e, it);
  }
  zr_job_free(e, j);
}

static enum zr_err s_attach(struct zr_engine *e, struct zr_job *j,
                            const struct zr_release_request *r, struct zr_item **fresh) {
  for (uint32_t i = 0; i < j->sub_count; i++) {
    struct zr_sub *s = &j->subs[i];
    struct zr_item *it = s_item(e, r, s, fresh);
    if (!it)
      return ZR_ERR_NOMEM;
    s->item = it;
    if (j->guard && j->guard->expected)
      zr_item_expected(it, j->guard->expected[i].resource_group_id);
    s->joined_at = e->now.mono;
    s->retry_after_ms = -1;
    s->other_options = it->lane && it->lane->depend_resource != r->depend_resource;
    if (it->batch)
      it->batch->expires = e->now.mono; /* look at it again: the newcomer may have waited enough */
    DL_APPEND(it->subs, s);
    j->undecided++;
  }
  return ZR_ERR_OK;
}

/* A lane of one job's own has nobody to wait for. */
static void s_queue(struct zr_engine *e, struct zr_lane *l, const struct zr_release_request *r,
                    struct zr_item *fresh) {
  struct zr_item *it;
  struct zr_item *next;
  DL_FOREACH_SAFE(fresh, it, next) {
    it->prev = it->next = NULL;
    zr_lane_push(e, l, it);
  }
  l->window_ms = l->own ? 0 : r->window_ms;
  l->hold = !l->own && r->hold_window;
}

enum zr_err zr_job_take(struct zr_engine *e, const struct zr_release_request *request,
                        const struct zr_policy *server, bool own, struct zr_job **out) {
  if (!zr_product_info(request->product) || request->instance_id_count == 0)
    return ZR_ERR_INVALID;
  if (e->item_total + request->instance_id_count > e->options.max_ids)
    return ZR_ERR_LIMIT;
  struct zr_job *j = s_new(e, request, server);
  bool gated = j && j->guard && j->guard->gate == ZR_GATE_CLOSED;
  struct zr_lane *l = j ? zr_lane_of(e, request, gated || own) : NULL;
  if (!l) {
    if (j)
      zr_job_free(e, j);
    return ZR_ERR_NOMEM;
  }
  struct zr_item *fresh = NULL;
  enum zr_err err = s_attach(e, j, request, &fresh);
  if (err == ZR_ERR_OK) {
    HASH_ADD(hh, e->jobs, handle, sizeof j->handle, j);
    err = j->hh.tbl ? ZR_ERR_OK : ZR_ERR_NOMEM;
  }
  if (err != ZR_ERR_OK) {
    s_undo(e, j, fresh);
    return err;
  }
  s_queue(e, l, request, fresh);
  *out = j;
  return ZR_ERR_OK;
}

enum zr_err zr_engine_submit(struct zr_engine *e, const struct zr_release_request *request,
                             struct zr_engine_time now, uint64_t *job) {
  e->now = now;
  if (request->instance_id_count > ZR_JOB_MAX_IDS)
    return ZR_ERR_INVALID;
  struct zr_job *j = NULL;
  enum zr_err err = zr_job_take(e, request, e->options.policy, false, &j);
  if (err == ZR_ERR_OK)
    *job = j->handle;
  return err;
}

static void s_keep_evidence(struct zr_sub *s, const struct zr_item *it) {
  bool absent = it->presence == ZR_PRESENCE_ABSENT;
  s->status = absent ? NULL : zr_rstr_acquire(it->status);
  s->name = zr_rstr_acquire(it->name);
  s->zone = zr_rstr_acquire(it->zone);
  s->release_id = zr_rstr_acquire(it->release_id);
  s->read_id[0] = zr_rstr_acquire(it->read_id[0]);
  s->read_id[1] = zr_rstr_acquire(it->read_id[1]);
  s->answer = zr_answer_acquire(it->answer);
  s->first_batch = it->first_batch;
  s->batch = it->batch_number;
  s->attempts = it->attempts;
  s->sent_at = it->sent_at;
}

void zr_job_decide(struct zr_engine *e, struct zr_sub *s, enum zr_outcome outcome,
                   enum zr_code code) {
  struct zr_job *j = s->job;
  struct zr_verdict v = {ZR_NEXT_DECIDED, outcome, code};
  v = zr_guard_adjust(s, v);
  outcome = v.outcome;
  code = v.code;
  if (j->guard)
    j->guard->dirty = true;
  s_keep_evidence(s, s->item);
  s->outcome = outcome;
  s->code = outcome == ZR_OUTCOME_NOT_FOUND && j->allow_missing ? ZR_CODE_MISSING_ALLOWED : code;
  s->decided_at = e->now.wall;
  if (code == ZR_CODE_THROTTLED)
    s->retry_after_ms = zr_mono_until(e->release_rate.paused_until, e->now.mono);
  s_unlink(s);
  j->fresh[j->fresh_count++] = (uint32_t)(s - j->subs);
  zr_event_outcomes(e, j);
  if (--j->undecided == 0 && !j->done_queued) {
    j->done_queued = true;
    j->done_out.kind = ZR_ACTION_DONE;
    zr_out_push(e, &j->done_out);
  }
}

void zr_engine_cancel(struct zr_engine *e, uint64_t job, struct zr_engine_time now) {
  e->now = now;
  struct zr_job *j = NULL;
  HASH_FIND(hh, e->jobs, &job, sizeof job, j);
  if (!j || j->cancelled)
    return;
  j->cancelled = true;
  j->cancelled_at = now.mono;
  for (uint32_t i = 0; i < j->sub_count; i++) {
    struct zr_sub *s = &j->subs[i];
    if (s->item && s->item->attempts == 0)
      zr_job_decide(e, s, ZR_OUTCOME_NOT_ATTEMPTED, ZR_CODE_CANCELLED);
  }
  zr_engine_sweep(e);
}

/* What held an id back says more than the deadline that cut it off. */
static enum zr_code s_why(const struct zr_engine *e, const struct zr_item *it) {
  if (it->answer && it->answer->class_ != ZR_CLASS_UNKNOWN)
    return zr_verdict_code_of(it->answer);
  bool paused = e->release_rate.paused_until.ms > e->now.mono.ms;
  return paused ? ZR_CODE_THROTTLED : ZR_CODE_DEADLINE;
}

void zr_jobs_expire(struct zr_engine *e) {
  bool any = false;
  struct zr_job *j;
  struct zr_job *next;
  HASH_ITER(hh, e->jobs, j, next) {
    if (j->deadline.ms > e->now.mono.ms || j->undecided == 0)
      continue;
    any = true;
    for (uint32_t i = 0; i < j->sub_count; i++) {
      struct zr_sub *s = &j->subs[i];
      if (!s->item)
        continue;
      struct zr_verdict v =
          zr_verdict_final(s->item, s_why(e, s->item), zr_verdict_settled_early(s->item));
      zr_job_decide(e, s, v.outcome, v.code);
    }
  }
  if (any)
    zr_engine_sweep(e);
}

struct zr_mono zr_jobs_wake(const struct zr_engine *e) {
  struct zr_mono at = ZR_MONO_NEVER;
  for (const struct zr_job *j = e->jobs; j; j = j->hh.next) {
    if (j->undecided > 0)
      at = zr_mono_min(at, j->deadline);
  }
  return at;
}
