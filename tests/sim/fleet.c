/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Every generated instance is so much older than the one before it, so that createTime tells them
 * apart. */
#define S_AGE_STEP_S 61

static const char *const s_products[SIM_PRODUCT_COUNT] = {
    [SIM_VM] = "vm",
    [SIM_BMC] = "bmc",
    [SIM_ZEC] = "zec",
};

static const char *const s_statuses[] = {
#define X(name) [SIM_STATUS_##name] = #name,
    SIM_STATUS_LIST(X)
#undef X
};

const char *sim_product_name(enum sim_product product) {
  return s_products[product];
}

bool sim_product_parse(const char *name, enum sim_product *product) {
  for (int i = 0; i < SIM_PRODUCT_COUNT; i++) {
    if (sim_text_equal(s_products[i], name)) {
      *product = (enum sim_product)i;
      return true;
    }
  }
  return false;
}

const char *sim_status_name(enum sim_status status) {
  return s_statuses[status];
}

bool sim_status_parse(const char *name, enum sim_status *status) {
  if (sim_text_equal(name, "RECYCLED")) {
    name = "RECYCLE";
  }
  for (int i = 0; i < SIM_STATUS_ABSENT; i++) {
    if (sim_text_equal(s_statuses[i], name)) {
      *status = (enum sim_status)i;
      return true;
    }
  }
  return false;
}

void sim_fleet_init(struct sim_fleet *fleet, const struct sim_settings *settings,
                    struct sim_timers *timers, struct sim_ledger *ledger) {
  *fleet = (struct sim_fleet){.settings = settings, .timers = timers, .ledger = ledger};
}

static void s_free_instance(struct sim_instance *instance) {
  sim_timer_disarm(instance->fleet->timers, &instance->timer);
  sim_instance_clear_tags(instance);
  free(instance->changes);
  free(instance->id);
  free(instance->name);
  free(instance->hostname);
  free(instance->zone_id);
  free(instance->instance_type);
  free(instance->image_id);
  free(instance->image_name);
  free(instance->resource_group_id);
  free(instance->resource_group_name);
  free(instance->subnet_id);
  free(instance->security_group_id);
  free(instance->key_id);
  free(instance->internet_charge_type);
  free(instance);
}

void sim_fleet_clear(struct sim_fleet *fleet) {
  for (int i = 0; i < SIM_PRODUCT_COUNT; i++) {
    struct sim_instance *instance = NULL;
    struct sim_instance *next = NULL;
    HASH_ITER(hh, fleet->by_id[i], instance, next) {
      HASH_DEL(fleet->by_id[i], instance);
      s_free_instance(instance);
    }
    fleet->serials[i] = 0;
    fleet->generated[i] = 0;
  }
}

struct sim_instance *sim_fleet_find(const struct sim_fleet *fleet, enum sim_product product,
                                    const char *id) {
  struct sim_instance *instance = NULL;
  HASH_FIND_STR(fleet->by_id[product], id, instance);
  return instance;
}

static void s_push_change(struct sim_instance *instance, enum sim_status status, uint64_t at_ms) {
  instance->changes =
      sim_realloc(instance->changes, (instance->change_count + 1) * sizeof instance->changes[0]);
  instance->changes[instance->change_count++] =
      (struct sim_change){.at_ms = at_ms, .status = status};
}

static void s_arm(struct sim_instance *instance, uint64_t now_ms, int64_t after_ms) {
  sim_timer_arm(instance->fleet->timers, &instance->timer, now_ms + (uint64_t)after_ms);
}

void sim_instance_set_status(struct sim_instance *instance, enum sim_status status,
                             uint64_t now_ms) {
  sim_timer_disarm(instance->fleet->timers, &instance->timer);
  s_push_change(instance, status, now_ms);
  if (status == SIM_STATUS_RECYCLE) {
    const struct sim_settings *settings = instance->fleet->settings;
    instance->bin_since_s = sim_clock_wall_ms() / 1000 + settings->clock_offset_s;
    if (settings->bin_ms > 0) {
      s_arm(instance, now_ms, settings->bin_ms);
    }
  }
}

enum sim_status sim_instance_status(const struct sim_instance *instance) {
  return instance->changes[instance->change_count - 1].status;
}

enum sim_status sim_instance_status_at(const struct sim_instance *instance, uint64_t at_ms) {
  size_t i = instance->change_count - 1;
  while (i > 0 && instance->changes[i].at_ms > at_ms) {
    i--;
  }
  return instance->changes[i].status;
}

static void s_become_absent(struct sim_instance *instance, uint64_t now_ms) {
  sim_instance_set_status(instance, SIM_STATUS_ABSENT, now_ms);
  instance->fleet->ledger->entries[instance->ledger_index].gone_ms = sim_clock_wall_ms();
}

/* STOPPING and RECYCLING are passed through only while they last. */
static void s_go_to_bin(struct sim_instance *instance, enum sim_status from, uint64_t now_ms) {
  const struct sim_settings *settings = instance->fleet->settings;
  if (from == SIM_STATUS_RUNNING && settings->stopping_ms > 0) {
    sim_instance_set_status(instance, SIM_STATUS_STOPPING, now_ms);
    s_arm(instance, now_ms, settings->stopping_ms);
  } else if (from != SIM_STATUS_RECYCLING && settings->recycling_ms > 0) {
    sim_instance_set_status(instance, SIM_STATUS_RECYCLING, now_ms);
    s_arm(instance, now_ms, settings->recycling_ms);
  } else {
    sim_instance_set_status(instance, SIM_STATUS_RECYCLE, now_ms);
  }
}

