#include "release.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "options.h"
#include "watch.h"

enum { SETTLE_MS = 90 * 1000, TRIES = 8 };

/* One release of a list while it runs. */
struct run {
  struct zr_release *r;
  struct zenrelease_client *client;
  struct zenrelease_summary sum;
  enum zenrelease_status failed; /* of an earlier request: the rest is not sent */
};

const struct zenrelease_result *zenrelease_event_result(const struct zenrelease_event *event,
                                                        size_t index) {
  const struct zenrelease_result *all = event->results_;
  return &all[index];
}

static struct zr_watch_options s_watch_options(struct run *run, size_t index, char *request_id) {
  struct zr_release *r = run->r;
  return (struct zr_watch_options){
      .client = run->client,
      .request = zr_release_request(r, index, request_id),
      .ids = r->chunks.ids + r->chunks.chunks[index].start,
      .origin = zr_release_origin(r, index),
      .deadline = r->deadline,
      .settle_ms = r->o.settle_ms ? r->o.settle_ms : SETTLE_MS,
      .tries = r->o.reattach_tries ? r->o.reattach_tries : TRIES,
      .tick_ms = r->o.tick_ms,
      .cancel = r->o.cancel,
      .on_event = r->o.on_event,
      .user = r->o.user,
      .part = (uint32_t)index + 1,
      .part_count = (uint32_t)r->chunks.chunk_count,
  };
}

/* Warns of ids that were collapsed here, in the report that the first mention is in. */
static int s_add_repeats(struct zenrelease_report *report, const struct zr_release *r,
                         size_t index) {
  const struct zr_chunks *c = &r->chunks;
  if (!c->origin)
    return 0; /* one request with the caller's own list: nothing was collapsed here */
  uint32_t from = c->origin[c->chunks[index].start];
  bool last = index + 1 == c->chunk_count;
  uint32_t to = last ? UINT32_MAX : c->origin[c->chunks[index + 1].start];
  for (size_t i = 0; i < c->repeat_count; i++) {
    const struct zr_repeat *again = &c->repeats[i];
    if (again->first < from || again->first >= to)
      continue;
    struct zenrelease_diagnostic d = {
        .severity = ZENRELEASE_SEVERITY_WARNING,
        .code = "DUPLICATE_ID",
        .summary = "Named more than once",
        .detail = zr_arena_printf(
            &report->arena, "instance_ids[%u] repeats instance_ids[%u] (%s); it was counted once.",
            again->again, again->first, r->o.instance_ids[again->first]),
        .field = zr_arena_printf(&report->arena, "instance_ids[%u]", again->again),
        .instance_id = r->o.instance_ids[again->first],
        .service_code = "",
        .service_request_id = "",
        .service_message = "",
        .retry_delay_ms = -1,
        .hint = "Remove the repeated mention; it was counted once.",
    };
    if (!d.detail || !d.field || zr_report_add(report, &d) != 0)
      return -1;
    report->counts.duplicates++;
  }
  return 0;
}

/* A report outlives the caller's list: its ids become its own. */
static int s_own_ids(struct zenrelease_report *report) {
  for (size_t i = 0; i < report->result_count; i++) {
    report->results[i].instance_id =
        zr_arena_strdup(&report->arena, report->results[i].instance_id);
    if (!report->results[i].instance_id)
      return -1;
  }
  for (size_t i = 0; i < report->diagnostic_count; i++) {
    report->diagnostics[i].instance_id =
        zr_arena_strdup(&report->arena, report->diagnostics[i].instance_id);
    if (!report->diagnostics[i].instance_id)
      return -1;
  }
  return 0;
}

static int s_deliver(struct run *run, const struct zr_watch_options *o, struct zr_watch_end *end) {
  struct zenrelease_report *report = end->report;
  bool borrows = !end->sequence || run->r->chunks.repeat_count;
  if (s_add_repeats(report, run->r, o->part - 1) != 0 || (borrows && s_own_ids(report) != 0))
    return -1;
  zr_counts_add(&run->sum.counts, &report->counts);
  struct zenrelease_event ev = {.type = ZENRELEASE_EVENT_RESULT,
                                .sequence = end->sequence,
                                .time_ms = end->time_ms,
                                .instances = report->counts.total,
                                .report = report};
  zr_watch_deliver(o, &ev);
  return 0;
}

