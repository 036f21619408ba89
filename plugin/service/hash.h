/* SipHash-2-4 of a sequence of values: equal content, equal hash. Any thread, one at a time. */
#ifndef ZR_SERVICE_HASH_H
#define ZR_SERVICE_HASH_H

#include <stdint.h>

#include "base/view.h"

struct zr_hash {
  uint64_t v[4];
  uint64_t word; /* not yet mixed in */
  uint64_t len;
};

void zr_hash_begin(struct zr_hash *h, const uint64_t key[2]);
void zr_hash_number(struct zr_hash *h, uint64_t n);
/* Length and bytes, so that neighbouring texts cannot be confused. */
void zr_hash_text(struct zr_hash *h, struct zr_view text);
uint64_t zr_hash_end(struct zr_hash *h);

#endif
