#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void world_break(struct world *w, const char *format, ...) {
  if (w->problem[0])
    return;
  va_list args;
  va_start(args, format);
  (void)vsnprintf(w->problem, sizeof w->problem, format, args);
  va_end(args);
}

void world_init(struct world *w, uint64_t seed) {
  memset(w, 0, sizeof *w);
  w->rng.state = seed;
  w->now = 1000;
  struct zr_engine_options options = {.seed = seed};
  if (zr_engine_new(&options, &w->engine) != ZR_ERR_OK)
    abort();
}

void world_keep_journal(struct world *w, uint32_t last_batch) {
  zr_engine_destroy(w->engine);
  struct zr_engine_options options = {
      .seed = w->rng.state, .journal = true, .last_batch = last_batch};
  if (zr_engine_new(&options, &w->engine) != ZR_ERR_OK)
    abort();
  w->journal = true;
  w->record_ms = 3;
}

void world_clean_up(struct world *w) {
  zr_engine_destroy(w->engine);
  w->engine = NULL;
}

void world_add(struct world *w, size_t count, enum place place) {
  for (size_t i = 0; i < count; i++) {
    struct machine *m = &w->machines[w->machine_count];
    (void)snprintf(m->id, sizeof m->id, "m%zu", w->machine_count++);
    m->place = m->before = place;
  }
}

struct zr_engine_time world_time(const struct world *w) {
  return (struct zr_engine_time){{w->now}, {1700000000000 + w->now}};
}

static struct job_record *s_record(struct world *w, size_t first, size_t count) {
  int n = 0;
  while (n < WORLD_JOBS && w->jobs[n].used)
    n++;
  if (n == WORLD_JOBS)
    abort();
  struct job_record *j = &w->jobs[n];
  j->used = true;
  j->submitted_at = w->now;
  for (size_t i = 0; i < count; i++)
    j->ids[i] = w->machines[first + i].id;
  j->id_count = count;
  return j;
}

int world_submit_guarded(struct world *w, size_t first, size_t count,
                         const struct guard_spec *spec) {
  static struct zr_expected facts[WORLD_MAX];
  struct job_record *j = s_record(w, first, count);
  j->guarded = true;
  j->gated = !spec->no_policy && (!spec->blind || spec->policy.max_bin_percent > 0);
  j->dry = spec->dry;
  j->blind = spec->blind;
  for (size_t i = 0; i < count; i++)
    facts[i] = (struct zr_expected){.name = "n",
                                    .zone_id = "z",
                                    .resource_group_id = "g",
                                    .charge_type = "",
                                    .create_time = ""};
  struct zr_release_request r = {
      .product = ZR_PRODUCT_VM,
      .instance_ids = j->ids,
      .instance_id_count = count,
      .validate_only = spec->dry,
      .wait_ms = ZR_DEFAULT_WAIT_MS,
      .window_ms = 5,
      .deadline = ZR_MONO_NEVER,
      .policy = spec->no_policy ? NULL : &spec->policy,
      .expected = spec->blind ? NULL : facts,
  };
  if (zr_engine_submit(w->engine, &r, world_time(w), &j->handle) != ZR_ERR_OK)
    world_break(w, "submit refused");
  return (int)(j - w->jobs);
}

int world_submit(struct world *w, size_t first, size_t count, int64_t wait_ms,
                 int64_t deadline_ms) {
  struct job_record *j = s_record(w, first, count);
  j->deadline = deadline_ms > 0;
  struct zr_release_request r = {
      .product = ZR_PRODUCT_VM,
      .instance_ids = j->ids,
      .instance_id_count = count,
      .wait_ms = wait_ms < 0 ? ZR_DEFAULT_WAIT_MS : wait_ms,
      .window_ms = 5,
      .depend_resource = w->depend_resource,
      .deadline = deadline_ms > 0 ? (struct zr_mono){w->now + deadline_ms} : ZR_MONO_NEVER,
  };
  if (zr_engine_submit(w->engine, &r, world_time(w), &j->handle) != ZR_ERR_OK)
    world_break(w, "submit refused");
  return (int)(j - w->jobs);
}

