#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const s_status[] = {
    [PLACE_NOWHERE] = "",          [PLACE_LIVE] = "RUNNING", [PLACE_BIN] = "RECYCLE",
    [PLACE_LEAVING] = "RELEASING", [PLACE_GONE] = "",
};

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

int world_submit(struct world *w, size_t first, size_t count, int64_t wait_ms,
                 int64_t deadline_ms) {
  for (int n = 0; n < WORLD_JOBS; n++) {
    struct job_record *j = &w->jobs[n];
    if (j->used)
      continue;
    j->used = true;
    for (size_t i = 0; i < count; i++)
      j->ids[i] = w->machines[first + i].id;
    j->id_count = count;
    j->deadline = deadline_ms > 0;
    struct zr_release_request r = {
        .product = ZR_PRODUCT_VM,
        .instance_ids = j->ids,
        .instance_id_count = count,
        .wait_ms = wait_ms < 0 ? ZR_DEFAULT_WAIT_MS : wait_ms,
        .window_ms = 5,
        .deadline = deadline_ms > 0 ? (struct zr_mono){w->now + deadline_ms} : ZR_MONO_NEVER,
    };
    if (zr_engine_submit(w->engine, &r, world_time(w), &j->handle) != ZR_ERR_OK)
      world_break(w, "submit refused");
    return n;
  }
  abort();
}

void world_cancel(struct world *w, int job) {
  w->jobs[job].cancelled = true;
  zr_engine_cancel(w->engine, w->jobs[job].handle, world_time(w));
}

static struct machine *s_find(struct world *w, const char *id) {
  unsigned long n = strtoul(id + 1, NULL, 10);
  if (n >= w->machine_count)
    abort(); /* an id that no test made */
  return &w->machines[n];
}

static void s_put(struct world *w, struct machine *m, enum place place) {
  m->before = m->place;
  m->place = place;
  m->place_at = w->now;
}

/* What time has done by now: releases that take time end, and late effects come. */
static void s_settle(struct world *w) {
  for (size_t i = 0; i < w->machine_count; i++) {
    struct machine *m = &w->machines[i];
    if (m->gone_at && m->gone_at <= w->now && m->place != PLACE_GONE) {
      if (m->place == PLACE_BIN || m->place == PLACE_LEAVING) {
        s_put(w, m, PLACE_GONE);
        m->place_at = m->gone_at;
      } else {
        m->by_release = false; /* it was rescued before the late effect came */
      }
      m->gone_at = 0;
    }
  }
}

static void s_destroy(struct world *w, struct machine *m) {
  if (m->place != PLACE_BIN)
    return;
  m->by_release = true;
  if (w->faults.slow_release) {
    s_put(w, m, PLACE_LEAVING);
    m->gone_at = w->now + 500 + (int64_t)zr_rng_below(&w->rng, 8000);
  } else {
    s_put(w, m, PLACE_GONE);
  }
}

static struct pending *s_pend(struct world *w, const struct zr_action *a, bool release) {
  for (int i = 0; i < WORLD_CALLS; i++) {
    struct pending *p = &w->calls[i];
    if (p->used)
      continue;
    memset(p, 0, sizeof *p);
    p->used = true;
    p->release = release;
    p->op = a->op;
    p->due = w->now + 5 + (int64_t)zr_rng_below(&w->rng, 40);
    p->count = a->id_count;
    p->call = (struct zr_call_end){.class_ = ZR_CLASS_OK,
                                   .http_status = 200,
                                   .code = "",
                                   .message = "",
                                   .request_id = "T-1",
                                   .reason = "",
                                   .retry_after_ms = -1};
    return p;
  }
  abort();
}

static void s_end_as(struct pending *p, enum zr_class c, int status, const char *code) {
  p->call.class_ = c;
  p->call.http_status = status;
  p->call.code = code;
  p->call.request_id = status ? "T-2" : "";
  p->call.late_effect = c == ZR_CLASS_UNKNOWN && status == 0;
}

static void s_effect(struct world *w, const struct zr_action *a, unsigned percent) {
  for (size_t i = 0; i < a->id_count; i++) {
    if (zr_rng_below(&w->rng, 100) < percent)
      s_destroy(w, s_find(w, a->ids[i]));
  }
}

static void s_late(struct world *w, const struct zr_action *a) {
  int64_t at = w->now + 1000 + (int64_t)zr_rng_below(&w->rng, 4000);
  for (size_t i = 0; i < a->id_count; i++) {
    struct machine *m = s_find(w, a->ids[i]);
    if (m->place == PLACE_BIN && !m->gone_at) {
      m->gone_at = at;
      m->by_release = true;
    }
  }
}

