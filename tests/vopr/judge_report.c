/* What a caller is told, held against what is true and what the engine could know. */
#include <string.h>

#include "judge.h"

enum {
  LATE_POSSIBLE_MS = 30000, /* after the end of a call without a whole answer */
  RECENT_READ_MS = 10000,
  TROUBLED_MS = 40000,    /* a batch whose reads fail again and again is given up */
  CANCEL_ENDS_MS = 75000, /* a call, the watch, the last read, and pauses between them */
};

/* ---- callers come and go ---- */

void judge_caller_begins(struct sim *s, struct caller *c) {
  for (unsigned i = 0; i < c->distinct_count; i++) {
    struct machine *m = &s->machines[c->product][c->distinct[i]];
    m->dry_named = m->dry_named || c->dry;
    if (c->dry)
      continue;
    if (m->waiting++ > 0 || c->settle)
      continue;
    m->left_open = false;
    m->spell_began = s->now;
    unsigned from = m->send_count;
    while (from > 0 && s->sent[m->sends[from - 1]].life == s->life &&
           s->sent[m->sends[from - 1]].answered_at == NEVER)
      from--; /* still in flight for callers who have left */
    m->spell_first = from;
  }
  judge_guard_begin(s, c);
}

/* ---- what may be said ---- */

struct history {
  unsigned left;    /* sends of which a byte left */
  unsigned perhaps; /* … or may have left, as far as a journal can tell */
  bool accepted;    /* answered by an acceptance */
  bool input;       /* refused for its form */
  bool rights;      /* the last answer doubts the rights, so absence may mean hidden */
  bool denied;      /* … to this process, for lack of rights */
  bool late;        /* an effect may still come */
  int64_t last_end; /* of the last answer */
};

static struct history s_history(const struct sim *s, const struct machine *m) {
  struct history h = {.last_end = INT64_MIN, .perhaps = m->open_intents};
  bool lately = s->now - s->settled_at < LATE_POSSIBLE_MS;
  h.late = m->open_intents > 0 && lately;
  for (unsigned k = m->spell_first; k < m->send_count; k++) {
    const struct sent *x = &s->sent[m->sends[k]];
    if (judge_never_left(x))
      continue;
    h.left++;
    h.perhaps++;
    bool ended = x->answered_at != NEVER;
    h.accepted = h.accepted || (ended && x->class_ == ZR_CLASS_OK && m->listed_in != m->sends[k]);
    h.input = h.input || (ended && x->class_ == ZR_CLASS_INPUT);
    if (x->life != s->life)
      h.late = h.late || lately;
    else if (!ended)
      h.late = true;
    else if (x->answered_late)
      h.late = h.late || s->now - x->answered_at < LATE_POSSIBLE_MS;
    if (ended && x->answered_at > h.last_end) {
      h.last_end = x->answered_at;
      h.rights = x->class_ == ZR_CLASS_UNAUTHORIZED || x->class_ == ZR_CLASS_SKEWED;
      h.denied = x->class_ == ZR_CLASS_UNAUTHORIZED && x->life == s->life;
    }
  }
  return h;
}

static bool s_gone(const struct machine *m) {
  enum place p = machine_place(m);
  return p == GONE || p == NOWHERE;
}

/* Which ids that a hidden group takes along are believed gone is for tests/unit/engine to say. */
static void s_check_gone(struct sim *s, const struct machine *m, enum zr_outcome o) {
  if (!s_gone(m) && !m->hidden && !m->vanished)
    judge_break(s, "%s exists, and is reported %s", m->id, zr_outcome_name(o));
  if (m->absences < 2 && !m->dry_named)
    judge_break(s, "%s is reported %s after %u reads without it", m->id, zr_outcome_name(o),
                m->absences);
}

