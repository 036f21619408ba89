/* What may leave, and when: ids, freshness, records, pauses, numbers in flight. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"

enum { FRESH_MS = 3000, UNANSWERED_SENDS = 4, LEAST_PAUSE_MS = 1000 };

void judge_break(struct sim *s, const char *format, ...) {
  if (s->problem[0])
    return;
  va_list args;
  va_start(args, format);
  (void)vsnprintf(s->problem, sizeof s->problem, format, args);
  va_end(args);
  s->problem_at = s->now;
  trace_say(s, "VIOLATION: %s", s->problem);
}

bool judge_never_left(const struct sent *x) {
  return x->class_ == ZR_CLASS_NOT_SENT || x->class_ == ZR_CLASS_NO_CHANNEL;
}

/* ---- ids of any call ---- */

static bool s_names_twice(const struct zr_action *a) {
  for (size_t i = 0; i < a->id_count; i++) {
    for (size_t k = i + 1; k < a->id_count; k++) {
      if (a->ids[i] == a->ids[k] || strcmp(a->ids[i], a->ids[k]) == 0)
        return true;
    }
  }
  return false;
}

static bool s_ids_hold(struct sim *s, const struct zr_action *a, const char *what) {
  if (a->id_count < 1 || a->id_count > 100)
    judge_break(s, "a %s with %zu ids", what, a->id_count);
  for (size_t i = 0; i < a->id_count; i++) {
    if (!machine_find(s, a->product, a->ids[i]))
      judge_break(s, "a %s names %s, which nobody asked for", what, a->ids[i]);
  }
  if (s_names_twice(a))
    judge_break(s, "a %s names an id twice", what);
  if (a->timeout_ms <= 0 || a->timeout_ms > 30000)
    judge_break(s, "a %s with a timeout of %lld ms", what, (long long)a->timeout_ms);
  return !s->problem[0];
}

static unsigned s_or(unsigned value, unsigned otherwise) {
  return value ? value : otherwise;
}

void judge_read_starts(struct sim *s, const struct zr_action *a) {
  if (!s_ids_hold(s, a, "read"))
    return;
  if (++s->reads_open > s_or(s->options.max_reads, 8))
    judge_break(s, "%u reads are in flight", s->reads_open);
  if (s->reads_open == 8)
    MARK(EIGHT_READS_OPEN);
  if (s->now < s->read_pause_until)
    judge_break(s, "a read leaves %lld ms before its pause is over",
                (long long)(s->read_pause_until - s->now));
}

/* ---- a release ---- */

bool judge_wants(struct sim *s, const struct caller *c, const struct machine *m, bool depend) {
  unsigned n = machine_number(s, m, c->product);
  return c->life == s->life && !c->done && !c->dry && !c->settle && c->names[n] &&
         c->outcome[n] == ZR_OUTCOME_NONE && c->cancelled_at == NEVER && c->deadline > s->now &&
         (c->depend || !depend) && judge_allows(s, c, m);
}

/* Some caller wants it, now, with the options of the call, and his rules allow it. */
static void s_check_wanted(struct sim *s, const struct zr_action *a, const struct machine *m) {
  bool asked = false;
  for (unsigned i = s->caller_count; i-- > 0;) {
    const struct caller *c = &s->callers[i];
    if (c->product != a->product)
      continue;
    if (judge_wants(s, c, m, a->depend_resource))
      return;
    asked = asked || judge_wants(s, c, m, false);
  }
  judge_break(s,
              asked ? "%s is sent with depend_resource for a caller who did not ask for it"
                    : "%s is sent, and no caller wants it whose rules and belts allow it",
              m->id);
}

