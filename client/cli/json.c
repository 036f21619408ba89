#include "json.h"

#include "json_member.h"

void zr_json_result_of(struct zr_buf *b, const struct zenrelease_result *r,
                       enum zenrelease_product product) {
  (void)zr_buf_text(b, "{\"instance_id\":");
  (void)zr_buf_json(b, zr_view_of(r->instance_id));
  if (product != ZENRELEASE_PRODUCT_NONE)
    zr_json_text(b, "product", zenrelease_product_name(product));
  zr_json_text(b, "outcome", zenrelease_outcome_name(r->outcome));
  zr_json_text_if(b, "diagnostic_code", r->diagnostic_code);
  zr_json_text_if(b, "last_status", r->last_status);
  zr_json_text_if(b, "display_name", r->display_name);
  zr_json_text_if(b, "zone_id", r->zone_id);
  zr_json_text_if(b, "release_request_id", r->release_request_id);
  zr_json_texts_if(b, "read_request_ids", r->read_request_ids, r->read_request_id_count);
  zr_json_number_if(b, "batch", r->batch);
  zr_json_number_if(b, "attempts", r->attempts);
  zr_json_time_if(b, "send_time", r->send_time_ms);
  zr_json_time_if(b, "decide_time", r->decide_time_ms);
  (void)zr_buf_char(b, '}');
}

void zr_json_result(struct zr_buf *b, const struct zenrelease_result *r) {
  zr_json_result_of(b, r, ZENRELEASE_PRODUCT_NONE);
}

void zr_json_record(struct zr_buf *b, const struct zenrelease_record *r) {
  (void)zr_buf_text(b, "{\"type\":\"record\"");
  zr_json_text(b, "instance_id", r->instance_id);
  zr_json_text(b, "product", zenrelease_product_name(r->product));
  zr_json_flag(b, "open", r->open != 0);
  if (r->outcome != ZENRELEASE_OUTCOME_NONE)
    zr_json_text(b, "outcome", zenrelease_outcome_name(r->outcome));
  zr_json_text_if(b, "diagnostic_code", r->diagnostic_code);
  zr_json_number_if(b, "batch", r->batch);
  zr_json_time_if(b, "send_time", r->send_time_ms);
  zr_json_time_if(b, "answer_time", r->answer_time_ms);
  zr_json_text_if(b, "answer_class", r->answer_class);
  zr_json_number_if(b, "http_status", r->http_status);
  zr_json_text_if(b, "service_code", r->service_code);
  zr_json_text_if(b, "release_request_id", r->release_request_id);
  zr_json_text_if(b, "request_id", r->request_id);
  zr_json_time_if(b, "decide_time", r->decide_time_ms);
  zr_json_text_if(b, "display_name", r->display_name);
  zr_json_text_if(b, "zone_id", r->zone_id);
  zr_json_text_if(b, "account_fingerprint", r->account_fingerprint);
  zr_json_text_if(b, "endpoint", r->endpoint);
  (void)zr_buf_char(b, '}');
}

void zr_json_diagnostic(struct zr_buf *b, const struct zenrelease_diagnostic *d) {
  (void)zr_buf_printf(b, "{\"severity\":\"%s\"", zenrelease_severity_name(d->severity));
  zr_json_text(b, "code", d->code);
  zr_json_text(b, "summary", d->summary);
  zr_json_text_if(b, "detail", d->detail);
  zr_json_text_if(b, "field", d->field);
  zr_json_text_if(b, "instance_id", d->instance_id);
  zr_json_text_if(b, "service_code", d->service_code);
  zr_json_number_if(b, "http_status", d->http_status);
  zr_json_text_if(b, "service_request_id", d->service_request_id);
  zr_json_text_if(b, "service_message", d->service_message);
  (void)zr_buf_printf(b, ",\"retryable\":%s", d->retryable ? "true" : "false");
  if (d->retry_delay_ms >= 0)
    zr_json_number(b, "retry_delay_ms", d->retry_delay_ms);
  zr_json_text_if(b, "hint", d->hint);
  (void)zr_buf_char(b, '}');
}

void zr_json_counts(struct zr_buf *b, const struct zenrelease_counts *c) {
  (void)zr_buf_char(b, '{');
  for (int i = 1; i < ZENRELEASE_OUTCOME_COUNT; i++)
    (void)zr_buf_printf(b, "\"%s\":%lld,", zenrelease_outcome_name((enum zenrelease_outcome)i),
                        (long long)c->by_outcome[i]);
  (void)zr_buf_printf(b, "\"total\":%lld,\"duplicates\":%lld}", (long long)c->total,
                      (long long)c->duplicates);
}

static void s_event_members(struct zr_buf *b, const struct zenrelease_event *ev) {
  zr_json_number_if(b, "batch", ev->batch);
  switch (ev->type) {
  case ZENRELEASE_EVENT_STARTED:
  case ZENRELEASE_EVENT_BATCH_SENT:
  case ZENRELEASE_EVENT_BATCH_ANSWERED:
  case ZENRELEASE_EVENT_VERIFIED:
  case ZENRELEASE_EVENT_OUTCOMES_DECIDED:
    zr_json_number(b, "instances", ev->instances);
    break;
  case ZENRELEASE_EVENT_PREFLIGHT_DONE:
    zr_json_number(b, "read", ev->instances);
    zr_json_number(b, "eligible", ev->eligible);
    break;
  case ZENRELEASE_EVENT_BATCH_SPLIT:
    zr_json_number(b, "parts", ev->parts);
    zr_json_number(b, "dropped", ev->dropped);
    break;
  case ZENRELEASE_EVENT_THROTTLED:
  case ZENRELEASE_EVENT_RECONNECTING:
    zr_json_number(b, "delay_ms", ev->delay_ms);
    break;
  case ZENRELEASE_EVENT_TICK:
  case ZENRELEASE_EVENT_STOPPING:
  case ZENRELEASE_EVENT_RESULT:
  default:
    break;
  }
  zr_json_number_if(b, "attempt", ev->attempt);
  zr_json_text_if(b, "answer_class", ev->answer_class);
  zr_json_number_if(b, "http_status", ev->http_status);
  zr_json_text_if(b, "service_code", ev->service_code);
  zr_json_text_if(b, "service_request_id", ev->service_request_id);
  zr_json_time_if(b, "resume_time", ev->resume_time_ms);
  zr_json_text_if(b, "reason", ev->reason);
}

