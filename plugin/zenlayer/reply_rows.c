#include <string.h>

#include "zenlayer/json.h"
#include "zenlayer/reply.h"

/* Where a member of a row goes. */
enum kind { TEXT, TEXTS, TAGS, DISK, DISKS };

struct member {
  const char *name;
  enum kind kind;
  size_t offset;  /* of the text, or of the list; not for TAGS and disks */
  size_t counter; /* of the list's length */
};

#define AT(member) offsetof(struct zr_instance, member)
#define ROW_TEXT(name, to)                                                                         \
  { name, TEXT, AT(to), 0 }
#define ROW_TEXTS(name, to, n)                                                                     \
  { name, TEXTS, AT(to), AT(n) }

static const struct member s_members[] = {
    ROW_TEXT("instanceId", id),
    ROW_TEXT("instanceStatus", status),
    ROW_TEXT("status", status),
    ROW_TEXT("instanceName", name),
    ROW_TEXT("zoneId", zone_id),
    ROW_TEXT("instanceType", instance_type),
    ROW_TEXT("instanceTypeId", instance_type),
    ROW_TEXT("imageId", image_id),
    ROW_TEXT("resourceGroupId", resource_group_id),
    ROW_TEXT("resourceGroupName", resource_group_name),
    ROW_TEXT("instanceChargeType", charge_type),
    ROW_TEXT("createTime", create_time),
    ROW_TEXT("expiredTime", expired_time),
    ROW_TEXTS("publicIpAddresses", public_ips, public_ip_count),
    ROW_TEXTS("privateIpAddresses", private_ips, private_ip_count),
    {"tags", TAGS, 0, 0},
    {"systemDisk", DISK, 0, 0},
    {"dataDisks", DISKS, 0, 0},
};

_Static_assert(ZR_COUNT(s_members) <= 32, "one bit each in s_row");

/* The status under the name that another product gives it: read only where its own is missing. */
static bool s_is_other_status(const struct member *m, enum zr_product product) {
  return m->kind == TEXT && m->offset == AT(status) &&
         strcmp(m->name, zr_product_info(product)->status_field) != 0;
}

/* bmc has an object `instanceType` beside the text `instanceTypeId`. */
static bool s_is_other_use(const struct member *m, const cJSON *item, enum zr_product product) {
  return product == ZR_PRODUCT_BMC && strcmp(m->name, "instanceType") == 0 && cJSON_IsObject(item);
}

/* What a release is decided on. Anything else may be missing or of another type: it is left empty.
 */
static bool s_decides(const struct member *m) {
  return m->kind == TEXT && (m->offset == AT(id) || m->offset == AT(status));
}

static const char *s_text(const struct member *m, const cJSON *item, struct zr_instance *row) {
  const char *text = zr_json_text(item);
  char *slot = (char *)row + m->offset;
  const char *old = NULL;
  memcpy(&old, slot, sizeof old);
  if (!text)
    return s_decides(m) ? "the id or the status of a row is not a text" : NULL;
  if (old && old[0])
    return NULL;
  memcpy(slot, &text, sizeof text);
  return NULL;
}

static const char *s_texts(const struct member *m, const cJSON *list, struct zr_arena *arena,
                           struct zr_instance *row) {
  if (!cJSON_IsArray(list))
    return NULL;
  size_t n = (size_t)cJSON_GetArraySize(list), count = 0;
  const char **texts = zr_arena_calloc(arena, n, sizeof *texts);
  if (!texts)
    return "out of memory";
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, list) {
    const char *text = zr_json_text(item);
    if (text)
      texts[count++] = text;
  }
  const char *const *shared = texts;
  memcpy((char *)row + m->offset, &shared, sizeof shared);
  memcpy((char *)row + m->counter, &count, sizeof count);
  return NULL;
}

/* {"tags":[{"key":"a","value":"b"}]}; what is not in this form is left out: it decides nothing. */
static const char *s_tags(const cJSON *item, struct zr_arena *arena, struct zr_instance *row) {
  const cJSON *list = cJSON_IsObject(item) ? zr_json_get(item, "tags") : NULL;
  if (!list || !cJSON_IsArray(list))
    return NULL;
  struct zr_tag *tags = zr_arena_calloc(arena, (size_t)cJSON_GetArraySize(list), sizeof *tags);
  if (!tags)
    return "out of memory";
  const cJSON *tag = NULL;
  row->tags_told = true;
  cJSON_ArrayForEach(tag, list) {
    const char *key = zr_json_text(zr_json_get(tag, "key"));
    const char *value = zr_json_text(zr_json_get(tag, "value"));
    if (key)
      tags[row->tag_count++] = (struct zr_tag){key, value ? value : ""};
    row->tags_told = row->tags_told && key && value;
  }
  row->tags = tags;
  return NULL;
}