static void s_check_fresh(struct sim *s, const struct machine *m) {
  if (s->now - m->bin_shown_at > FRESH_MS)
    judge_break(s, "%s is sent, and the last read that had it in the bin is %lld ms old", m->id,
                (long long)(s->now - m->bin_shown_at));
  /* Then it is not told whose read it was; the one that misses it once may be that of a caller who
   * has left meanwhile. */
  bool in_bin = m->shown.place == BIN || m->dry_named || (m->flapped && m->absences == 1);
  if (!in_bin)
    judge_break(s, "%s is sent, and the last read did not have it in the bin", m->id);
  if (m->effect_shown && !m->dry_named)
    judge_break(s, "%s is sent again after a read has shown that it went", m->id);
}

/* What was sent for it before, in this life and for these callers. */
static void s_check_history(struct sim *s, const struct machine *m) {
  unsigned unanswered = 0;
  for (unsigned k = m->spell_first; k < m->send_count; k++) {
    const struct sent *x = &s->sent[m->sends[k]];
    if (x->life != s->life)
      continue;
    MARK(SENT_AGAIN);
    bool listed = m->listed_in == m->sends[k];
    if (x->answered_at == NEVER)
      judge_break(s, "%s is sent while an earlier release of it is in flight", m->id);
    if (x->class_ == ZR_CLASS_OK)
      judge_break(s, "%s is sent again after it was %s", m->id,
                  listed ? "listed as not accepted" : "accepted");
    if (x->class_ == ZR_CLASS_REDIRECTED || x->class_ == ZR_CLASS_BLOCKED)
      judge_break(s, "%s is sent again after %s", m->id, zr_class_name(x->class_));
    if (x->class_ == ZR_CLASS_UNKNOWN && m->read_at < x->answered_at)
      judge_break(s, "%s is sent again after an unknown end, unread", m->id);
    unanswered += x->class_ == ZR_CLASS_UNKNOWN && k >= m->known_from;
  }
  if (unanswered >= UNANSWERED_SENDS)
    judge_break(s, "%s is sent once more after %u sends without an answer", m->id, unanswered);
}

static bool s_same_ids(const struct sim *s, const struct record *r, const struct zr_action *a) {
  if (r->count != a->id_count)
    return false;
  for (uint32_t i = 0; i < r->count; i++) {
    const char *id = s->machines[r->product][s->ids.at[r->first_id + i]].id;
    bool found = false;
    for (size_t k = 0; k < a->id_count && !found; k++)
      found = strcmp(id, a->ids[k]) == 0;
    if (!found)
      return false;
  }
  return true;
}

static void s_check_record(struct sim *s, const struct zr_action *a) {
  const struct record *r = disk_find(s, a->batch);
  if (!r)
    judge_break(s, "batch %u leaves, and its intent is not on disk", a->batch);
  else if (r->product != a->product || r->depend != a->depend_resource || !s_same_ids(s, r, a))
    judge_break(s, "batch %u is not what its intent says", a->batch);
  else if (r->op != a->op)
    judge_break(s, "batch %u has an intent of another call", a->batch);
}

static void s_check_number(struct sim *s, const struct zr_action *a) {
  for (size_t i = s->sent_count; i-- > 0;) {
    const struct sent *x = &s->sent[i];
    if (x->batch == a->batch && (s->weather.journal || x->life == s->life))
      judge_break(s, "number %u is used twice", a->batch);
  }
}

void judge_release_starts(struct sim *s, const struct zr_action *a) {
  if (!s_ids_hold(s, a, "release"))
    return;
  if (++s->releases_open > s_or(s->options.max_releases, 8))
    judge_break(s, "%u releases are in flight", s->releases_open);
  if (s->releases_open == 8)
    MARK(EIGHT_RELEASES_OPEN);
  if (a->id_count == 100)
    MARK(BATCH_OF_100);
  if (s->now < s->release_pause_until)
    judge_break(s, "a release leaves %lld ms before its pause is over",
                (long long)(s->release_pause_until - s->now));
  if (s->held_count[a->product] > 0)
    judge_break(s, "a release leaves while %zu ids of an earlier process were not read",
                s->held_count[a->product]);
  s_check_number(s, a);
  if (s->weather.journal) {
    s_check_record(s, a);
    judge_callers_known(s, a);
  }
  for (size_t i = 0; i < a->id_count && !s->problem[0]; i++) {
    const struct machine *m = machine_find(s, a->product, a->ids[i]);
    s_check_wanted(s, a, m);
    s_check_fresh(s, m);
    s_check_history(s, m);
  }
}

