#include "model/diagnostic.h"
#include "service/pack.h"

/* Field numbers. Source: proto/zenrelease/v1/release_service.proto. */
enum { RESPONSE_RECORDS = 1, RESPONSE_NEXT_PAGE_TOKEN = 2 };
enum {
  RECORD_INSTANCE_ID = 1,
  RECORD_PRODUCT = 2,
  RECORD_BATCH = 3,
  RECORD_SEND_TIME = 4,
  RECORD_ANSWER_TIME = 5,
  RECORD_ANSWER_CLASS = 6,
  RECORD_HTTP_STATUS = 7,
  RECORD_SERVICE_CODE = 8,
  RECORD_RELEASE_REQUEST_ID = 9,
  RECORD_REQUEST_ID = 10,
  RECORD_OUTCOME = 11,
  RECORD_DIAGNOSTIC_CODE = 12,
  RECORD_DECIDE_TIME = 13,
  RECORD_DISPLAY_NAME = 14,
  RECORD_ZONE_ID = 15,
  RECORD_ACCOUNT_FINGERPRINT = 16,
  RECORD_ENDPOINT = 17,
  RECORD_OPEN = 18
};

struct s_page {
  const struct zr_record_entry *entries;
  size_t count;
  const char *next_page_token;
};

static void s_record(struct zr_wire_out *w, const struct zr_record_entry *e) {
  size_t mark = w->len;
  zr_out_int(w, RECORD_OPEN, e->open);
  zr_out_text(w, RECORD_ENDPOINT, e->endpoint);
  zr_out_text(w, RECORD_ACCOUNT_FINGERPRINT, e->account);
  zr_out_text(w, RECORD_ZONE_ID, e->zone_id);
  zr_out_text(w, RECORD_DISPLAY_NAME, e->name);
  zr_out_time(w, RECORD_DECIDE_TIME, e->decided_at);
  if (e->code != ZR_CODE_NONE)
    zr_out_text(w, RECORD_DIAGNOSTIC_CODE, zr_code_info(e->code)->name);
  zr_out_int(w, RECORD_OUTCOME, (uint64_t)e->outcome);
  zr_out_text(w, RECORD_REQUEST_ID, e->request_id);
  zr_out_text(w, RECORD_RELEASE_REQUEST_ID, e->release_request_id);
  zr_out_text(w, RECORD_SERVICE_CODE, e->service_code);
  zr_out_int(w, RECORD_HTTP_STATUS, (uint64_t)e->http_status);
  zr_out_text(w, RECORD_ANSWER_CLASS, e->answer_class);
  zr_out_time(w, RECORD_ANSWER_TIME, e->answered_at);
  zr_out_time(w, RECORD_SEND_TIME, e->sent_at);
  zr_out_int(w, RECORD_BATCH, e->batch);
  zr_out_int(w, RECORD_PRODUCT, (uint64_t)e->product);
  zr_out_text(w, RECORD_INSTANCE_ID, e->instance_id);
  zr_out_message(w, RESPONSE_RECORDS, mark);
}

static void s_response(struct zr_wire_out *w, const void *what) {
  const struct s_page *p = what;
  zr_out_text(w, RESPONSE_NEXT_PAGE_TOKEN, p->next_page_token);
  for (size_t i = p->count; i > 0; i--)
    s_record(w, &p->entries[i - 1]);
}

struct zr_rpc_bytes *zr_pack_records(const struct zr_record_entry *entries, size_t count,
                                     const char *next_page_token) {
  struct s_page page = {entries, count, next_page_token};
  return zr_out_bytes(s_response, &page);
}