static void s_check_unknown(struct sim *s, const struct caller *c, const struct machine *m,
                            const struct history *h) {
  bool cut = c->cancelled_at != NEVER || c->deadline <= s->now;
  bool unreadable = m->read_at < h->last_end || s->now - m->read_at > RECENT_READ_MS ||
                    s->now - m->unread_at < TROUBLED_MS || m->dry_named || m->hidden ||
                    m->vanished || s->now - s->stopped_at < RECENT_READ_MS ||
                    s->now - s->denied_at < RECENT_READ_MS;
  bool undecided = m->shown.place == LEAVING || m->shown.place == WEIRD || m->absences == 1 ||
                   (h->rights && m->absences > 0);
  if (h->perhaps == 0)
    judge_break(s, "%s is reported unknown, and was never sent", m->id);
  if (!cut && !h->late && !unreadable && !undecided)
    judge_break(s, "%s is reported unknown, although it could be read and no effect is due", m->id);
}

/* It says that nothing of ours destroyed it, or will. */
static void s_claim(struct sim *s, struct machine *m, enum zr_outcome o) {
  int32_t by = m->destroyed_at == NEVER ? -1 : m->destroyed_by;
  for (unsigned k = m->spell_first; k < m->send_count; k++) {
    if (by >= 0 && m->sends[k] == by && !m->left_open)
      judge_break(s, "%s was destroyed by batch %u at %.3f s, and is reported %s", m->id,
                  s->sent[by].batch, (double)m->destroyed_at / 1000, zr_outcome_name(o));
  }
  if (m->left_open)
    return;
  m->claim = o;
  m->claim_at = s->now;
  m->claim_from = m->spell_first;
  m->claim_to = m->send_count;
}

static void s_check_reason(struct sim *s, const struct caller *c, const struct machine *m,
                           enum zr_code code) {
  bool rules = c->has_policy || c->has_expected || s->has_server_policy;
  if ((code == ZR_CODE_CANCELLED && c->cancelled_at == NEVER && !c->settle) ||
      (code == ZR_CODE_DEADLINE && c->deadline == NEVER) ||
      ((code == ZR_CODE_DRIFTED || code == ZR_CODE_PROTECTED || code == ZR_CODE_BELT_BROKEN) &&
       !rules) ||
      (code == ZR_CODE_UNSETTLED && s->held_count[c->product] == 0) ||
      (code == ZR_CODE_NOT_RECORDED && !s->weather.journal))
    judge_break(s, "%s is not attempted because of %s, which is not so", m->id,
                zr_code_info(code)->name);
  if (code == ZR_CODE_UNSETTLED)
    MARK(SENDS_WANTED_WHILE_HELD);
}

static void s_check_truth(struct sim *s, struct caller *c, struct machine *m,
                          const struct zr_result *r) {
  struct history h = s_history(s, m);
  bool dry_beside = m->dry_named;
  switch (r->outcome) {
  case ZR_OUTCOME_RELEASED:
    s_check_gone(s, m, r->outcome);
    if (h.denied && !h.accepted && !c->settle && r->code != ZR_CODE_GROUP_NOT_SEEN && !s_gone(m) &&
        !m->flickered)
      judge_break(s, "%s exists, and is reported released after a doubt about the rights", m->id);
    if (h.perhaps == 0)
      judge_break(s, "%s is reported released, and was never sent", m->id);
    break;
  case ZR_OUTCOME_ALREADY_GONE:
    s_check_gone(s, m, r->outcome);
    break;
  case ZR_OUTCOME_NOT_FOUND:
    s_check_gone(s, m, r->outcome);
    s_claim(s, m, r->outcome);
    break;
  case ZR_OUTCOME_ACCEPTED:
    if (!h.accepted && m->shown.place != LEAVING && !dry_beside)
      judge_break(s, "%s is reported accepted, and nothing says so", m->id);
    break;
  case ZR_OUTCOME_UNKNOWN:
    s_check_unknown(s, c, m, &h);
    break;
  case ZR_OUTCOME_NOT_RECYCLED:
    s_claim(s, m, r->outcome);
    if ((m->shown.at == NEVER || m->shown.place == BIN || m->shown.place == GONE) && !dry_beside)
      judge_break(s, "%s is reported not_recycled, and the last read says otherwise", m->id);
    break;
  case ZR_OUTCOME_REFUSED:
    if (h.perhaps == 0)
      judge_break(s, "%s is reported refused, and was never sent", m->id);
    if (r->code != ZR_CODE_NOT_VISIBLE)
      s_claim(s, m, r->outcome);
    break;
  case ZR_OUTCOME_INVALID:
    s_claim(s, m, r->outcome);
    if (!m->malformed && !h.input)
      judge_break(s, "%s is reported invalid, and the service takes its form", m->id);
    break;
  case ZR_OUTCOME_NOT_ATTEMPTED:
    s_claim(s, m, r->outcome);
    if (h.left > 0)
      judge_break(s, "%s was sent, and is reported not_attempted", m->id);
    s_check_reason(s, c, m, r->code);
    break;
  case ZR_OUTCOME_NONE:
  case ZR_OUTCOME_COUNT_:
    judge_break(s, "%s has no outcome", m->id);
    break;
  }
}

