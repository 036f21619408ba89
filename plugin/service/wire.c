#include "service/wire.h"

struct zr_wire zr_wire_begin(struct zr_view message) {
  const uint8_t *at = (const uint8_t *)message.ptr;
  return (struct zr_wire){at, at + message.len, false};
}

static bool s_varint(struct zr_wire *w, uint64_t *out) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 70 && w->at < w->end; shift += 7) {
    uint8_t b = *w->at++;
    v |= shift < 64 ? (uint64_t)(b & 0x7F) << shift : 0;
    if (!(b & 0x80)) {
      *out = v;
      return true;
    }
  }
  return false;
}

static bool s_skip(struct zr_wire *w, uint64_t n, struct zr_view *out) {
  if (n > (uint64_t)(w->end - w->at))
    return false;
  *out = (struct zr_view){(const char *)w->at, (size_t)n};
  w->at += n;
  return true;
}

static bool s_value(struct zr_wire *w, struct zr_wire_field *f) {
  uint64_t n;
  switch (f->type) {
  case ZR_WIRE_VARINT:
    return s_varint(w, &n);
  case ZR_WIRE_64:
    return s_skip(w, 8, &f->bytes);
  case ZR_WIRE_BYTES:
    return s_varint(w, &n) && s_skip(w, n, &f->bytes);
  case ZR_WIRE_32:
    return s_skip(w, 4, &f->bytes);
  default:
    return false;
  }
}

bool zr_wire_next(struct zr_wire *w, struct zr_wire_field *f) {
  uint64_t key;
  if (w->bad || w->at >= w->end)
    return false;
  *f = (struct zr_wire_field){.number = 0};
  w->bad = !s_varint(w, &key) || key >> 3 == 0 || key >> 3 > 0x1FFFFFFF;
  if (w->bad)
    return false;
  f->number = (uint32_t)(key >> 3);
  f->type = (enum zr_wire_type)(key & 7);
  w->bad = !s_value(w, f);
  return !w->bad;
}
