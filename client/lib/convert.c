#include "convert.h"

#include <string.h>

#include "base/view.h"
#include "names.h"

int64_t zr_convert_time(const Google__Protobuf__Timestamp *t) {
  if (!t || t->seconds > INT64_MAX / 2000 || t->seconds < INT64_MIN / 2000)
    return 0;
  return t->seconds * 1000 + t->nanos / 1000000;
}

int64_t zr_convert_duration(const Google__Protobuf__Duration *d) {
  if (!d || d->seconds < 0 || d->seconds > INT64_MAX / 2000)
    return -1;
  return d->seconds * 1000 + d->nanos / 1000000;
}

static const char *s_text(const char *text) {
  return text ? text : "";
}

/* protobuf-c's repeated strings are never changed by us. */
static const char *const *s_texts(char **texts) {
  const char *const *out = NULL;
  memcpy(&out, &texts, sizeof out);
  return out;
}

void zr_convert_result(const Zenrelease__V1__InstanceResult *from, struct zenrelease_result *to) {
  *to = (struct zenrelease_result){
      .instance_id = s_text(from->instance_id),
      .outcome = zr_outcome_from_number((int)from->outcome),
      .last_status = s_text(from->last_status),
      .display_name = s_text(from->display_name),
      .zone_id = s_text(from->zone_id),
      .release_request_id = s_text(from->release_request_id),
      .read_request_ids = s_texts(from->read_request_ids),
      .read_request_id_count = from->n_read_request_ids,
      .batch = from->batch,
      .attempts = from->attempts,
      .send_time_ms = zr_convert_time(from->send_time),
      .decide_time_ms = zr_convert_time(from->decide_time),
      .diagnostic_code = s_text(from->diagnostic_code),
  };
}

const char *zr_convert_field(const char *field, struct zr_origin origin, struct zr_arena *arena) {
  struct zr_view v = zr_view_of(field);
  unsigned long long index = 0;
  if (!origin.index || !zr_view_starts(v, "instance_ids["))
    return s_text(field);
  (void)zr_view_split(&v, '[');
  struct zr_view number = zr_view_split(&v, ']');
  if (!zr_view_to_u64(number, &index) || index >= origin.count)
    return s_text(field);
  return zr_arena_printf(arena, "instance_ids[%u]%.*s", origin.index[index], ZR_VIEW_ARG(v));
}

int zr_convert_diagnostic(const Zenrelease__V1__Diagnostic *from, struct zr_origin origin,
                          struct zr_arena *arena, struct zenrelease_diagnostic *to) {
  *to = (struct zenrelease_diagnostic){
      .severity = zr_severity_from_number((int)from->severity),
      .code = s_text(from->code),
      .summary = s_text(from->summary),
      .detail = s_text(from->detail),
      .field = zr_convert_field(from->field, origin, arena),
      .instance_id = s_text(from->instance_id),
      .service_code = s_text(from->service_code),
      .http_status = from->http_status,
      .service_request_id = s_text(from->service_request_id),
      .service_message = s_text(from->service_message),
      .retryable = from->retryable,
      .retry_delay_ms = zr_convert_duration(from->retry_delay),
      .hint = s_text(from->hint),
  };
  return to->field ? 0 : -1;
}

static void s_batch_answered(const Zenrelease__V1__BatchAnswered *from,
                             struct zenrelease_event *to) {
  to->type = ZENRELEASE_EVENT_BATCH_ANSWERED;
  to->batch = from->batch;
  to->instances = from->instances;
  to->answer_class = s_text(from->answer_class);
  to->http_status = from->http_status;
  to->service_code = s_text(from->service_code);
  to->service_request_id = s_text(from->service_request_id);
}

static void s_batch_split(const Zenrelease__V1__BatchSplit *from, struct zenrelease_event *to) {
  to->type = ZENRELEASE_EVENT_BATCH_SPLIT;
  to->batch = from->batch;
  to->parts = from->parts;
  to->dropped = from->dropped;
  to->reason = s_text(from->reason);
}

