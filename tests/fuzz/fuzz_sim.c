#include "fuzz_sim.h"

#include <string.h>

void fuzz_sim_open(struct sim_world *world) {
  memset(world, 0, sizeof *world);
  sim_settings_init(&world->settings);
  world->settings.clock_offset_s = FUZZ_SIM_NOW_S - sim_clock_wall_ms() / 1000;
  world->rng.state = 1;
  sim_fleet_init(&world->fleet, &world->settings, &world->timers, &world->ledger);
  (void)sim_accounts_add(&world->accounts, "key", "password", "token");
  for (int i = 0; i < SIM_PRODUCT_COUNT; i++) {
    (void)sim_fleet_add(&world->fleet, (enum sim_product)i, "1", SIM_STATUS_RECYCLE);
    (void)sim_fleet_add(&world->fleet, (enum sim_product)i, "2", SIM_STATUS_RUNNING);
  }
}

void fuzz_sim_close(struct sim_world *world) {
  sim_later_clean_up(world);
  sim_fleet_clear(&world->fleet);
  sim_ledger_clean_up(&world->ledger);
  sim_faults_clean_up(&world->faults);
  sim_request_log_clean_up(&world->log);
  sim_accounts_clean_up(&world->accounts);
  sim_timers_clean_up(&world->timers);
}
