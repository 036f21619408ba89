/*
 * Which step has picked which instance already. On disk, so that memory does not grow with their
 * number: a table of hashes in an unnamed file.
 */
#ifndef ZR_CLIENT_PLAN_SEEN_H
#define ZR_CLIENT_PLAN_SEEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "zenrelease/zenrelease.h"

struct zr_seen {
  FILE *file;
  uint64_t slots; /* a power of two */
  uint64_t count;
};

enum zr_seen_where {
  ZR_SEEN_NOWHERE,   /* it is new, and noted */
  ZR_SEEN_HERE,      /* the same step had it */
  ZR_SEEN_ELSEWHERE, /* another step had it */
  ZR_SEEN_FAILED     /* the file cannot be read or written: errno */
};

/* False with errno. Clean up in any case. */
bool zr_seen_begin(struct zr_seen *s);
/* Notes that step number `step` picks the instance; *other is the step that did so first. */
enum zr_seen_where zr_seen_add(struct zr_seen *s, enum zenrelease_product product, const char *id,
                               size_t step, size_t *other);
void zr_seen_clean_up(struct zr_seen *s);

#endif
