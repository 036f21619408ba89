/* The tables of schema.h. A name or a type here is a promise; docs/terraform/ says the same. */
#include "terraform/schema.h"

#define PRODUCT_TEXT                                                                               \
  "Product whose instances are meant: `vm`, `bmc` or `zec`. Defaults to the provider's `product`."
#define WAIT_TEXT                                                                                  \
  "How long to wait for proof that released instances are gone, counted for each call from its "   \
  "last answer, as a duration such as `90s`. Defaults to the provider's `wait`."
#define DEPENDENCIES_TEXT                                                                          \
  "`zec` only: also release elastic addresses, detachable disks and secondary interfaces of the "  \
  "instances. Defaults to `false`."

#define ATTRIBUTES(table) .attributes = (table), .attribute_count = ZR_COUNT(table)
#define BLOCKS(table)     .blocks = (table), .block_count = ZR_COUNT(table)

/* ---- objects inside attributes ---- */

static const struct zr_tf_field s_result_fields[] = {
    {"outcome", &zr_tf_string}, {"code", &zr_tf_string},         {"status", &zr_tf_string},
    {"name", &zr_tf_string},    {"service_code", &zr_tf_string}, {"request_id", &zr_tf_string},
    {"sent_at", &zr_tf_string}, {"decided_at", &zr_tf_string},
};
const struct zr_tf_type zr_tf_result_type = {
    .kind = ZR_TF_OBJECT, .fields = s_result_fields, .field_count = ZR_COUNT(s_result_fields)};
static const struct zr_tf_type s_results = {.kind = ZR_TF_MAP, .element = &zr_tf_result_type};

static const struct zr_tf_field s_instance_fields[] = {
    {"id", &zr_tf_string},
    {"name", &zr_tf_string},
    {"status", &zr_tf_string},
    {"zone_id", &zr_tf_string},
    {"instance_type", &zr_tf_string},
    {"image_id", &zr_tf_string},
    {"resource_group_id", &zr_tf_string},
    {"resource_group_name", &zr_tf_string},
    {"charge_type", &zr_tf_string},
    {"create_time", &zr_tf_string},
    {"expired_time", &zr_tf_string},
    {"public_ips", &zr_tf_string_list},
    {"private_ips", &zr_tf_string_list},
    {"tags", &zr_tf_string_map},
    {"disk_count", &zr_tf_number},
    {"undetachable_disk_count", &zr_tf_number},
};
const struct zr_tf_type zr_tf_instance_type = {
    .kind = ZR_TF_OBJECT, .fields = s_instance_fields, .field_count = ZR_COUNT(s_instance_fields)};
static const struct zr_tf_type s_instances = {.kind = ZR_TF_LIST, .element = &zr_tf_instance_type};

/* ---- identity ---- */

const struct zr_tf_attribute zr_tf_identity_attributes[2] = {
    {"product", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "`vm`, `bmc` or `zec`; the provider's `product` when left out."},
    {"instance_ids", &zr_tf_string_list, ZR_TF_REQUIRED, false, "Ids of the instances."},
};
static const struct zr_tf_field s_identity_fields[] = {{"product", &zr_tf_string},
                                                       {"instance_ids", &zr_tf_string_list}};
const struct zr_tf_type zr_tf_identity_type = {
    .kind = ZR_TF_OBJECT, .fields = s_identity_fields, .field_count = ZR_COUNT(s_identity_fields)};

/* ---- the provider block ---- */

static const struct zr_tf_attribute s_provider[] = {
    {"endpoint", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "Address of the API, `host[:port]`, optionally with `https://` or `http://` before it. Falls "
     "back to `ZENLAYERCLOUD_DOMAIN`, `ZENLAYER_ENDPOINT`, then `console.zenlayer.com`."},
    {"product", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "Product of resources that name none: `vm` (the default), `bmc` or `zec`."},
    {"access_key_id", &zr_tf_string, ZR_TF_OPTIONAL, true,
     "Access key id, together with `access_key_password`. Falls back to "
     "`ZENLAYERCLOUD_ACCESS_KEY_ID`, then `ZENLAYER_ACCESS_KEY_ID`, then the profile file."},
    {"access_key_password", &zr_tf_string, ZR_TF_OPTIONAL, true,
     "Password of the access key. Falls back to `ZENLAYERCLOUD_ACCESS_KEY_PASSWORD`, then "
     "`ZENLAYER_ACCESS_KEY_SECRET`, then the profile file."},
    {"token", &zr_tf_string, ZR_TF_OPTIONAL, true,
     "Bearer token, in place of an access key. Falls back to `ZENLAYER_TOKEN`."},
    {"profile", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "Profile of `~/.zenlayer/credentials.json` to take the credentials from."},
    {"ca_file", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "File with the certificate authorities to trust for the API, in PEM."},
    {"proxy", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "Proxy to reach the API through, as a URL. Falls back to `https_proxy`."},
    {"allow_plain_http", &zr_tf_bool, ZR_TF_OPTIONAL, false,
     "Allow `http` to other addresses than loopback. A captured request can be sent again by "
     "others. Defaults to `false`."},
    {"call_timeout", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "Longest time for one call of the API, as a duration. Defaults to `30s`."},
    {"calls_per_second", &zr_tf_number, ZR_TF_OPTIONAL, false,
     "Ceiling for calls of each kind. By default there is none until the service limits the rate."},
    {"batch_window", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "How long a call that is not full waits for further resources to join it. Defaults to "
     "`100ms`."},
    {"wait", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "How long to wait for proof that released instances are gone. Defaults to `60s`."},
    {"journal", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "File in which every release call is noted before it is sent, so that a later run settles "
     "what a crash left open. One process at a time can have it: give each provider block a file "
     "of its own. By default there is none."},
};

