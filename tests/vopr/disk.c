/*
 * The journal as it may be counted on: records in a queue, written in groups, each of which is on
 * disk whole or not at all. An intent is answered after its group; nobody waits for the others. A
 * crash keeps what is on disk, and perhaps the group that was being written.
 *
 * Which calls are open is computed from the records alone, by the rule in model/record.h.
 */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

enum { RETRY_MS = 1000 }; /* after a flush that failed */

static struct record *s_add(struct sim *s, enum record_kind kind, enum zr_product product,
                            uint32_t batch) {
  if (s->record_count == s->record_cap) {
    s->record_cap = s->record_cap ? 2 * s->record_cap : 256;
    s->records = realloc(s->records, s->record_cap * sizeof *s->records);
    if (!s->records)
      abort();
  }
  struct record *r = &s->records[s->record_count++];
  memset(r, 0, sizeof *r);
  r->kind = kind;
  r->product = product;
  r->batch = batch;
  r->at = vopr_time(s).wall;
  r->outcome = ZR_OUTCOME_NONE;
  return r;
}

static void s_begin_flush(struct sim *s, int64_t pause_ms) {
  const struct weather *w = &s->weather;
  if (s->flushing)
    return;
  s->flushing = s->record_count;
  s->flush_due = s->now + pause_ms + vopr_between(s, 0, w->flush_ms);
  if (!s->calm && vopr_chance(s, w->flush_slow)) {
    MARK(FLUSH_SLOW);
    s->flush_due += vopr_between(s, 500, 6000);
  }
}

void disk_intent(struct sim *s, const struct zr_action *a) {
  struct record *r = s_add(s, RECORD_INTENT, a->product, a->batch);
  r->op = a->op;
  r->depend = a->depend_resource;
  r->first_id = vopr_keep_ids(s, a);
  r->count = (uint32_t)a->id_count;
  s_begin_flush(s, 0);
}

void disk_answer(struct sim *s, uint32_t batch, enum zr_product product,
                 const struct zr_call_end *end, const uint16_t *failed, unsigned failed_count) {
  if (!s->weather.journal)
    return;
  struct record *r = s_add(s, RECORD_ANSWER, product, batch);
  r->end = *end;
  r->count = failed_count;
  for (unsigned i = 0; i < failed_count; i++)
    r->failed[i] = failed[i];
  s_begin_flush(s, 0);
}

void disk_outcome(struct sim *s, enum zr_product product, unsigned id, const struct zr_result *r) {
  if (!s->weather.journal)
    return;
  struct record *rec = s_add(s, RECORD_OUTCOME, product, r->batch);
  rec->id = (uint16_t)id;
  rec->outcome = r->outcome;
  rec->code = r->code;
  rec->first_batch = r->first_batch;
  s_begin_flush(s, 0);
}

static void s_keep_group(struct sim *s) {
  for (size_t i = 0; i < s->flushing; i++) {
    if (s->records[i].state == RECORD_QUEUED)
      s->records[i].state = RECORD_KEPT;
  }
}

void disk_flushed(struct sim *s) {
  bool fails = !s->calm && vopr_chance(s, s->weather.flush_fails);
  trace_say(s, "   (the journal %s)", fails ? "cannot be written" : "is on disk");
  if (!fails)
    s_keep_group(s);
  for (size_t i = s->unacked; fails && i < s->flushing; i++) {
    struct record *r = &s->records[i];
    if (r->kind == RECORD_INTENT && r->state == RECORD_QUEUED)
      r->state = RECORD_FAILED; /* reported and forgotten; the others are tried again */
  }
  bool more = fails || s->record_count > s->flushing;
  s->flushing = 0;
  s->flush_due = NEVER;
  if (more)
    s_begin_flush(s, fails ? RETRY_MS : 0);
  vopr_crash_point(s, CRASH_INTENT_KEPT);
}

static struct record *s_to_tell(struct sim *s) {
  while (s->unacked < s->record_count) {
    struct record *r = &s->records[s->unacked];
    bool waits = r->kind == RECORD_INTENT && !r->acked;
    if (waits && r->state != RECORD_QUEUED)
      return r;
    if (waits)
      return NULL;
    s->unacked++;
  }
  return NULL;
}