/* A dry run sends nothing, and knows what it has read. */
static void s_check_dry(struct sim *s, const struct caller *c, const struct machine *m,
                        const struct zr_result *r) {
  if (r->attempts > 0 || r->outcome == ZR_OUTCOME_RELEASED || r->outcome == ZR_OUTCOME_ACCEPTED ||
      r->outcome == ZR_OUTCOME_UNKNOWN || r->outcome == ZR_OUTCOME_REFUSED)
    judge_break(s, "%s was only to be looked at, and is reported %s", m->id,
                zr_outcome_name(r->outcome));
  if (r->code == ZR_CODE_WOULD_RELEASE && m->bin_told_at < c->at)
    judge_break(s, "%s would be released, and was not read in the bin", m->id);
}

void judge_outcome(struct sim *s, struct caller *c, const struct zr_result *r) {
  struct machine *m = machine_find(s, c->product, r->instance_id);
  unsigned n = m ? machine_number(s, m, c->product) : 0;
  if (!m || !c->names[n]) {
    judge_break(s, "a caller is told of %s, which he did not name", r->instance_id);
    return;
  }
  if (c->outcome[n] != ZR_OUTCOME_NONE) {
    judge_break(s, "%s is told twice", m->id);
    return;
  }
  census.outcome[r->outcome < ZR_OUTCOME_COUNT_ ? r->outcome : 0]++;
  census.code[r->code < ZR_CODE_COUNT_ ? r->code : 0]++;
  trace_mix(s, (uint64_t)n << 16 | (uint64_t)r->outcome << 8 | (uint64_t)r->code);
  bool unseen = r->outcome == ZR_OUTCOME_RELEASED && r->code == ZR_CODE_GROUP_NOT_SEEN;
  bool silent =
      (r->outcome == ZR_OUTCOME_RELEASED && !unseen) || r->outcome == ZR_OUTCOME_ALREADY_GONE;
  if (unseen)
    MARK(GROUP_NOT_SEEN);
  if (silent != (r->diagnostic.code == ZR_CODE_NONE))
    judge_break(s, "%s: %s and its diagnostic disagree", m->id, zr_outcome_name(r->outcome));
  if (c->dry)
    s_check_dry(s, c, m, r);
  else
    s_check_truth(s, c, m, r);
  c->outcome[n] = (uint8_t)r->outcome;
  c->code[n] = (uint8_t)r->code;
  c->told++;
  if (!c->dry) {
    m->waiting--;
    m->left_open =
        m->left_open || r->outcome == ZR_OUTCOME_ACCEPTED || r->outcome == ZR_OUTCOME_UNKNOWN;
    judge_forgets(s, m);
  }
  judge_gates(s, c->product);
}

/* ---- the report ---- */

