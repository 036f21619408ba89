#include <stdio.h>

#include "service/pack.h"
#include "zenrelease/v1/release.pb-c.h"

_Static_assert((int)ZR_OUTCOME_UNKNOWN == (int)ZENRELEASE__V1__OUTCOME__OUTCOME_UNKNOWN,
               "the numbers of the model's outcomes are the protocol's");
_Static_assert((int)ZR_SEVERITY_INFO == (int)ZENRELEASE__V1__SEVERITY__SEVERITY_INFO,
               "the numbers of the model's severities are the protocol's");

/* Field numbers. Source: proto/zenrelease/v1/release.proto. */
enum {
  RESULT_INSTANCE_ID = 1,
  RESULT_OUTCOME = 2,
  RESULT_LAST_STATUS = 3,
  RESULT_DISPLAY_NAME = 4,
  RESULT_ZONE_ID = 5,
  RESULT_RELEASE_REQUEST_ID = 6,
  RESULT_READ_REQUEST_IDS = 7,
  RESULT_BATCH = 8,
  RESULT_ATTEMPTS = 9,
  RESULT_SEND_TIME = 10,
  RESULT_DECIDE_TIME = 11,
  RESULT_DIAGNOSTIC_CODE = 12
};
enum {
  DIAGNOSTIC_SEVERITY = 1,
  DIAGNOSTIC_CODE = 2,
  DIAGNOSTIC_SUMMARY = 3,
  DIAGNOSTIC_DETAIL = 4,
  DIAGNOSTIC_FIELD = 5,
  DIAGNOSTIC_INSTANCE_ID = 6,
  DIAGNOSTIC_SERVICE_CODE = 7,
  DIAGNOSTIC_HTTP_STATUS = 8,
  DIAGNOSTIC_SERVICE_REQUEST_ID = 9,
  DIAGNOSTIC_SERVICE_MESSAGE = 10,
  DIAGNOSTIC_RETRYABLE = 11,
  DIAGNOSTIC_RETRY_DELAY = 12,
  DIAGNOSTIC_HINT = 13
};

void zr_pack_result(struct zr_wire_out *w, unsigned field, const struct zr_result *r,
                    enum zr_pack_level level) {
  size_t mark = w->len;
  if (r->code != ZR_CODE_NONE)
    zr_out_text(w, RESULT_DIAGNOSTIC_CODE, zr_code_info(r->code)->name);
  if (level < ZR_PACK_BARE) {
    zr_out_time(w, RESULT_DECIDE_TIME, r->decided_at);
    zr_out_time(w, RESULT_SEND_TIME, r->sent_at);
  }
  zr_out_int(w, RESULT_ATTEMPTS, r->attempts);
  zr_out_int(w, RESULT_BATCH, r->batch);
  if (level < ZR_PACK_BARE) {
    zr_out_text(w, RESULT_READ_REQUEST_IDS, r->read_request_ids[1]);
    zr_out_text(w, RESULT_READ_REQUEST_IDS, r->read_request_ids[0]);
    zr_out_text(w, RESULT_RELEASE_REQUEST_ID, r->release_request_id);
  }
  if (level < ZR_PACK_NO_NAMES) {
    zr_out_text(w, RESULT_ZONE_ID, r->zone_id);
    zr_out_text(w, RESULT_DISPLAY_NAME, r->name);
  }
  zr_out_text(w, RESULT_LAST_STATUS, r->last_status);
  zr_out_int(w, RESULT_OUTCOME, (uint64_t)r->outcome);
  zr_out_text(w, RESULT_INSTANCE_ID, r->instance_id);
  zr_out_message(w, field, mark);
}

static void s_field(struct zr_wire_out *w, int32_t index) {
  char text[40];
  if (index < 0)
    return;
  (void)snprintf(text, sizeof text, "instance_ids[%d]", (int)index);
  zr_out_text(w, DIAGNOSTIC_FIELD, text);
}

void zr_pack_diagnostic(struct zr_wire_out *w, unsigned field, const struct zr_diagnostic *d,
                        enum zr_pack_level level, bool first) {
  const struct zr_code_info *info = zr_code_info(d->code);
  bool advice = first || level < ZR_PACK_HINT_ONCE;
  bool detail = first || level < ZR_PACK_NO_DETAIL;
  size_t mark = w->len;
  zr_out_text(w, DIAGNOSTIC_HINT, advice ? info->hint : "");
  zr_out_duration(w, DIAGNOSTIC_RETRY_DELAY, d->retry_after_ms);
  zr_out_int(w, DIAGNOSTIC_RETRYABLE, info->retryable);
  zr_out_text(w, DIAGNOSTIC_SERVICE_MESSAGE, detail ? d->service_message : "");
  if (level < ZR_PACK_BARE)
    zr_out_text(w, DIAGNOSTIC_SERVICE_REQUEST_ID, d->request_id);
  zr_out_int(w, DIAGNOSTIC_HTTP_STATUS, (uint64_t)d->http_status);
  zr_out_text(w, DIAGNOSTIC_SERVICE_CODE, d->service_code);
  zr_out_text(w, DIAGNOSTIC_INSTANCE_ID, d->instance_id);
  s_field(w, d->index);
  zr_out_text(w, DIAGNOSTIC_DETAIL, detail ? d->detail : "");
  zr_out_text(w, DIAGNOSTIC_SUMMARY, advice ? info->summary : "");
  zr_out_text(w, DIAGNOSTIC_CODE, info->name);
  zr_out_int(w, DIAGNOSTIC_SEVERITY, (uint64_t)info->severity);
  zr_out_message(w, field, mark);
}
