#include "service/pack.h"

/* Field numbers. Source: proto/zenrelease/v1/release.proto. */
enum { EVENT_SEQUENCE = 1, EVENT_TIME = 2, OUTCOMES_RESULTS = 1 };

/* The field of ReleaseEvent's oneof for each kind. */
static const unsigned s_fields[] = {
    [ZR_EVENT_PREFLIGHT_DONE] = 3, [ZR_EVENT_BATCH_SENT] = 4,  [ZR_EVENT_BATCH_ANSWERED] = 5,
    [ZR_EVENT_THROTTLED] = 6,      [ZR_EVENT_BATCH_SPLIT] = 7, [ZR_EVENT_VERIFIED] = 8,
    [ZR_EVENT_OUTCOMES] = 9,
};

static void s_answered(struct zr_wire_out *w, const struct zr_event *e) {
  zr_out_text(w, 6, e->request_id);
  zr_out_text(w, 5, e->code);
  zr_out_int(w, 4, (uint64_t)e->http_status);
  zr_out_text(w, 3, e->class_name);
  zr_out_int(w, 2, e->ids);
  zr_out_int(w, 1, e->batch);
}

static void s_split(struct zr_wire_out *w, const struct zr_event *e) {
  zr_out_text(w, 4, e->reason);
  zr_out_int(w, 3, e->dropped);
  zr_out_int(w, 2, e->parts);
  zr_out_int(w, 1, e->batch);
}

static void s_throttled(struct zr_wire_out *w, const struct zr_event *e) {
  int64_t wait_ms = e->wait_ms > 0 ? e->wait_ms : 0;
  zr_out_duration(w, 2, wait_ms);
  zr_out_time(w, 1, (struct zr_wall){e->at.ms + wait_ms});
}

static void s_body(struct zr_wire_out *w, const struct zr_event *e) {
  switch (e->kind) {
  case ZR_EVENT_PREFLIGHT_DONE:
    zr_out_int(w, 2, e->eligible);
    zr_out_int(w, 1, e->ids);
    return;
  case ZR_EVENT_BATCH_SENT:
    zr_out_int(w, 3, e->attempt);
    zr_out_int(w, 2, e->ids);
    zr_out_int(w, 1, e->batch);
    return;
  case ZR_EVENT_BATCH_ANSWERED:
    s_answered(w, e);
    return;
  case ZR_EVENT_THROTTLED:
    s_throttled(w, e);
    return;
  case ZR_EVENT_BATCH_SPLIT:
    s_split(w, e);
    return;
  case ZR_EVENT_VERIFIED:
    zr_out_int(w, 2, e->ids);
    zr_out_int(w, 1, e->batch);
    return;
  case ZR_EVENT_OUTCOMES:
    for (size_t i = e->result_count; i > 0; i--)
      zr_pack_result(w, OUTCOMES_RESULTS, &e->results[i - 1], ZR_PACK_ALL);
    return;
  }
}

struct s_numbered {
  const struct zr_event *event;
  uint64_t sequence;
};

static void s_event(struct zr_wire_out *w, const void *what) {
  const struct s_numbered *n = what;
  size_t mark = w->len;
  s_body(w, n->event);
  zr_out_message(w, s_fields[n->event->kind], mark);
  zr_out_time(w, EVENT_TIME, n->event->at);
  zr_out_int(w, EVENT_SEQUENCE, n->sequence);
}

struct zr_rpc_bytes *zr_pack_event(const struct zr_event *event, uint64_t sequence) {
  return zr_out_bytes(s_event, &(struct s_numbered){event, sequence});
}
