/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_MAP_H
#define SIM_MAP_H

#include "base.h"

/*
 * uthash with FNV-1a as its hash: the one it brings falls through its switch labels, which the
 * compilers cannot see past. Every file that keeps a map includes this one, so that all of them
 * hash alike.
 */
#define HASH_FUNCTION(key, key_len, hash) ((hash) = sim_map_hash((key), (key_len)))
#include <uthash.h>

static inline unsigned sim_map_hash(const void *key, size_t len) {
  const unsigned char *at = key;
  unsigned hash = 2166136261U;
  for (size_t i = 0; i < len; i++) {
    hash = (hash ^ at[i]) * 16777619U;
  }
  return hash;
}

#endif
