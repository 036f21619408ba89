#include "rpc/bytes.h"

#include "base/mem.h"

struct zr_rpc_bytes *zr_rpc_bytes_new(size_t len) {
  if (len > SIZE_MAX - sizeof(struct zr_rpc_bytes))
    return NULL;
  struct zr_rpc_bytes *b = zr_alloc(sizeof *b + len);
  if (!b)
    return NULL;
  atomic_init(&b->refs, 1);
  b->len = len;
  return b;
}

struct zr_rpc_bytes *zr_rpc_bytes_acquire(struct zr_rpc_bytes *b) {
  atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
  return b;
}

void zr_rpc_bytes_release(struct zr_rpc_bytes *b) {
  if (b && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
    zr_free(b);
}
