/* One step of a plan, request by request, read from the plan as it goes. */
#include <string.h>

#include "apply.h"
#include "base/mem.h"
#include "cli/interrupt.h"
#include "cli/out.h"
#include "cli/table.h"
#include "cli/temp_file.h"

enum { OWN_PLUGIN_TRIES = 2, FACT_BYTES = 64, DETAIL_MAX = 64 * 1024 };

/* One request's worth of a step. */
struct part {
  struct zr_arena arena;
  const char **ids;
  struct zenrelease_expected *expected;
  size_t count;
  size_t bytes;
};

struct step_run {
  struct zr_apply *apply;
  struct zenrelease_client *client;
  size_t number;
  const struct zr_step *step;
  struct zr_plan_cursor cursor;
  struct part part;
  size_t part_number;
  bool stopped; /* no further request: the rest is not sent */
  const char *stop_code;
  const char *stop_summary;
  struct zr_buf stop_detail;
};

static void s_stop(struct step_run *r, const char *code, const char *summary, const char *detail) {
  if (r->stopped)
    return;
  r->stopped = true;
  r->stop_code = code;
  r->stop_summary = summary;
  zr_plain_text(&r->stop_detail, detail);
}

static void s_unsent(struct step_run *r, const char *id) {
  const struct zr_unsent u = {id, r->stop_code, r->stop_summary,
                              r->stop_detail.data ? r->stop_detail.data : ""};
  zr_apply_note_unsent(r->apply, r->number, &u);
}

/* ---- reading a request's worth ---- */

static size_t s_weight(const struct zenrelease_instance *i) {
  size_t bytes = FACT_BYTES + 2 * strlen(i->instance_id) + strlen(i->name) + strlen(i->zone_id) +
                 strlen(i->resource_group_id) + strlen(i->create_time);
  for (size_t k = 0; k < i->public_ip_address_count; k++)
    bytes += 4 + strlen(i->public_ip_addresses[k]);
  for (size_t t = 0; t < i->tag_count; t++)
    bytes += 8 + strlen(i->tags[t].key) + strlen(i->tags[t].value);
  return bytes;
}

static void s_add(struct part *p, const struct zenrelease_instance *i) {
  p->bytes += s_weight(i);
  p->ids[p->count] = i->instance_id;
  p->expected[p->count] = (struct zenrelease_expected){.name = i->name,
                                                       .zone_id = i->zone_id,
                                                       .resource_group_id = i->resource_group_id,
                                                       .charge_type = i->charge_type,
                                                       .create_time = i->create_time,
                                                       .tags = i->tags,
                                                       .tag_count = i->tag_count,
                                                       .has_attachments = 1};
  struct zenrelease_expected *x = &p->expected[p->count++];
  x->public_ip_addresses = i->public_ip_addresses;
  x->public_ip_address_count = i->public_ip_address_count;
  x->undetachable_disk_count = i->undetachable_disk_count;
}

static void s_blocked(struct step_run *r, const struct zr_plan_entry *e) {
  const struct zr_unsent u = {e->instance.instance_id, e->code, "In the way when it was planned",
                              e->detail};
  zr_apply_note_unsent(r->apply, r->number, &u);
}

/* Fills the part. False when the plan cannot be read any more. */
static bool s_fill(struct step_run *r) {
  struct part *p = &r->part;
  struct zr_plan_entry e;
  zr_arena_clean_up(&p->arena);
  zr_arena_init(&p->arena, NULL, 0);
  p->count = 0;
  p->bytes = 0;
  while (p->count < ZR_APPLY_IDS && p->bytes < ZR_APPLY_BYTES) {
    int rc = zr_plan_next(&r->cursor, &p->arena, &e);
    if (rc <= 0)
      return rc == 0;
    if (e.blocked)
      s_blocked(r, &e);
    else
      s_add(p, &e.instance);
  }
  return true;
}

/* ---- one request ---- */

static void s_look_for_belt(struct step_run *r, const struct zenrelease_report *report) {
  for (size_t i = 0; i < zenrelease_report_diagnostic_count(report); i++) {
    const struct zenrelease_diagnostic *d = zenrelease_report_diagnostic(report, i);
    if (strcmp(d->code, "BELT_BROKEN") != 0)
      continue;
    if (r->apply->checking) { /* which looks at all of the plan, and counts all that has changed */
      zr_buf_reset(&r->apply->belt_why);
      zr_plain_text(&r->apply->belt_why, d->detail);
    } else {
      s_stop(r, "BELT_BROKEN", "A safety belt stopped the step", d->detail);
    }
    return;
  }
}