/* ---- what resources share ---- */

static const struct zr_tf_attribute s_instances_timeouts[] = {
    {"create", &zr_tf_string, ZR_TF_OPTIONAL, false, "Defaults to `10m`."},
    {"read", &zr_tf_string, ZR_TF_OPTIONAL, false, "Defaults to `5m`."},
    {"update", &zr_tf_string, ZR_TF_OPTIONAL, false, "Defaults to `1h`."},
    {"delete", &zr_tf_string, ZR_TF_OPTIONAL, false, "Defaults to `1h`."},
};
static const struct zr_tf_block s_instances_blocks[] = {
    {"timeouts", ATTRIBUTES(s_instances_timeouts),
     "Longest times, as durations. What was sent when the time is over is reported as it is."}};
static const struct zr_tf_attribute s_teardown_timeouts[] = {
    {"create", &zr_tf_string, ZR_TF_OPTIONAL, false, "Defaults to `1h`."},
    {"read", &zr_tf_string, ZR_TF_OPTIONAL, false, "Defaults to `5m`."},
    {"update", &zr_tf_string, ZR_TF_OPTIONAL, false, "Defaults to `1h`."},
};
static const struct zr_tf_block s_teardown_blocks[] = {
    {"timeouts", ATTRIBUTES(s_teardown_timeouts),
     "Longest times, as durations. What was sent when the time is over is reported as it is."}};
static const struct zr_tf_attribute s_read_timeouts[] = {
    {"read", &zr_tf_string, ZR_TF_OPTIONAL, false, "Defaults to `5m`."},
};
static const struct zr_tf_block s_read_blocks[] = {
    {"timeouts", ATTRIBUTES(s_read_timeouts), "Longest times, as durations."}};

static const struct zr_tf_attribute s_instances_resource[] = {
    {"product", &zr_tf_string, ZR_TF_OPTIONAL_COMPUTED, false,
     PRODUCT_TEXT " It cannot be changed later."},
    {"instance_ids", &zr_tf_string_list, ZR_TF_REQUIRED, false,
     "Ids of instances that sit in the recycle bin. Their order does not matter; the list may be "
     "empty. Taking an id off the list releases the instance, unless `on_remove` is `keep`."},
    {"on_remove", &zr_tf_string, ZR_TF_OPTIONAL_COMPUTED, false,
     "What happens to instances that leave the list or whose resource is destroyed: `release` (the "
     "default) releases them for good, `keep` leaves them in the bin and only forgets them."},
    {"release_dependencies", &zr_tf_bool, ZR_TF_OPTIONAL, false, DEPENDENCIES_TEXT},
    {"wait", &zr_tf_string, ZR_TF_OPTIONAL, false, WAIT_TEXT},
};

static const struct zr_tf_attribute s_teardown_resource[] = {
    {"product", &zr_tf_string, ZR_TF_OPTIONAL_COMPUTED, false, PRODUCT_TEXT},
    {"instance_ids", &zr_tf_string_list, ZR_TF_REQUIRED, false,
     "Ids of instances that are to be absent. Each that sits in the recycle bin is **released when "
     "the resource is created or the id is added**. Their order does not matter."},
    {"release_dependencies", &zr_tf_bool, ZR_TF_OPTIONAL, false, DEPENDENCIES_TEXT},
    {"wait", &zr_tf_string, ZR_TF_OPTIONAL, false, WAIT_TEXT},
    {"pending_ids", &zr_tf_string_list, ZR_TF_COMPUTED, false,
     "Ids that are not known to be absent. While there are any, the next apply tries them again."},
    {"results", &s_results, ZR_TF_COMPUTED, false,
     "How it ended for each id when this resource last handled it: `outcome` (`released`, "
     "`already_gone`, `not_found`, `accepted`, `not_recycled`, `refused`, `invalid`, "
     "`not_attempted`, `unknown`), `code` (why), `status` (as last read), `name`, `service_code`, "
     "`request_id` (of the release call), `sent_at` and `decided_at`."},
};

/* ---- filters, shared by the data source and the list resource ---- */

