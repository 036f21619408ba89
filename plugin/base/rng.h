/* Chance as an argument: a small seeded generator (splitmix64). Not for secrets. One thread. */
#ifndef ZR_BASE_RNG_H
#define ZR_BASE_RNG_H

#include <stdint.h>

struct zr_rng {
  uint64_t state;
};

static inline uint64_t zr_rng_next(struct zr_rng *r) {
  uint64_t z = (r->state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/* Uniform in [0, bound); 0 for bound 0. The modulo bias is below 2^-32 for the bounds used here. */
static inline uint64_t zr_rng_below(struct zr_rng *r, uint64_t bound) {
  return bound ? zr_rng_next(r) % bound : 0;
}

#endif
