/* Which client may do what: the member "clients" of the configuration file. */
#include <string.h>

#include <cjson/cJSON.h>

#include "app/config.h"
#include "base/mem.h"
#include "base/pattern.h"

static const char *s_text(const cJSON *object, const char *member) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, member);
  return cJSON_IsString(v) && v->valuestring && v->valuestring[0] ? v->valuestring : NULL;
}

/* Exactly "name" and "rights". */
static enum zr_err s_rule(const cJSON *object, struct zr_client_rule *out, const char **fault) {
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
  int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
  if (c->clients || count < 1 || count > ZR_CLIENT_RULES_MAX) {
    (void)zr_buf_printf(problem, "%s: \"clients\" must be one list of 1 to %d rules", path,
                        ZR_CLIENT_RULES_MAX);
    return ZR_ERR_INVALID;
  }
  c->clients = zr_calloc((size_t)count, sizeof *c->clients);
  enum zr_err e = c->clients ? ZR_ERR_OK : ZR_ERR_NOMEM;
  const cJSON *object = NULL;
  const char *fault = NULL;
  cJSON_ArrayForEach(object, list) {
    if (e == ZR_ERR_OK)
      e = s_rule(object, &c->clients[c->client_count], &fault);
    if (e == ZR_ERR_OK)
      c->client_count++;
  }
  if (e == ZR_ERR_INVALID && fault)
    (void)zr_buf_printf(problem, "%s: clients[%zu].name %s", path, c->client_count, fault);
  else if (e == ZR_ERR_INVALID)
    (void)zr_buf_printf(problem,
                        "%s: clients[%zu] must be an object with exactly a name, a text that is "
                        "not empty, and rights: read, plan, apply or none",
                        path, c->client_count);
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
