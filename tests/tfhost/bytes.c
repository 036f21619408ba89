#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void s_put(struct bytes *b, const void *data, size_t len) {
  assert_true(b->len + len <= sizeof b->data);
  memcpy(b->data + b->len, data, len);
  b->len += len;
}

static void s_byte(struct bytes *b, unsigned value) {
  uint8_t byte = (uint8_t)value;
  s_put(b, &byte, 1);
}

static void s_varint(struct bytes *b, uint64_t value) {
  for (; value > 127; value >>= 7)
    s_byte(b, (unsigned)(value & 127) | 128);
  s_byte(b, (unsigned)value);
}

void pb_bytes(struct bytes *b, unsigned field, const void *data, size_t len) {
  s_varint(b, (uint64_t)field << 3 | 2);
  s_varint(b, len);
  s_put(b, data, len);
}

void pb_text(struct bytes *b, unsigned field, const char *text) {
  pb_bytes(b, field, text, strlen(text));
}

static bool s_read_varint(struct piece *in, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64 && in->len > 0; shift += 7) {
    uint8_t byte = *in->at++;
    in->len--;
    *value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128)
      return true;
  }
  return false;
}

bool pb_next(struct piece *in, unsigned *field, struct piece *value, uint64_t *number) {
  uint64_t key;
  if (!s_read_varint(in, &key))
    return false;
  *field = (unsigned)(key >> 3);
  *value = (struct piece){NULL, 0};
  if ((key & 7) == 0)
    return s_read_varint(in, number);
  if ((key & 7) != 2 || !s_read_varint(in, number) || *number > in->len)
    return false;
  *value = (struct piece){in->at, (size_t)*number};
  in->at += value->len;
  in->len -= value->len;
  return true;
}

struct piece pb_find(struct piece in, unsigned field, unsigned n) {
  unsigned at;
  struct piece value;
  uint64_t number;
  while (pb_next(&in, &at, &value, &number))
    if (at == field && n-- == 0)
      return value;
  return (struct piece){NULL, 0};
}

bool piece_is(struct piece p, const char *text) {
  return p.at && p.len == strlen(text) && memcmp(p.at, text, p.len) == 0;
}

void mp_map(struct bytes *b, unsigned count) {
  s_byte(b, 0xde);
  s_byte(b, count >> 8);
  s_byte(b, count & 255);
}

void mp_array(struct bytes *b, unsigned count) {
  s_byte(b, 0xdc);
  s_byte(b, count >> 8);
  s_byte(b, count & 255);
}

void mp_text(struct bytes *b, const char *text) {
  size_t len = strlen(text);
  s_byte(b, 0xda);
  s_byte(b, (unsigned)len >> 8);
  s_byte(b, (unsigned)len & 255);
  s_put(b, text, len);
}

void mp_nil(struct bytes *b) {
  s_byte(b, 0xc0);
}
