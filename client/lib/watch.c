#include "watch.h"

#include <string.h>

#include "base/mem.h"
#include "watch_private.h"

enum { BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 5000, RETRY_DELAY_MAX_MS = 60 * 1000 };

/* How a stream ended. */
enum end_of_stream {
  END_RESULT, /* the report is here */
  END_LOST,   /* take it up again */
  END_LATE,   /* its deadline came: take it up again, to hear the report */
  END_BUSY,   /* the server wants us to come back later; it did not take the request */
  END_REFUSED /* the server does not take the request */
};

void zr_watch_deliver(const struct zr_watch_options *o, struct zenrelease_event *ev) {
  if (!o->on_event)
    return;
  ev->part = o->part;
  ev->part_count = o->part_count;
  if (!ev->time_ms)
    ev->time_ms = zr_wall_now().ms;
  if (!ev->answer_class)
    ev->answer_class = "";
  if (!ev->service_code)
    ev->service_code = "";
  if (!ev->service_request_id)
    ev->service_request_id = "";
  if (!ev->reason)
    ev->reason = "";
  o->on_event(o->user, ev);
}

/* ---- events --------------------------------------------------------------------------------- */

static enum zenrelease_status s_take_outcomes(struct zr_watch *w,
                                              const Zenrelease__V1__OutcomesDecided *from,
                                              struct zenrelease_event *ev) {
  struct zenrelease_result *results =
      zr_arena_calloc(&w->report->arena, from->n_results, sizeof *results);
  if (!results)
    return ZENRELEASE_RESOURCE_EXHAUSTED;
  for (size_t i = 0; i < from->n_results; i++) {
    zr_convert_result(from->results[i], &results[i]);
    if (zr_decided_add(&w->decided, &results[i]) != 0)
      return ZENRELEASE_RESOURCE_EXHAUSTED;
  }
  ev->results_ = results;
  return ZENRELEASE_OK;
}

static enum zenrelease_status s_take_result(struct zr_watch *w,
                                            const Zenrelease__V1__ReleaseEvent *event) {
  if (zr_report_fill(w->report, event->result, w->o->origin) != 0)
    return ZENRELEASE_RESOURCE_EXHAUSTED;
  if (w->reattached)
    zr_report_keep_decided(w->report, &w->decided);
  w->end->sequence = event->sequence;
  w->end->time_ms = zr_convert_time(event->event_time);
  w->finished = true;
  return ZENRELEASE_OK;
}

static enum zenrelease_status s_take_event(struct zr_watch *w,
                                           const Zenrelease__V1__ReleaseEvent *event) {
  struct zenrelease_event ev;
  w->maybe_sent = true;
  w->lost_in_row = 0;
  if (event->event_case == ZENRELEASE__V1__RELEASE_EVENT__EVENT_RESULT)
    return s_take_result(w, event);
  if (event->sequence <= w->sequence)
    return ZENRELEASE_OK; /* heard before */
  w->sequence = event->sequence;
  zr_convert_event(event, &ev);
  if (ev.type == ZENRELEASE_EVENT_OUTCOMES_DECIDED) {
    enum zenrelease_status status = s_take_outcomes(w, event->outcomes_decided, &ev);
    if (status != ZENRELEASE_OK)
      return status;
  }
  if (ev.type != 0)
    zr_watch_deliver(w->o, &ev);
  return ZENRELEASE_OK;
}

/* ---- one stream ----------------------------------------------------------------------------- */

static enum zenrelease_status s_open(struct zr_watch *w, struct zenrelease_error **error) {
  Zenrelease__V1__ReleaseRequest request = w->o->request;
  request.after_sequence = w->sequence;
  struct zr_mono deadline = w->stop == ZR_STOP_NO ? w->o->deadline : w->settle_until;
  return zr_call_start(&w->stream, w->o->client, "/zenrelease.v1.ReleaseService/WatchRelease",
                       &request.base, deadline, error);
}

/* Handles a finished read. False when the message cannot be used. */
static bool s_read(struct zr_watch *w, struct zenrelease_error **error) {
  bool malformed = false;
  ProtobufCMessage *message = zr_call_take(&w->stream, &zenrelease__v1__release_event__descriptor,
                                           &w->report->arena, &malformed);
  if (malformed) {
    (void)zr_error_set(error, ZENRELEASE_INTERNAL, "an event of the server cannot be read");
    return false;
  }
  if (!message)
    return true; /* the end of the stream: the status follows */
  if (s_take_event(w, (const Zenrelease__V1__ReleaseEvent *)message) != ZENRELEASE_OK) {
    (void)zr_error_nomem(error);
    return false;
  }
  if (!w->finished)
    zr_call_read_next(&w->stream);
  return true;
}