static void s_on_timer(void *context, uint64_t now_ms) {
  struct sim_instance *instance = context;
  enum sim_status status = sim_instance_status(instance);
  if (status == SIM_STATUS_RELEASING) {
    s_become_absent(instance, now_ms);
  } else if (status == SIM_STATUS_RECYCLE) {
    struct sim_ledger_entry why = {.cause = SIM_CAUSE_TIMER};
    sim_instance_destroy(instance, &why, now_ms);
  } else {
    s_go_to_bin(instance, status, now_ms);
  }
}

void sim_instance_terminate(struct sim_instance *instance, uint64_t now_ms) {
  s_go_to_bin(instance, sim_instance_status(instance), now_ms);
}

void sim_instance_destroy(struct sim_instance *instance, const struct sim_ledger_entry *why,
                          uint64_t now_ms) {
  struct sim_fleet *fleet = instance->fleet;
  struct sim_ledger_entry entry = *why;
  entry.instance_id = instance->id;
  entry.product = sim_product_name(instance->product);
  entry.is_zec = instance->product == SIM_ZEC;
  entry.status_before = sim_status_name(sim_instance_status(instance));
  entry.time_ms = sim_clock_wall_ms();
  instance->ledger_index = sim_ledger_add(fleet->ledger, &entry);
  instance->destroyed = true;
  if (why->cause == SIM_CAUSE_RELEASE && fleet->settings->release_ms > 0) {
    sim_instance_set_status(instance, SIM_STATUS_RELEASING, now_ms);
    s_arm(instance, now_ms, fleet->settings->release_ms);
    return;
  }
  s_become_absent(instance, now_ms);
}

/* Addresses from the ranges reserved for documentation and private use, so that none belongs to
 * anybody. */
static void s_fill_addresses(struct sim_instance *instance) {
  unsigned n = (unsigned)instance->serial;
  unsigned net = 10U + (unsigned)instance->product;
  (void)snprintf(instance->private_ip, sizeof instance->private_ip, "10.%u.%u.%u", net,
                 (n >> 8) & 255U, n & 255U);
  (void)snprintf(instance->public_ip, sizeof instance->public_ip, "198.%u.%u.%u",
                 18U + ((n >> 16) & 1U), (n >> 8) & 255U, n & 255U);
  (void)snprintf(instance->ipv6, sizeof instance->ipv6, "2001:db8:%x::%x", net, n);
}

struct sim_instance *sim_fleet_add(struct sim_fleet *fleet, enum sim_product product,
                                   const char *id, enum sim_status status) {
  if (sim_fleet_find(fleet, product, id) != NULL) {
    return NULL;
  }
  struct sim_instance *instance = sim_alloc(sizeof *instance);
  instance->fleet = fleet;
  instance->id = sim_strdup(id);
  instance->product = product;
  instance->serial = ++fleet->serials[product];
  instance->auto_renew = true;
  instance->fixed_data_disks = 1;
  instance->timer = (struct sim_timer){.fire = s_on_timer, .context = instance};
  instance->create_s =
      sim_clock_wall_ms() / 1000 - INT64_C(30) * 86400 - (int64_t)instance->serial * S_AGE_STEP_S;
  s_fill_addresses(instance);
  HASH_ADD_KEYPTR(hh, fleet->by_id[product], instance->id, strlen(instance->id), instance);
  sim_instance_set_status(instance, status, sim_clock_mono_ms());
  instance->changes[0].at_ms = 0; /* it has always been so, also for a read that lags */
  return instance;
}

void sim_fleet_generate(struct sim_fleet *fleet, enum sim_product product, size_t account,
                        size_t count, enum sim_status status) {
  for (size_t made = 0; made < count;) {
    char id[32];
    char name[64];
    uint64_t number = ++fleet->generated[product];
    (void)snprintf(id, sizeof id, "%d%012" PRIu64, (int)product + 1, number);
    (void)snprintf(name, sizeof name, "%s-%06" PRIu64, sim_product_name(product), number);
    struct sim_instance *instance = sim_fleet_add(fleet, product, id, status);
    if (instance != NULL) { /* else a file has taken this id */
      instance->account = account;
      sim_set_string(&instance->name, name);
      made++;
    }
  }
}

void sim_instance_add_tag(struct sim_instance *instance, const char *key, const char *value) {
  instance->tags =
      sim_realloc(instance->tags, (instance->tag_count + 1) * sizeof instance->tags[0]);
  instance->tags[instance->tag_count++] =
      (struct sim_tag){.key = sim_strdup(key), .value = sim_strdup(value)};
}

void sim_instance_clear_tags(struct sim_instance *instance) {
  for (size_t i = 0; i < instance->tag_count; i++) {
    free(instance->tags[i].key);
    free(instance->tags[i].value);
  }
  free(instance->tags);
  instance->tags = NULL;
  instance->tag_count = 0;
}