int world_settle(struct world *w, const struct zr_open_calls *open) {
  struct job_record *j = s_record(w, 0, 0);
  for (size_t i = 0; i < open->call_count; i++) {
    for (size_t k = 0; k < open->calls[i].id_count; k++)
      j->ids[j->id_count++] = cloud_find(w, open->calls[i].ids[k])->id;
  }
  j->dry = true; /* it sends nothing */
  if (zr_engine_settle(w->engine, open, !w->settled_before, world_time(w), &j->handle) != ZR_ERR_OK)
    world_break(w, "settle refused");
  return (int)(j - w->jobs);
}

void world_cancel(struct world *w, int job) {
  w->jobs[job].cancelled = true;
  zr_engine_cancel(w->engine, w->jobs[job].handle, world_time(w));
}

static struct job_record *s_job(struct world *w, uint64_t handle) {
  for (int n = 0; n < WORLD_JOBS; n++) {
    if (w->jobs[n].used && w->jobs[n].handle == handle)
      return &w->jobs[n];
  }
  world_break(w, "an unknown job was told something");
  return &w->jobs[0];
}

/* Whether a job still waits to hear what became of it. */
static bool s_awaited(const struct world *w, const struct machine *m) {
  for (int n = 0; n < WORLD_JOBS; n++) {
    const struct job_record *j = &w->jobs[n];
    if (!j->used || j->outcome[m - w->machines] != ZR_OUTCOME_NONE)
      continue;
    for (size_t i = 0; i < j->id_count; i++) {
      if (j->ids[i] == m->id)
        return true;
    }
  }
  return false;
}

static void s_done(struct world *w, const struct zr_action *a) {
  struct job_record *j = s_job(w, a->job);
  if (j->done)
    world_break(w, "a job was done twice");
  j->done = true;
  j->counts = a->report->counts;
  j->result_count = a->report->result_count;
  j->notes = a->report->diagnostic_count;
  for (size_t i = 0; i < a->report->result_count; i++) {
    const struct zr_result *r = &a->report->results[i];
    struct machine *m = cloud_find(w, r->instance_id);
    j->outcome[m - w->machines] = r->outcome;
    j->code[m - w->machines] = r->code;
    j->broken = j->broken || r->code == ZR_CODE_BELT_BROKEN;
    bool unseen = r->outcome == ZR_OUTCOME_RELEASED && r->code == ZR_CODE_GROUP_NOT_SEEN;
    bool silent =
        (r->outcome == ZR_OUTCOME_RELEASED && !unseen) || r->outcome == ZR_OUTCOME_ALREADY_GONE;
    if (silent != (r->diagnostic.code == ZR_CODE_NONE))
      world_break(w, "%s: %s and the diagnostic disagree", r->instance_id,
                  zr_outcome_name(r->outcome));
  }
}

static void s_trace(const struct world *w, const struct zr_action *a) {
  if (!w->trace)
    return;
  static const char *const kinds[] = {"describe", "release", "event", "done",
                                      "count",    "record",  "void"};
  printf("%6lld %s", (long long)w->now, kinds[a->kind]);
  if (a->kind == ZR_ACTION_EVENT)
    printf(" %d batch %u ids %u %s", (int)a->event->kind, a->event->batch, a->event->ids,
           a->event->class_name ? a->event->class_name : "");
  else
    for (size_t i = 0; i < a->id_count; i++)
      printf(" %s", a->ids[i]);
  printf("\n");
}

/* People rename and tag what is in the bin, too. */
static void s_change(struct world *w) {
  struct machine *m = &w->machines[zr_rng_below(&w->rng, w->machine_count)];
  if (zr_rng_below(&w->rng, 2))
    m->renamed = true;
  else
    m->kept = true;
}

