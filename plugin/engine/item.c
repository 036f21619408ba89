/* An item's evidence. Nothing else writes these fields; verdict.c reads them. */
#include "engine/held.h"

struct zr_item *zr_item_new(struct zr_engine *e, enum zr_product product, struct zr_rstr *id) {
  struct zr_item *it = zr_calloc(1, sizeof *it);
  if (!it)
    return NULL;
  it->product = product;
  it->refs = 1;
  it->id = zr_rstr_acquire(id);
  it->first_read_at = ZR_MONO_NEVER;
  e->item_total++;
  return it;
}

void zr_item_acquire(struct zr_item *it) {
  it->refs++;
}

void zr_item_release(struct zr_engine *e, struct zr_item *it) {
  if (--it->refs > 0)
    return;
  zr_rstr_release(it->id);
  zr_rstr_release(it->status);
  zr_rstr_release(it->name);
  zr_rstr_release(it->zone);
  zr_rstr_release(it->group);
  zr_rstr_release(it->read_id[0]);
  zr_rstr_release(it->read_id[1]);
  zr_rstr_release(it->release_id);
  zr_answer_release(it->answer);
  zr_free(it);
  e->item_total--;
}

/* Replaces the text only when it differs: a hundred equal words are not allocated at every read. */
static void s_set_text(struct zr_rstr **slot, const char *text) {
  if (!text || !*text || zr_view_eq_text(zr_view_of(zr_rstr_text(*slot)), text))
    return;
  struct zr_rstr *fresh = zr_rstr_new(zr_view_of(text));
  zr_rstr_set(slot, fresh);
  zr_rstr_release(fresh);
}

static void s_note_read(struct zr_item *it, struct zr_rstr *read_id, struct zr_mono now) {
  zr_rstr_set(&it->read_id[0], it->read_id[1]);
  zr_rstr_set(&it->read_id[1], read_id);
  it->read_since_answer = true;
  it->unconfirmed = false;
  it->read_at = now;
  if (it->attempts == 0)
    zr_answer_set(&it->answer, NULL); /* trouble with earlier reads is over */
  if (it->first_read_at.ms == ZR_MONO_NEVER.ms)
    it->first_read_at = now;
}

void zr_item_seen(struct zr_item *it, const struct zr_instance *row, struct zr_rstr *read_id,
                  struct zr_mono now) {
  s_note_read(it, read_id, now);
  it->seen = true;
  it->hidden = it->probed = false;
  it->probes = 0;
  it->absent_streak = 0;
  it->presence = zr_presence_of_status(row->status);
  s_set_text(&it->status, row->status);
  s_set_text(&it->name, row->name);
  s_set_text(&it->zone, row->zone_id);
  s_set_text(&it->group, row->resource_group_id);
}

void zr_item_absent(struct zr_item *it, struct zr_rstr *read_id, struct zr_mono now) {
  s_note_read(it, read_id, now);
  if (++it->absent_streak == 1)
    it->look_until = zr_mono_add(now, 1); /* the second one is owed, however late the first came */
  it->presence = ZR_PRESENCE_ABSENT;
}

void zr_item_known(struct zr_item *it, bool gone) {
  it->seen = true;
  it->recorded_gone = it->recorded_gone || gone;
}

void zr_item_expected(struct zr_item *it, const char *group) {
  if (!it->group)
    s_set_text(&it->group, group);
}

void zr_item_unhidden(struct zr_item *it, struct zr_mono now) {
  it->look_until = now;
  it->hidden = false;
  it->absent_streak = 1;
}

void zr_item_malformed(struct zr_item *it, struct zr_answer *answer, struct zr_mono now) {
  s_note_read(it, NULL, now);
  it->malformed = true;
  zr_answer_set(&it->answer, answer);
}

static void s_number(struct zr_item *it, uint32_t batch, struct zr_wall at) {
  it->attempts++;
  if (it->first_batch == 0 || batch < it->first_batch)
    it->first_batch = batch;
  if (batch < it->batch_number)
    return;
  it->batch_number = batch;
  it->sent_at = at;
}