/* What this request found to have changed, for the others' share of drift. */
static void s_note_drift(struct step_run *r, const struct zenrelease_report *report) {
  uint32_t drifted = 0;
  for (size_t i = 0; i < zenrelease_report_result_count(report); i++)
    drifted += strcmp(zenrelease_report_result(report, i)->diagnostic_code, "DRIFTED") == 0;
  (void)pthread_mutex_lock(&r->apply->lock);
  uint32_t *before = &r->apply->steps[r->number].drift[r->part_number];
  if (drifted > *before) {
    r->apply->drifted += drifted - *before;
    *before = drifted;
  }
  (void)pthread_mutex_unlock(&r->apply->lock);
}

/* Room for the next part's count. */
static bool s_grow_drift(struct step_run *r) {
  struct zr_apply_step *s = &r->apply->steps[r->number];
  void *grown = s->drift;
  size_t had = s->drift_cap;
  if (r->part_number < had)
    return true;
  if (zr_grow(&grown, &s->drift_cap, r->part_number + 1, sizeof *s->drift) != 0)
    return false;
  s->drift = grown;
  memset(s->drift + had, 0, (s->drift_cap - had) * sizeof *s->drift);
  return true;
}

static void s_note_result(struct step_run *r, const struct zenrelease_report *report) {
  s_note_drift(r, report);
  s_look_for_belt(r, report);
}

static void s_on_event(void *user, const struct zenrelease_event *ev) {
  struct step_run *r = user;
  zr_apply_note_event(r->apply, r->number, ev);
  if (ev->type == ZENRELEASE_EVENT_RESULT)
    s_note_result(r, ev->report);
}

static uint64_t s_gone(const struct zr_apply_step *s) {
  return (uint64_t)s->counts.by_outcome[ZENRELEASE_OUTCOME_RELEASED] +
         (uint64_t)s->counts.by_outcome[ZENRELEASE_OUTCOME_ALREADY_GONE];
}

/* What the run knows to have left this product's bin, beside this request. What other requests have
 * under way is not in it: with too small a bin the belt stops too early, never too late. Of this
 * step only earlier requests count, as the server adds what of this one is gone. */
static int64_t s_settled(const struct step_run *r) {
  struct zr_apply *a = r->apply;
  uint64_t sum = 0;
  (void)pthread_mutex_lock(&a->lock);
  for (size_t i = 0; i < a->plan->head.steps.count; i++) {
    uint64_t gone = s_gone(&a->steps[i]);
    if (a->plan->head.steps.items[i].product != r->step->product)
      continue;
    if (i != r->number && gone < a->steps[i].gone)
      gone = a->steps[i].gone; /* the check saw more than the run has come to */
    sum += gone;
  }
  (void)pthread_mutex_unlock(&a->lock);
  return (int64_t)sum;
}

/* Every request of a step tells the whole step, also what went before, so that the last one does
 * not look small. */
static struct zenrelease_policy s_policy(const struct step_run *r) {
  struct zenrelease_policy policy = r->step->policy;
  struct zr_apply *a = r->apply;
  uint64_t total = a->plan->spans[r->number].instances;
  policy.other_instances = (int64_t)(total - r->part.count);
  policy.settled_instances = s_settled(r);
  policy.planned_instances = (int64_t)a->plan->instances;
  (void)pthread_mutex_lock(&a->lock);
  policy.drifted_instances = (int64_t)(a->drifted - a->steps[r->number].drift[r->part_number]);
  (void)pthread_mutex_unlock(&a->lock);
  return policy;
}

static void s_request_failed(struct step_run *r, const struct zenrelease_summary *sum,
                             const struct zenrelease_error *error) {
  bool interrupted = zr_interrupted();
  if (interrupted)
    s_stop(r, "CANCELLED", "Cancelled before it was sent", "");
  else
    s_stop(r, "SERVER_FAILED", "Not sent: the server failed before",
           zenrelease_error_message(error));
  (void)pthread_mutex_lock(&r->apply->lock);
  r->apply->failed = r->apply->failed || !interrupted;
  (void)pthread_mutex_unlock(&r->apply->lock);
  if (!interrupted)
    zr_note("zenrelease: step %s: %s", r->step->name, zenrelease_error_message(error));
  for (size_t i = 0; i < r->part.count && !sum->reported; i++)
    s_unsent(r, r->part.ids[i]);
}

