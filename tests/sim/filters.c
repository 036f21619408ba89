/* SPDX-License-Identifier: Apache-2.0 */
#include "filters.h"

#include <string.h>

#include "rows.h"

static bool s_text_is(const struct sim_instance *instance, enum sim_text which,
                      const cJSON *value) {
  return sim_text_equal(sim_instance_text(instance, which), value->valuestring);
}

static bool s_zone(const struct sim_instance *instance, const cJSON *value) {
  return s_text_is(instance, SIM_TEXT_ZONE, value);
}

static bool s_image(const struct sim_instance *instance, const cJSON *value) {
  return s_text_is(instance, SIM_TEXT_IMAGE, value);
}

static bool s_group(const struct sim_instance *instance, const cJSON *value) {
  return s_text_is(instance, SIM_TEXT_GROUP, value);
}

static bool s_type(const struct sim_instance *instance, const cJSON *value) {
  return s_text_is(instance, SIM_TEXT_TYPE, value);
}

static bool s_internet(const struct sim_instance *instance, const cJSON *value) {
  return s_text_is(instance, SIM_TEXT_INTERNET_CHARGE, value);
}

static bool s_subnet(const struct sim_instance *instance, const cJSON *value) {
  return s_text_is(instance, SIM_TEXT_SUBNET, value);
}

static bool s_key(const struct sim_instance *instance, const cJSON *value) {
  return s_text_is(instance, SIM_TEXT_KEY, value);
}

static bool s_security_group(const struct sim_instance *instance, const cJSON *value) {
  return s_text_is(instance, SIM_TEXT_SECURITY_GROUP, value);
}

/* "web-1" is exact, "web*" is everything that contains web: the documentation calls it a fuzzy
 * search. */
static bool s_exact_or_fuzzy(const char *text, const char *pattern) {
  size_t len = strlen(pattern);
  if (len == 0 || pattern[len - 1] != '*') {
    return sim_text_equal(text, pattern);
  }
  return text != NULL && memmem(text, strlen(text), pattern, len - 1) != NULL;
}

static bool s_name(const struct sim_instance *instance, const cJSON *value) {
  return s_exact_or_fuzzy(sim_instance_text(instance, SIM_TEXT_NAME), value->valuestring);
}

static bool s_name_fuzzy(const struct sim_instance *instance, const cJSON *value) {
  return sim_text_contains(sim_instance_text(instance, SIM_TEXT_NAME), value->valuestring);
}

static bool s_hostname(const struct sim_instance *instance, const cJSON *value) {
  return s_exact_or_fuzzy(sim_instance_text(instance, SIM_TEXT_HOSTNAME), value->valuestring);
}

static bool s_any_is(const cJSON *values, const char *text) {
  const cJSON *value = NULL;
  cJSON_ArrayForEach(value, values) {
    if (sim_text_equal(value->valuestring, text)) {
      return true;
    }
  }
  return false;
}

static bool s_public_ips(const struct sim_instance *instance, const cJSON *values) {
  return s_any_is(values, instance->public_ip);
}

static bool s_private_ips(const struct sim_instance *instance, const cJSON *values) {
  return s_any_is(values, instance->private_ip);
}

static bool s_ipv4(const struct sim_instance *instance, const cJSON *value) {
  return sim_text_equal(value->valuestring, instance->public_ip) ||
         sim_text_equal(value->valuestring, instance->private_ip);
}

static bool s_ipv6(const struct sim_instance *instance, const cJSON *value) {
  return sim_text_equal(value->valuestring, instance->ipv6);
}

/* An instance with any of the keys. */
static bool s_tag_keys(const struct sim_instance *instance, const cJSON *values) {
  for (size_t i = 0; i < instance->tag_count; i++) {
    if (s_any_is(values, instance->tags[i].key)) {
      return true;
    }
  }
  return false;
}

static bool s_has_tag(const struct sim_instance *instance, const char *key, const char *value) {
  for (size_t i = 0; i < instance->tag_count; i++) {
    if (sim_text_equal(instance->tags[i].key, key) &&
        (value == NULL || sim_text_equal(instance->tags[i].value, value))) {
      return true;
    }
  }
  return false;
}

/* An instance with all of the pairs. */
static bool s_tags(const struct sim_instance *instance, const cJSON *values) {
  const cJSON *pair = NULL;
  cJSON_ArrayForEach(pair, values) {
    const char *key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(pair, "key"));
    if (!s_has_tag(instance, key,
                   cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(pair, "value")))) {
      return false;
    }
  }
  return true;
}

enum s_shape { S_STRING, S_STRINGS, S_TAGS };

#define S_VM      1U
#define S_BMC     2U
#define S_ZEC     4U
#define S_NEW_ZEC 8U /* zec, current version only */

