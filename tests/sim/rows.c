/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <inttypes.h>
#include <stdio.h>

/* Half a year of a subscription; the day that a bin without a timer of its own is said to last. */
#define S_TERM_S (INT64_C(182) * 86400)
#define S_BIN_S  86400

const char *sim_row_status_word(const struct sim_instance *instance, enum sim_status status) {
  if (status == SIM_STATUS_RECYCLE && instance->fleet->settings->status_word == 1) {
    return "RECYCLED";
  }
  return sim_status_name(status);
}

static const char *s_usual(enum sim_product product, enum sim_text which) {
  static const char *const table[][SIM_PRODUCT_COUNT] = {
      [SIM_TEXT_NAME] = {"vm", "bmc", "zec"},
      [SIM_TEXT_HOSTNAME] = {"vm", "bmc", "zec"},
      [SIM_TEXT_ZONE] = {"HKG-A", "SEL-A", "asia-east-1a"},
      [SIM_TEXT_TYPE] = {"z2a.cpu.4", "M6C", "z2a.cpu.2"},
      [SIM_TEXT_IMAGE] = {"debian-12-x64", "debian-12-bm", "debian-12-zec"},
      [SIM_TEXT_IMAGE_NAME] = {"Debian 12 x64", "Debian 12", "Debian 12 x64"},
      [SIM_TEXT_GROUP] = {"rg-default", "rg-default", "rg-default"},
      [SIM_TEXT_GROUP_NAME] = {"Default Resource Group", "Default Resource Group",
                               "Default Resource Group"},
      [SIM_TEXT_SUBNET] = {"subnet-vm-1", "subnet-bmc-1", "subnet-zec-1"},
      [SIM_TEXT_SECURITY_GROUP] = {"sg-vm-1", "sg-bmc-1", "sg-zec-1"},
      [SIM_TEXT_KEY] = {NULL, NULL, NULL},
      [SIM_TEXT_INTERNET_CHARGE] = {"ByBandwidth", "ByTrafficPackage", "ByBandwidth"},
  };
  return table[which][product];
}

const char *sim_instance_text(const struct sim_instance *instance, enum sim_text which) {
  const char *own[] = {
      [SIM_TEXT_NAME] = instance->name,
      [SIM_TEXT_HOSTNAME] = instance->hostname != NULL ? instance->hostname : instance->name,
      [SIM_TEXT_ZONE] = instance->zone_id,
      [SIM_TEXT_TYPE] = instance->instance_type,
      [SIM_TEXT_IMAGE] = instance->image_id,
      [SIM_TEXT_IMAGE_NAME] = instance->image_name,
      [SIM_TEXT_GROUP] = instance->resource_group_id,
      [SIM_TEXT_GROUP_NAME] = instance->resource_group_name,
      [SIM_TEXT_SUBNET] = instance->subnet_id,
      [SIM_TEXT_SECURITY_GROUP] = instance->security_group_id,
      [SIM_TEXT_KEY] = instance->key_id,
      [SIM_TEXT_INTERNET_CHARGE] = instance->internet_charge_type,
  };
  return own[which] != NULL ? own[which] : s_usual(instance->product, which);
}

static void s_text(struct sim_json *json, const struct sim_instance *instance, const char *key,
                   enum sim_text which) {
  sim_json_string(json, key, sim_instance_text(instance, which));
}

/* "disk-vm-17-0" and the like: unique, and recognisably ours. */
static void s_part_id(struct sim_json *json, const char *key, const char *kind,
                      const struct sim_instance *instance, int n) {
  char id[96];
  (void)snprintf(id, sizeof id, "%s-%s-%" PRIu64 "-%d", kind, sim_product_name(instance->product),
                 instance->serial, n);
  sim_json_string(json, key, id);
}

static void s_list_of_one(struct sim_json *json, const char *key, const char *text) {
  sim_json_open(json, key, '[');
  sim_json_string(json, NULL, text);
  sim_json_close(json, ']');
}

