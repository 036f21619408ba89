/*
 * Protobuf in and out. In: protobuf-c in the call's arena, behind a strict look at the raw bytes,
 * because protobuf-c cuts strings at a NUL and does not check UTF-8. Out: packed in place into
 * bytes that the transport sends.
 */
#ifndef ZR_SERVICE_CODEC_H
#define ZR_SERVICE_CODEC_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/view.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/bytes.h"
#include "service/violation.h"

/* What a message's fields must obey beyond UTF-8. Either may be NULL. */
struct zr_rules {
  /* NULL when `text` will do, else what is wrong with it ("is blank"); constant. `plain`: as
   * zr_text_is_plain says. */
  const char *(*text)(const ProtobufCFieldDescriptor *field, struct zr_view text, bool plain);
  /* How many elements a repeated field may have; SIZE_MAX: any. */
  size_t (*max_count)(const ProtobufCFieldDescriptor *field);
};

/* The message, in v->arena; NULL with at least one violation, or v->nomem. Strings are well-formed
 * UTF-8 without NUL, so C strings are safe. */
ProtobufCMessage *zr_decode(const ProtobufCMessageDescriptor *type, struct zr_view bytes,
                            const struct zr_rules *rules, struct zr_violations *v) ZR_MUST_CHECK;

/* Packed, one reference; NULL when out of memory. */
struct zr_rpc_bytes *zr_encode(const ProtobufCMessage *message) ZR_MUST_CHECK;

/* protobuf-c's structs are not const; it does not write to what it packs. NULL gives "". */
static inline char *zr_pb_text(const char *text) {
  union {
    const char *in;
    char *out;
  } u = {.in = text ? text : ""};
  return u.out;
}
static inline uint8_t *zr_pb_bytes(const char *bytes) {
  return (uint8_t *)zr_pb_text(bytes);
}
static inline int32_t zr_pb_int(uint64_t n) {
  return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}
void zr_pb_duration(Google__Protobuf__Duration *d, int64_t ms);
void zr_pb_timestamp(Google__Protobuf__Timestamp *t, struct zr_wall at);

#endif
