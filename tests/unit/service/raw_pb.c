#include "raw_pb.h"

#include <string.h>

struct raw g_raw;

void raw_begin(void) {
  g_raw.len = 0;
}

void raw_varint(uint64_t v) {
  do {
    g_raw.bytes[g_raw.len++] = (uint8_t)((v & 0x7F) | (v > 0x7F ? 0x80 : 0));
    v >>= 7;
  } while (v);
}

void raw_int(unsigned field, uint64_t v) {
  raw_varint(field << 3);
  raw_varint(v);
}

void raw_bytes(unsigned field, const void *data, size_t len) {
  raw_varint(field << 3 | 2);
  raw_varint(len);
  memcpy(g_raw.bytes + g_raw.len, data, len);
  g_raw.len += len;
}

void raw_text(unsigned field, const char *text) {
  raw_bytes(field, text, strlen(text));
}

struct zr_view raw_view(void) {
  return (struct zr_view){(const char *)g_raw.bytes, g_raw.len};
}
