/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet_parts.h"
#include "rows.h"
#include "world.h"

/*
 * The fleet as a file:
 *
 *   {"accounts": [{"access_key_id", "access_key_password", "token", "of", "zec_bin", "revoked"}],
 *    "generate": [{"product", "recycled", "running", "account"}],
 *    "instances": [{"instanceId", "product", "status", "instanceName", ... "tags": {"key":
 * "value"}}]}
 *
 * Strict: an unknown member is refused, because a typing error here would quietly test another
 * fleet.
 */
static char s_why[300];

const char *sim_fleet_wrong(const char *name, const char *expected) {
  (void)snprintf(s_why, sizeof s_why, "\"%.60s\" must be %s", name, expected);
  return s_why;
}

static const char *const s_hidden_words[] = {
    [SIM_HIDDEN_NO] = "no",
    [SIM_HIDDEN_READS] = "reads",
    [SIM_HIDDEN_MISSING] = "missing",
    [SIM_HIDDEN_DENIED] = "denied",
};

/* Members that are plain texts of the instance. */
static const struct {
  const char *name;
  size_t offset;
} s_texts[] = {
    {"instanceName", offsetof(struct sim_instance, name)},
    {"hostname", offsetof(struct sim_instance, hostname)},
    {"zoneId", offsetof(struct sim_instance, zone_id)},
    {"instanceType", offsetof(struct sim_instance, instance_type)},
    {"imageId", offsetof(struct sim_instance, image_id)},
    {"imageName", offsetof(struct sim_instance, image_name)},
    {"resourceGroupId", offsetof(struct sim_instance, resource_group_id)},
    {"resourceGroupName", offsetof(struct sim_instance, resource_group_name)},
    {"subnetId", offsetof(struct sim_instance, subnet_id)},
    {"securityGroupId", offsetof(struct sim_instance, security_group_id)},
    {"keyId", offsetof(struct sim_instance, key_id)},
    {"internetChargeType", offsetof(struct sim_instance, internet_charge_type)},
};
#define S_TEXT_COUNT (sizeof s_texts / sizeof s_texts[0])

static char **s_text_slot(struct sim_instance *instance, size_t index) {
  void *at = (char *)instance + s_texts[index].offset;
  return at;
}

static const char *s_set_tags(struct sim_instance *instance, const cJSON *tags) {
  const cJSON *tag = NULL;
  cJSON_ArrayForEach(tag, tags) {
    if (!cJSON_IsString(tag)) {
      return sim_fleet_wrong("tags", "an object of strings");
    }
  }
  if (!cJSON_IsObject(tags)) {
    return sim_fleet_wrong("tags", "an object of strings");
  }
  sim_instance_clear_tags(instance);
  cJSON_ArrayForEach(tag, tags) {
    sim_instance_add_tag(instance, tag->string, tag->valuestring);
  }
  return NULL;
}

static const char *s_set_hidden(struct sim_instance *instance, const cJSON *item) {
  if (cJSON_IsBool(item)) {
    instance->hidden = cJSON_IsTrue(item) ? SIM_HIDDEN_MISSING : SIM_HIDDEN_NO;
    return NULL;
  }
  for (int i = 0; i <= SIM_HIDDEN_DENIED; i++) {
    if (sim_text_equal(s_hidden_words[i], cJSON_GetStringValue(item))) {
      instance->hidden = (enum sim_hidden)i;
      return NULL;
    }
  }
  return sim_fleet_wrong("hidden", "true, false, or \"no\", \"reads\", \"missing\", \"denied\"");
}

/* "ABSENT" takes it away behind everybody's back. */
static const char *s_set_status(struct sim_instance *instance, const cJSON *item) {
  enum sim_status status;
  if (sim_text_equal(cJSON_GetStringValue(item), "ABSENT")) {
    if (!instance->destroyed) {
      struct sim_ledger_entry why = {.cause = SIM_CAUSE_EXTERNAL};
      sim_instance_destroy(instance, &why, sim_clock_mono_ms());
    }
    return NULL;
  }
  if (!sim_status_parse(cJSON_GetStringValue(item), &status)) {
    return sim_fleet_wrong("status", "a status, or \"ABSENT\"");
  }
  if (instance->destroyed) {
    return "what is destroyed does not come back";
  }
  if (status != sim_instance_status(instance)) {
    sim_instance_set_status(instance, status, sim_clock_mono_ms());
  }
  return NULL;
}

static const char *s_set_address(char *out, size_t size, const cJSON *item) {
  if (!cJSON_IsString(item) || strlen(item->valuestring) >= size) {
    return sim_fleet_wrong(item->string, "an address");
  }
  sim_strcpy(out, item->valuestring, size);
  return NULL;
}

