/* What no release of this server takes, whoever asks for it. */
#include <string.h>

#include <cjson/cJSON.h>

#include "app/config.h"
#include "app/config_list.h"
#include "base/mem.h"
#include "base/pattern.h"

static const char *const s_kinds[ZR_KEEP_COUNT_] = {
    [ZR_KEEP_NAME] = "name_pattern",
    [ZR_KEEP_TAG] = "tag",
    [ZR_KEEP_GROUP] = "resource_group_id",
    [ZR_KEEP_ZONE] = "zone_id",
};

static bool s_kind(const char *name, enum zr_keep_kind *out) {
  for (int k = 0; k < ZR_KEEP_COUNT_; k++) {
    if (strcmp(s_kinds[k], name) == 0) {
      *out = (enum zr_keep_kind)k;
      return true;
    }
  }
  return false;
}

/* The text, and behind its first NUL the value of a tag. */
static enum zr_err s_text(enum zr_keep_kind kind, const char *text, struct zr_keep_rule *out) {
  char *copy = zr_strdup(text);
  if (!copy)
    return ZR_ERR_NOMEM;
  *out = (struct zr_keep_rule){kind, copy, NULL};
  char *equals = kind == ZR_KEEP_TAG ? strchr(copy, '=') : NULL;
  if (equals) {
    *equals = '\0';
    out->value = equals + 1;
  }
  return ZR_ERR_OK;
}

static enum zr_err s_rule(const cJSON *object, void *rule, const char **fault) {
  enum zr_keep_kind kind = ZR_KEEP_COUNT_;
  const cJSON *member = cJSON_IsObject(object) ? object->child : NULL;
  if (!member || member->next || !s_kind(member->string, &kind) || !cJSON_IsString(member) ||
      !member->valuestring[0] || strlen(member->valuestring) > ZR_POLICY_TEXT_MAX ||
      (kind == ZR_KEEP_TAG && member->valuestring[0] == '='))
    return ZR_ERR_INVALID;
  if (kind == ZR_KEEP_NAME)
    *fault = zr_pattern_fault(zr_view_of(member->valuestring));
  if (*fault)
    return ZR_ERR_INVALID;
  return s_text(kind, member->valuestring, rule);
}

enum zr_err zr_config_keep(struct zr_config *c, const char *path, const struct cJSON *list,
                           struct zr_buf *problem) {
  static const struct zr_config_list keep = {
      .member = "keep",
      .pattern = "name_pattern",
      .form = "one of name_pattern, tag, resource_group_id and zone_id, a text that is not empty",
      .most = ZR_KEEP_MAX,
      .size = sizeof(struct zr_keep_rule),
      .read = s_rule,
  };
  void *rules = c->keep;
  enum zr_err e = zr_config_list_read(&keep, path, list, &rules, &c->keep_count, problem);
  c->keep = rules;
  return e;
}

void zr_config_keep_clean_up(struct zr_config *c) {
  for (size_t i = 0; i < c->keep_count; i++) {
    char *text = NULL;
    memcpy(&text, &c->keep[i].text, sizeof text);
    zr_free(text);
  }
  zr_free(c->keep);
  c->keep = NULL;
  c->keep_count = 0;
}

const struct zr_policy *zr_config_policy(struct zr_config *c) {
  if (c->max_instances == 0 && c->keep_count == 0)
    return NULL;
  c->policy = (struct zr_policy){
      .max_instances = c->max_instances, .keep = c->keep, .keep_count = c->keep_count};
  return &c->policy;
}
