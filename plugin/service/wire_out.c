#include "service/wire_out.h"

#include <string.h>

enum { VARINT = 0, BYTES = 2, NANOS_PER_MS = 1000000, FIRST_TRY = 16384 };

static inline void s_put(struct zr_wire_out *w, const void *bytes, size_t len) {
  w->len += len;
  if (w->room < len) {
    w->at = NULL;
    w->room = 0;
  } else {
    w->at -= len;
    w->room -= len;
    memcpy(w->at, bytes, len);
  }
}

static void s_long_varint(struct zr_wire_out *w, uint64_t value) {
  uint8_t bytes[10];
  size_t n = 0;
  do {
    bytes[n++] = (uint8_t)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
    value >>= 7;
  } while (value);
  s_put(w, bytes, n);
}

static inline void s_varint(struct zr_wire_out *w, uint64_t value) {
  uint8_t byte = (uint8_t)value;
  if (value < 0x80)
    s_put(w, &byte, 1);
  else
    s_long_varint(w, value);
}

struct zr_rpc_bytes *zr_out_bytes(zr_out_fn *write, const void *what) {
  uint8_t first[FIRST_TRY];
  struct zr_wire_out w = {.at = first + sizeof first, .room = sizeof first};
  write(&w, what);
  struct zr_rpc_bytes *b = zr_rpc_bytes_new(w.len);
  if (!b)
    return NULL;
  if (w.len <= sizeof first) {
    memcpy(b->data, first + sizeof first - w.len, w.len);
  } else {
    w = (struct zr_wire_out){.at = b->data + b->len, .room = b->len};
    write(&w, what);
  }
  return b;
}

void zr_out_int(struct zr_wire_out *w, unsigned field, uint64_t value) {
  if (!value)
    return;
  s_varint(w, value);
  s_varint(w, field << 3 | VARINT);
}

void zr_out_text(struct zr_wire_out *w, unsigned field, const char *text) {
  if (!text || !text[0])
    return;
  size_t len = strlen(text);
  s_put(w, text, len);
  s_varint(w, len);
  s_varint(w, field << 3 | BYTES);
}

void zr_out_message(struct zr_wire_out *w, unsigned field, size_t mark) {
  s_varint(w, w->len - mark);
  s_varint(w, field << 3 | BYTES);
}

/* Timestamp and Duration have the same two fields. */
static void s_seconds(struct zr_wire_out *w, unsigned field, int64_t ms) {
  size_t mark = w->len;
  zr_out_int(w, 2, (uint64_t)(ms % 1000) * NANOS_PER_MS);
  zr_out_int(w, 1, (uint64_t)(ms / 1000));
  zr_out_message(w, field, mark);
}

void zr_out_time(struct zr_wire_out *w, unsigned field, struct zr_wall at) {
  if (at.ms > 0)
    s_seconds(w, field, at.ms);
}

void zr_out_duration(struct zr_wire_out *w, unsigned field, int64_t ms) {
  if (ms >= 0)
    s_seconds(w, field, ms);
}
