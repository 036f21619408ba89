/* A simulated world without its sockets: one account, two instances of each product. */
#ifndef ZR_FUZZ_SIM_H
#define ZR_FUZZ_SIM_H

#include "world.h"

enum { FUZZ_SIM_NOW_S = 1764500000 }; /* what signatures in inputs are made for */

void fuzz_sim_open(struct sim_world *world);
void fuzz_sim_close(struct sim_world *world);

#endif