static void s_send(struct step_run *r) {
  struct zr_apply *a = r->apply;
  struct zenrelease_policy policy = s_policy(r);
  struct zenrelease_release_options o;
  struct zenrelease_summary sum;
  struct zenrelease_error *error = NULL;
  zenrelease_summary_init(&sum);
  zenrelease_release_options_init(&o);
  o.product = r->step->product;
  o.instance_ids = r->part.ids;
  o.instance_id_count = r->part.count;
  o.expected = r->part.expected;
  o.policy = &policy;
  o.validate_only = a->checking;
  o.allow_missing = r->step->allow_missing;
  o.depend_resource = r->step->depend_resource;
  o.wait_ms = r->step->wait_ms;
  o.reattach_tries = a->connection->own_plugin ? OWN_PLUGIN_TRIES : 0;
  o.forget_report = 1; /* it is written down as it comes */
  o.tick_ms = a->progress.live ? ZR_PROGRESS_REDRAW_MS : 0;
  o.cancel = a->connection->cancel;
  o.on_event = s_on_event;
  o.user = r;
  if (zenrelease_release(r->client, &o, &sum, &error) != ZENRELEASE_OK)
    s_request_failed(r, &sum, error);
  else if (zr_interrupted())
    s_stop(r, "CANCELLED", "Cancelled before it was sent", "");
  zenrelease_error_free(error);
}

/* ---- the step ---- */

static void s_stop_unwritten(struct step_run *r) {
  const char *why = zr_apply_unwritten(r->apply);
  if (!why)
    return;
  if (!r->apply->checking) /* which tells it when it has seen everything */
    zr_note("zenrelease: step %s: outcomes cannot be written down in %s, so no more is sent: %s",
            r->step->name, zr_temp_folder(), why);
  s_stop(r, "REPORT_FAILED", "Not sent: outcomes cannot be written down", why);
}

static void s_parts(struct step_run *r) {
  for (;;) {
    bool readable = s_fill(r);
    if (!readable)
      s_stop(r, "INTERNAL", "The plan could not be read any more", "");
    if (r->part.count == 0)
      return;
    if (!r->stopped && zr_interrupted())
      s_stop(r, "CANCELLED", "Cancelled before it was sent", "");
    if (!r->stopped)
      s_stop_unwritten(r);
    if (!r->stopped && !s_grow_drift(r))
      s_stop(r, "INTERNAL", "Out of memory", "");
    if (r->stopped) {
      for (size_t i = 0; i < r->part.count; i++)
        s_unsent(r, r->part.ids[i]);
    } else {
      s_send(r);
    }
    r->part_number++;
  }
}

/* Of the plan, not only of what was told. */
static bool s_all_gone(const struct zr_apply *a, size_t number) {
  const struct zr_plan_step_span *span = &a->plan->spans[number];
  return s_gone(&a->steps[number]) == span->instances + span->blocked;
}

static void s_run(struct step_run *r, struct zr_apply *a, struct zenrelease_client *client,
                  size_t number) {
  r->apply = a;
  r->client = client;
  r->number = number;
  r->step = &a->plan->head.steps.items[number];
  r->part.ids = zr_calloc(ZR_APPLY_IDS, sizeof(char *));
  r->part.expected = zr_calloc(ZR_APPLY_IDS, sizeof *r->part.expected);
  zr_plan_cursor_begin(&r->cursor, a->plan, number);
  if (r->part.ids && r->part.expected) {
    s_parts(r);
  } else {
    (void)pthread_mutex_lock(&a->lock);
    a->failed = true;
    (void)pthread_mutex_unlock(&a->lock);
    zr_note("zenrelease: step %s: out of memory; it was not sent", r->step->name);
  }
  zr_plan_cursor_clean_up(&r->cursor);
  zr_arena_clean_up(&r->part.arena);
  zr_buf_clean_up(&r->stop_detail);
  void *ids = r->part.ids;
  zr_free(ids);
  zr_free(r->part.expected);
}

bool zr_apply_step(struct zr_apply *a, struct zenrelease_client *client, size_t number) {
  struct step_run r = {.stop_detail = ZR_BUF_INIT(DETAIL_MAX)};
  s_run(&r, a, client, number);
  (void)pthread_mutex_lock(&a->lock);
  bool gone = s_all_gone(a, number);
  (void)pthread_mutex_unlock(&a->lock);
  return gone;
}

void zr_apply_skip(struct zr_apply *a, size_t number, const char *code, const char *summary,
                   const char *detail) {
  struct step_run r = {.stop_detail = ZR_BUF_INIT(DETAIL_MAX)};
  s_stop(&r, code, summary, detail);
  s_run(&r, a, NULL, number);
}
