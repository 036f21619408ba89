#include <string.h>

#include "watch_private.h"

enum { STOP_CALL_MS = 10 * 1000, STOP_AGAIN_MS = 200, STOP_TRIES = 6 };

static const char s_method[] = "/zenrelease.v1.ReleaseService/CancelRelease";

static Zenrelease__V1__CancelReleaseRequest s_request(const struct zr_watch *w) {
  Zenrelease__V1__CancelReleaseRequest request;
  zenrelease__v1__cancel_release_request__init(&request);
  request.request_id = w->o->request.request_id;
  return request;
}

static struct zr_mono s_call_deadline(const struct zr_watch *w) {
  return zr_mono_min(zr_mono_add(zr_mono_now(), STOP_CALL_MS), w->settle_until);
}

void zr_stop_begin(struct zr_watch *w, enum zr_stop why) {
  if (w->stop != ZR_STOP_NO)
    return;
  struct zr_mono now = zr_mono_now();
  w->stop = why;
  w->settle_until = zr_mono_add(now, w->o->settle_ms);
  w->stop_again = now;
  w->end->cancelled = why == ZR_STOP_CANCELLED;
  w->end->timed_out = why == ZR_STOP_LATE;
  struct zenrelease_event ev = {
      .type = ZENRELEASE_EVENT_STOPPING,
      .reason = why == ZR_STOP_CANCELLED ? "cancelled" : "out of time",
  };
  zr_watch_deliver(w->o, &ev);
}

/* The server may not have seen the request yet, or may be busy: ask again, a few times. */
static void s_finish_call(struct zr_watch *w) {
  enum zenrelease_status status = zr_call_status(&w->stop_call, NULL);
  zr_call_clean_up(&w->stop_call);
  if (status != ZENRELEASE_OK && ++w->stop_tries < STOP_TRIES)
    w->stop_again = zr_mono_add(zr_mono_now(), (int64_t)STOP_AGAIN_MS << w->stop_tries);
}

static bool s_is_done(const struct zr_call *call) {
  return zr_op_state(&call->status) != ZR_OP_PENDING && zr_op_state(&call->read) != ZR_OP_PENDING;
}

void zr_stop_step(struct zr_watch *w) {
  if (w->stop_call.client && s_is_done(&w->stop_call))
    s_finish_call(w);
  if (w->stop_call.client || zr_mono_until(w->stop_again, zr_mono_now()) > 0)
    return;
  w->stop_again = ZR_MONO_NEVER;
  Zenrelease__V1__CancelReleaseRequest request = s_request(w);
  (void)zr_call_start(&w->stop_call, w->o->client, s_method, &request.base, s_call_deadline(w),
                      NULL);
}

enum zenrelease_status zr_stop_confirm(struct zr_watch *w, struct zenrelease_error **error) {
  struct zr_arena scratch;
  ProtobufCMessage *reply = NULL;
  Zenrelease__V1__CancelReleaseRequest request = s_request(w);
  zr_arena_init(&scratch, NULL, 0);
  enum zenrelease_status status =
      zr_call_unary(w->o->client, s_method, &request.base, s_call_deadline(w), NULL,
                    &zenrelease__v1__cancel_release_response__descriptor, &scratch, &reply, error);
  zr_arena_clean_up(&scratch);
  if (status == ZENRELEASE_OK)
    w->stop_again = ZR_MONO_NEVER;
  return status;
}
