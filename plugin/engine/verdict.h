/*
 * What the evidence of an item says: wait, send, or an outcome. Pure functions of one item; nothing
 * is owned, nothing fails. The rules: docs/outcomes.md.
 */
#ifndef ZR_ENGINE_VERDICT_H
#define ZR_ENGINE_VERDICT_H

#include "engine/state.h"

enum zr_next { ZR_NEXT_WAIT, ZR_NEXT_SEND, ZR_NEXT_DECIDED };
struct zr_verdict {
  enum zr_next next;
  enum zr_outcome outcome;
  enum zr_code code;
};
struct zr_verdict zr_verdict_of(const struct zr_item *it, bool dry);
/* The honest outcome if no more may be learnt. `why`: the code for an id that was never sent;
 * `settled`: the last read came late enough to rule out an effect that is still to come. */
struct zr_verdict zr_verdict_final(const struct zr_item *it, enum zr_code why, bool settled);
/* The refusal says it is not in the bin, so a read that has it there may be behind. */
bool zr_verdict_lag_possible(const struct zr_item *it);
/* Settled although the watch over the item was cut short. */
bool zr_verdict_settled_early(const struct zr_item *it);
/* Whether one more read is owed at the end of the watch, before it is called settled. */
bool zr_verdict_wants_last_read(const struct zr_item *it, struct zr_mono expiry);
/* When the watch over the item ends for this sub. */
struct zr_mono zr_verdict_expiry(const struct zr_item *it, const struct zr_sub *sub);
enum zr_code zr_verdict_code_of(const struct zr_answer *a);

#endif
