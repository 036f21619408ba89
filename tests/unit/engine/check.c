/* The invariants: what a finished job said, held against the ledger. */
#include <string.h>

#include "world.h"

static bool s_alive(const struct machine *m) {
  return m->place == PLACE_BIN || m->place == PLACE_LIVE || m->place == PLACE_LEAVING;
}

/* Destroyed by a call made while the job ran: one of its own, or of another that shared the id. */
static bool s_ours(const struct job_record *j, const struct machine *m, const struct zr_result *r) {
  return m->by_release && m->released_at >= j->submitted_at && r->attempts > 0 && !m->left_open;
}

void world_check_outcome(struct world *w, const struct job_record *j, const struct machine *m,
                         const struct zr_result *r) {
  enum zr_outcome o = r->outcome;
  switch (o) {
  case ZR_OUTCOME_RELEASED:
  case ZR_OUTCOME_ALREADY_GONE:
    if (s_alive(m))
      world_break(w, "%s is alive and was reported %s", m->id, zr_outcome_name(o));
    break;
  case ZR_OUTCOME_NOT_FOUND:
    if (s_alive(m))
      world_break(w, "%s exists and was reported not_found", m->id);
    break;
  case ZR_OUTCOME_NOT_RECYCLED:
  case ZR_OUTCOME_REFUSED:
  case ZR_OUTCOME_INVALID:
    /* NOT_VISIBLE claims nothing about the instance, only about the rights. */
    if (s_ours(j, m, r) && r->code != ZR_CODE_NOT_VISIBLE)
      world_break(w, "%s was destroyed by us and was reported %s (now %lld, since %lld, due %lld)",
                  m->id, zr_outcome_name(o), (long long)w->now, (long long)m->place_at,
                  (long long)m->gone_at);
    break;
  case ZR_OUTCOME_NOT_ATTEMPTED:
  case ZR_OUTCOME_ACCEPTED:
  case ZR_OUTCOME_UNKNOWN:
    break;
  case ZR_OUTCOME_NONE:
  case ZR_OUTCOME_COUNT_:
    world_break(w, "%s has no outcome", m->id);
    break;
  }
}

static bool s_names(const struct job_record *j, const char *id) {
  for (size_t i = 0; i < j->id_count; i++) {
    if (j->ids[i] == id)
      return true;
  }
  return false;
}

/* All of a gated job's ids were read before the first of them is sent on its behalf. */
static bool s_gate_may_be_open(struct world *w, const struct job_record *j) {
  for (size_t i = 0; j->gated && i < j->id_count; i++) {
    if (!cloud_find(w, j->ids[i])->read)
      return false;
  }
  return true;
}

/* Whether this job may have had the machine sent, by what the reads have told so far. */
static bool s_may_send(struct world *w, const struct job_record *j, const struct machine *m) {
  if (!j->used || j->dry || j->outcome[m - w->machines] != ZR_OUTCOME_NONE || !s_names(j, m->id))
    return false;
  if (!j->guarded)
    return true;
  return !m->read_as_kept && (j->blind || !m->read_as_renamed) && s_gate_may_be_open(w, j);
}

void world_check_guard(struct world *w, const struct zr_action *release) {
  for (size_t i = 0; i < release->id_count; i++) {
    const struct machine *m = cloud_find(w, release->ids[i]);
    bool allowed = false;
    for (int n = 0; n < WORLD_JOBS; n++)
      allowed = allowed || s_may_send(w, &w->jobs[n], m);
    if (!allowed)
      world_break(w, "%s was sent, and no caller's rules and gate allow it", m->id);
  }
}

/* NOT_ATTEMPTED is about the one job; with several jobs on an id another may have sent it. */
static bool s_only_job(const struct world *w, const char *id) {
  unsigned n = 0;
  for (int k = 0; k < WORLD_JOBS; k++) {
    for (size_t i = 0; w->jobs[k].used && i < w->jobs[k].id_count; i++)
      n += w->jobs[k].ids[i] == id;
  }
  return n == 1;
}

static void s_check_job(struct world *w, const struct job_record *j) {
  unsigned sum = 0;
  for (int o = ZR_OUTCOME_RELEASED; o < ZR_OUTCOME_COUNT_; o++)
    sum += j->counts.by_outcome[o];
  if (sum != j->counts.total || j->counts.by_outcome[ZR_OUTCOME_NONE] != 0)
    world_break(w, "the counts do not add up");
  bool told = w->short_of_memory || j->told == j->counts.total;
  if (j->result_count != j->counts.total || !told)
    world_break(w, "%zu results and %u told, of %u", j->result_count, j->told, j->counts.total);
  for (size_t i = 0; i < j->id_count; i++) {
    const struct machine *m = NULL;
    for (size_t k = 0; k < w->machine_count && !m; k++)
      m = w->machines[k].id == j->ids[i] ? &w->machines[k] : NULL;
    if (!m)
      continue;
    enum zr_outcome o = j->outcome[m - w->machines];
    if ((j->broken || j->dry) && m->sent > 0 && s_only_job(w, m->id))
      world_break(w, "%s was sent for a job that was to send nothing", m->id);
    if (o == ZR_OUTCOME_NOT_ATTEMPTED && m->sent > 0 && s_only_job(w, m->id))
      world_break(w, "%s was sent and was reported not_attempted", m->id);
  }
}

void world_check(struct world *w) {
  for (int n = 0; n < WORLD_JOBS; n++) {
    if (!w->jobs[n].used)
      continue;
    if (!w->jobs[n].done)
      world_break(w, "job %d is not done", n);
    else
      s_check_job(w, &w->jobs[n]);
  }
}