static void s_utc(struct sim_json *json, const char *key, int64_t wall_s) {
  char text[32];
  sim_format_utc(text, sizeof text, wall_s);
  sim_json_string(json, key, text);
}

/* When the instance ends by itself: the bin's end, the subscription's end, or never. */
static void s_times(struct sim_json *json, const struct sim_instance *instance,
                    enum sim_status status) {
  int64_t bin_ms = instance->fleet->settings->bin_ms;
  s_utc(json, "createTime", instance->create_s);
  if (status == SIM_STATUS_RECYCLE) {
    s_utc(json, "expiredTime", instance->bin_since_s + (bin_ms > 0 ? bin_ms / 1000 : S_BIN_S));
  } else if (instance->prepaid) {
    s_utc(json, "expiredTime", instance->create_s + S_TERM_S);
  } else {
    sim_json_null(json, "expiredTime");
  }
}

static void s_charge(struct sim_json *json, const struct sim_instance *instance) {
  sim_json_string(json, "instanceChargeType", instance->prepaid ? "PREPAID" : "POSTPAID");
  s_text(json, instance, "internetChargeType", SIM_TEXT_INTERNET_CHARGE);
  if (instance->prepaid) {
    sim_json_int(json, "period", 6);
  } else {
    sim_json_null(json, "period");
  }
  sim_json_null(json, "trafficPackageSize");
  sim_json_bool(json, "autoRenew", instance->prepaid && instance->auto_renew);
}

static void s_tags(struct sim_json *json, const struct sim_instance *instance) {
  sim_json_open(json, "tags", '{');
  sim_json_open(json, "tags", '[');
  for (size_t i = 0; i < instance->tag_count; i++) {
    sim_json_open(json, NULL, '{');
    sim_json_string(json, "key", instance->tags[i].key);
    sim_json_string(json, "value", instance->tags[i].value);
    sim_json_close(json, '}');
  }
  sim_json_close(json, ']');
  sim_json_close(json, '}');
}

static void s_system_disk(struct sim_json *json, const struct sim_instance *instance) {
  sim_json_open(json, "systemDisk", '{');
  s_part_id(json, "diskId", "disk", instance, 0);
  sim_json_int(json, "diskSize", 40);
  sim_json_string(json, "diskCategory", "Standard NVMe SSD");
  if (instance->product == SIM_ZEC) {
    sim_json_bool(json, "burstingEnabled", false);
  }
  sim_json_close(json, '}');
}

/* Unless told otherwise, one goes along with the instance and one could be taken off it. */
static void s_data_disks(struct sim_json *json, const struct sim_instance *instance) {
  sim_json_open(json, "dataDisks", '[');
  for (int n = 1; n <= 2; n++) {
    sim_json_open(json, NULL, '{');
    s_part_id(json, "diskId", "disk", instance, n);
    s_part_id(json, "diskName", "data", instance, n);
    sim_json_int(json, "diskSize", INT64_C(100) * n);
    sim_json_bool(json, "portable", n > instance->fixed_data_disks);
    sim_json_string(json, "diskCategory", "Standard NVMe SSD");
    if (instance->product == SIM_ZEC) {
      sim_json_bool(json, "burstingEnabled", false);
    }
    sim_json_close(json, '}');
  }
  sim_json_close(json, ']');
}

static void s_nic_names(struct sim_json *json, const char *wan, const char *lan) {
  sim_json_open(json, "nic", '{');
  sim_json_string(json, "wanName", wan);
  sim_json_string(json, "lanName", lan);
  sim_json_close(json, '}');
}

static void s_groups(struct sim_json *json, const struct sim_instance *instance) {
  s_text(json, instance, "resourceGroupId", SIM_TEXT_GROUP);
  s_text(json, instance, "resourceGroupName", SIM_TEXT_GROUP_NAME);
}