static const char *s_set_text(struct sim_instance *instance, const cJSON *item, bool *known) {
  for (size_t i = 0; i < S_TEXT_COUNT; i++) {
    if (strcmp(s_texts[i].name, item->string) == 0) {
      *known = true;
      if (!cJSON_IsString(item) && !cJSON_IsNull(item)) {
        return sim_fleet_wrong(item->string, "a string");
      }
      sim_set_string(s_text_slot(instance, i), cJSON_GetStringValue(item));
      return NULL;
    }
  }
  return NULL;
}

static const char *s_set_charge(struct sim_instance *instance, const cJSON *item) {
  const char *word = cJSON_GetStringValue(item);
  instance->prepaid = sim_text_equal(word, "PREPAID");
  return instance->prepaid || sim_text_equal(word, "POSTPAID")
             ? NULL
             : sim_fleet_wrong(item->string, "PREPAID or POSTPAID");
}

static const char *s_set_account(const struct sim_world *world, struct sim_instance *instance,
                                 const cJSON *item) {
  if (!cJSON_IsNumber(item) || item->valuedouble < 0 ||
      item->valuedouble >= (double)world->accounts.count) {
    return sim_fleet_wrong("account", "the number of an account, from 0");
  }
  instance->account = (size_t)item->valuedouble;
  return NULL;
}

static const char *s_set_fixed_disks(struct sim_instance *instance, const cJSON *item) {
  if (!cJSON_IsNumber(item) ||
      (item->valuedouble != 0 && item->valuedouble != 1 && item->valuedouble != 2)) {
    return sim_fleet_wrong(item->string, "0, 1 or 2");
  }
  instance->fixed_data_disks = (int)item->valuedouble;
  return NULL;
}

static const char *s_set_member(struct sim_world *world, struct sim_instance *instance,
                                const cJSON *item) {
  const char *name = item->string;
  bool known = false;
  const char *why = s_set_text(instance, item, &known);
  if (known || strcmp(name, "instanceId") == 0 || strcmp(name, "product") == 0) {
    return why;
  }
  if (strcmp(name, "status") == 0) {
    return s_set_status(instance, item);
  }
  if (strcmp(name, "tags") == 0) {
    return s_set_tags(instance, item);
  }
  if (strcmp(name, "hidden") == 0) {
    return s_set_hidden(instance, item);
  }
  if (strcmp(name, "account") == 0) {
    return s_set_account(world, instance, item);
  }
  if (strcmp(name, "publicIpAddress") == 0) {
    return s_set_address(instance->public_ip, sizeof instance->public_ip, item);
  }
  if (strcmp(name, "privateIpAddress") == 0) {
    return s_set_address(instance->private_ip, sizeof instance->private_ip, item);
  }
  if (strcmp(name, "ipv6Address") == 0) {
    return s_set_address(instance->ipv6, sizeof instance->ipv6, item);
  }
  if (strcmp(name, "fixedDataDisks") == 0) {
    return s_set_fixed_disks(instance, item);
  }
  if (strcmp(name, "instanceChargeType") == 0) {
    return s_set_charge(instance, item);
  }
  instance->auto_renew =
      cJSON_IsTrue(item) != 0; /* the one that is left: s_check_names saw to that */
  return cJSON_IsBool(item) ? NULL : sim_fleet_wrong(name, "true or false");
}

/* The members that are no plain texts; the texts are in s_texts. */
static const char *const s_other_members[] = {
    "instanceId", "product",         "status",           "tags",        "hidden",
    "account",    "publicIpAddress", "privateIpAddress", "ipv6Address", "instanceChargeType",
    "autoRenew",  "fixedDataDisks",
};

static bool s_is_member(const char *name) {
  bool known = false;
  for (size_t i = 0; i < S_TEXT_COUNT; i++) {
    known = known || strcmp(s_texts[i].name, name) == 0;
  }
  for (size_t i = 0; i < sizeof s_other_members / sizeof s_other_members[0]; i++) {
    known = known || strcmp(s_other_members[i], name) == 0;
  }
  return known;
}

/* Before anything is touched: a misspelt name must not leave half a fleet behind. */
static const char *s_check_names(const cJSON *instances) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, instances) {
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, item) {
      if (member->string == NULL || !s_is_member(member->string)) {
        (void)snprintf(s_why, sizeof s_why, "unknown member \"%.60s\" of an instance",
                       member->string == NULL ? "" : member->string);
        return s_why;
      }
    }
  }
  return NULL;
}

/* An instance that is new starts in the state the file says, and has always been in it. */
static const char *s_find_or_add(struct sim_world *world, const cJSON *item,
                                 struct sim_instance **instance) {
  const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "instanceId"));
  const cJSON *product_item = cJSON_GetObjectItemCaseSensitive(item, "product");
  const cJSON *status_item = cJSON_GetObjectItemCaseSensitive(item, "status");
  enum sim_product product = SIM_VM;
  enum sim_status status = SIM_STATUS_RECYCLE;
  if (id == NULL || *id == '\0') {
    return sim_fleet_wrong("instanceId", "there, and not empty");
  }
  if (product_item != NULL && !sim_product_parse(cJSON_GetStringValue(product_item), &product)) {
    return sim_fleet_wrong("product", "vm, bmc or zec");
  }
  for (int i = 0; product_item == NULL && i < SIM_PRODUCT_COUNT; i++) {
    *instance = sim_fleet_find(&world->fleet, (enum sim_product)i, id);
    if (*instance != NULL) {
      return NULL;
    }
  }
  *instance = sim_fleet_find(&world->fleet, product, id);
  if (*instance == NULL) {
    (void)sim_status_parse(cJSON_GetStringValue(status_item), &status);
    *instance = sim_fleet_add(&world->fleet, product, id, status);
  }
  return NULL;
}

