/* Reads the protobuf wire format, field by field, without meaning. Views point into the input. */
#ifndef ZR_SERVICE_WIRE_H
#define ZR_SERVICE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"

struct zr_wire {
  const uint8_t *at;
  const uint8_t *end;
  bool bad; /* truncated, or no protobuf */
};

enum zr_wire_type { ZR_WIRE_VARINT = 0, ZR_WIRE_64 = 1, ZR_WIRE_BYTES = 2, ZR_WIRE_32 = 5 };

struct zr_wire_field {
  uint32_t number;
  enum zr_wire_type type;
  struct zr_view bytes; /* of ZR_WIRE_BYTES */
};

struct zr_wire zr_wire_begin(struct zr_view message);
/* False at the end, and when the rest is malformed (`bad` is set then). Groups are malformed. */
bool zr_wire_next(struct zr_wire *w, struct zr_wire_field *f);

#endif
