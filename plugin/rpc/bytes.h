/*
 * Outgoing bytes with a reference count: packed once, filled in place, sent without a copy and to
 * as many callers as want them. Counted atomically; not to be changed once sent or shared.
 */
#ifndef ZR_RPC_BYTES_H
#define ZR_RPC_BYTES_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct zr_rpc_bytes {
  atomic_size_t refs;
  size_t len;
  uint8_t data[];
};

/* `len` bytes to be filled by the caller, one reference; NULL when out of memory. */
struct zr_rpc_bytes *zr_rpc_bytes_new(size_t len) ZR_MUST_CHECK;
struct zr_rpc_bytes *zr_rpc_bytes_acquire(struct zr_rpc_bytes *b);
/* NULL is fine. */
void zr_rpc_bytes_release(struct zr_rpc_bytes *b);

#endif
