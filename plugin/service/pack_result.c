#include "service/codec.h"
#include "service/pack.h"

_Static_assert((int)ZR_OUTCOME_UNKNOWN == (int)ZENRELEASE__V1__OUTCOME__OUTCOME_UNKNOWN,
               "the numbers of the model's outcomes are the protocol's");
_Static_assert((int)ZR_SEVERITY_INFO == (int)ZENRELEASE__V1__SEVERITY__SEVERITY_INFO,
               "the numbers of the model's severities are the protocol's");
_Static_assert(ZR_CODE_COUNT_ <= 64, "a bit for each code");

/* Everything that one result points to, so that a report of many is few allocations. */
struct s_result {
  Zenrelease__V1__InstanceResult message;
  Google__Protobuf__Timestamp sent;
  Google__Protobuf__Timestamp decided;
  char *reads[2];
};

static void s_evidence(struct s_result *to, const struct zr_result *r) {
  Zenrelease__V1__InstanceResult *m = &to->message;
  m->release_request_id = zr_pb_text(r->release_request_id);
  m->read_request_ids = to->reads;
  for (size_t i = 0; i < 2; i++)
    if (r->read_request_ids[i] && r->read_request_ids[i][0])
      to->reads[m->n_read_request_ids++] = zr_pb_text(r->read_request_ids[i]);
  if (r->sent_at.ms) {
    zr_pb_timestamp(&to->sent, r->sent_at);
    m->send_time = &to->sent;
  }
  if (r->decided_at.ms) {
    zr_pb_timestamp(&to->decided, r->decided_at);
    m->decide_time = &to->decided;
  }
}

static void s_result(struct s_result *to, const struct zr_result *r, enum zr_pack_level level) {
  Zenrelease__V1__InstanceResult *m = &to->message;
  zenrelease__v1__instance_result__init(m);
  m->instance_id = zr_pb_text(r->instance_id);
  m->outcome = (Zenrelease__V1__Outcome)r->outcome;
  m->last_status = zr_pb_text(r->last_status);
  m->batch = zr_pb_int(r->batch);
  m->attempts = zr_pb_int(r->attempts);
  if (r->code != ZR_CODE_NONE)
    m->diagnostic_code = zr_pb_text(zr_code_info(r->code)->name);
  if (level < ZR_PACK_NO_NAMES) {
    m->display_name = zr_pb_text(r->name);
    m->zone_id = zr_pb_text(r->zone_id);
  }
  if (level < ZR_PACK_BARE)
    s_evidence(to, r);
}

Zenrelease__V1__InstanceResult **zr_pack_results(struct zr_arena *arena,
                                                 const struct zr_result *results, size_t count,
                                                 enum zr_pack_level level) {
  Zenrelease__V1__InstanceResult **list = zr_arena_alloc(arena, count * sizeof(void *));
  struct s_result *all = list ? zr_arena_alloc(arena, count * sizeof *all) : NULL;
  if (!all)
    return NULL;
  for (size_t i = 0; i < count; i++) {
    s_result(&all[i], &results[i], level);
    list[i] = &all[i].message;
  }
  return list;
}

bool zr_pack_diagnostic(struct zr_arena *arena, const struct zr_diagnostic *d,
                        enum zr_pack_level level, uint64_t *seen, Zenrelease__V1__Diagnostic *out) {
  const struct zr_code_info *info = zr_code_info(d->code);
  bool first = !(*seen >> d->code & 1);
  *seen |= UINT64_C(1) << d->code;
  zenrelease__v1__diagnostic__init(out);
  out->severity = (Zenrelease__V1__Severity)info->severity;
  out->code = zr_pb_text(info->name);
  out->retryable = info->retryable;
  out->instance_id = zr_pb_text(d->instance_id);
  out->service_code = zr_pb_text(d->service_code);
  out->http_status = d->http_status;
  out->service_request_id = level < ZR_PACK_BARE ? zr_pb_text(d->request_id) : zr_pb_text("");
  if (first || level < ZR_PACK_HINT_ONCE) {
    out->summary = zr_pb_text(info->summary);
    out->hint = zr_pb_text(info->hint);
  }
  if (first || level < ZR_PACK_NO_DETAIL) {
    out->detail = zr_pb_text(d->detail);
    out->service_message = zr_pb_text(d->service_message);
  }
  if (d->index >= 0) {
    out->field = zr_arena_printf(arena, "instance_ids[%d]", (int)d->index);
    if (!out->field)
      return false;
  }
  if (d->retry_after_ms >= 0) {
    out->retry_delay = zr_arena_alloc(arena, sizeof *out->retry_delay);
    if (!out->retry_delay)
      return false;
    zr_pb_duration(out->retry_delay, d->retry_after_ms);
  }
  return true;
}
