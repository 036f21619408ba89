/* Protobuf and msgpack by hand: what a host sends and reads, without the plugin's own code. */
#ifndef ZR_TFHOST_BYTES_H
#define ZR_TFHOST_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BYTES_ROOM = 1 << 20 };

/* A piece of a message. */
struct piece {
  const uint8_t *at;
  size_t len;
};

/* Grows in place; asserts that there is room. */
struct bytes {
  size_t len;
  uint8_t data[BYTES_ROOM];
};

/* ---- protobuf ---- */

void pb_bytes(struct bytes *b, unsigned field, const void *data, size_t len);
void pb_text(struct bytes *b, unsigned field, const char *text);
/* The next field of `*in`, which moves on; false at the end, or when it is malformed. `value` is
 * the content of a length-delimited field, and a number in *number otherwise. */
bool pb_next(struct piece *in, unsigned *field, struct piece *value, uint64_t *number);
/* The n-th field of that number; a NULL piece when it is not there. */
struct piece pb_find(struct piece in, unsigned field, unsigned n);
bool piece_is(struct piece p, const char *text);

/* ---- msgpack ---- */

void mp_map(struct bytes *b, unsigned count);
void mp_array(struct bytes *b, unsigned count);
void mp_text(struct bytes *b, const char *text);
void mp_nil(struct bytes *b);

#endif
