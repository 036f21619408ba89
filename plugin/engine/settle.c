/*
 * Release calls of an earlier process, as its journal tells of them. The evidence is replayed into
 * fresh items, as if this engine had made the calls and their answers had just come; then they are
 * read and watched like any others. The job that owns them wants nothing sent.
 */
#include "engine/held.h"

/* ---- ids that must be read before anything is sent ---- */

size_t zr_engine_held(const struct zr_engine *e) {
  size_t n = 0;
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++)
    n += HASH_COUNT(e->held[p]);
  return n;
}

bool zr_held_for_good(const struct zr_engine *e) {
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++) {
    for (const struct zr_held *h = e->held[p]; h; h = h->hh.next) {
      struct zr_item *it = NULL;
      HASH_FIND(hh, e->items[p], h->id, strlen(h->id), it);
      if (!it)
        return true;
    }
  }
  return false;
}

static void s_forget(struct zr_engine *e, enum zr_product product, struct zr_held *h) {
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): h is in the table, so there is one */
  HASH_DEL(e->held[product], h);
  zr_free(h);
}

static struct zr_held *s_find(const struct zr_engine *e, const struct zr_item *it) {
  struct zr_held *h = NULL;
  const char *id = zr_rstr_text(it->id);
  HASH_FIND(hh, e->held[it->product], id, strlen(id), h);
  return h;
}

bool zr_held_has(const struct zr_engine *e, const struct zr_item *it) {
  return s_find(e, it) != NULL;
}

void zr_held_clear(struct zr_engine *e, const struct zr_item *it) {
  struct zr_held *h = s_find(e, it);
  if (h)
    s_forget(e, it->product, h);
}

void zr_held_clean_up(struct zr_engine *e) {
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++) {
    struct zr_held *h;
    struct zr_held *next;
    HASH_ITER(hh, e->held[p], h, next) {
      s_forget(e, (enum zr_product)p, h);
    }
  }
}

/* Ids that this engine is at work on have its own evidence, and are not held. */
static bool s_is_new(const struct zr_engine *e, enum zr_product product, const char *id) {
  struct zr_held *h = NULL;
  struct zr_item *it = NULL;
  HASH_FIND(hh, e->held[product], id, strlen(id), h);
  HASH_FIND(hh, e->items[product], id, strlen(id), it);
  return !h && !it;
}

/* Puts it into `added` as well, so that it can be undone. */
static enum zr_err s_hold(struct zr_engine *e, enum zr_product product, const char *id,
                          struct zr_held **added) {
  if (!s_is_new(e, product, id))
    return ZR_ERR_OK;
  size_t len = strlen(id);
  struct zr_held *h = zr_calloc(1, sizeof *h + len + 1);
  if (!h)
    return ZR_ERR_NOMEM;
  memcpy(h->id, id, len);
  HASH_ADD_KEYPTR(hh, e->held[product], h->id, len, h);
  if (!h->hh.tbl) {
    zr_free(h);
    return ZR_ERR_NOMEM;
  }
  LL_PREPEND(*added, h);
  return ZR_ERR_OK;
}

static void s_undo_holds(struct zr_engine *e, enum zr_product product, struct zr_held *added) {
  while (added) {
    struct zr_held *h = added;
    added = h->next;
    s_forget(e, product, h);
  }
}

/* ---- replay ---- */

/* The end as it counts now: a call without one may still take effect. How long ago it was is not
 * asked: the wall clock may have been set meanwhile. */
static struct zr_call_end s_end_of(const struct zr_open_call *call) {
  struct zr_call_end end = call->end.call;
  if (!call->answered)
    end = (struct zr_call_end){.class_ = ZR_CLASS_UNKNOWN,
                               .late_effect = true,
                               .retry_after_ms = -1,
                               .reason = "the server stopped before its answer was recorded"};
  return end;
}

static void s_replay_id(struct zr_engine *e, struct zr_item *it, const struct zr_open_call *call,
                        struct zr_answer *answer, struct zr_rstr *request_id) {
  enum zr_class c = call->answered ? call->end.call.class_ : ZR_CLASS_UNKNOWN;
  zr_item_known(it, false); /* in the bin, by the read before the call */
  if (c == ZR_CLASS_NOT_SENT || c == ZR_CLASS_NO_CHANNEL)
    return;
  zr_item_sent(it, call->batch, call->sent_at);
  it->earlier++;
  if (c != ZR_CLASS_OK)
    zr_item_answered(it, answer, e->now.mono);
  else if (zr_release_end_lists(&call->end, zr_rstr_text(it->id)))
    zr_item_listed(it, answer, e->now.mono);
  else
    zr_item_accepted(it, request_id, e->now.mono);
}