int64_t disk_tell_at(struct sim *s) {
  return s_to_tell(s) ? s->now : NEVER;
}

void disk_tell(struct sim *s) {
  struct record *r = s_to_tell(s);
  if (!r)
    return;
  r->acked = true;
  bool kept = r->state == RECORD_KEPT;
  if (kept)
    MARK(INTENT_RECORDED);
  else
    MARK(INTENT_FAILED);
  trace_say(s, "the intent of batch %u is %s", r->batch, kept ? "kept" : "not kept");
  zr_engine_recorded(s->engine, r->op, kept, kept ? NULL : "the disk is full", vopr_time(s));
}

void disk_crash(struct sim *s) {
  if (s->flushing && vopr_chance(s, 50)) {
    MARK(CRASH_KEPT_UNANSWERED_FLUSH);
    s_keep_group(s);
  }
  size_t kept = 0;
  for (size_t i = 0; i < s->record_count; i++) {
    s->records[i].acked = true;
    if (s->records[i].state == RECORD_KEPT)
      s->records[kept++] = s->records[i];
  }
  if (kept < s->record_count)
    MARK(CRASH_LOST_RECORDS);
  s->record_count = s->unacked = kept;
  s->asking = false;
  s->flushing = 0;
  s->flush_due = NEVER;
}

const struct record *disk_find(const struct sim *s, uint32_t batch) {
  for (size_t i = s->record_count; i-- > 0;) {
    const struct record *r = &s->records[i];
    if (r->kind == RECORD_INTENT && r->batch == batch && r->state == RECORD_KEPT)
      return r;
  }
  return NULL;
}

uint32_t disk_last_batch(const struct sim *s) {
  uint32_t last = 0;
  for (size_t i = 0; i < s->record_count; i++) {
    if (s->records[i].kind == RECORD_INTENT && s->records[i].batch > last)
      last = s->records[i].batch;
  }
  return last;
}

/* ---- what is open ---- */

static const struct record *s_answer(const struct sim *s, uint32_t batch) {
  for (size_t i = 0; i < s->asked; i++) {
    const struct record *r = &s->records[i];
    if (r->kind == RECORD_ANSWER && r->batch == batch && r->state == RECORD_KEPT)
      return r;
  }
  return NULL;
}

static bool s_closed(const struct sim *s, const struct record *call, uint16_t id) {
  for (size_t i = 0; i < s->asked; i++) {
    const struct record *r = &s->records[i];
    const struct zr_result said = {
        .outcome = r->outcome, .code = r->code, .batch = r->batch, .first_batch = r->first_batch};
    uint32_t from = r->kind == RECORD_OUTCOME ? zr_record_closes_from(&said) : 0;
    if (from > 0 && r->product == call->product && r->id == id && call->batch >= from &&
        call->batch <= r->batch && r->state == RECORD_KEPT)
      return true;
  }
  return false;
}

struct group {
  struct zr_open_call calls[4096];
  size_t call_count;
  const char *ids[1 << 19];
  size_t id_count;
};

static const char **s_take_ids(struct sim *s, struct group *g, enum zr_product product,
                               const uint16_t *ids, size_t count) {
  const char **at = g->ids + g->id_count;
  if (g->id_count + count > sizeof g->ids / sizeof *g->ids)
    abort();
  for (size_t i = 0; i < count; i++)
    g->ids[g->id_count++] = s->machines[product][ids[i]].id;
  return at;
}

/* The judge's: what is said of the id from now on is about the sends that are open. */
static void s_reopen(const struct sim *s, struct machine *m, uint32_t batch) {
  m->open_intents++;
  for (unsigned k = 0; k < m->spell_first; k++) {
    if (s->sent[m->sends[k]].batch == batch)
      m->spell_first = k;
  }
}

