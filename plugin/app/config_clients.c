/* Which client may do what: the member "clients" of the configuration file. */
#include <string.h>

#include <cjson/cJSON.h>

#include "app/config.h"
#include "app/config_list.h"
#include "base/mem.h"
#include "base/pattern.h"

static const char *s_text(const cJSON *object, const char *member) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, member);
  return cJSON_IsString(v) && v->valuestring && v->valuestring[0] ? v->valuestring : NULL;
}

/* Exactly "name" and "rights". */
static enum zr_err s_rule(const cJSON *object, void *rule, const char **fault) {
  struct zr_client_rule *out = rule;
  const char *name = cJSON_GetArraySize(object) == 2 ? s_text(object, "name") : NULL;
  const char *right = s_text(object, "rights");
  if (!cJSON_IsObject(object) || !name || !right || strlen(name) > ZR_CLIENT_NAME_MAX)
    return ZR_ERR_INVALID;
  *fault = zr_pattern_fault(zr_view_of(name));
  if (*fault)
    return ZR_ERR_INVALID;
  if (!zr_right_parse(right, &out->right))
    return ZR_ERR_INVALID;
  out->name = zr_strdup(name);
  return out->name ? ZR_ERR_OK : ZR_ERR_NOMEM;
}

enum zr_err zr_config_clients(struct zr_config *c, const char *path, const struct cJSON *list,
                              struct zr_buf *problem) {
  static const struct zr_config_list clients = {
      .member = "clients",
      .pattern = "name",
      .form = "a name, a text that is not empty, and rights: read, plan, apply or none",
      .most = ZR_CLIENT_RULES_MAX,
      .size = sizeof(struct zr_client_rule),
      .read = s_rule,
  };
  void *rules = c->clients;
  enum zr_err e = zr_config_list_read(&clients, path, list, &rules, &c->client_count, problem);
  c->clients = rules;
  return e;
}

void zr_config_clients_clean_up(struct zr_config *c) {
  for (size_t i = 0; i < c->client_count; i++) {
    char *name = NULL;
    memcpy(&name, &c->clients[i].name, sizeof name);
    zr_free(name);
  }
  zr_free(c->clients);
  c->clients = NULL;
  c->client_count = 0;
}
