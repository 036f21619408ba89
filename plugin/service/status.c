#include "service/status.h"

#include <stdio.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "service/codec.h"

enum { DETAILS_MAX = 3, METADATA_MAX = 3 };

#define TYPE_PREFIX "type.googleapis.com/"

static const struct zr_rpc_status s_nomem = {.code = ZR_RPC_RESOURCE_EXHAUSTED,
                                             .message = "out of memory; nothing was sent"};

/* The status under construction; everything is in the arena. */
struct s_build {
  struct zr_arena *arena;
  Google__Protobuf__Any *any[DETAILS_MAX];
  size_t count;
  bool nomem;
};

static void s_add(struct s_build *b, const ProtobufCMessage *message, const char *type) {
  size_t len = protobuf_c_message_get_packed_size(message);
  Google__Protobuf__Any *any = zr_arena_alloc(b->arena, sizeof *any);
  uint8_t *data = zr_arena_alloc(b->arena, len);
  if (!any || !data) {
    b->nomem = true;
    return;
  }
  google__protobuf__any__init(any);
  any->type_url = zr_pb_text(type);
  any->value = (ProtobufCBinaryData){protobuf_c_message_pack(message, data), data};
  b->any[b->count++] = any;
}

static void s_bad_request(struct s_build *b, const struct zr_violations *v) {
  Google__Rpc__BadRequest m;
  google__rpc__bad_request__init(&m);
  Google__Rpc__BadRequest__FieldViolation *all = zr_arena_calloc(b->arena, v->count, sizeof *all);
  m.field_violations = zr_arena_calloc(b->arena, v->count, sizeof(void *));
  if (!all || !m.field_violations) {
    b->nomem = true;
    return;
  }
  for (size_t i = 0; i < v->count; i++) {
    google__rpc__bad_request__field_violation__init(&all[i]);
    all[i].field = zr_pb_text(v->at[i].field);
    all[i].description = zr_pb_text(v->at[i].description);
    m.field_violations[i] = &all[i];
  }
  m.n_field_violations = v->count;
  s_add(b, &m.base, TYPE_PREFIX "google.rpc.BadRequest");
}

static void s_retry_info(struct s_build *b, int64_t ms) {
  Google__Protobuf__Duration d;
  google__protobuf__duration__init(&d);
  Google__Rpc__RetryInfo m;
  google__rpc__retry_info__init(&m);
  d.seconds = ms / 1000;
  d.nanos = (int32_t)(ms % 1000) * 1000000;
  m.retry_delay = &d;
  s_add(b, &m.base, TYPE_PREFIX "google.rpc.RetryInfo");
}

static void s_error_info(struct s_build *b, const struct zr_details *d) {
  char http[16];
  (void)snprintf(http, sizeof http, "%d", d->http_status);
  const char *const pairs[METADATA_MAX][2] = {
      {"service_code", d->service_code},
      {"service_request_id", d->service_request_id},
      {"http_status", d->http_status ? http : NULL},
  };
  Google__Rpc__ErrorInfo m;
  google__rpc__error_info__init(&m);
  Google__Rpc__ErrorInfo__MetadataEntry entries[METADATA_MAX];
  Google__Rpc__ErrorInfo__MetadataEntry *list[METADATA_MAX];
  for (size_t i = 0; i < METADATA_MAX; i++) {
    if (!pairs[i][1] || !pairs[i][1][0])
      continue;
    google__rpc__error_info__metadata_entry__init(&entries[i]);
    entries[i].key = zr_pb_text(pairs[i][0]);
    entries[i].value = zr_pb_text(pairs[i][1]);
    list[m.n_metadata++] = &entries[i];
  }
  m.metadata = list;
  m.reason = zr_pb_text(d->reason);
  m.domain = zr_pb_text("zenrelease.v1");
  s_add(b, &m.base, TYPE_PREFIX "google.rpc.ErrorInfo");
}

static struct zr_view s_pack(struct s_build *b, enum zr_rpc_code code, const char *message) {
  Google__Rpc__Status m;
  google__rpc__status__init(&m);
  m.code = (int32_t)code;
  m.message = zr_pb_text(message);
  m.details = b->any;
  m.n_details = b->count;
  size_t len = google__rpc__status__get_packed_size(&m);
  uint8_t *data = zr_arena_alloc(b->arena, len);
  if (!data)
    return (struct zr_view){"", 0};
  return (struct zr_view){(const char *)data, google__rpc__status__pack(&m, data)};
}

void zr_fail(struct zr_rpc_call *call, enum zr_rpc_code code, const char *message,
             const struct zr_details *details) {
  if (!message) {
    zr_fail_nomem(call);
    return;
  }
  struct s_build b = {.arena = zr_rpc_call_arena(call)};
  if (details && details->violations)
    s_bad_request(&b, details->violations);
  if (details && details->reason)
    s_error_info(&b, details);
  if (details && details->retry_ms > 0)
    s_retry_info(&b, details->retry_ms);
  struct zr_rpc_status st = {.code = code, .message = message};
  if (b.count && !b.nomem) /* without memory for the details the status goes alone */
    st.details = s_pack(&b, code, message);
  zr_rpc_fail(call, &st);
}

void zr_fail_nomem(struct zr_rpc_call *call) {
  zr_rpc_fail(call, &s_nomem);
}