static const char *s_apply_instance(struct sim_world *world, const cJSON *item) {
  struct sim_instance *instance = NULL;
  const cJSON *member = NULL;
  if (!cJSON_IsObject(item)) {
    return sim_fleet_wrong("instances", "an array of objects");
  }
  const char *why = s_find_or_add(world, item, &instance);
  cJSON_ArrayForEach(member, item) {
    if (why != NULL) {
      return why;
    }
    why = s_set_member(world, instance, member);
  }
  return why;
}

static const char *s_apply_each(struct sim_world *world, const cJSON *list, const char *name,
                                const char *(*apply)(struct sim_world *, const cJSON *)) {
  const cJSON *item = NULL;
  if (list != NULL && !cJSON_IsArray(list)) {
    return sim_fleet_wrong(name, "an array");
  }
  cJSON_ArrayForEach(item, list) {
    const char *why = apply(world, item);
    if (why != NULL) {
      return why;
    }
  }
  return NULL;
}

static const char *s_check_members(const cJSON *file) {
  static const char *const names[] = {"accounts", "generate", "instances"};
  const cJSON *member = NULL;
  if (!cJSON_IsObject(file)) {
    return "a fleet must be an object";
  }
  cJSON_ArrayForEach(member, file) {
    if (!sim_fleet_is_one_of(member->string, names, sizeof names / sizeof names[0])) {
      return "a fleet takes accounts, generate and instances";
    }
  }
  return NULL;
}

const char *sim_fleet_file_apply(struct sim_world *world, const cJSON *file, bool replace) {
  const char *why = s_check_members(file);
  if (why == NULL) {
    why = s_check_names(cJSON_GetObjectItemCaseSensitive(file, "instances"));
  }
  if (why != NULL) {
    return why;
  }
  if (replace) {
    sim_later_clean_up(world);
    sim_fleet_clear(&world->fleet);
    sim_ledger_clean_up(&world->ledger);
  }
  why = s_apply_each(world, cJSON_GetObjectItemCaseSensitive(file, "accounts"), "accounts",
                     sim_fleet_apply_account);
  if (why == NULL) {
    why = s_apply_each(world, cJSON_GetObjectItemCaseSensitive(file, "instances"), "instances",
                       s_apply_instance);
  }
  if (why == NULL) {
    why = s_apply_each(world, cJSON_GetObjectItemCaseSensitive(file, "generate"), "generate",
                       sim_fleet_apply_generate);
  }
  return why;
}

static void s_write_instance(struct sim_json *json, struct sim_instance *instance) {
  sim_json_open(json, NULL, '{');
  sim_json_string(json, "instanceId", instance->id);
  sim_json_string(json, "product", sim_product_name(instance->product));
  sim_json_string(json, "status", sim_status_name(sim_instance_status(instance)));
  sim_json_int(json, "account", (int64_t)instance->account);
  if (instance->hidden != SIM_HIDDEN_NO) {
    sim_json_string(json, "hidden", s_hidden_words[instance->hidden]);
  }
  for (size_t i = 0; i < S_TEXT_COUNT; i++) {
    if (*s_text_slot(instance, i) != NULL) {
      sim_json_string(json, s_texts[i].name, *s_text_slot(instance, i));
    }
  }
  if (instance->prepaid) {
    sim_json_string(json, "instanceChargeType", "PREPAID");
    sim_json_bool(json, "autoRenew", instance->auto_renew);
  }
  if (instance->fixed_data_disks != 1) {
    sim_json_int(json, "fixedDataDisks", instance->fixed_data_disks);
  }
  if (instance->tag_count > 0) {
    sim_json_open(json, "tags", '{');
    for (size_t i = 0; i < instance->tag_count; i++) {
      sim_json_string(json, instance->tags[i].key, instance->tags[i].value);
    }
    sim_json_close(json, '}');
  }
  sim_json_close(json, '}');
}

void sim_fleet_file_write(const struct sim_world *world, struct sim_json *json) {
  sim_json_open(json, NULL, '{');
  sim_json_open(json, "instances", '[');
  for (int product = 0; product < SIM_PRODUCT_COUNT; product++) {
    struct sim_instance *instance = world->fleet.by_id[product];
    for (; instance != NULL; instance = instance->hh.next) {
      s_write_instance(json, instance);
    }
  }
  sim_json_close(json, ']');
  sim_json_close(json, '}');
}