static void s_check_counts(struct sim *s, const struct caller *c, const struct zr_report *r) {
  unsigned counted[ZR_OUTCOME_COUNT_] = {0};
  for (size_t i = 0; i < r->result_count; i++) {
    const struct zr_result *x = &r->results[i];
    const struct machine *m = machine_find(s, c->product, x->instance_id);
    unsigned n = m ? machine_number(s, m, c->product) : 0;
    if (!m || i >= c->distinct_count || n != c->distinct[i] ||
        (x->index != c->first[i] && !c->settle))
      judge_break(s, "result %zu is %s, mention %u", i, x->instance_id, x->index);
    else if (c->outcome[n] != (uint8_t)x->outcome)
      judge_break(s, "%s was told as %s, and is reported %s", m->id,
                  zr_outcome_name((enum zr_outcome)c->outcome[n]), zr_outcome_name(x->outcome));
    if (s->problem[0])
      return;
    counted[x->outcome]++;
  }
  unsigned duplicates = c->id_count - c->distinct_count;
  if (r->result_count != c->distinct_count || r->counts.total != c->distinct_count ||
      c->told != c->distinct_count || r->counts.duplicates != duplicates ||
      memcmp(counted, r->counts.by_outcome, sizeof counted) != 0)
    judge_break(s, "%zu results, %u told, %u counted, of %u ids and %u duplicates", r->result_count,
                c->told, r->counts.total, c->distinct_count, duplicates);
  unsigned repeats = 0;
  for (size_t i = 0; i < r->diagnostic_count; i++) {
    repeats += r->diagnostics[i].code == ZR_CODE_DUPLICATE_ID;
    if (r->diagnostics[i].code == ZR_CODE_OTHER_OPTIONS)
      MARK(OPTIONS_DISAGREE);
  }
  if (repeats != duplicates)
    judge_break(s, "%u of %u duplicates have a diagnostic", repeats, duplicates);
}

/* Others want the same ids, and what is sent for them is waited for. */
static bool s_shares(const struct sim *s, const struct caller *c) {
  for (unsigned i = 0; i < s->caller_count; i++) {
    const struct caller *o = &s->callers[i];
    for (unsigned k = 0;
         o != c && o->life == c->life && o->product == c->product && k < c->distinct_count; k++) {
      if (o->names[c->distinct[k]])
        return true;
    }
  }
  return false;
}

void judge_report(struct sim *s, struct caller *c, const struct zr_report *r) {
  s_check_counts(s, c, r);
  if (c->deadline <= s->now)
    MARK(DEADLINE_PASSED);
  if (c->deadline < s->now && c->deadline > c->at)
    judge_break(s, "a caller hears %lld ms after his deadline", (long long)(s->now - c->deadline));
  if (c->cancelled_at != NEVER && s->now - c->cancelled_at > CANCEL_ENDS_MS && !c->settle &&
      !s_shares(s, c))
    judge_break(s, "a caller hears %lld ms after his cancellation",
                (long long)(s->now - c->cancelled_at));
  if (s->calm && c->settle && c->at == s->life_began &&
      r->counts.by_outcome[ZR_OUTCOME_UNKNOWN] > 0)
    judge_break(s, "%u ids are unknown although everything can be read",
                r->counts.by_outcome[ZR_OUTCOME_UNKNOWN]);
}

/* Taking a batch apart is bounded: with several that are refused, good ones may be left. */
static bool s_may_be_left(const struct sim *s, enum zr_product p) {
  unsigned cursed = 0;
  for (unsigned i = 0; i < s->machine_count[p]; i++)
    cursed += s->machines[p][i].cursed;
  return cursed > 1;
}

static bool s_fits(const struct sim *s, enum zr_product p, const struct machine *m,
                   enum zr_outcome o, enum zr_code code) {
  int place = (int)m->past[0].place;
  switch (place) {
  case NOWHERE:
  case GONE:
    return o == ZR_OUTCOME_RELEASED || o == ZR_OUTCOME_ALREADY_GONE || o == ZR_OUTCOME_NOT_FOUND;
  case BIN:
    return ((o == ZR_OUTCOME_REFUSED || o == ZR_OUTCOME_INVALID) &&
            (m->cursed || s_may_be_left(s, p))) ||
           (s->has_server_policy && code == ZR_CODE_PROTECTED);
  case LIVE:
  case ENTERING:
    return o == ZR_OUTCOME_NOT_RECYCLED;
  default:
    return false;
  }
}

void judge_closing(struct sim *s, const struct caller *c) {
  for (unsigned i = 0; i < c->distinct_count; i++) {
    unsigned n = c->distinct[i];
    const struct machine *m = &s->machines[c->product][n];
    enum zr_outcome o = (enum zr_outcome)c->outcome[n];
    bool fits = m->malformed ? o == ZR_OUTCOME_INVALID
                             : s_fits(s, c->product, m, o, (enum zr_code)c->code[n]);
    if (!fits)
      judge_break(s, "after the faults have ceased %s is reported %s %s", m->id, zr_outcome_name(o),
                  zr_code_info((enum zr_code)c->code[n])->name);
  }
}
