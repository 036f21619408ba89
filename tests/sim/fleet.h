/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

#include "map.h"

#include "ledger.h"
#include "settings.h"
#include "timers.h"

/*
 * The instances, their states and their timing.
 *
 *   vm, bmc:          RUNNING|STOPPED --terminate--> (STOPPING ->) (RECYCLING ->) RECYCLE
 * --release--> (RELEASING ->) absent bmc CREATE_FAILED --terminate--> absent zec: stable
 * --release--> (RELEASING ->) absent zec, bin account: stable --release--> (RECYCLING ->) RECYCLE
 * --release--> (RELEASING ->) absent bin timer:        RECYCLE --> absent
 *
 * States in parentheses are skipped while their time is 0. An absent instance stays in the books:
 * its id is never used again, and a lagging read may still show it.
 */
enum sim_product { SIM_VM, SIM_BMC, SIM_ZEC };
#define SIM_PRODUCT_COUNT 3

#define SIM_STATUS_LIST(X)                                                                         \
  X(PENDING)                                                                                       \
  X(DEPLOYING)                                                                                     \
  X(CREATING)                                                                                      \
  X(INSTALLING)                                                                                    \
  X(REBUILDING)                                                                                    \
  X(REBOOT)                                                                                        \
  X(REBOOTING)                                                                                     \
  X(RUNNING)                                                                                       \
  X(STOPPED)                                                                                       \
  X(SHUTDOWN)                                                                                      \
  X(BOOTING)                                                                                       \
  X(STOPPING)                                                                                      \
  X(RELEASING)                                                                                     \
  X(RECYCLE)                                                                                       \
  X(RECYCLING)                                                                                     \
  X(CREATE_FAILED)                                                                                 \
  X(INSTALL_FAILED)                                                                                \
  X(REINSTALL_FAILED)                                                                              \
  X(IMAGING)                                                                                       \
  X(RESIZING)                                                                                      \
  X(ABSENT)

enum sim_status {
#define X(name) SIM_STATUS_##name,
  SIM_STATUS_LIST(X)
#undef X
};

/* What somebody without the rights sees of an instance. */
enum sim_hidden {
  SIM_HIDDEN_NO,
  SIM_HIDDEN_READS,   /* not in any describe, but a release works */
  SIM_HIDDEN_MISSING, /* nor there for a release: 404 */
  SIM_HIDDEN_DENIED,  /* a release is answered AUTHFAILURE_UNAUTHORIZED_OPERATION */
};

struct sim_tag {
  char *key;
  char *value;
};

struct sim_change {
  uint64_t at_ms;
  enum sim_status status;
};

struct sim_fleet;

struct sim_instance {
  struct sim_fleet *fleet;
  char *id;
  enum sim_product product;
  size_t account;
  uint64_t serial; /* seeds whatever the file did not say: addresses, dates */
  enum sim_hidden hidden;
  struct sim_change *changes; /* the last one is now; never empty */
  size_t change_count;
  struct sim_timer timer;
  int64_t bin_since_s;
  size_t ledger_index; /* of the entry about it, once it is destroyed */
  bool destroyed;

  /* Texts of the rows; NULL for the product's usual value. */
  char *name;
  char *hostname;
  char *zone_id;
  char *instance_type;
  char *image_id;
  char *image_name;
  char *resource_group_id;
  char *resource_group_name;
  char *subnet_id;
  char *security_group_id;
  char *key_id;
  char *internet_charge_type;
  char public_ip[48];
  char private_ip[48];
  char ipv6[48];
  bool prepaid;
  bool auto_renew;
  int fixed_data_disks; /* of the two, how many cannot be taken off */
  int64_t create_s;
  struct sim_tag *tags;
  size_t tag_count;
  UT_hash_handle hh;
};

struct sim_fleet {
  const struct sim_settings *settings;
  struct sim_timers *timers;
  struct sim_ledger *ledger;
  struct sim_instance
      *by_id[SIM_PRODUCT_COUNT]; /* also the order of the rows: uthash keeps insertion order */
  uint64_t serials[SIM_PRODUCT_COUNT];   /* of all instances: seeds of addresses and dates */
  uint64_t generated[SIM_PRODUCT_COUNT]; /* the last number given to a generated id */
};

void sim_fleet_init(struct sim_fleet *fleet, const struct sim_settings *settings,
                    struct sim_timers *timers, struct sim_ledger *ledger);
/* Removes every instance without a trace in the ledger. */
void sim_fleet_clear(struct sim_fleet *fleet);

/* NULL when the id is taken. */
struct sim_instance *sim_fleet_add(struct sim_fleet *fleet, enum sim_product product,
                                   const char *id, enum sim_status status);
/* Adds count instances with the next ids in line. */
void sim_fleet_generate(struct sim_fleet *fleet, enum sim_product product, size_t account,
                        size_t count, enum sim_status status);
/* NULL when there never was one. Absent ones are found too. */
struct sim_instance *sim_fleet_find(const struct sim_fleet *fleet, enum sim_product product,
                                    const char *id);

enum sim_status sim_instance_status(const struct sim_instance *instance);
/* As a read that lags sees it. */
enum sim_status sim_instance_status_at(const struct sim_instance *instance, uint64_t at_ms);
/* Sets it as if by hand: apart from the bin's timer nothing follows by itself. */
void sim_instance_set_status(struct sim_instance *instance, enum sim_status status,
                             uint64_t now_ms);
void sim_instance_add_tag(struct sim_instance *instance, const char *key, const char *value);
void sim_instance_clear_tags(struct sim_instance *instance);

/* Towards the bin. */
void sim_instance_terminate(struct sim_instance *instance, uint64_t now_ms);
/* Out of existence; entry says why (its id, product and state are filled in here). */
void sim_instance_destroy(struct sim_instance *instance, const struct sim_ledger_entry *why,
                          uint64_t now_ms);

const char *sim_product_name(enum sim_product product);
/* false: no such product. */
bool sim_product_parse(const char *name, enum sim_product *product);
const char *sim_status_name(enum sim_status status);
/* Accepts RECYCLED for RECYCLE; not ABSENT. */
bool sim_status_parse(const char *name, enum sim_status *status);

#endif
