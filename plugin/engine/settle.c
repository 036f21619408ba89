/*
 * Release calls whose outcome is open, of an earlier process or of this one, as the journal tells
 * of them. The evidence is replayed into fresh items, as if this engine had made the calls and
 * their answers had just come; then they are read and watched like any others. The job that owns
 * them wants nothing sent.
 */
#include "engine/held.h"

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
  bool listed = c == ZR_CLASS_OK && zr_release_end_lists(&call->end, zr_rstr_text(it->id));
  zr_item_known(it, false); /* in the bin, by the read before the call */
  if (zr_record_never_left(c))
    return;
  if (it->own_from > 0 || call->batch < it->batch_number) {
    zr_item_recalled(it, call->batch, listed ? ZR_CLASS_REDIRECTED : c,
                     !answer || answer->late_effect, e->now.mono);
    return;
  }
  zr_item_was_sent(it, call->batch, call->sent_at);
  if (listed)
    zr_item_listed(it, answer, e->now.mono);
  else if (c != ZR_CLASS_OK)
    zr_item_answered(it, answer, e->now.mono);
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

/* The calls that this engine made for the item, it knows better than the journal; those before them
 * are news to it, whoever made them: an item lives no longer than somebody waits for its id. */
static bool s_is_own(const struct zr_item *it, const struct zr_open_call *call) {
  return it->own_from > 0 && call->batch >= it->own_from;
}

/* What has become of its last call is not in what was read: it was under way then, and is not any
 * more. The journal tells the next time that it is asked. */
static bool s_is_outdated(const struct zr_engine *e, enum zr_product product, const char *id,
                          const struct zr_item *it) {
  uint32_t number = zr_under_way(e, product, id);
  return number > 0 && !(it && it->own_from > 0 && it->own_from <= number);
}

static struct zr_item *s_item(const struct zr_engine *e, enum zr_product product, const char *id) {
  struct zr_item *it = NULL;
  HASH_FIND(hh, e->items[product], id, strlen(id), it);
  return it;
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
    struct zr_item *it = s_item(e, open->product, call->ids[i]);
    if (it && it->subs && !s_is_outdated(e, open->product, call->ids[i], it) &&
        !s_is_own(it, call) && !s_is_told(it, call, open->depend_resource))
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

/* The ids that somebody may be told about. */
static size_t s_list(const struct zr_engine *e, const struct zr_open_calls *open,
                     const char **ids) {
  size_t n = 0;
  for (size_t i = 0; i < open->call_count; i++) {
    const struct zr_open_call *call = &open->calls[i];
    for (size_t k = 0; k < call->id_count; k++) {
      const char *id = call->ids[k];
      if (!s_is_outdated(e, open->product, id, s_item(e, open->product, id)))
        ids[n++] = id;
    }
  }
  return n;
}

static enum zr_err s_take(struct zr_engine *e, const struct zr_open_calls *open,
                          const char *const *ids, size_t n, bool hold, struct zr_job **out) {
  enum zr_err err = ZR_ERR_OK;
  struct zr_held *added = NULL;
  for (size_t i = 0; hold && i < n && err == ZR_ERR_OK; i++)
    err = zr_held_add(e, open->product, ids[i], &added);
  const struct zr_release_request request = {.product = open->product,
                                             .instance_ids = ids,
                                             .instance_id_count = n,
                                             .depend_resource = open->depend_resource,
                                             .wait_ms = ZR_DEFAULT_WAIT_MS,
                                             .deadline = ZR_MONO_NEVER};
  if (err == ZR_ERR_OK)
    err = zr_job_take(e, &request, NULL, true, out);
  if (err != ZR_ERR_OK)
    zr_held_undo(e, open->product, added);
  return err;
}

enum zr_err zr_engine_settle(struct zr_engine *e, const struct zr_open_calls *open, bool hold,
                             struct zr_engine_time now, uint64_t *job) {
  e->now = now;
  *job = 0;
  size_t most = s_count(open);
  if (!zr_product_info(open->product) || most == 0)
    return ZR_ERR_INVALID;
  const char **ids = zr_calloc(most, sizeof *ids);
  if (!ids)
    return ZR_ERR_NOMEM;
  size_t n = s_list(e, open, ids);
  struct zr_job *j = NULL;
  enum zr_err err = n > 0 ? s_take(e, open, ids, n, hold, &j) : ZR_ERR_OK;
  zr_free(ids);
  if (!j)
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