static void s_batch_sent(const Zenrelease__V1__BatchSent *from, struct zenrelease_event *to) {
  to->type = ZENRELEASE_EVENT_BATCH_SENT;
  to->batch = from->batch;
  to->instances = from->instances;
  to->attempt = from->attempt;
}

static void s_throttled(const Zenrelease__V1__Throttled *from, struct zenrelease_event *to) {
  to->type = ZENRELEASE_EVENT_THROTTLED;
  to->resume_time_ms = zr_convert_time(from->resume_time);
  to->delay_ms = zr_convert_duration(from->delay);
}

void zr_convert_event(const Zenrelease__V1__ReleaseEvent *from, struct zenrelease_event *to) {
  *to = (struct zenrelease_event){.sequence = from->sequence,
                                  .time_ms = zr_convert_time(from->event_time),
                                  .answer_class = "",
                                  .service_code = "",
                                  .service_request_id = "",
                                  .reason = ""};
  switch ((int)from->event_case) {
  case ZENRELEASE__V1__RELEASE_EVENT__EVENT_PREFLIGHT_DONE:
    to->type = ZENRELEASE_EVENT_PREFLIGHT_DONE;
    to->instances = from->preflight_done->read;
    to->eligible = from->preflight_done->eligible;
    break;
  case ZENRELEASE__V1__RELEASE_EVENT__EVENT_BATCH_SENT:
    s_batch_sent(from->batch_sent, to);
    break;
  case ZENRELEASE__V1__RELEASE_EVENT__EVENT_BATCH_ANSWERED:
    s_batch_answered(from->batch_answered, to);
    break;
  case ZENRELEASE__V1__RELEASE_EVENT__EVENT_THROTTLED:
    s_throttled(from->throttled, to);
    break;
  case ZENRELEASE__V1__RELEASE_EVENT__EVENT_BATCH_SPLIT:
    s_batch_split(from->batch_split, to);
    break;
  case ZENRELEASE__V1__RELEASE_EVENT__EVENT_VERIFIED:
    to->type = ZENRELEASE_EVENT_VERIFIED;
    to->batch = from->verified->batch;
    to->instances = from->verified->instances;
    break;
  case ZENRELEASE__V1__RELEASE_EVENT__EVENT_OUTCOMES_DECIDED:
    to->type = ZENRELEASE_EVENT_OUTCOMES_DECIDED;
    to->result_count = from->outcomes_decided->n_results;
    to->instances = (int64_t)to->result_count;
    break;
  case ZENRELEASE__V1__RELEASE_EVENT__EVENT_RESULT:
    to->type = ZENRELEASE_EVENT_RESULT;
    break;
  default:
    break; /* of a newer server: type 0, not delivered */
  }
}

void zr_convert_instance(const Zenrelease__V1__Instance *from, struct zenrelease_tag *tags,
                         struct zenrelease_instance *to) {
  for (size_t i = 0; i < from->n_tags; i++)
    tags[i] = (struct zenrelease_tag){s_text(from->tags[i]->key), s_text(from->tags[i]->value)};
  *to = (struct zenrelease_instance){
      .instance_id = s_text(from->instance_id),
      .name = s_text(from->name),
      .status = s_text(from->status),
      .zone_id = s_text(from->zone_id),
      .instance_type = s_text(from->instance_type),
      .image_id = s_text(from->image_id),
      .resource_group_id = s_text(from->resource_group_id),
      .resource_group_name = s_text(from->resource_group_name),
      .charge_type = s_text(from->charge_type),
      .create_time = s_text(from->create_time),
      .expire_time = s_text(from->expire_time),
      .public_ip_addresses = s_texts(from->public_ip_addresses),
      .public_ip_address_count = from->n_public_ip_addresses,
      .private_ip_addresses = s_texts(from->private_ip_addresses),
      .private_ip_address_count = from->n_private_ip_addresses,
      .tags = tags,
      .tag_count = from->n_tags,
      .disk_count = from->disk_count,
      .undetachable_disk_count = from->undetachable_disk_count,
  };
}
