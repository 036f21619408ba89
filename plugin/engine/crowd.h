/* Ids that vanish together. */
#ifndef ZR_ENGINE_CROWD_H
#define ZR_ENGINE_CROWD_H

#include "engine/state.h"

/* After a complete read of these items: those that were there before and are absent now, without an
 * order of ours that may have done it, are `hidden` rather than gone when they are more than a few
 * and the read shows nothing else of their resource group. */
void zr_crowd_note(struct zr_item *const *items, unsigned count);

#endif