#define FILTERS                                                                                    \
  {"product", &zr_tf_string, ZR_TF_OPTIONAL, false, PRODUCT_TEXT},                                 \
      {"status", &zr_tf_string, ZR_TF_OPTIONAL, false,                                             \
       "Status as the API spells it. Defaults to `RECYCLE`, the recycle bin; `*` is any."},        \
      {"name", &zr_tf_string, ZR_TF_OPTIONAL, false,                                               \
       "Name. `vm` and `bmc`: exact, or a prefix with `*` at its end; `zec`: any part of it."},    \
      {"zone_id", &zr_tf_string, ZR_TF_OPTIONAL, false, "Id of the zone."},                        \
      {"resource_group_id", &zr_tf_string, ZR_TF_OPTIONAL, false, "Id of the resource group."},    \
      {"image_id", &zr_tf_string, ZR_TF_OPTIONAL, false, "Id of the image."},                      \
      {"instance_type", &zr_tf_string, ZR_TF_OPTIONAL, false, "Type of the instance."},            \
      {"instance_ids", &zr_tf_string_list, ZR_TF_OPTIONAL, false, "At most 100 ids."},             \
      {"public_ips", &zr_tf_string_list, ZR_TF_OPTIONAL, false, "At most 100 public addresses."},  \
      {"tags", &zr_tf_string_map, ZR_TF_OPTIONAL, false, "At most 20 tags with their values."}, {  \
    "tag_keys", &zr_tf_string_list, ZR_TF_OPTIONAL, false, "At most 20 keys of tags."              \
  }

static const struct zr_tf_attribute s_data_source[] = {
    FILTERS,
    {"ids", &zr_tf_string_list, ZR_TF_COMPUTED, false, "Ids of the instances found."},
    {"instances", &s_instances, ZR_TF_COMPUTED, false,
     "The instances found, each with `id`, `name`, `status`, `zone_id`, `instance_type`, "
     "`image_id`, `resource_group_id`, `resource_group_name`, `charge_type`, `create_time`, "
     "`expired_time`, `public_ips`, `private_ips`, `tags`, `disk_count` and "
     "`undetachable_disk_count` (disks that are destroyed with the instance)."},
};
static const struct zr_tf_attribute s_list_resource[] = {FILTERS};

static const struct zr_tf_attribute s_action[] = {
    {"product", &zr_tf_string, ZR_TF_OPTIONAL, false, PRODUCT_TEXT},
    {"instance_ids", &zr_tf_string_list, ZR_TF_REQUIRED, false,
     "Ids of instances that sit in the recycle bin and are **released for good**."},
    {"allow_missing", &zr_tf_bool, ZR_TF_OPTIONAL, false,
     "Whether an id that does not exist is a warning (`true`, the default: an action that failed "
     "half-way can be invoked again) or an error."},
    {"release_dependencies", &zr_tf_bool, ZR_TF_OPTIONAL, false, DEPENDENCIES_TEXT},
    {"wait", &zr_tf_string, ZR_TF_OPTIONAL, false, WAIT_TEXT},
    {"timeout", &zr_tf_string, ZR_TF_OPTIONAL, false,
     "Longest time for the whole action, as a duration. Defaults to `1h`."},
};

const struct zr_tf_schema zr_tf_schemas[] = {
    {"zenrelease", ZR_TF_PROVIDER, 0,
     "Releases Zenlayer Cloud instances that sit in the recycle bin, and says honestly how it "
     "ended "
     "for each of them. **A release cannot be undone.**",
     ATTRIBUTES(s_provider), NULL, 0},
    {"zenrelease_instances", ZR_TF_RESOURCE, 0,
     "Adopts instances that sit in the recycle bin. Creating it destroys nothing; taking ids off "
     "the list, or destroying it, **releases the instances for good**.",
     ATTRIBUTES(s_instances_resource), BLOCKS(s_instances_blocks)},
    {"zenrelease_teardown", ZR_TF_RESOURCE, 0,
     "States that instances are absent. Creating it, and adding ids to it, **releases the "
     "instances "
     "for good**; taking ids off, or destroying it, does nothing.",
     ATTRIBUTES(s_teardown_resource), BLOCKS(s_teardown_blocks)},
    {"zenrelease_instances", ZR_TF_DATA_SOURCE, 0,
     "Lists instances: those in the recycle bin, unless another status is asked for.",
     ATTRIBUTES(s_data_source), BLOCKS(s_read_blocks)},
    {"zenrelease_instances", ZR_TF_LIST_RESOURCE, 0,
     "Finds instances for `terraform query`: those in the recycle bin, unless another status is "
     "asked for. Each result is one instance.",
     ATTRIBUTES(s_list_resource), NULL, 0},
    {"zenrelease_release", ZR_TF_ACTION, 0,
     "**Releases instances for good**, with a line of progress for each call. It keeps no state "
     "and "
     "can be invoked again.",
     ATTRIBUTES(s_action), NULL, 0},
};
const size_t zr_tf_schema_count = ZR_COUNT(zr_tf_schemas);
