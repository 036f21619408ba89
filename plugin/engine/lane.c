/* Lanes: where ids of several callers wait to fill a batch of 100. */
#include "engine/state.h"

struct zr_lane *zr_lane_of(struct zr_engine *e, const struct zr_release_request *r, bool own) {
  struct zr_lane *l;
  DL_FOREACH(e->lanes, l) {
    if (!own && !l->own && l->product == r->product && l->depend_resource == r->depend_resource &&
        l->dry == r->validate_only)
      return l;
  }
  l = zr_calloc(1, sizeof *l);
  if (!l)
    return NULL;
  l->product = r->product;
  l->depend_resource = r->depend_resource;
  l->dry = r->validate_only;
  l->own = own;
  DL_APPEND(e->lanes, l);
  return l;
}

void zr_lane_push(struct zr_engine *e, struct zr_lane *l, struct zr_item *it) {
  it->lane = l;
  DL_APPEND(l->queue, it);
  if (l->queued++ == 0)
    l->first_at = e->now.mono;
  l->last_at = e->now.mono;
}

void zr_lane_remove(struct zr_lane *l, struct zr_item *it) {
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is in the list, so there is a head */
  DL_DELETE(l->queue, it);
  it->prev = it->next = NULL;
  l->queued--;
}

bool zr_lane_fits(const struct zr_lane *l, const struct zr_job *j) {
  return !l->depend_resource || j->depend_resource;
}

/* Somebody wants it, and nobody with the options of its lane does any more. */
static bool s_is_misplaced(const struct zr_item *it) {
  bool wanted = false;
  for (const struct zr_sub *s = it->subs; s; s = s->next) {
    if (!s->job->cancelled && zr_lane_fits(it->lane, s->job))
      return false;
    wanted = wanted || !s->job->cancelled;
  }
  return wanted && !it->in_flight;
}

static void s_move(struct zr_engine *e, struct zr_item *it, struct zr_lane *to) {
  it->batch = NULL;
  zr_lane_push(e, to, it);
  for (struct zr_sub *s = it->subs; s && it->attempts == 0; s = s->next)
    s->other_options = s->job->depend_resource != to->depend_resource;
}

/* Without the memory for the lane they stay, unsent, and are looked at again after the next read.
 */
void zr_lane_leave(struct zr_engine *e, struct zr_batch *b) {
  const struct zr_release_request plain = {.product = b->lane->product};
  for (unsigned i = b->item_count; i-- > 0 && b->lane->depend_resource && !b->lane->dry;) {
    struct zr_item *it = b->items[i];
    struct zr_lane *to = s_is_misplaced(it) ? zr_lane_of(e, &plain, false) : NULL;
    if (!to)
      continue;
    b->items[i] = b->items[--b->item_count];
    b->lane->at_work--;
    s_move(e, it, to);
  }
}

/* When what is queued now may leave without being a full batch. */
static struct zr_mono s_due(const struct zr_lane *l) {
  if (l->queued == 0)
    return ZR_MONO_NEVER;
  struct zr_mono latest = zr_mono_add(l->first_at, ZR_WINDOW_MAX_MS);
  if (l->hold && l->at_work > 0)
    return latest;
  return zr_mono_min(latest, zr_mono_add(l->last_at, l->window_ms));
}

/* Dry runs do not share items, and a read does not name an id twice. */
static bool s_has(const struct zr_batch *b, const struct zr_item *it) {
  for (unsigned i = 0; i < b->item_count && b->lane->dry; i++) {
    if (strcmp(zr_rstr_text(b->items[i]->id), zr_rstr_text(it->id)) == 0)
      return true;
  }
  return false;
}

/* One batch from the front of the queue. False when memory is out. */
static bool s_fill(struct zr_engine *e, struct zr_lane *l) {
  struct zr_batch *b = NULL;
  if (zr_batch_new(e, l, NULL, &b) != ZR_ERR_OK) {
    l->first_at = zr_mono_add(e->now.mono, ZR_NOMEM_MS - ZR_WINDOW_MAX_MS);
    l->last_at = e->now.mono;
    return false;
  }
  struct zr_item *it;
  struct zr_item *next;
  DL_FOREACH_SAFE(l->queue, it, next) {
    if (b->item_count == ZR_BATCH_MAX)
      break;
    if (s_has(b, it))
      continue;
    zr_lane_remove(l, it);
    zr_batch_add(b, it);
  }
  l->first_at = e->now.mono;
  return true;
}

void zr_lanes_flush(struct zr_engine *e) {
  struct zr_lane *l;
  struct zr_lane *next;
  DL_FOREACH_SAFE(e->lanes, l, next) {
    bool more = true;
    while (more && (l->queued >= ZR_BATCH_MAX || s_due(l).ms <= e->now.mono.ms))
      more = s_fill(e, l);
    if (l->own && l->queued == 0 && l->batches == 0) {
      /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): l is in the list, so it has a head */
      DL_DELETE(e->lanes, l);
      zr_free(l);
    }
  }
}

struct zr_mono zr_lanes_wake(const struct zr_engine *e) {
  struct zr_mono at = ZR_MONO_NEVER;
  const struct zr_lane *l;
  DL_FOREACH(e->lanes, l) {
    at = zr_mono_min(at, l->queued >= ZR_BATCH_MAX ? l->last_at : s_due(l));
  }
  return at;
}
