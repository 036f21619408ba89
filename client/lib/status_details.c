#include "status_details.h"

#include <stdint.h>

/* Protocol-buffer wire types; groups are not read. */
enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* google.rpc, by number of field. */
enum { STATUS_DETAILS = 3 };
enum { ANY_TYPE_URL = 1, ANY_VALUE = 2 };
enum { BAD_REQUEST_FIELD_VIOLATIONS = 1 };
enum { VIOLATION_FIELD = 1, VIOLATION_DESCRIPTION = 2 };
enum { RETRY_INFO_DELAY = 1 };
enum { DURATION_SECONDS = 1, DURATION_NANOS = 2 };

enum { VIOLATIONS_MAX = 10000 };

struct field {
  uint64_t number;
  uint64_t value;       /* WIRE_VARINT */
  struct zr_view bytes; /* WIRE_BYTES */
};

static bool s_varint(struct zr_view *v, uint64_t *out) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && v->len; shift += 7) {
    uint8_t byte = (uint8_t)v->ptr[0];
    v->ptr++;
    v->len--;
    value |= (uint64_t)(byte & 0x7FU) << shift;
    if (!(byte & 0x80U)) {
      *out = value;
      return true;
    }
  }
  return false;
}

static bool s_take(struct zr_view *v, uint64_t n, struct zr_view *out) {
  if (n > v->len)
    return false;
  *out = (struct zr_view){v->ptr, (size_t)n};
  v->ptr += n;
  v->len -= (size_t)n;
  return true;
}

/* Takes the next field off *v; false at the end and where the bytes make no sense. */
static bool s_next(struct zr_view *v, struct field *out) {
  uint64_t key = 0;
  uint64_t len = 0;
  *out = (struct field){0, 0, {"", 0}};
  if (!v->len || !s_varint(v, &key))
    return false;
  out->number = key >> 3;
  switch (key & 7U) {
  case WIRE_VARINT:
    return s_varint(v, &out->value);
  case WIRE_FIXED64:
    return s_take(v, 8, &out->bytes);
  case WIRE_BYTES:
    return s_varint(v, &len) && s_take(v, len, &out->bytes);
  case WIRE_FIXED32:
    return s_take(v, 4, &out->bytes);
  default:
    return false;
  }
}

static void s_violation(struct zr_view bytes, struct zenrelease_error *e) {
  struct field f;
  struct zr_view name = {"", 0};
  struct zr_view description = {"", 0};
  while (s_next(&bytes, &f)) {
    if (f.number == VIOLATION_FIELD)
      name = f.bytes;
    else if (f.number == VIOLATION_DESCRIPTION)
      description = f.bytes;
  }
  if (e->violation_count < VIOLATIONS_MAX && zr_view_is_utf8(name) && zr_view_is_utf8(description))
    (void)!zr_error_add_violation(e, name, description);
}

static void s_bad_request(struct zr_view bytes, struct zenrelease_error *e) {
  struct field f;
  while (s_next(&bytes, &f))
    if (f.number == BAD_REQUEST_FIELD_VIOLATIONS)
      s_violation(f.bytes, e);
}

static int64_t s_duration_ms(struct zr_view bytes) {
  struct field f;
  int64_t seconds = 0;
  int64_t nanos = 0;
  while (s_next(&bytes, &f)) {
    if (f.number == DURATION_SECONDS)
      seconds = (int64_t)f.value;
    else if (f.number == DURATION_NANOS)
      nanos = (int64_t)f.value;
  }
  if (seconds < 0 || seconds > INT32_MAX || nanos < 0 || nanos > 999999999)
    return -1;
  return seconds * 1000 + (nanos + 999999) / 1000000;
}

static void s_retry_info(struct zr_view bytes, struct zenrelease_error *e) {
  struct field f;
  while (s_next(&bytes, &f))
    if (f.number == RETRY_INFO_DELAY)
      e->retry_delay_ms = s_duration_ms(f.bytes);
}

static bool s_ends_with(struct zr_view v, struct zr_view end) {
  return v.len >= end.len && zr_view_eq((struct zr_view){v.ptr + (v.len - end.len), end.len}, end);
}

static void s_any(struct zr_view bytes, struct zenrelease_error *e) {
  struct field f;
  struct zr_view type = {"", 0};
  struct zr_view value = {"", 0};
  while (s_next(&bytes, &f)) {
    if (f.number == ANY_TYPE_URL)
      type = f.bytes;
    else if (f.number == ANY_VALUE)
      value = f.bytes;
  }
  if (s_ends_with(type, ZR_VIEW("/google.rpc.BadRequest")))
    s_bad_request(value, e);
  else if (s_ends_with(type, ZR_VIEW("/google.rpc.RetryInfo")))
    s_retry_info(value, e);
}

void zr_status_details_read(struct zr_view bytes, struct zenrelease_error *e) {
  struct field f;
  while (s_next(&bytes, &f))
    if (f.number == STATUS_DETAILS)
      s_any(f.bytes, e);
}
