/*
 * A list of ids as the requests that carry it: each at most 10,000 ids and less than 3.5 MiB. One
 * request takes the list as it is, and the server collapses repeated ids; a longer list is
 * collapsed here, since the server cannot know that two requests belong together.
 */
#ifndef ZR_CLIENT_LIB_CHUNK_H
#define ZR_CLIENT_LIB_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

enum {
  ZR_CHUNK_IDS = 10000,
  ZR_CHUNK_BYTES = 3 * 1024 * 1024 + 400 * 1024, /* ids as packed; leaves room for the rest */
  ZR_ID_BYTES = 128
};

/* A further mention of an id, in a list that was collapsed here. */
struct zr_repeat {
  uint32_t first;
  uint32_t again;
};

struct zr_chunk {
  size_t start; /* into ids and origin */
  size_t count;
};

struct zr_chunks {
  const char **ids; /* what is sent; text borrowed from the caller */
  uint32_t *origin; /* where each stands in the caller's list; NULL: at the same place */
  size_t id_count;
  size_t distinct;
  struct zr_chunk *chunks;
  size_t chunk_count;
  size_t chunk_cap;
  struct zr_repeat *repeats;
  size_t repeat_count;
  size_t repeat_cap;
};

/* Checks every id (ZENRELEASE_INVALID_ARGUMENT names each bad one), then plans. Clean up in any
 * case. */
enum zenrelease_status zr_chunks_plan(struct zr_chunks *c, const char *const *ids, size_t count,
                                      struct zenrelease_error **error);
void zr_chunks_clean_up(struct zr_chunks *c);

/* For each of the ids, the position of its first mention; caller frees with zr_free. NULL when
 * memory is out. */
uint32_t *zr_first_mentions(const char *const *ids, size_t count) ZR_MUST_CHECK;

/* What is wrong with the form of an id; NULL when nothing is. A constant. */
const char *zr_id_fault(struct zr_view id);

#endif