/* One call, if it is open for any of its ids. */
static void s_add_open(struct sim *s, struct group *g, const struct record *r, struct caller *c) {
  const struct record *answer = s_answer(s, r->batch);
  if (answer &&
      (answer->end.class_ == ZR_CLASS_NOT_SENT || answer->end.class_ == ZR_CLASS_NO_CHANNEL))
    return;
  struct zr_open_call *call = &g->calls[g->call_count];
  *call = (struct zr_open_call){.batch = r->batch, .sent_at = r->at, .answered = answer != NULL};
  if (answer) {
    call->end.call = answer->end;
    call->end.failed_ids = s_take_ids(s, g, r->product, answer->failed, answer->count);
    call->end.failed_count = answer->count;
  }
  call->ids = g->ids + g->id_count;
  for (uint32_t i = 0; i < r->count; i++) {
    uint16_t id = s->ids.at[r->first_id + i];
    if (s_closed(s, r, id))
      continue;
    (void)s_take_ids(s, g, r->product, &id, 1);
    call->id_count++;
    struct machine *m = &s->machines[r->product][id];
    if (judge_outdated(s, m)) {
      MARK(SETTLE_OUTDATED);
      continue;
    }
    if (!c->names[id]) {
      judge_settles(s, m);
      c->names[id] = true;
      c->ids[c->id_count++] = id;
    }
    s_reopen(s, m, r->batch);
  }
  if (call->id_count == 0)
    return;
  if (answer)
    MARK(SETTLE_ANSWERED_CALL);
  else
    MARK(SETTLE_UNANSWERED_CALL);
  if (++g->call_count == sizeof g->calls / sizeof *g->calls)
    abort();
}

static void s_settle(struct sim *s, enum zr_product product, bool depend, bool hold) {
  static struct group g;
  g.call_count = g.id_count = 0;
  struct caller *c = caller_new(s, product);
  for (size_t i = 0; i < s->asked; i++) {
    const struct record *r = &s->records[i];
    if (r->kind == RECORD_INTENT && r->state == RECORD_KEPT && r->product == product &&
        r->depend == depend)
      s_add_open(s, &g, r, c);
  }
  if (g.call_count == 0) {
    s->caller_count--;
    return;
  }
  MARK(SETTLE_STARTED);
  c->settle = true;
  c->depend = depend;
  struct zr_open_calls open = {product, depend, g.calls, g.call_count};
  trace_say(s, "caller %u settles %zu open calls", s->caller_count - 1, g.call_count);
  trace_ids(s, product, c->ids, c->id_count);
  for (unsigned i = 0; i < c->id_count; i++) {
    struct machine *m = &s->machines[product][c->ids[i]];
    s->held_count[product] += hold && !m->held;
    m->held = m->held || hold;
  }
  if (zr_engine_settle(s->engine, &open, hold, vopr_time(s), &c->handle) != ZR_ERR_OK)
    judge_break(s, "settle was refused");
  if (!c->handle != !c->id_count)
    judge_break(s, "of %zu open calls %u ids should be settled", g.call_count, c->id_count);
  if (c->id_count > 0)
    caller_begin(s, c);
  else
    s->caller_count--;
}

static void s_settle_all(struct sim *s, bool hold) {
  s->settled_at = s->now;
  for (int p = ZR_PRODUCT_VM; p < ZR_PRODUCT_COUNT_; p++) {
    for (int depend = 0; depend < 2 && s->machine_count[p]; depend++)
      s_settle(s, (enum zr_product)p, depend, hold);
  }
}

void disk_settle(struct sim *s) {
  s->asked = s->record_count;
  s_settle_all(s, true);
}

void disk_ask(struct sim *s) {
  if (s->asking || !s->weather.journal || s->options.max_ids > 0) /* it may be turned away then */
    return;
  MARK(SETTLE_ASKED_FOR);
  trace_say(s, "somebody asks what is open");
  s->asking = true;
  s->asked = s->record_count;
  judge_asks(s);
  if (zr_engine_asks_journal(s->engine) != ZR_ERR_OK)
    abort();
}

/* Behind all that was queued before, and what was said of it. */
int64_t disk_give_at(struct sim *s) {
  if (!s->asking)
    return NEVER;
  for (size_t i = 0; i < s->asked; i++) {
    const struct record *r = &s->records[i];
    if (r->state == RECORD_QUEUED || (r->kind == RECORD_INTENT && !r->acked))
      return NEVER;
  }
  return s->now;
}

void disk_give(struct sim *s) {
  s->asking = false;
  s_settle_all(s, false);
}
