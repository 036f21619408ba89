/* The service's side of the world: what a call does, and what it answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static const char *const s_status[] = {
    [PLACE_NOWHERE] = "",          [PLACE_LIVE] = "RUNNING", [PLACE_BIN] = "RECYCLE",
    [PLACE_LEAVING] = "RELEASING", [PLACE_GONE] = "",
};

struct machine *cloud_find(struct world *w, const char *id) {
  unsigned long n = strtoul(id + 1, NULL, 10);
  if (n >= w->machine_count)
    abort(); /* an id that no test made */
  return &w->machines[n];
}

void cloud_put(struct world *w, struct machine *m, enum place place) {
  m->before = m->place;
  m->place = place;
  m->place_at = w->now;
}

/* What time has done by now: releases that take time end, and late effects come. */
void cloud_settle(struct world *w) {
  for (size_t i = 0; i < w->machine_count; i++) {
    struct machine *m = &w->machines[i];
    if (m->gone_at && m->gone_at <= w->now && m->place != PLACE_GONE) {
      if (m->place == PLACE_BIN || m->place == PLACE_LEAVING) {
        cloud_put(w, m, PLACE_GONE);
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
  m->released_at = w->now;
  if (w->faults.slow_release) {
    cloud_put(w, m, PLACE_LEAVING);
    m->gone_at = w->now + 500 + (int64_t)zr_rng_below(&w->rng, 8000);
  } else {
    cloud_put(w, m, PLACE_GONE);
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
      s_destroy(w, cloud_find(w, a->ids[i]));
  }
}

static void s_late(struct world *w, const struct zr_action *a) {
  int64_t at = w->now + 1000 + (int64_t)zr_rng_below(&w->rng, 4000);
  for (size_t i = 0; i < a->id_count; i++) {
    struct machine *m = cloud_find(w, a->ids[i]);
    if (m->place == PLACE_BIN && !m->gone_at) {
      m->gone_at = at;
      m->by_release = true;
      m->released_at = w->now;
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
    const struct machine *m = cloud_find(w, a->ids[i]);
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
  world_check_guard(w, a);
  if (w->journal && !w->kept[a->batch % WORLD_BATCHES])
    world_break(w, "batch %u left without a record", a->batch);
  if (a->id_count == 0 || a->id_count > 100)
    world_break(w, "a release with %zu ids", a->id_count);
  for (size_t i = 0; i < a->id_count; i++) {
    struct machine *m = cloud_find(w, a->ids[i]);
    /* With reads that lag, or instances that move, two callers' reads of one id may disagree. */
    if (!m->said_in_bin && w->faults.lag_ms == 0 && !w->faults.drift)
      world_break(w, "%s was sent, and the last read did not show it in the bin", m->id);
    if (m->accepted)
      world_break(w, "%s was sent again after it had been accepted", m->id);
    m->sent++;
  }
}

void cloud_release(struct world *w, const struct zr_action *a) {
  struct pending *p = s_pend(w, a, true);
  w->releases++;
  if (w->before_release)
    w->before_release(w);
  s_note_send(w, a);
  if (w->refused_next) {
    w->refused_next--;
    s_fault(w, p, a, FAULT_THROTTLE);
    p->call.retry_after_ms = w->retry_after_ms ? w->retry_after_ms : -1;
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
      cloud_find(w, a->ids[i])->accepted = true;
  }
  if (p->call.class_ == ZR_CLASS_NOT_SENT) {
    for (size_t i = 0; i < a->id_count; i++)
      cloud_find(w, a->ids[i])->sent--;
  }
}

static bool s_read_fault(struct world *w, struct pending *p) {
  if (w->reads_fail_from && w->now >= w->reads_fail_from) {
    s_end_as(p, ZR_CLASS_UNKNOWN, 503, "SERVICE_TEMPORARY_UNAVAILABLE");
    return true;
  }
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

void cloud_read(struct world *w, const struct zr_action *a) {
  struct pending *p = s_pend(w, a, false);
  w->reads++;
  if (s_read_fault(w, p))
    return;
  p->complete = zr_rng_below(&w->rng, 100) >= w->faults.read_percent;
  for (size_t i = 0; i < a->id_count; i++) {
    struct machine *m = cloud_find(w, a->ids[i]);
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
    p->renamed[p->row_count] = m->renamed;
    p->kept[p->row_count] = m->kept;
    p->shown[p->row_count++] = seen;
  }
}

void cloud_count(struct world *w, const struct zr_action *a) {
  struct pending *p = s_pend(w, a, false);
  p->counts_bin = true;
  w->counts++;
  if (w->uncountable) {
    w->uncountable--;
    s_end_as(p, ZR_CLASS_UNKNOWN, 502, "");
  }
  for (size_t i = 0; i < w->machine_count; i++) {
    enum place at = w->machines[i].place;
    p->total += a->group ? at != PLACE_GONE && at != PLACE_NOWHERE : at == PLACE_BIN;
  }
}

static void s_note_caller(void *ctx, size_t index, uint64_t handle) {
  struct world *w = ctx;
  size_t len = strlen(w->callers);
  int job = 0;
  while (job < WORLD_JOBS - 1 && !(w->jobs[job].used && w->jobs[job].handle == handle))
    job++;
  (void)snprintf(w->callers + len, sizeof w->callers - len, "%zu:%d ", index, job);
}

void cloud_record(struct world *w, const struct zr_action *a) {
  w->callers[0] = '\0';
  zr_engine_callers(w->engine, a->op, s_note_caller, w);
  struct pending *p = s_pend(w, a, false);
  p->record = true;
  p->recorded = !w->journal_broken;
  p->batch = a->batch;
  p->due = w->now + w->record_ms;
  w->records++;
}

static void s_deliver_record(struct world *w, const struct pending *p) {
  w->kept[p->batch % WORLD_BATCHES] = p->recorded;
  zr_engine_recorded(w->engine, p->op, p->recorded, p->recorded ? NULL : "the disk is full",
                     world_time(w));
}

static void s_facts(struct world *w, const struct pending *p, size_t i, struct zr_instance *row) {
  static const struct zr_tag keep = {"keep", "yes"};
  struct machine *m = &w->machines[p->rows[i]];
  m->read = true;
  m->read_as_renamed = p->renamed[i];
  m->read_as_kept = p->kept[i];
  row->name = p->renamed[i] ? "renamed" : "n";
  row->zone_id = "z";
  row->resource_group_id = "g";
  row->charge_type = row->create_time = "";
  row->tags = &keep;
  row->tag_count = p->kept[i];
  row->tags_told = true;
}

static void s_deliver_read(struct world *w, struct pending *p) {
  struct zr_instance rows[100];
  memset(rows, 0, sizeof rows);
  for (size_t i = 0; i < p->count && p->complete && p->call.class_ == ZR_CLASS_OK; i++)
    w->machines[p->asked[i]].said_in_bin = false;
  bool refused = p->call.class_ == ZR_CLASS_MISSING && p->count == 1;
  for (size_t i = 0; i < p->count && (refused || p->complete); i++)
    w->machines[p->asked[i]].read = true;
  for (size_t i = 0; i < p->row_count && p->call.class_ == ZR_CLASS_OK; i++) {
    w->machines[p->rows[i]].said_in_bin = p->shown[i] == PLACE_BIN;
    rows[i].id = w->machines[p->rows[i]].id;
    rows[i].status = s_status[p->shown[i]];
    s_facts(w, p, i, &rows[i]);
  }
  struct zr_describe_end end = {p->call,   p->complete,   rows, p->row_count,
                                &w->known, w->known != 0, NULL};
  zr_engine_described(w->engine, p->op, &end, world_time(w));
}

void cloud_deliver(struct world *w) {
  for (int i = 0; i < WORLD_CALLS; i++) {
    struct pending *p = &w->calls[i];
    if (!p->used || p->due > w->now)
      continue;
    p->used = false;
    if (p->record) {
      s_deliver_record(w, p);
    } else if (p->counts_bin) {
      zr_engine_counted(w->engine, p->op, &p->call, p->total, world_time(w));
    } else if (p->release) {
      struct zr_release_end end = {.call = p->call};
      zr_engine_released(w->engine, p->op, &end, world_time(w));
    } else {
      s_deliver_read(w, p);
    }
  }
}
