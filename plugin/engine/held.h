/*
 * Ids of an earlier process's calls that were not read since: nothing is sent while there are any.
 * Beside state.h, for the files that ask; settle.c.
 */
#ifndef ZR_ENGINE_HELD_H
#define ZR_ENGINE_HELD_H

#include "engine/state.h"

struct zr_held {
  UT_hash_handle hh;
  struct zr_held *next; /* while it is added */
  char id[];
};

/* A good read told of the id. */
void zr_held_clear(struct zr_engine *e, const struct zr_item *it);
bool zr_held_has(const struct zr_engine *e, const struct zr_item *it);
void zr_held_clean_up(struct zr_engine *e);
/* Nobody is at work on one of the ids that are held, so nothing will read it. */
bool zr_held_for_good(const struct zr_engine *e);

#endif
