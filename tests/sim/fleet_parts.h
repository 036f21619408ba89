/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FLEET_PARTS_H
#define SIM_FLEET_PARTS_H

#include "world.h"

/* The parts of a fleet file beside its instances: one element of "accounts" and of "generate".
 * NULL, or what is wrong. */
const char *sim_fleet_apply_account(struct sim_world *world, const cJSON *item);
const char *sim_fleet_apply_generate(struct sim_world *world, const cJSON *item);

/* "name" must be expected. Valid until the next call. */
const char *sim_fleet_wrong(const char *name, const char *expected);
/* NULL is none of them. */
bool sim_fleet_is_one_of(const char *name, const char *const *names, size_t count);

#endif
