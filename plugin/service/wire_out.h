/*
 * Writes the protobuf wire format backwards, so that a message's length is known when it is
 * written. Reports of thousands of results are packed this way: protobuf-c visits every field
 * several times for the lengths of nested messages (measured: six times the instructions). What is
 * written here is read back with protobuf-c in the tests.
 *
 * Writing begins at the end of some memory. When it does not suffice, the rest is only counted, and
 * the same calls are made again with exactly that much.
 * Fields go from the highest number to the lowest, and repeated ones from last to first. What
 * equals proto3's default is left out.
 */
#ifndef ZR_SERVICE_WIRE_OUT_H
#define ZR_SERVICE_WIRE_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "rpc/bytes.h"

struct zr_wire_out {
  uint8_t *at; /* the first byte that is written; NULL: counting */
  size_t room; /* before it */
  size_t len;  /* written, or counted */
};

/* Something that writes a whole message with the functions below; the same each time. */
typedef void(zr_out_fn)(struct zr_wire_out *w, const void *what);
/* Its bytes: one reference; NULL when out of memory. */
struct zr_rpc_bytes *zr_out_bytes(zr_out_fn *write, const void *what) ZR_MUST_CHECK;

void zr_out_int(struct zr_wire_out *w, unsigned field, uint64_t value);
/* NULL and "" are left out. */
void zr_out_text(struct zr_wire_out *w, unsigned field, const char *text);
/* The head of a message whose body was written since w->len was `mark`. Never left out. */
void zr_out_message(struct zr_wire_out *w, unsigned field, size_t mark);
/* google.protobuf.Timestamp, left out when it is 0; and Duration, left out when it is negative. */
void zr_out_time(struct zr_wire_out *w, unsigned field, struct zr_wall at);
void zr_out_duration(struct zr_wire_out *w, unsigned field, int64_t ms);

#endif
