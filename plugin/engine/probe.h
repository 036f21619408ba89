/*
 * Whether a resource group can be seen at all: one page of it is asked for, once for all ids that
 * vanished from it.
 */
#ifndef ZR_ENGINE_PROBE_H
#define ZR_ENGINE_PROBE_H

#include "engine/state.h"

/* Asks, unless it is being asked already or memory is out: the next evaluation of the item asks
 * again. Where the rate is limited it waits for its turn, before the reads that wait. */
void zr_probe_want(struct zr_engine *e, const struct zr_item *it);
/* The answer. False: `handle` is no probe's. */
bool zr_probe_counted(struct zr_engine *e, uint64_t handle, const struct zr_call_end *end,
                      uint64_t total);
void zr_probes_step(struct zr_engine *e);
struct zr_mono zr_probes_wake(const struct zr_engine *e);
void zr_probe_hand_out(const struct zr_engine *e, const struct zr_probe *p, struct zr_action *out);
void zr_probes_free(struct zr_engine *e);

#endif