static void s_write_vm(struct sim_json *json, const struct sim_instance *instance,
                       enum sim_status status) {
  s_text(json, instance, "zoneId", SIM_TEXT_ZONE);
  s_text(json, instance, "instanceName", SIM_TEXT_NAME);
  s_text(json, instance, "instanceType", SIM_TEXT_TYPE);
  sim_json_int(json, "cpuCount", 4);
  sim_json_int(json, "memory", 8);
  s_text(json, instance, "imageId", SIM_TEXT_IMAGE);
  s_text(json, instance, "imageName", SIM_TEXT_IMAGE_NAME);
  s_charge(json, instance);
  sim_json_int(json, "internetMaxBandwidthOut", 10);
  s_list_of_one(json, "publicIpAddresses", instance->public_ip);
  s_list_of_one(json, "publicIpv6Addresses", instance->ipv6);
  s_list_of_one(json, "privateIpAddresses", instance->private_ip);
  s_text(json, instance, "subnetId", SIM_TEXT_SUBNET);
  s_list_of_one(json, "securityGroupIds", sim_instance_text(instance, SIM_TEXT_SECURITY_GROUP));
  s_text(json, instance, "keyId", SIM_TEXT_KEY);
  s_nic_names(json, "eth0", "eth1");
  s_times(json, instance, status);
  s_groups(json, instance);
  sim_json_string(json, "instanceStatus", sim_row_status_word(instance, status));
  s_system_disk(json, instance);
  s_data_disks(json, instance);
  s_tags(json, instance);
}

static void s_bmc_hardware(struct sim_json *json, const struct sim_instance *instance) {
  sim_json_open(json, "instanceType", '{');
  s_text(json, instance, "instanceTypeId", SIM_TEXT_TYPE);
  sim_json_string(json, "description", "E-2388G, 64 GiB, 2 x 960 GB SSD");
  sim_json_int(json, "cpuCoreCount", 8);
  sim_json_int(json, "memorySize", 64);
  sim_json_close(json, '}');
  sim_json_raw(json, "raidConfig", "{\"raidType\":1,\"customRaids\":[]}");
  sim_json_raw(json, "partitions",
               "[{\"fsPath\":\"/\",\"fsType\":\"ext4\",\"size\":100},"
               "{\"fsPath\":\"/boot\",\"fsType\":\"ext4\",\"size\":1}]");
  s_nic_names(json, "bond0", "bond1");
}

static void s_write_bmc(struct sim_json *json, const struct sim_instance *instance,
                        enum sim_status status) {
  s_text(json, instance, "zoneId", SIM_TEXT_ZONE);
  s_text(json, instance, "instanceName", SIM_TEXT_NAME);
  s_text(json, instance, "hostname", SIM_TEXT_HOSTNAME);
  s_text(json, instance, "instanceTypeId", SIM_TEXT_TYPE);
  s_text(json, instance, "imageId", SIM_TEXT_IMAGE);
  s_text(json, instance, "imageName", SIM_TEXT_IMAGE_NAME);
  sim_json_string(json, "ipxeUrl", "");
  s_charge(json, instance);
  sim_json_int(json, "bandwidthOutMbps", 100);
  sim_json_string(json, "primaryPublicIpAddress", instance->public_ip);
  sim_json_string(json, "primaryPublicIPv6Address", instance->ipv6);
  s_list_of_one(json, "publicIpAddresses", instance->public_ip);
  s_list_of_one(json, "privateIpAddresses", instance->private_ip);
  s_list_of_one(json, "ipv6Addresses", instance->ipv6);
  s_list_of_one(json, "subnetIds", sim_instance_text(instance, SIM_TEXT_SUBNET));
  s_text(json, instance, "keyId", SIM_TEXT_KEY);
  sim_json_bool(json, "enableGatewayMode", false);
  sim_json_bool(json, "ipmiEnabled", true);
  s_times(json, instance, status);
  s_groups(json, instance);
  sim_json_string(json, "instanceStatus", sim_row_status_word(instance, status));
  s_bmc_hardware(json, instance);
  s_tags(json, instance);
}