void judge_intent_asked(struct sim *s, const struct zr_action *a) {
  if (!s->weather.journal)
    judge_break(s, "an intent is asked for, and there is no journal");
  if (a->batch <= s->options.last_batch)
    judge_break(s, "number %u is not above the last of the journal, %u", a->batch,
                s->options.last_batch);
  for (size_t i = 0; i < s->record_count; i++) {
    if (s->records[i].kind == RECORD_INTENT && s->records[i].batch == a->batch)
      judge_break(s, "two intents have the number %u", a->batch);
  }
  if (a->id_count < 1 || a->id_count > 100 || s_names_twice(a))
    judge_break(s, "an intent with %zu ids, or one of them twice", a->id_count);
  judge_callers_named(s, a);
}

static bool s_was_sent(const struct sim *s, uint32_t batch) {
  for (size_t i = s->sent_count; i-- > 0;) {
    if (s->sent[i].batch == batch && s->sent[i].life == s->life)
      return true;
  }
  return false;
}

void judge_void(struct sim *s, const struct zr_action *a) {
  if (s_was_sent(s, a->batch))
    judge_break(s, "batch %u was sent, and is called void", a->batch);
  if (!disk_find(s, a->batch))
    judge_break(s, "batch %u is called void, and has no intent", a->batch);
}

/* ---- ends ---- */

static void s_pause(struct sim *s, int64_t *own, int64_t *other, int64_t retry_after_ms) {
  int64_t floor = retry_after_ms < 0 ? LEAST_PAUSE_MS : retry_after_ms;
  int64_t brief = floor < LEAST_PAUSE_MS ? floor : LEAST_PAUSE_MS;
  if (retry_after_ms > 0)
    MARK(PAUSED_BY_RETRY_AFTER);
  if (s->now + floor > *own)
    *own = s->now + floor;
  if (s->now + brief > *other)
    *other = s->now + brief;
}

/* Nothing can be read while this lasts, and the engine need not try. */
static void s_note_shut(struct sim *s, const struct call *c) {
  enum zr_class k = c->end.class_;
  bool read = c->kind == CALL_READ;
  if (k == ZR_CLASS_NO_CHANNEL || k == ZR_CLASS_NOT_SENT ||
      (read && (k == ZR_CLASS_UNAUTHORIZED || k == ZR_CLASS_BLOCKED || k == ZR_CLASS_REDIRECTED ||
                k == ZR_CLASS_SKEWED)))
    s->stopped_at = s->now;
  if (read && k == ZR_CLASS_DENIED)
    s->denied_at = s->now;
}

static void s_show(struct sim *s, struct machine *m, int64_t started_at, enum place place,
                   unsigned facts, int64_t bin_since_ms) {
  if (m->shown.place == BIN)
    m->before = m->shown;
  m->shown = (struct shown){s->now, place, facts, bin_since_ms, vopr_time(s).wall};
  m->read_at = s->now;
  if (place == BIN)
    m->bin_shown_at = s->now;
  if (place == GONE)
    m->absent_at = s->now;
  if (place == GONE) {
    m->absences++;
  } else if (started_at >= m->absent_at) { /* or it is old news, for a caller who has left */
    if (!m->dry_named)                     /* or the row was somebody else's */
      m->vanished = m->flickered = false;
    m->absences = 0;
  }
  m->effect_shown = (place == GONE || place == LEAVING) && m->destroyed_at != NEVER;
}

