/*
 * A group that shows anything is a group we may see, and what is absent from it is gone; a group
 * that shows nothing is empty, or hidden from us, and no further read tells which.
 */
#include "engine/probe.h"

struct zr_probe {
  struct zr_probe *prev;
  struct zr_probe *next;
  struct zr_out out;
  uint64_t handle;
  enum zr_product product;
  struct zr_rstr *group;
  bool started;
  struct zr_mono started_at; /* what vanished later is not answered */
};

static void s_free(struct zr_engine *e, struct zr_probe *p) {
  DL_DELETE(e->probes, p);
  zr_rstr_release(p->group);
  zr_free(p);
}

void zr_probes_free(struct zr_engine *e) {
  while (e->probes)
    s_free(e, e->probes);
}

static bool s_is_of(const struct zr_item *it, const struct zr_probe *p) {
  return it->product == p->product && it->group &&
         strcmp(zr_rstr_text(it->group), zr_rstr_text(p->group)) == 0;
}

void zr_probe_want(struct zr_engine *e, const struct zr_item *it) {
  struct zr_probe *p;
  DL_FOREACH(e->probes, p) {
    if (s_is_of(it, p))
      return;
  }
  p = zr_calloc(1, sizeof *p);
  if (!p)
    return;
  p->handle = ++e->next_handle;
  p->product = it->product;
  p->group = zr_rstr_acquire(it->group);
  p->out.kind = ZR_ACTION_COUNT_GROUP;
  p->out.probe = p;
  DL_APPEND(e->probes, p);
}

void zr_probes_step(struct zr_engine *e) {
  struct zr_probe *p;
  DL_FOREACH(e->probes, p) {
    if (p->started)
      continue;
    if (!zr_rate_take(&e->read_rate, e->now.mono))
      return;
    p->started = true;
    p->started_at = e->now.mono;
    zr_out_push(e, &p->out);
  }
}

struct zr_mono zr_probes_wake(const struct zr_engine *e) {
  const struct zr_probe *p;
  DL_FOREACH(e->probes, p) {
    if (!p->started)
      return zr_rate_ready(&e->read_rate, e->now.mono);
  }
  return ZR_MONO_NEVER;
}

void zr_probe_hand_out(const struct zr_engine *e, const struct zr_probe *p, struct zr_action *out) {
  out->op = p->handle;
  out->product = p->product;
  out->group = zr_rstr_text(p->group);
  out->timeout_ms = e->options.call_timeout_ms;
}

/* What the answer says of one id that waits for it. */
static void s_tell(struct zr_item *it, enum zr_class c, uint64_t total, struct zr_mono now) {
  if (c == ZR_CLASS_OK && total > 0)
    zr_item_unhidden(it, now);
  else if (c == ZR_CLASS_OK || c == ZR_CLASS_UNAUTHORIZED || c == ZR_CLASS_DENIED ||
           (c != ZR_CLASS_THROTTLED && ++it->probes >= ZR_TRIES_UNSENT))
    it->probed = true;
}

bool zr_probe_counted(struct zr_engine *e, uint64_t handle, const struct zr_call_end *end,
                      uint64_t total) {
  struct zr_probe *p;
  DL_SEARCH_SCALAR(e->probes, p, handle, handle);
  if (!p)
    return false;
  enum zr_class c = end->class_;
  if (c == ZR_CLASS_OK)
    zr_engine_passed(&e->read_rate, &e->read_throttled_since);
  else if (c == ZR_CLASS_THROTTLED)
    zr_engine_throttle(e, &e->read_rate, &e->read_throttled_since, end->retry_after_ms);
  struct zr_batch *b;
  DL_FOREACH(e->batches, b) {
    for (unsigned i = 0; i < b->item_count; i++) {
      struct zr_item *it = b->items[i];
      if (!it->hidden || it->probed || !s_is_of(it, p))
        continue;
      if (it->hidden_at.ms <= p->started_at.ms)
        s_tell(it, c, total, e->now.mono);
      b->expires = e->now.mono; /* evaluate at this poll's step */
    }
  }
  s_free(e, p);
  return true;
}