static void s_fault(struct world *w, struct pending *p, const struct zr_action *a,
                    enum release_fault f) {
  switch (f) {
  case FAULT_DROP_BEFORE:
    s_end_as(p, ZR_CLASS_UNKNOWN, 0, "");
    break;
  case FAULT_DROP_AFTER:
    s_effect(w, a, 100);
    s_end_as(p, ZR_CLASS_UNKNOWN, 0, "");
    break;
  case FAULT_LATE:
    s_late(w, a);
    s_end_as(p, ZR_CLASS_UNKNOWN, 0, "");
    break;
  case FAULT_ERROR_BEFORE:
    s_end_as(p, ZR_CLASS_UNKNOWN, 503, "SERVICE_TEMPORARY_UNAVAILABLE");
    break;
  case FAULT_ERROR_AFTER:
    s_effect(w, a, 100);
    s_end_as(p, ZR_CLASS_UNKNOWN, 500, "INTERNAL_SERVER_ERROR");
    break;
  case FAULT_PARTIAL_OK:
    s_effect(w, a, 50);
    break;
  case FAULT_PARTIAL_DROP:
    s_effect(w, a, 50);
    s_end_as(p, ZR_CLASS_UNKNOWN, 0, "");
    break;
  case FAULT_THROTTLE:
    s_end_as(p, ZR_CLASS_THROTTLED, 429, "REQUEST_LIMIT_EXCEEDED");
    break;
  case FAULT_NOT_SENT:
    s_end_as(p, ZR_CLASS_NOT_SENT, 0, "");
    break;
  case FAULT_REDIRECT:
    s_end_as(p, ZR_CLASS_REDIRECTED, 307, "");
    break;
  case FAULT_BLOCK:
    s_end_as(p, ZR_CLASS_BLOCKED, 403, "SECURITY_CHALLENGE");
    break;
  case FAULT_UNAUTHORIZED:
    s_end_as(p, ZR_CLASS_UNAUTHORIZED, 401, "AUTHFAILURE_UNAUTHORIZED_OPERATION");
    break;
  case FAULT_NONE:
  case FAULT_COUNT_:
    break;
  }
}

/* The service's own answer: all or nothing. */
static void s_judge(struct world *w, struct pending *p, const struct zr_action *a) {
  for (size_t i = 0; i < a->id_count; i++) {
    const struct machine *m = s_find(w, a->ids[i]);
    if (m->place == PLACE_GONE || m->place == PLACE_NOWHERE) {
      s_end_as(p, ZR_CLASS_MISSING, 404, "INVALID_INSTANCE_NOT_FOUND");
      return;
    }
    if (m->place != PLACE_BIN) {
      s_end_as(p, ZR_CLASS_STATE, 403, "OPERATION_DENIED_INSTANCE_NOT_RECYCLED");
      return;
    }
    if (m->cursed) {
      s_end_as(p, ZR_CLASS_DENIED, 403, "OPERATION_DENIED_BY_A_NEW_RULE");
      return;
    }
  }
  s_effect(w, a, 100);
}

static void s_note_send(struct world *w, const struct zr_action *a) {
  if (a->id_count == 0 || a->id_count > 100)
    world_break(w, "a release with %zu ids", a->id_count);
  for (size_t i = 0; i < a->id_count; i++) {
    struct machine *m = s_find(w, a->ids[i]);
    if (!m->said_in_bin)
      world_break(w, "%s was sent, and the last read did not show it in the bin", m->id);
    if (m->accepted)
      world_break(w, "%s was sent again after it had been accepted", m->id);
    m->sent++;
  }
}

static void s_release(struct world *w, const struct zr_action *a) {
  struct pending *p = s_pend(w, a, true);
  w->releases++;
  if (w->before_release)
    w->before_release(w);
  s_note_send(w, a);
  if (w->refused_next) {
    w->refused_next--;
    s_fault(w, p, a, FAULT_THROTTLE);
  } else if (zr_rng_below(&w->rng, 100) < w->faults.release_percent) {
    enum release_fault f = w->faults.only;
    if (f == FAULT_NONE)
      f = (enum release_fault)(1 + zr_rng_below(&w->rng, FAULT_COUNT_ - 1));
    s_fault(w, p, a, f);
  } else {
    s_judge(w, p, a);
  }
  if (p->call.class_ == ZR_CLASS_OK) {
    for (size_t i = 0; i < a->id_count; i++)
      s_find(w, a->ids[i])->accepted = true;
  }
  if (p->call.class_ == ZR_CLASS_NOT_SENT) {
    for (size_t i = 0; i < a->id_count; i++)
      s_find(w, a->ids[i])->sent--;
  }
}

static bool s_read_fault(struct world *w, struct pending *p) {
  if (zr_rng_below(&w->rng, 100) >= w->faults.read_percent)
    return false;
  switch (zr_rng_below(&w->rng, 3)) {
  case 0:
    s_end_as(p, ZR_CLASS_UNKNOWN, 502, "");
    break;
  case 1:
    s_end_as(p, ZR_CLASS_THROTTLED, 429, "REQUEST_LIMIT_EXCEEDED");
    break;
  default:
    s_end_as(p, ZR_CLASS_NOT_SENT, 0, "");
    break;
  }
  return true;
}

static enum place s_visible(struct world *w, const struct machine *m) {
  int64_t lag = (int64_t)zr_rng_below(&w->rng, w->faults.lag_ms + 1);
  return m->place_at && m->place_at > w->now - lag ? m->before : m->place;
}