/* What time alone brings about; returns when to look next. */
static struct zr_mono s_clock(struct zr_watch *w) {
  struct zr_mono now = zr_mono_now();
  if (w->stop == ZR_STOP_NO && zr_mono_until(w->o->deadline, now) == 0)
    zr_stop_begin(w, ZR_STOP_LATE);
  zr_stop_step(w);
  if (w->o->tick_ms > 0 && zr_mono_until(w->tick_at, now) == 0) {
    struct zenrelease_event ev = {.type = ZENRELEASE_EVENT_TICK};
    w->tick_at = zr_mono_add(now, w->o->tick_ms);
    zr_watch_deliver(w->o, &ev);
  }
  struct zr_mono next = w->stop == ZR_STOP_NO ? w->o->deadline : w->settle_until;
  if (!w->stop_call.client)
    next = zr_mono_min(next, w->stop_again);
  return w->o->tick_ms > 0 ? zr_mono_min(next, w->tick_at) : next;
}

static bool s_patience_is_over(const struct zr_watch *w) {
  return w->stop != ZR_STOP_NO && zr_mono_until(w->settle_until, zr_mono_now()) == 0;
}

static void s_wait(struct zr_watch *w, struct zr_mono until) {
  const struct zenrelease_cancel *cancel = w->stop == ZR_STOP_NO ? w->o->cancel : NULL;
  if (zr_client_wait(w->o->client, cancel, until) == ZR_WAKE_CANCEL)
    zr_stop_begin(w, ZR_STOP_CANCELLED);
}

/* Follows the open stream to its end; OK only with a result. */
static enum zenrelease_status s_follow(struct zr_watch *w, struct zenrelease_error **error) {
  for (;;) {
    enum zr_op_state read = zr_op_state(&w->stream.read);
    if (read == ZR_OP_OK || read == ZR_OP_FAILED) {
      if (!s_read(w, error))
        return ZENRELEASE_INTERNAL;
      if (w->finished)
        return ZENRELEASE_OK;
      continue;
    }
    if (read == ZR_OP_IDLE && zr_op_state(&w->stream.status) != ZR_OP_PENDING)
      break;
    struct zr_mono next = s_clock(w);
    if (s_patience_is_over(w))
      return zr_error_set(error, ZENRELEASE_DEADLINE_EXCEEDED,
                          "the server did not report in time after the stop");
    s_wait(w, next);
  }
  enum zenrelease_status status = zr_call_status(&w->stream, error);
  if (status == ZENRELEASE_OK)
    status = zr_error_set(error, ZENRELEASE_UNAVAILABLE, "the stream ended without a result");
  return status;
}

static enum end_of_stream s_judge(const struct zr_watch *w, enum zenrelease_status status,
                                  const struct zenrelease_error *error) {
  switch (status) {
  case ZENRELEASE_OK:
    return END_RESULT;
  case ZENRELEASE_DEADLINE_EXCEEDED:
    return END_LATE;
  case ZENRELEASE_CANCELLED:
  case ZENRELEASE_UNKNOWN:
  case ZENRELEASE_ABORTED:
  case ZENRELEASE_INTERNAL:
  case ZENRELEASE_UNAVAILABLE:
    return END_LOST;
  case ZENRELEASE_RESOURCE_EXHAUSTED:
    return !w->maybe_sent && zenrelease_error_retry_delay_ms(error) >= 0 ? END_BUSY : END_REFUSED;
  case ZENRELEASE_INVALID_ARGUMENT:
  case ZENRELEASE_NOT_FOUND:
  case ZENRELEASE_ALREADY_EXISTS:
  case ZENRELEASE_PERMISSION_DENIED:
  case ZENRELEASE_FAILED_PRECONDITION:
  case ZENRELEASE_OUT_OF_RANGE:
  case ZENRELEASE_UNIMPLEMENTED:
  case ZENRELEASE_DATA_LOSS:
  case ZENRELEASE_UNAUTHENTICATED:
  default:
    return END_REFUSED;
  }
}

/* ---- between streams ------------------------------------------------------------------------ */