/* The primary nic, and a second one that a release with dependResource takes along. */
static void s_zec_nics(struct sim_json *json, const struct sim_instance *instance) {
  sim_json_open(json, "nics", '[');
  for (int n = 0; n < 2; n++) {
    sim_json_open(json, NULL, '{');
    s_part_id(json, "nicId", "nic", instance, n);
    s_part_id(json, "name", "nic", instance, n);
    sim_json_string(json, "status", "USED");
    sim_json_string(json, "nicType", n == 0 ? "Primary" : "Secondary");
    sim_json_string(json, "regionId", "asia-east-1");
    sim_json_string(json, "vpcId", "vpc-zec-1");
    s_text(json, instance, "subnetId", SIM_TEXT_SUBNET);
    sim_json_open(json, "publicIpList", '[');
    if (n == 0) {
      sim_json_string(json, NULL, instance->public_ip);
    }
    sim_json_close(json, ']');
    sim_json_open(json, "privateIpList", '[');
    if (n == 0) {
      sim_json_string(json, NULL, instance->private_ip);
    }
    sim_json_close(json, ']');
    sim_json_string(json, "primaryIpv4", n == 0 ? instance->private_ip : NULL);
    sim_json_close(json, '}');
  }
  sim_json_close(json, ']');
}

static void s_write_zec(struct sim_json *json, const struct sim_instance *instance,
                        enum sim_status status) {
  s_text(json, instance, "instanceName", SIM_TEXT_NAME);
  s_text(json, instance, "zoneId", SIM_TEXT_ZONE);
  s_text(json, instance, "instanceType", SIM_TEXT_TYPE);
  sim_json_int(json, "cpu", 2);
  sim_json_int(json, "memory", 4);
  s_text(json, instance, "imageId", SIM_TEXT_IMAGE);
  s_text(json, instance, "imageName", SIM_TEXT_IMAGE_NAME);
  sim_json_string(json, "timeZone", "Etc/UTC");
  sim_json_string(json, "nicNetworkType", "FailOver");
  sim_json_string(json, "status", sim_row_status_word(instance, status));
  s_text(json, instance, "keyId", SIM_TEXT_KEY);
  s_text(json, instance, "subnetId", SIM_TEXT_SUBNET);
  s_text(json, instance, "securityGroupId", SIM_TEXT_SECURITY_GROUP);
  sim_json_string(json, "placementGroupId", "");
  sim_json_bool(json, "enableAgent", true);
  sim_json_bool(json, "enableAgentMonitor", true);
  sim_json_bool(json, "enableIpForward", false);
  s_list_of_one(json, "publicIpAddresses", instance->public_ip);
  s_list_of_one(json, "privateIpAddresses", instance->private_ip);
  sim_json_raw(json, "loadBalancerIds", "[]");
  sim_json_raw(json, "instanceOptions", "{\"nestedVirtualization\":false}");
  s_times(json, instance, status);
  s_groups(json, instance);
  s_system_disk(json, instance);
  s_data_disks(json, instance);
  s_zec_nics(json, instance);
  s_tags(json, instance);
}

void sim_row_write(struct sim_json *json, const struct sim_instance *instance,
                   enum sim_status status) {
  typedef void(s_writer_fn)(struct sim_json *, const struct sim_instance *, enum sim_status);
  static s_writer_fn *const writers[SIM_PRODUCT_COUNT] = {
      [SIM_VM] = s_write_vm,
      [SIM_BMC] = s_write_bmc,
      [SIM_ZEC] = s_write_zec,
  };
  sim_json_open(json, NULL, '{');
  sim_json_string(json, "instanceId", instance->id);
  writers[instance->product](json, instance, status);
  sim_json_close(json, '}');
}

void sim_row_write_status(struct sim_json *json, const struct sim_instance *instance,
                          enum sim_status status) {
  sim_json_open(json, NULL, '{');
  sim_json_string(json, "instanceId", instance->id);
  sim_json_string(json, "instanceStatus", sim_row_status_word(instance, status));
  sim_json_close(json, '}');
}
