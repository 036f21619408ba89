/*
 * uthash with our memory. Out of memory is an error there too: an element that could not be added
 * has no hh.tbl. The hash is not uthash's own, which falls through its switch labels where it
 * expands, and clang warns of that.
 */
#ifndef ZR_BASE_HASH_H
#define ZR_BASE_HASH_H

#include <string.h>

#include "base/mem.h"

#define HASH_FUNCTION(key, len, hash) HASH_FNV(key, len, hash)
#define HASH_NONFATAL_OOM             1
#define uthash_malloc(size)           zr_alloc(size)
#define uthash_free(ptr, size)        zr_free(ptr)
#define uthash_nonfatal_oom(element)
#include <uthash.h>

#endif