static void s_drift(struct world *w) {
  if (w->faults.drift && w->machine_count > 0 && zr_rng_below(&w->rng, 40) == 0)
    s_change(w);
  if (!w->faults.drift || zr_rng_below(&w->rng, 4) || w->machine_count == 0)
    return;
  struct machine *m = &w->machines[zr_rng_below(&w->rng, w->machine_count)];
  if (m->place == PLACE_BIN && !m->gone_at)
    cloud_put(w, m, zr_rng_below(&w->rng, 2) ? PLACE_LIVE : PLACE_GONE);
}

static void s_outcomes(struct world *w, const struct zr_action *a) {
  struct job_record *j = s_job(w, a->job);
  j->told += (unsigned)a->event->result_count;
  for (size_t i = 0; i < a->event->result_count; i++) {
    const struct zr_result *r = &a->event->results[i];
    if (w->trace)
      printf("  job %llu: %s %s %s attempts %u\n", (unsigned long long)a->job, r->instance_id,
             zr_outcome_name(r->outcome), zr_code_info(r->code)->name, r->attempts);
    struct machine *m = cloud_find(w, r->instance_id);
    j->outcome[m - w->machines] = r->outcome;
    if (r->outcome == ZR_OUTCOME_ACCEPTED || r->outcome == ZR_OUTCOME_UNKNOWN)
      m->left_open = true;
    if (!s_awaited(w, m))
      m->accepted = false; /* a later job may send it again */
    world_check_outcome(w, j, m, r);
  }
}

static void s_act(struct world *w) {
  struct zr_action a;
  unsigned guard = 0;
  while (zr_engine_poll(w->engine, world_time(w), &a)) {
    s_trace(w, &a);
    if (++guard > 100000) {
      world_break(w, "the engine never stops acting");
      return;
    }
    if (a.kind == ZR_ACTION_RELEASE)
      cloud_release(w, &a);
    else if (a.kind == ZR_ACTION_DESCRIBE)
      cloud_read(w, &a);
    else if (a.kind == ZR_ACTION_DONE)
      s_done(w, &a);
    else if (a.kind == ZR_ACTION_COUNT_BIN || a.kind == ZR_ACTION_COUNT_GROUP)
      cloud_count(w, &a);
    else if (a.kind == ZR_ACTION_RECORD)
      cloud_record(w, &a);
    else if (a.kind == ZR_ACTION_VOID)
      w->voids++;
    else if (a.event->kind == ZR_EVENT_OUTCOMES)
      s_outcomes(w, &a);
  }
}

/* The next moment at which anything happens; INT64_MAX when the world is at rest. */
static int64_t s_next(const struct world *w) {
  int64_t at = zr_engine_wake(w->engine, (struct zr_mono){w->now}).ms;
  for (int i = 0; i < WORLD_CALLS; i++) {
    if (w->calls[i].used && w->calls[i].due < at)
      at = w->calls[i].due;
  }
  return at;
}

static bool s_turn(struct world *w, int64_t limit) {
  s_act(w);
  int64_t at = s_next(w);
  if (at == INT64_MAX || at > limit)
    return false;
  static _Thread_local unsigned still;
  still = at <= w->now ? still + 1 : 0;
  if (still > 10000) {
    world_break(w, "the engine wants to be woken at once, for ever");
    return false;
  }
  w->now = at > w->now ? at : w->now;
  cloud_settle(w);
  s_drift(w);
  cloud_deliver(w);
  return true;
}

void world_run_to(struct world *w, int64_t at_ms) {
  while (!w->problem[0] && s_turn(w, at_ms)) {
  }
  if (w->now < at_ms)
    w->now = at_ms;
}

void world_run(struct world *w, int64_t limit_ms) {
  while (!w->problem[0] && s_turn(w, limit_ms)) {
  }
  if (zr_engine_jobs(w->engine) > 0)
    world_break(w, "a job is not done after %lld ms", (long long)limit_ms);
  else if (s_next(w) != INT64_MAX)
    world_break(w, "no job is left, and the engine still waits for something");
  else if (!zr_engine_is_idle(w->engine))
    world_break(w, "nothing is left to do, and the engine is not idle");
}
