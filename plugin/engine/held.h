/*
 * Ids by name, beside items: those of an earlier process's calls that were not read since (nothing
 * of their product is sent while there are any), and those that were under way when the journal was
 * asked what is open. Beside state.h, for the files that ask; held.c.
 */
#ifndef ZR_ENGINE_HELD_H
#define ZR_ENGINE_HELD_H

#include "engine/state.h"

struct zr_held {
  UT_hash_handle hh;
  struct zr_held *next; /* while it is added */
  uint32_t number;      /* UNDER WAY: of the call that names it */
  char id[];
};

size_t zr_held_of(const struct zr_engine *e, enum zr_product product);
/* A good read told of the id. */
void zr_held_clear(struct zr_engine *e, const struct zr_item *it);
bool zr_held_has(const struct zr_engine *e, const struct zr_item *it);
/* Nobody is at work on one of the ids of this product that are held, so nothing will read it. */
bool zr_held_for_good(const struct zr_engine *e, enum zr_product product);
/* Ids that this engine is at work on have its own evidence, and are not held. What is new is also
 * put into `added`, so that it can be undone. ZR_ERR_NOMEM. */
enum zr_err zr_held_add(struct zr_engine *e, enum zr_product product, const char *id,
                        struct zr_held **added) ZR_MUST_CHECK;
void zr_held_undo(struct zr_engine *e, enum zr_product product, struct zr_held *added);

/* The number of the call that named it when the journal was asked; 0: none did. */
uint32_t zr_under_way(const struct zr_engine *e, enum zr_product product, const char *id);

/* item.c, for settle.c: it was sent, by a call that the journal tells of; its end is said as that
 * of any other. */
void zr_item_was_sent(struct zr_item *it, uint32_t batch, struct zr_wall at);
/* The same, of an item that was sent after that: what the call may still do counts beside the
 * answers that came later, and changes none of them. REDIRECTED also stands for "listed". */
void zr_item_recalled(struct zr_item *it, uint32_t batch, enum zr_class end, bool late,
                      struct zr_mono now);

/* Forgets both. */
void zr_held_clean_up(struct zr_engine *e);

#endif