static void s_read(struct world *w, const struct zr_action *a) {
  struct pending *p = s_pend(w, a, false);
  w->reads++;
  if (s_read_fault(w, p))
    return;
  p->complete = zr_rng_below(&w->rng, 100) >= w->faults.read_percent;
  for (size_t i = 0; i < a->id_count; i++) {
    struct machine *m = s_find(w, a->ids[i]);
    enum place seen = s_visible(w, m);
    p->asked[i] = (int)(m - w->machines);
    bool there = seen != PLACE_GONE && seen != PLACE_NOWHERE;
    if (!there && w->faults.missing_refuses_read) {
      s_end_as(p, ZR_CLASS_MISSING, 404, "INVALID_INSTANCE_NOT_FOUND");
      return;
    }
    if (!there || (!p->complete && zr_rng_below(&w->rng, 2)))
      continue;
    p->rows[p->row_count] = (int)(m - w->machines);
    p->shown[p->row_count++] = seen;
  }
}

static void s_deliver_read(struct world *w, struct pending *p) {
  struct zr_instance rows[100];
  memset(rows, 0, sizeof rows);
  for (size_t i = 0; i < p->count && p->complete && p->call.class_ == ZR_CLASS_OK; i++)
    w->machines[p->asked[i]].said_in_bin = false;
  for (size_t i = 0; i < p->row_count && p->call.class_ == ZR_CLASS_OK; i++) {
    w->machines[p->rows[i]].said_in_bin = p->shown[i] == PLACE_BIN;
    rows[i].id = w->machines[p->rows[i]].id;
    rows[i].status = s_status[p->shown[i]];
    rows[i].name = "n";
    rows[i].zone_id = "z";
  }
  struct zr_describe_end end = {p->call, p->complete, rows, p->row_count};
  zr_engine_described(w->engine, p->op, &end, world_time(w));
}

static void s_deliver(struct world *w) {
  for (int i = 0; i < WORLD_CALLS; i++) {
    struct pending *p = &w->calls[i];
    if (!p->used || p->due > w->now)
      continue;
    p->used = false;
    if (p->release) {
      struct zr_release_end end = {.call = p->call};
      zr_engine_released(w->engine, p->op, &end, world_time(w));
    } else {
      s_deliver_read(w, p);
    }
  }
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
  for (size_t i = 0; i < a->report->result_count; i++) {
    const struct zr_result *r = &a->report->results[i];
    struct machine *m = s_find(w, r->instance_id);
    j->outcome[m - w->machines] = r->outcome;
    bool silent = r->outcome == ZR_OUTCOME_RELEASED || r->outcome == ZR_OUTCOME_ALREADY_GONE;
    if (silent != (r->diagnostic.code == ZR_CODE_NONE))
      world_break(w, "%s: %s and the diagnostic disagree", r->instance_id,
                  zr_outcome_name(r->outcome));
  }
}

static void s_trace(const struct world *w, const struct zr_action *a) {
  if (!w->trace)
    return;
  static const char *const kinds[] = {"describe", "release", "event", "done"};
  printf("%6lld %s", (long long)w->now, kinds[a->kind]);
  if (a->kind == ZR_ACTION_EVENT)
    printf(" %d batch %u ids %u %s", (int)a->event->kind, a->event->batch, a->event->ids,
           a->event->class_name ? a->event->class_name : "");
  else
    for (size_t i = 0; i < a->id_count; i++)
      printf(" %s", a->ids[i]);
  printf("\n");
}

static void s_drift(struct world *w) {
  if (!w->faults.drift || zr_rng_below(&w->rng, 4) || w->machine_count == 0)
    return;
  struct machine *m = &w->machines[zr_rng_below(&w->rng, w->machine_count)];
  if (m->place == PLACE_BIN && !m->gone_at)
    s_put(w, m, zr_rng_below(&w->rng, 2) ? PLACE_LIVE : PLACE_GONE);
}

static void s_outcomes(struct world *w, const struct zr_action *a) {
  struct job_record *j = s_job(w, a->job);
  j->told += (unsigned)a->event->result_count;
  for (size_t i = 0; i < a->event->result_count; i++) {
    const struct zr_result *r = &a->event->results[i];
    if (w->trace)
      printf("  job %llu: %s %s %s attempts %u\n", (unsigned long long)a->job, r->instance_id,
             zr_outcome_name(r->outcome), zr_code_info(r->code)->name, r->attempts);
    struct machine *m = s_find(w, r->instance_id);
    j->outcome[m - w->machines] = r->outcome;
    if (r->outcome == ZR_OUTCOME_ACCEPTED || r->outcome == ZR_OUTCOME_UNKNOWN)
      m->left_open = true;
    if (!s_awaited(w, m))
      m->accepted = false; /* a later job may send it again */
    world_check_outcome(w, m, r);
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
      s_release(w, &a);
    else if (a.kind == ZR_ACTION_DESCRIBE)
      s_read(w, &a);
    else if (a.kind == ZR_ACTION_DONE)
      s_done(w, &a);
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
  s_settle(w);
  s_drift(w);
  s_deliver(w);
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
}