void zr_item_sent(struct zr_item *it, uint32_t batch, struct zr_wall at) {
  s_number(it, batch, at);
  it->in_flight = true;
  if (it->own_from == 0)
    it->own_from = batch;
}

void zr_item_was_sent(struct zr_item *it, uint32_t batch, struct zr_wall at) {
  s_number(it, batch, at);
  it->in_flight = true;
  it->earlier++;
}

void zr_item_recalled(struct zr_item *it, uint32_t batch, enum zr_class end, bool late,
                      struct zr_mono now) {
  s_number(it, batch, it->sent_at);
  it->earlier++;
  it->accepted = it->accepted || end == ZR_CLASS_OK;
  it->final = it->final || end == ZR_CLASS_REDIRECTED || end == ZR_CLASS_BLOCKED;
  it->ambiguous = it->ambiguous || end == ZR_CLASS_REDIRECTED || end == ZR_CLASS_UNKNOWN;
  if (end == ZR_CLASS_UNKNOWN && late) {
    it->late_effect = true;
    it->late_at = now;
  }
}

void zr_item_unsent(struct zr_item *it, uint32_t batch) {
  it->in_flight = false;
  it->attempts--;
  if (it->attempts == it->earlier)
    it->own_from = 0;
  if (it->attempts == 0 && it->batch_number == batch) {
    it->batch_number = it->first_batch = 0;
    it->sent_at = (struct zr_wall){0};
  }
}

static void s_answered(struct zr_item *it, struct zr_rstr *request_id, struct zr_mono now) {
  it->in_flight = false;
  it->answered_at = now;
  it->read_since_answer = false;
  it->absent_streak = 0;
  if (request_id)
    zr_rstr_set(&it->release_id, request_id);
}

void zr_item_accepted(struct zr_item *it, struct zr_rstr *request_id, struct zr_mono now) {
  s_answered(it, request_id, now);
  it->accepted = true;
  it->unauthorized = false;
}

void zr_item_answered(struct zr_item *it, struct zr_answer *answer, struct zr_mono now) {
  s_answered(it, answer ? answer->request_id : NULL, now);
  zr_answer_set(&it->answer, answer);
  it->unauthorized = false;
  /* Without the memory to keep the answer it counts as the least certain one. */
  switch (answer ? answer->class_ : ZR_CLASS_UNKNOWN) {
  case ZR_CLASS_UNAUTHORIZED:
    it->unauthorized = true;
    it->refused = true;
    break;
  case ZR_CLASS_BLOCKED:
    it->final = true;
    it->refused = true;
    break;
  case ZR_CLASS_MISSING:
  case ZR_CLASS_STATE:
    it->disputed = true;
    it->disputed_at = now;
    it->refused = true;
    break;
  case ZR_CLASS_INPUT:
  case ZR_CLASS_DENIED:
    it->refused = true;
    break;
  case ZR_CLASS_REDIRECTED:
    it->final = true;
    it->ambiguous = true;
    break;
  case ZR_CLASS_THROTTLED:
  case ZR_CLASS_SKEWED:
    it->unconfirmed = true;
    break; /* not executed, says the service; a read confirms it before we say so */
  case ZR_CLASS_OK:
  case ZR_CLASS_NOT_SENT:
  case ZR_CLASS_NO_CHANNEL:
  case ZR_CLASS_UNKNOWN:
  case ZR_CLASS_COUNT_:
    it->ambiguous = true;
    if (!answer || answer->late_effect) {
      it->late_effect = true;
      it->late_at = now;
    }
    break;
  }
}

void zr_item_listed(struct zr_item *it, struct zr_answer *answer, struct zr_mono now) {
  zr_item_answered(it, answer, now);
  it->ambiguous = true;
  it->final = true;
}

void zr_item_finalise(struct zr_item *it, struct zr_mono now) {
  if (!it->final)
    it->look_until = now;
  it->final = true;
}

bool zr_item_wanted(const struct zr_item *it) {
  for (const struct zr_sub *s = it->subs; s; s = s->next) {
    if (!s->job->cancelled)
      return true;
  }
  return false;
}
