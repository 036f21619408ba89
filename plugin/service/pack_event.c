#include "service/codec.h"
#include "service/pack.h"

/* Room for any of the small events, so that only OUTCOMES takes memory. */
union s_body {
  Zenrelease__V1__PreflightDone preflight;
  Zenrelease__V1__BatchSent sent;
  Zenrelease__V1__BatchAnswered answered;
  Zenrelease__V1__BatchSplit split;
  Zenrelease__V1__Verified verified;
  Zenrelease__V1__OutcomesDecided outcomes;
  struct {
    Zenrelease__V1__Throttled message;
    Google__Protobuf__Timestamp resume;
    Google__Protobuf__Duration delay;
  } throttled;
};

static void s_answered(Zenrelease__V1__BatchAnswered *m, const struct zr_event *e) {
  zenrelease__v1__batch_answered__init(m);
  m->batch = zr_pb_int(e->batch);
  m->instances = zr_pb_int(e->ids);
  m->answer_class = zr_pb_text(e->class_name);
  m->http_status = e->http_status;
  m->service_code = zr_pb_text(e->code);
  m->service_request_id = zr_pb_text(e->request_id);
}

static void s_throttled(union s_body *b, const struct zr_event *e) {
  zenrelease__v1__throttled__init(&b->throttled.message);
  zr_pb_timestamp(&b->throttled.resume, (struct zr_wall){e->at.ms + e->wait_ms});
  zr_pb_duration(&b->throttled.delay, e->wait_ms);
  b->throttled.message.resume_time = &b->throttled.resume;
  b->throttled.message.delay = &b->throttled.delay;
}

static void s_split(Zenrelease__V1__BatchSplit *m, const struct zr_event *e) {
  zenrelease__v1__batch_split__init(m);
  m->batch = zr_pb_int(e->batch);
  m->parts = zr_pb_int(e->parts);
  m->dropped = zr_pb_int(e->dropped);
  m->reason = zr_pb_text(e->reason);
}

static void s_counted(union s_body *b, const struct zr_event *e) {
  if (e->kind == ZR_EVENT_PREFLIGHT_DONE) {
    zenrelease__v1__preflight_done__init(&b->preflight);
    b->preflight.read = zr_pb_int(e->ids);
    b->preflight.eligible = zr_pb_int(e->eligible);
  } else if (e->kind == ZR_EVENT_BATCH_SENT) {
    zenrelease__v1__batch_sent__init(&b->sent);
    b->sent.batch = zr_pb_int(e->batch);
    b->sent.instances = zr_pb_int(e->ids);
    b->sent.attempt = zr_pb_int(e->attempt);
  } else {
    zenrelease__v1__verified__init(&b->verified);
    b->verified.batch = zr_pb_int(e->batch);
    b->verified.instances = zr_pb_int(e->ids);
  }
}

/* Fills the oneof of `m`; false when out of memory. */
static bool s_body(struct zr_arena *arena, const struct zr_event *e, union s_body *b,
                   Zenrelease__V1__ReleaseEvent *m) {
  m->preflight_done = &b->preflight; /* the members of the oneof are one pointer */
  switch (e->kind) {
  case ZR_EVENT_PREFLIGHT_DONE:
    m->event_case = ZENRELEASE__V1__RELEASE_EVENT__EVENT_PREFLIGHT_DONE;
    s_counted(b, e);
    return true;
  case ZR_EVENT_BATCH_SENT:
    m->event_case = ZENRELEASE__V1__RELEASE_EVENT__EVENT_BATCH_SENT;
    s_counted(b, e);
    return true;
  case ZR_EVENT_VERIFIED:
    m->event_case = ZENRELEASE__V1__RELEASE_EVENT__EVENT_VERIFIED;
    s_counted(b, e);
    return true;
  case ZR_EVENT_BATCH_ANSWERED:
    m->event_case = ZENRELEASE__V1__RELEASE_EVENT__EVENT_BATCH_ANSWERED;
    s_answered(&b->answered, e);
    return true;
  case ZR_EVENT_THROTTLED:
    m->event_case = ZENRELEASE__V1__RELEASE_EVENT__EVENT_THROTTLED;
    s_throttled(b, e);
    return true;
  case ZR_EVENT_BATCH_SPLIT:
    m->event_case = ZENRELEASE__V1__RELEASE_EVENT__EVENT_BATCH_SPLIT;
    s_split(&b->split, e);
    return true;
  case ZR_EVENT_OUTCOMES:
    m->event_case = ZENRELEASE__V1__RELEASE_EVENT__EVENT_OUTCOMES_DECIDED;
    zenrelease__v1__outcomes_decided__init(&b->outcomes);
    b->outcomes.n_results = e->result_count;
    b->outcomes.results = zr_pack_results(arena, e->results, e->result_count, ZR_PACK_ALL);
    return b->outcomes.results != NULL;
  }
  return false;
}

struct zr_rpc_bytes *zr_pack_event(const struct zr_event *event, uint64_t sequence) {
  _Alignas(max_align_t) char first[4096];
  struct zr_arena arena;
  zr_arena_init(&arena, first, sizeof first);
  Zenrelease__V1__ReleaseEvent m = ZENRELEASE__V1__RELEASE_EVENT__INIT;
  Google__Protobuf__Timestamp at;
  union s_body body;
  zr_pb_timestamp(&at, event->at);
  m.sequence = (int64_t)sequence;
  m.event_time = &at;
  struct zr_rpc_bytes *b = s_body(&arena, event, &body, &m) ? zr_encode(&m.base) : NULL;
  zr_arena_clean_up(&arena);
  return b;
}
