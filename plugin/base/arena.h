/*
 * Bump memory for one request: many allocations, freed together. Blocks grow from 4 KiB to 256 KiB.
 * An arena may start in storage of its owner. One thread at a time.
 */
#ifndef ZR_BASE_ARENA_H
#define ZR_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct zr_arena_block;

struct zr_arena {
  struct zr_arena_block *head;
  char *first; /* Optional: storage of the owner, aligned as max_align_t. */
  size_t first_cap;
  size_t first_used;
};

/* `first` may be NULL; it must live as long as the arena. */
void zr_arena_init(struct zr_arena *a, void *first, size_t first_cap);
/* Aligned for any type; NULL when out of memory. */
void *zr_arena_alloc(struct zr_arena *a, size_t size) ZR_MUST_CHECK;
void *zr_arena_calloc(struct zr_arena *a, size_t count, size_t size) ZR_MUST_CHECK;
char *zr_arena_strdup(struct zr_arena *a, const char *text) ZR_MUST_CHECK;
/* For copying many at once: NULL counts as "". Out of memory clears *ok, and "" (of a list: NULL)
 * stands in its place. */
const char *zr_arena_copy(struct zr_arena *a, const char *text, bool *ok);
const char *const *zr_arena_copy_list(struct zr_arena *a, const char *const *list, size_t count,
                                      bool *ok);
char *zr_arena_printf(struct zr_arena *a, const char *format, ...) ZR_PRINTF(2, 3) ZR_MUST_CHECK;
void zr_arena_clean_up(struct zr_arena *a);

#endif