void judge_read_told(struct sim *s, const struct call *c) {
  s->reads_open--;
  s_note_shut(s, c);
  if (c->end.class_ == ZR_CLASS_THROTTLED)
    s_pause(s, &s->read_pause_until, &s->release_pause_until, c->end.retry_after_ms);
  bool refused =
      c->count == 1 && (c->end.class_ == ZR_CLASS_MISSING || c->end.class_ == ZR_CLASS_INPUT);
  bool good = c->end.class_ == ZR_CLASS_OK || refused;
  for (unsigned i = 0; i < c->count; i++) {
    struct machine *m = &s->machines[c->product][c->ids[i]];
    unsigned k = 0;
    while (k < c->row_count && c->rows[k].id != c->ids[i])
      k++;
    if (k < c->row_count && c->rows[k].is.place == BIN && good)
      m->bin_told_at = s->now;
    if (good && (k < c->row_count || c->complete || refused)) {
      s->held_count[c->product] -= m->held;
      m->held = false;
    }
    if (c->started_at < m->spell_began)
      continue; /* asked for callers who have left */
    if (!good || !(c->complete || refused))
      m->unread_at = s->now;
    if (!good)
      continue;
    if (k < c->row_count)
      s_show(s, m, c->started_at, c->rows[k].is.place, c->rows[k].is.facts,
             c->rows[k].bin_since_ms);
    else if (c->complete || refused)
      s_show(s, m, c->started_at, GONE, 0, 0);
  }
  judge_gates(s, c->product);
}

void judge_release_told(struct sim *s, const struct call *c) {
  struct sent *x = &s->sent[c->sent];
  s->releases_open--;
  s_note_shut(s, c);
  x->answered_at = s->now;
  x->class_ = c->end.class_;
  x->answered_late = c->end.late_effect;
  for (unsigned i = 0; i < c->count; i++) {
    struct machine *m = &s->machines[c->product][c->ids[i]];
    m->absences = 0;
    judge_forgets(s, m);
  }
  for (unsigned i = 0; i < c->failed_count; i++)
    s->machines[c->product][c->failed[i]].listed_in = c->sent;
  if (x->class_ == ZR_CLASS_THROTTLED)
    s_pause(s, &s->release_pause_until, &s->read_pause_until, c->end.retry_after_ms);
}

void judge_destroyed(struct sim *s, struct machine *m, int32_t sent) {
  if (m->claim == ZR_OUTCOME_NONE)
    return;
  for (unsigned k = m->claim_from; k < m->claim_to; k++) {
    if (m->sends[k] == sent)
      judge_break(s, "%s was reported %s at %.3f s, and now batch %u, sent before, destroys it",
                  m->id, zr_outcome_name(m->claim), (double)m->claim_at / 1000,
                  s->sent[sent].batch);
  }
}

void judge_step(struct sim *s) {
  s->steps++;
  size_t held = 0;
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++)
    held += s->held_count[p];
  if (s->engine && zr_engine_held(s->engine) != held)
    judge_break(s, "%zu ids are held, and should be %zu", zr_engine_held(s->engine), held);
}

void judge_rest(struct sim *s) {
  for (size_t i = 0; i < s->record_count; i++) {
    const struct record *r = &s->records[i];
    if (r->kind != RECORD_INTENT || r->state != RECORD_KEPT || r->batch <= s->options.last_batch)
      continue;
    bool over = s_was_sent(s, r->batch);
    for (size_t k = 0; k < s->record_count && !over; k++)
      over = s->records[k].kind == RECORD_ANSWER && s->records[k].batch == r->batch;
    if (!over)
      judge_break(s, "the intent of batch %u was kept, and it neither left nor was made void",
                  r->batch);
  }
  if (zr_engine_jobs(s->engine) > 0)
    judge_break(s, "%zu callers wait, and the engine waits for nothing", zr_engine_jobs(s->engine));
}