static const struct {
  const char *name;
  enum s_shape shape;
  unsigned products;
  int max;
  sim_filter_fn *accepts;
} s_table[] = {
    {"zoneId", S_STRING, S_VM | S_BMC | S_ZEC, 0, s_zone},
    {"imageId", S_STRING, S_VM | S_BMC | S_ZEC, 0, s_image},
    {"resourceGroupId", S_STRING, S_VM | S_BMC | S_ZEC, 0, s_group},
    {"instanceType", S_STRING, S_VM, 0, s_type},
    {"instanceTypeId", S_STRING, S_BMC, 0, s_type},
    {"internetChargeType", S_STRING, S_VM | S_BMC, 0, s_internet},
    {"subnetId", S_STRING, S_VM | S_BMC, 0, s_subnet},
    {"keyId", S_STRING, S_VM, 0, s_key},
    {"securityGroupId", S_STRING, S_VM, 0, s_security_group},
    {"instanceName", S_STRING, S_VM | S_BMC, 0, s_name},
    {"hostname", S_STRING, S_BMC, 0, s_hostname},
    {"name", S_STRING, S_ZEC, 0, s_name_fuzzy},
    {"publicIpAddresses", S_STRINGS, S_VM | S_BMC, 100, s_public_ips},
    {"privateIpAddresses", S_STRINGS, S_VM | S_BMC, 100, s_private_ips},
    {"ipv4Address", S_STRING, S_ZEC, 0, s_ipv4},
    {"ipv6Address", S_STRING, S_ZEC, 0, s_ipv6},
    {"tagKeys", S_STRINGS, S_VM | S_BMC | S_NEW_ZEC, SIM_MAX_TAGS, s_tag_keys},
    {"tags", S_TAGS, S_VM | S_BMC | S_NEW_ZEC, SIM_MAX_TAGS, s_tags},
};
_Static_assert(sizeof s_table / sizeof s_table[0] <= SIM_MAX_FILTERS, "room for every filter");

static unsigned s_product_bits(enum sim_product product, bool old_version) {
  static const unsigned bits[SIM_PRODUCT_COUNT] = {
      [SIM_VM] = S_VM, [SIM_BMC] = S_BMC, [SIM_ZEC] = S_ZEC};
  return bits[product] | (product == SIM_ZEC && !old_version ? S_NEW_ZEC : 0U);
}

static bool s_read_value(size_t index, const cJSON *params, const cJSON **value,
                         struct sim_refusal *refusal) {
  const char *name = s_table[index].name;
  switch (s_table[index].shape) {
  case S_STRING:
    return sim_params_string(params, name, value, refusal);
  case S_STRINGS:
    return sim_params_strings(params, name, s_table[index].max, value, refusal);
  case S_TAGS:
    return sim_params_tags(params, name, value, refusal);
  }
  return true;
}

static bool s_read_status(struct sim_filters *filters, enum sim_product product,
                          const cJSON *params, struct sim_refusal *refusal) {
  const char *name = product == SIM_ZEC ? "status" : "instanceStatus";
  const cJSON *value = NULL;
  if (!sim_params_string(params, name, &value, refusal)) {
    return false;
  }
  filters->by_status = value != NULL;
  if (value != NULL && !sim_status_parse(value->valuestring, &filters->status)) {
    return sim_refuse(refusal, 400, "INVALID_PARAMETER_VALUE", "parameter %s has no such value",
                      name);
  }
  return true;
}

bool sim_filters_read(struct sim_filters *filters, enum sim_product product, bool old_version,
                      const cJSON *params, struct sim_refusal *refusal) {
  *filters = (struct sim_filters){0};
  for (size_t i = 0; i < sizeof s_table / sizeof s_table[0]; i++) {
    const cJSON *value = NULL;
    if ((s_table[i].products & s_product_bits(product, old_version)) == 0) {
      continue;
    }
    if (!s_read_value(i, params, &value, refusal)) {
      return false;
    }
    if (value != NULL) {
      filters->list[filters->count].accepts = s_table[i].accepts;
      filters->list[filters->count++].value = value;
    }
  }
  return s_read_status(filters, product, params, refusal) &&
         sim_params_strings(params, "instanceIds", SIM_MAX_IDS, &filters->ids, refusal);
}

bool sim_filters_accept(const struct sim_filters *filters, const struct sim_instance *instance,
                        enum sim_status status) {
  if (filters->by_status && filters->status != status) {
    return false;
  }
  for (size_t i = 0; i < filters->count; i++) {
    if (!filters->list[i].accepts(instance, filters->list[i].value)) {
      return false;
    }
  }
  return true;
}