void zr_json_event(struct zr_buf *b, const struct zenrelease_event *ev) {
  (void)zr_buf_printf(b, "{\"type\":\"%s\"", zenrelease_event_type_name(ev->type));
  zr_json_number_if(b, "sequence", ev->sequence);
  zr_json_time_if(b, "time", ev->time_ms);
  if (ev->part_count > 1) {
    zr_json_number(b, "part", ev->part);
    zr_json_number(b, "part_count", ev->part_count);
  }
  s_event_members(b, ev);
  if (ev->type == ZENRELEASE_EVENT_OUTCOMES_DECIDED) {
    (void)zr_buf_text(b, ",\"results\":[");
    for (size_t i = 0; i < ev->result_count; i++) {
      if (i)
        (void)zr_buf_char(b, ',');
      zr_json_result(b, zenrelease_event_result(ev, i));
    }
    (void)zr_buf_char(b, ']');
  }
  (void)zr_buf_char(b, '}');
}

void zr_json_instance(struct zr_buf *b, const struct zenrelease_instance *i) {
  (void)zr_buf_text(b, "{\"type\":\"instance\"");
  zr_json_text(b, "instance_id", i->instance_id);
  zr_json_text(b, "name", i->name);
  zr_json_text(b, "status", i->status);
  zr_json_text_if(b, "zone_id", i->zone_id);
  zr_json_text_if(b, "instance_type", i->instance_type);
  zr_json_text_if(b, "image_id", i->image_id);
  zr_json_text_if(b, "resource_group_id", i->resource_group_id);
  zr_json_text_if(b, "resource_group_name", i->resource_group_name);
  zr_json_text_if(b, "charge_type", i->charge_type);
  zr_json_text_if(b, "create_time", i->create_time);
  zr_json_text_if(b, "expire_time", i->expire_time);
  zr_json_texts_if(b, "public_ip_addresses", i->public_ip_addresses, i->public_ip_address_count);
  zr_json_texts_if(b, "private_ip_addresses", i->private_ip_addresses, i->private_ip_address_count);
  if (i->tag_count)
    zr_json_tags(b, i->tags, i->tag_count);
  zr_json_number_if(b, "disk_count", i->disk_count);
  zr_json_number_if(b, "undetachable_disk_count", i->undetachable_disk_count);
  (void)zr_buf_char(b, '}');
}

void zr_json_info(struct zr_buf *b, const struct zenrelease_server_info *info) {
  (void)zr_buf_text(b, "{\"type\":\"result\"");
  zr_json_text(b, "version", info->version);
  zr_json_text(b, "endpoint", info->endpoint);
  zr_json_text(b, "account_fingerprint", info->account_fingerprint);
  zr_json_text(b, "credential_source", info->credential_source);
  zr_json_flag(b, "journal", info->journal != 0);
  (void)zr_buf_printf(b,
                      ",\"limits\":{\"max_instance_ids\":%d,\"max_batch_size\":%d,"
                      "\"max_message_bytes\":%lld,\"max_concurrent_releases\":%d}",
                      info->max_instance_ids, info->max_batch_size,
                      (long long)info->max_message_bytes, info->max_concurrent_releases);
  (void)zr_buf_text(b, ",\"diagnostics\":[");
  for (size_t i = 0; i < info->diagnostic_count; i++) {
    if (i)
      (void)zr_buf_char(b, ',');
    zr_json_diagnostic(b, zenrelease_server_info_diagnostic(info, i));
  }
  (void)zr_buf_text(b, "]}");
}

void zr_json_error(struct zr_buf *b, const struct zenrelease_error *error, const char *message,
                   const char *request_id) {
  (void)zr_buf_printf(b, "{\"type\":\"error\",\"code\":\"%s\"",
                      zenrelease_status_name(zenrelease_error_status(error)));
  zr_json_text(b, "message", message ? message : zenrelease_error_message(error));
  zr_json_text_if(b, "request_id", request_id);
  size_t count = zenrelease_error_violation_count(error);
  if (count)
    (void)zr_buf_text(b, ",\"violations\":[");
  for (size_t i = 0; i < count; i++) {
    (void)zr_buf_text(b, i ? ",{\"field\":" : "{\"field\":");
    (void)zr_buf_json(b, zr_view_of(zenrelease_error_violation_field(error, i)));
    zr_json_text(b, "description", zenrelease_error_violation_description(error, i));
    (void)zr_buf_char(b, '}');
  }
  if (count)
    (void)zr_buf_char(b, ']');
  if (zenrelease_error_retry_delay_ms(error) >= 0)
    zr_json_number(b, "retry_delay_ms", zenrelease_error_retry_delay_ms(error));
  (void)zr_buf_text(b, "}\n");
}

void zr_json_plain_error(struct zr_buf *b, const char *code, const char *message) {
  (void)zr_buf_printf(b, "{\"type\":\"error\",\"code\":\"%s\"", code);
  zr_json_text(b, "message", message);
  (void)zr_buf_text(b, "}\n");
}