/* Another settle job may have told it of the same calls. They come in order. */
static bool s_is_told(struct zr_item *it, const struct zr_open_call *call, bool depend_resource) {
  uint32_t *last = &it->replayed[depend_resource];
  bool told = call->batch <= *last;
  if (!told)
    *last = call->batch;
  return told;
}

/* An item that this engine has sent keeps its own evidence. Any other takes it, also one that a
 * caller asked for before: nothing was sent for him yet. */
static bool s_takes_evidence(const struct zr_engine *e, const struct zr_item *it) {
  return it->subs && !it->in_flight && it->batch_number <= e->options.last_batch;
}

/* Out of memory here costs the answer's words, and makes it count as the least certain one. */
static void s_replay(struct zr_engine *e, const struct zr_open_calls *open,
                     const struct zr_open_call *call) {
  struct zr_call_end end = s_end_of(call);
  struct zr_rstr *request_id =
      end.request_id && *end.request_id ? zr_rstr_new(zr_view_of(end.request_id)) : NULL;
  if (end.class_ == ZR_CLASS_OK)
    end.class_ = ZR_CLASS_DENIED; /* for those it listed */
  struct zr_answer *answer = zr_answer_new(&end);
  for (size_t i = 0; i < call->id_count; i++) {
    struct zr_item *it = NULL;
    HASH_FIND(hh, e->items[open->product], call->ids[i], strlen(call->ids[i]), it);
    if (it && s_takes_evidence(e, it) && !s_is_told(it, call, open->depend_resource))
      s_replay_id(e, it, call, answer, request_id);
  }
  zr_answer_release(answer);
  zr_rstr_release(request_id);
}

/* ---- settle ---- */

static size_t s_count(const struct zr_open_calls *open) {
  size_t n = 0;
  for (size_t i = 0; i < open->call_count; i++)
    n += open->calls[i].id_count;
  return n;
}

static enum zr_err s_take(struct zr_engine *e, const struct zr_open_calls *open, size_t count,
                          struct zr_job **out) {
  const char **ids = zr_calloc(count, sizeof *ids);
  if (!ids)
    return ZR_ERR_NOMEM;
  enum zr_err err = ZR_ERR_OK;
  struct zr_held *added = NULL;
  size_t n = 0;
  for (size_t i = 0; i < open->call_count; i++) {
    const struct zr_open_call *call = &open->calls[i];
    for (size_t k = 0; k < call->id_count && err == ZR_ERR_OK; k++) {
      ids[n++] = call->ids[k];
      err = s_hold(e, open->product, call->ids[k], &added);
    }
  }
  const struct zr_release_request request = {.product = open->product,
                                             .instance_ids = ids,
                                             .instance_id_count = n,
                                             .depend_resource = open->depend_resource,
                                             .wait_ms = ZR_DEFAULT_WAIT_MS,
                                             .deadline = ZR_MONO_NEVER};
  if (err == ZR_ERR_OK)
    err = zr_job_take(e, &request, NULL, true, out);
  if (err != ZR_ERR_OK)
    s_undo_holds(e, open->product, added);
  zr_free(ids);
  return err;
}

enum zr_err zr_engine_settle(struct zr_engine *e, const struct zr_open_calls *open,
                             struct zr_engine_time now, uint64_t *job) {
  e->now = now;
  if (!zr_product_info(open->product) || s_count(open) == 0)
    return ZR_ERR_INVALID;
  struct zr_job *j = NULL;
  enum zr_err err = s_take(e, open, s_count(open), &j);
  if (err != ZR_ERR_OK)
    return err;
  j->settle = true;
  j->cancelled = true;
  j->cancelled_at = now.mono;
  j->duplicate_count = 0; /* an id of several calls is nobody's mistake */
  for (size_t i = 0; i < open->call_count; i++)
    s_replay(e, open, &open->calls[i]);
  *job = j->handle;
  return ZR_ERR_OK;
}