/* A disk that says it is not portable cannot be detached: it dies with the instance. */
static void s_disk(const cJSON *disk, bool is_system, struct zr_instance *row) {
  if (!cJSON_IsObject(disk))
    return;
  const cJSON *portable = zr_json_get(disk, "portable");
  row->disk_count++;
  if (is_system || (portable && cJSON_IsFalse(portable)))
    row->undetachable_disk_count++;
}

static void s_disks(const cJSON *list, struct zr_instance *row) {
  const cJSON *disk = NULL;
  if (!cJSON_IsArray(list))
    return;
  cJSON_ArrayForEach(disk, list) {
    s_disk(disk, false, row);
  }
}

static const char *s_member(const struct member *m, const cJSON *item, struct zr_arena *arena,
                            struct zr_instance *row) {
  switch (m->kind) {
  case TEXT:
    return s_text(m, item, row);
  case TEXTS:
    return s_texts(m, item, arena, row);
  case TAGS:
    return s_tags(item, arena, row);
  case DISK:
    s_disk(item, true, row);
    return NULL;
  case DISKS:
    s_disks(item, row);
    return NULL;
  }
  return NULL;
}

/* zec says `name` in one version of its pages and `instanceName` in another. */
static size_t s_lookup(const char *name, enum zr_product product) {
  const char *known =
      product == ZR_PRODUCT_ZEC && strcmp(name, "name") == 0 ? "instanceName" : name;
  size_t i = 0;
  while (i < ZR_COUNT(s_members) && strcmp(s_members[i].name, known) != 0)
    i++;
  return i;
}

static const char *s_row(const cJSON *object, enum zr_product product, struct zr_arena *arena,
                         struct zr_instance *row) {
  uint32_t seen = 0;
  const char *other_status = NULL;
  if (!cJSON_IsObject(object))
    return "a row is not an object";
  *row = (struct zr_instance){"", "", "", "", "", "", "", "", "", "", "",
                              0,  0,  0,  0,  0,  0,  0,  0,  0,  0};
  for (const cJSON *item = object->child; item; item = item->next) {
    size_t i = s_lookup(item->string, product);
    if (i == ZR_COUNT(s_members))
      continue;
    if (seen & (1U << i))
      return "a row has a member twice";
    seen |= 1U << i;
    if (s_is_other_status(&s_members[i], product)) {
      other_status = zr_json_text(item);
      continue;
    }
    if (cJSON_IsNull(item) || s_is_other_use(&s_members[i], item, product))
      continue;
    const char *fault = s_member(&s_members[i], item, arena, row);
    if (fault)
      return fault;
  }
  if (!row->status[0] && other_status)
    row->status = other_status;
  if (other_status && zr_presence_of_status(row->status) == ZR_PRESENCE_BIN &&
      zr_presence_of_status(other_status) == ZR_PRESENCE_LIVE)
    return "a row contradicts itself";
  return row->id[0] ? NULL : "a row has no id";
}

const char *zr_reply_rows(const cJSON *payload, enum zr_product product, struct zr_arena *arena,
                          struct zr_rows *out) {
  const cJSON *list = zr_json_get(payload, "dataSet");
  *out = (struct zr_rows){0};
  if (!zr_json_count(zr_json_get(payload, "totalCount"), &out->total))
    return "no total";
  if (!list)
    return cJSON_GetObjectItemCaseSensitive(payload, "dataSet") ? NULL : "no rows";
  if (!cJSON_IsArray(list))
    return "the rows are not a list";
  out->rows = zr_arena_calloc(arena, (size_t)cJSON_GetArraySize(list), sizeof *out->rows);
  if (!out->rows)
    return "out of memory";
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, list) {
    const char *fault = s_row(item, product, arena, &out->rows[out->count]);
    if (fault)
      return fault;
    out->count++;
  }
  return NULL;
}
