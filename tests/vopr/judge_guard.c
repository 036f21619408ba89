/*
 * Rules and belts as model/policy.h words them: whether a caller's own words allow that a machine
 * is sent for him. Belts are judged by what was known at some moment after all ids were read: the
 * judge opens a gate as early as the reads allow it, the engine may open it later, or not at all.
 */
#include "judge.h"

/* The facts that callers expect: the name "n", and no tags. */
static bool s_row_holds_back(const struct sim *s, const struct caller *c, const struct shown *row) {
  if (c->has_expected && row->facts)
    return true;
  if (s->has_server_policy && row->facts & FACT_KEPT)
    return true;
  if (!c->has_policy)
    return false;
  if ((c->keeps_tag && row->facts & FACT_KEPT) || (c->keeps_name && row->facts & FACT_RENAMED))
    return true;
  if (c->min_bin_ms <= 0)
    return false;
  return row->bin_since_ms <= 0 || row->wall.ms - row->bin_since_ms < c->min_bin_ms;
}

bool judge_holds_back(const struct sim *s, const struct caller *c, const struct machine *m) {
  if (m->shown.at == NEVER)
    return true;
  /* With a dry run beside it, the engine may not have taken the last read as this caller's. */
  if (m->dry_named && m->before.at != NEVER && m->before.place == BIN &&
      !s_row_holds_back(s, c, &m->before))
    return false;
  return s_row_holds_back(s, c, &m->shown);
}

bool judge_allows(struct sim *s, const struct caller *c, const struct machine *m) {
  return !c->ceiling_broken && (!c->gated || c->may_be_open) && !judge_holds_back(s, c, m);
}

void judge_guard_begin(struct sim *s, struct caller *c) {
  c->gated = c->has_policy && !c->settle && (c->max_bin_percent > 0 || c->has_expected);
  uint64_t set = c->distinct_count + c->others;
  c->ceiling_broken = c->has_policy && c->max_instances > 0 && set > c->max_instances;
  judge_gates(s, c->product);
}

struct tally {
  unsigned unread, drifted, gone, ready;
};

static struct tally s_tally(const struct sim *s, const struct caller *c) {
  struct tally t = {0};
  for (unsigned i = 0; i < c->distinct_count; i++) {
    unsigned n = c->distinct[i];
    const struct machine *m = &s->machines[c->product][n];
    if (c->outcome[n] != ZR_OUTCOME_NONE) {
      t.drifted += c->code[n] == ZR_CODE_DRIFTED;
      t.gone += c->outcome[n] == ZR_OUTCOME_ALREADY_GONE;
      continue;
    }
    if (m->send_count > m->spell_first || m->open_intents > 0)
      continue; /* another caller's doing, or an earlier process's */
    t.unread += m->shown.at == NEVER;
    t.gone += m->shown.place == GONE;
    if (m->shown.place != BIN)
      continue;
    t.drifted += c->has_expected && m->shown.facts && !m->dry_named;
    t.ready += !judge_holds_back(s, c, m) && !m->dry_named;
  }
  return t;
}

static bool s_may_open(const struct sim *s, const struct caller *c) {
  struct tally t = s_tally(s, c);
  if (t.unread > 0)
    return false;
  if (c->has_expected && t.drifted * 100U > c->distinct_count * c->max_drift_percent)
    return false;
  if (c->max_bin_percent == 0 || t.ready == 0)
    return true;
  uint64_t set = c->others + t.ready;
  uint64_t bin = c->bin_total + c->settled + t.gone;
  return c->counted && set <= bin && set * 100 <= bin * c->max_bin_percent;
}

void judge_gates(struct sim *s, enum zr_product product) {
  for (unsigned i = 0; i < s->caller_count; i++) {
    struct caller *c = &s->callers[i];
    if (c->product == product && c->gated && !c->may_be_open && !c->done && c->life == s->life)
      c->may_be_open = s_may_open(s, c);
  }
}