/* The report of a request that is not sent, because of what happened before it. */
static enum zenrelease_status s_unsent(struct run *run, const struct zr_watch_options *o,
                                       struct zr_watch_end *end) {
  struct zr_verdict v = {.outcome = ZENRELEASE_OUTCOME_NOT_ATTEMPTED,
                         .code = "SERVER_FAILED",
                         .summary = "Not sent: the server failed before",
                         .detail = "",
                         .hint = "Run it again to release the rest."};
  if (run->sum.cancelled) {
    v.code = "CANCELLED";
    v.summary = "Cancelled before it was sent";
  } else if (run->sum.timed_out) {
    v.code = "DEADLINE";
    v.summary = "The deadline came before it was sent";
  }
  *end = (struct zr_watch_end){.report = zr_report_new()};
  if (!end->report ||
      zr_report_lost(end->report, o->ids, o->request.n_instance_ids, o->origin, NULL, &v) != 0)
    return ZENRELEASE_RESOURCE_EXHAUSTED;
  return ZENRELEASE_OK;
}

static bool s_is_stopped(struct run *run) {
  if (!run->sum.cancelled && !run->sum.timed_out) {
    if (zenrelease_cancel_raised(run->r->o.cancel))
      run->sum.cancelled = 1;
    else if (zr_mono_until(run->r->deadline, zr_mono_now()) == 0)
      run->sum.timed_out = 1;
  }
  return run->sum.cancelled || run->sum.timed_out || run->failed != ZENRELEASE_OK;
}

/* One request: sent and followed, or reported as not sent. */
static enum zenrelease_status s_part(struct run *run, size_t index,
                                     struct zenrelease_error **error) {
  char request_id[ZR_REQUEST_ID_ROOM];
  struct zr_watch_end end = {0};
  struct zr_watch_options o = s_watch_options(run, index, request_id);
  enum zenrelease_status status = ZENRELEASE_OK;
  if (!s_is_stopped(run)) {
    status = zr_watch_run(&o, &end, error);
    run->sum.cancelled |= end.cancelled;
    run->sum.timed_out |= end.timed_out;
    run->failed = status;
    if (!end.report && index == 0)
      return status; /* refused as a whole: nothing was sent */
  }
  int rc = 0;
  if (!end.report)
    rc = s_unsent(run, &o, &end) == ZENRELEASE_OK ? 0 : -1;
  if (rc == 0)
    rc = s_deliver(run, &o, &end);
  if (rc == 0 && end.sequence)
    zr_release_forget(run->r, run->client, request_id);
  zenrelease_report_release(end.report);
  if (rc != 0)
    return zr_error_nomem(error);
  run->sum.reported = 1;
  return status;
}

static enum zenrelease_status s_run(struct run *run, struct zenrelease_error **error) {
  char request_id[ZR_REQUEST_ID_ROOM];
  struct zr_watch_options o = s_watch_options(run, 0, request_id);
  struct zenrelease_event started = {.type = ZENRELEASE_EVENT_STARTED,
                                     .instances = (int64_t)run->r->chunks.distinct};
  enum zenrelease_status status =
      zr_client_reach(run->client, run->r->o.cancel, run->r->deadline, error);
  if (status != ZENRELEASE_OK) {
    run->sum.cancelled = zenrelease_cancel_raised(run->r->o.cancel);
    return status;
  }
  zr_watch_deliver(&o, &started);
  for (size_t i = 0; i < run->r->chunks.chunk_count; i++) {
    enum zenrelease_status part = s_part(run, i, status == ZENRELEASE_OK ? error : NULL);
    if (status == ZENRELEASE_OK)
      status = part;
    if (part != ZENRELEASE_OK && !run->sum.reported)
      break;
  }
  return status;
}

static void s_hand_over(const struct zenrelease_summary *from, struct zenrelease_summary *to) {
  if (!to || to->size < sizeof(size_t))
    return;
  size_t size = to->size;
  memcpy(to, from, size < sizeof *from ? size : sizeof *from);
  to->size = size;
}

enum zenrelease_status zenrelease_release(struct zenrelease_client *client,
                                          const struct zenrelease_release_options *options,
                                          struct zenrelease_summary *summary,
                                          struct zenrelease_error **error) {
  struct zr_release r;
  struct run run = {.r = &r, .client = client};
  struct zenrelease_error *own = NULL; /* needed for the report also when the caller wants none */
  enum zenrelease_status status = zr_release_prepare(&r, options, &own);
  if (status == ZENRELEASE_OK)
    status = s_run(&run, &own);
  (void)snprintf(run.sum.request_id, sizeof run.sum.request_id, "%s", r.request_id);
  s_hand_over(&run.sum, summary);
  zr_release_clean_up(&r);
  if (error)
    *error = own;
  else
    zenrelease_error_free(own);
  return status;
}