static int64_t s_backoff(const struct zr_watch *w) {
  int64_t ms = BACKOFF_FIRST_MS;
  for (int i = 1; i < w->lost_in_row && ms < BACKOFF_MAX_MS; i++)
    ms *= 2;
  return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

/* Waits until it is time for the next try; a cancellation or the deadline ends the wait. */
static void s_pause(struct zr_watch *w, int64_t ms) {
  struct zr_mono until = zr_mono_add(zr_mono_now(), ms);
  enum zr_stop before = w->stop;
  while (zr_mono_until(until, zr_mono_now()) > 0 && w->stop == before && !s_patience_is_over(w)) {
    struct zr_mono next = s_clock(w);
    if (w->stop == before)
      s_wait(w, zr_mono_min(until, next));
  }
}

/* Prepares the next stream; false when there is nothing left to try. */
static bool s_again(struct zr_watch *w, enum end_of_stream end, struct zenrelease_error **cause) {
  int64_t delay = end == END_BUSY ? zenrelease_error_retry_delay_ms(*cause) : 0;
  if (end == END_LATE)
    zr_stop_begin(w, ZR_STOP_LATE);
  if (s_patience_is_over(w) || w->lost_in_row++ >= w->o->tries)
    return false;
  if (end != END_LATE || w->lost_in_row > 1) {
    if (delay < s_backoff(w))
      delay = s_backoff(w);
    if (delay > RETRY_DELAY_MAX_MS)
      return false;
    struct zenrelease_event ev = {.type = ZENRELEASE_EVENT_RECONNECTING,
                                  .attempt = w->lost_in_row,
                                  .delay_ms = delay,
                                  .reason = zenrelease_error_message(*cause)};
    zr_watch_deliver(w->o, &ev);
    s_pause(w, delay);
  }
  w->reattached = w->maybe_sent;
  return true;
}

/* While stopping, the server must know the request before it is sent again. */
static bool s_may_reopen(struct zr_watch *w, struct zenrelease_error **error) {
  while (w->stop != ZR_STOP_NO) {
    struct zenrelease_error *cause = NULL;
    zr_call_clean_up(&w->stop_call);
    if (!w->maybe_sent)
      return false;
    enum zenrelease_status status = zr_stop_confirm(w, &cause);
    enum end_of_stream end = s_judge(w, status, cause);
    bool go_on =
        end == END_RESULT || ((end == END_LOST || end == END_LATE) && s_again(w, END_LOST, &cause));
    if (!go_on)
      (void)zr_error_set(error, status, "%s", zenrelease_error_message(cause));
    zenrelease_error_free(cause);
    if (!go_on || end == END_RESULT)
      return go_on;
  }
  return true;
}

/* ---- the end -------------------------------------------------------------------------------- */

static enum zenrelease_status s_lost(struct zr_watch *w, struct zenrelease_error **error) {
  const char *why = error ? zenrelease_error_message(*error) : "";
  bool late = w->stop == ZR_STOP_LATE;
  struct zr_verdict unsent = {
      .outcome = ZENRELEASE_OUTCOME_NOT_ATTEMPTED,
      .code = late ? "DEADLINE" : "CANCELLED",
      .summary = late ? "The deadline came before it was sent" : "Cancelled before it was sent",
      .detail = zr_arena_printf(&w->report->arena, "The server had not taken the request: %s", why),
      .hint = "Run it again to release the rest.",
  };
  struct zr_verdict unknown = {
      .outcome = ZENRELEASE_OUTCOME_UNKNOWN,
      .code = "UNKNOWN_OUTCOME",
      .summary = "Handed to the server, and its outcome was not heard",
      .detail = zr_arena_printf(&w->report->arena,
                                "The connection to the server was lost. Request id: %s.",
                                w->o->request.request_id),
      .hint = "Ask the same server again with the same --request-id, or settle it with: zenrelease "
              "release --dry-run ID, which only reads.",
  };
  const struct zr_verdict *verdict = w->maybe_sent ? &unknown : &unsent;
  w->report->request_id = zr_arena_strdup(&w->report->arena, w->o->request.request_id);
  w->report->diagnostic_count = 0;
  w->end->lost = true;
  if (!verdict->detail || !w->report->request_id ||
      zr_report_lost(w->report, w->o->ids, w->o->request.n_instance_ids, w->o->origin, &w->decided,
                     verdict) != 0) {
    zenrelease_report_release(w->report);
    w->report = NULL;
  }
  return error && *error ? (*error)->status : ZENRELEASE_UNAVAILABLE;
}

static enum zenrelease_status s_run(struct zr_watch *w, struct zenrelease_error **error) {
  for (;;) {
    struct zenrelease_error *cause = NULL;
    enum zenrelease_status status = s_open(w, &cause);
    if (status == ZENRELEASE_OK)
      status = s_follow(w, &cause);
    enum end_of_stream end = s_judge(w, status, cause);
    zr_call_clean_up(&w->stream);
    if (end == END_LOST || end == END_LATE)
      w->maybe_sent = true;
    bool again = end != END_RESULT && end != END_REFUSED && s_again(w, end, &cause);
    if (again && s_may_reopen(w, error)) {
      zenrelease_error_free(cause);
      continue;
    }
    if (error && !*error)
      *error = cause;
    else
      zenrelease_error_free(cause);
    if (end == END_RESULT)
      return ZENRELEASE_OK;
    if (!w->maybe_sent && w->stop == ZR_STOP_NO) {
      zenrelease_report_release(w->report);
      w->report = NULL;
      return status;
    }
    return s_lost(w, error);
  }
}

enum zenrelease_status zr_watch_run(const struct zr_watch_options *o, struct zr_watch_end *end,
                                    struct zenrelease_error **error) {
  struct zr_watch w = {.o = o,
                       .end = end,
                       .stop_again = ZR_MONO_NEVER,
                       .settle_until = ZR_MONO_NEVER,
                       .tick_at = zr_mono_add(zr_mono_now(), o->tick_ms),
                       .report = zr_report_new()};
  *end = (struct zr_watch_end){0};
  if (!w.report)
    return zr_error_nomem(error);
  enum zenrelease_status status = s_run(&w, error);
  zr_call_clean_up(&w.stop_call);
  zr_decided_clean_up(&w.decided);
  end->report = w.report;
  return status;
}
