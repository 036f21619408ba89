/* A writer of raw protobuf, for requests that no library would make. */
#ifndef ZR_TEST_RAW_PB_H
#define ZR_TEST_RAW_PB_H

#include <stddef.h>
#include <stdint.h>

#include "base/view.h"

struct raw {
  uint8_t bytes[400000];
  size_t len;
};

extern struct raw g_raw;

void raw_begin(void);
void raw_varint(uint64_t v);
void raw_int(unsigned field, uint64_t v);
void raw_bytes(unsigned field, const void *data, size_t len);
void raw_text(unsigned field, const char *text);
/* What was written since raw_begin. */
struct zr_view raw_view(void);

#endif
