#include "app/config.h"

#include <errno.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/view.h"

enum { LARGEST_FILE = 65536 };

enum kind { KIND_TEXT, KIND_SECRET, KIND_BOOL, KIND_NUMBER, KIND_MS, KIND_COUNT };

struct member {
  const char *name;
  enum kind kind;
  size_t offset;
  double least;
  double most;
};

#define AT(field) offsetof(struct zr_config, field)

static const struct member s_members[] = {
    {"endpoint", KIND_TEXT, AT(endpoint), 0, 0},
    {"scheme", KIND_TEXT, AT(scheme), 0, 0},
    {"profile", KIND_TEXT, AT(profile), 0, 0},
    {"ca_file", KIND_TEXT, AT(ca_file), 0, 0},
    {"proxy", KIND_TEXT, AT(proxy), 0, 0},
    {"journal", KIND_TEXT, AT(journal), 0, 0},
    {"journal_keep_days", KIND_COUNT, AT(journal_keep_days), 1, 36500},
    {"allow_plain_http", KIND_BOOL, AT(allow_plain_http), 0, 0},
    {"http1_only", KIND_BOOL, AT(http1_only), 0, 0},
    {"calls_per_second", KIND_NUMBER, AT(calls_per_second), 0.01, 10000},
    {"call_timeout_ms", KIND_MS, AT(call_timeout_ms), 100, 300000},
    {"window_ms", KIND_MS, AT(window_ms), 1, 1000},
    {"max_concurrent_releases", KIND_COUNT, AT(max_concurrent_releases), 1, 10000},
    {"max_instances", KIND_COUNT, AT(max_instances), 1, 10000},
    {"access_key_id", KIND_SECRET, AT(access_key_id), 0, 0},
    {"access_key_password", KIND_SECRET, AT(access_key_password), 0, 0},
    {"token", KIND_SECRET, AT(token), 0, 0},
};

static const struct member *s_find(const char *name) {
  for (size_t i = 0; i < ZR_COUNT(s_members); i++) {
    if (strcmp(s_members[i].name, name) == 0)
      return &s_members[i];
  }
  return NULL;
}

static enum zr_err s_text(void *at, const cJSON *value) {
  char **slot = at;
  *slot = zr_strdup(value->valuestring);
  return *slot ? ZR_ERR_OK : ZR_ERR_NOMEM;
}

/* Bytes of `c` that belong to the member; typed by its kind. */
static enum zr_err s_store(struct zr_config *c, const struct member *m, const cJSON *v) {
  void *at = (char *)c + m->offset;
  bool is_text = cJSON_IsString(v) && v->valuestring && v->valuestring[0];
  bool in_range = cJSON_IsNumber(v) && v->valuedouble >= m->least && v->valuedouble <= m->most;
  bool is_whole = in_range && v->valuedouble == (double)(int64_t)v->valuedouble;
  switch (m->kind) {
  case KIND_TEXT:
    return is_text ? s_text(at, v) : ZR_ERR_INVALID;
  case KIND_SECRET:
    return is_text ? zr_secret_set(at, zr_view_of(v->valuestring)) : ZR_ERR_INVALID;
  case KIND_BOOL:
    if (!cJSON_IsBool(v))
      return ZR_ERR_INVALID;
    *(bool *)at = cJSON_IsTrue(v);
    return ZR_ERR_OK;
  case KIND_NUMBER:
    if (!in_range)
      return ZR_ERR_INVALID;
    *(double *)at = v->valuedouble;
    return ZR_ERR_OK;
  case KIND_MS:
    if (!is_whole)
      return ZR_ERR_INVALID;
    *(int64_t *)at = (int64_t)v->valuedouble;
    return ZR_ERR_OK;
  case KIND_COUNT:
    if (!is_whole)
      return ZR_ERR_INVALID;
    *(unsigned *)at = (unsigned)v->valuedouble;
    return ZR_ERR_OK;
  }
  return ZR_ERR_INVALID;
}

static const char *s_expects(const struct member *m) {
  switch (m->kind) {
  case KIND_TEXT:
  case KIND_SECRET:
    return "a text that is not empty";
  case KIND_BOOL:
    return "true or false";
  case KIND_NUMBER:
  case KIND_MS:
  case KIND_COUNT:
    break;
  }
  return "a number";
}

static enum zr_err s_take(struct zr_config *c, const char *path, const cJSON *v, const cJSON *root,
                          struct zr_buf *problem) {
  if (strcmp(v->string, "keep") == 0)
    return zr_config_keep(c, path, v, problem);
  if (strcmp(v->string, "clients") == 0)
    return zr_config_clients(c, path, v, problem);
  const struct member *m = s_find(v->string);
  if (!m) {
    (void)zr_buf_printf(problem, "%s: unknown member \"%s\"", path, v->string);
    return ZR_ERR_INVALID;
  }
  if (cJSON_GetObjectItemCaseSensitive(root, v->string) != v) {
    (void)zr_buf_printf(problem, "%s: \"%s\" is there twice", path, m->name);
    return ZR_ERR_INVALID;
  }
  enum zr_err e = s_store(c, m, v);
  if (e != ZR_ERR_INVALID)
    return e;
  (void)zr_buf_printf(problem, "%s: \"%s\" must be %s", path, m->name, s_expects(m));
  if (m->most > 0)
    (void)zr_buf_printf(problem, " from %g to %g", m->least, m->most);
  return e;
}

static enum zr_err s_parse(struct zr_config *c, const char *path, const struct zr_buf *text,
                           struct zr_buf *problem) {
  const char *end = NULL;
  errno = 0; /* cJSON does not tell why, but malloc does */
  cJSON *root = cJSON_ParseWithLengthOpts(text->data ? text->data : "", text->len + 1, &end, 1);
  enum zr_err e = ZR_ERR_OK;
  if (!root && errno == ENOMEM) {
    e = ZR_ERR_NOMEM;
  } else if (!cJSON_IsObject(root)) {
    (void)zr_buf_printf(problem, "%s: not a JSON object", path);
    e = ZR_ERR_INVALID;
  }
  const cJSON *v = NULL;
  cJSON_ArrayForEach(v, root) {
    if (e == ZR_ERR_OK)
      e = s_take(c, path, v, root, problem);
  }
  cJSON_ArrayForEach(v, root) {
    if (cJSON_IsString(v) && v->valuestring)
      zr_wipe(v->valuestring, strlen(v->valuestring));
  }
  cJSON_Delete(root);
  return e;
}

static bool s_has_secret(const struct zr_config *c) {
  return zr_secret_is_set(&c->access_key_id) || zr_secret_is_set(&c->access_key_password) ||
         zr_secret_is_set(&c->token);
}

static void s_explain(struct zr_buf *problem, const char *path, enum zr_err e) {
  if (problem->len)
    return;
  if (e == ZR_ERR_DENIED)
    (void)zr_buf_printf(
        problem, "%s: it holds a secret, so it must be yours and closed to others (chmod 600)",
        path);
  else
    (void)zr_buf_printf(problem, "%s: cannot be read: %s", path, zr_err_text(e));
}

enum zr_err zr_config_read(const struct zr_app_options *options, struct zr_config *out,
                           struct zr_buf *problem) {
  *out = (struct zr_config){0};
  if (!options->config)
    return ZR_ERR_OK;
  struct zr_buf text = ZR_BUF_SECRET(LARGEST_FILE);
  enum zr_err e = zr_file_read(options->config, false, &text);
  if (e == ZR_ERR_OK)
    e = s_parse(out, options->config, &text, problem);
  zr_buf_reset(&text);
  if (e == ZR_ERR_OK && s_has_secret(out))
    e = zr_file_read(options->config, true, &text);
  zr_buf_clean_up(&text);
  if (e != ZR_ERR_OK)
    s_explain(problem, options->config, e);
  return e;
}

void zr_config_clean_up(struct zr_config *c) {
  zr_free(c->endpoint);
  zr_free(c->scheme);
  zr_free(c->profile);
  zr_free(c->ca_file);
  zr_wipe(c->proxy, c->proxy ? strlen(c->proxy) : 0); /* its password may be in it */
  zr_free(c->proxy);
  zr_free(c->journal);
  zr_config_keep_clean_up(c);
  zr_config_clients_clean_up(c);
  zr_secret_clean_up(&c->access_key_id);
  zr_secret_clean_up(&c->access_key_password);
  zr_secret_clean_up(&c->token);
  *c = (struct zr_config){0};
}

enum zr_err zr_config_endpoint(const struct zr_config *c, const struct zr_app_options *options,
                               struct zr_endpoint *out, struct zr_buf *problem) {
  const struct zr_endpoint_settings settings = {
      .domain = options->endpoint ? options->endpoint : c->endpoint,
      .scheme = c->scheme,
      .allow_plain = c->allow_plain_http,
      .env = zr_env_process(),
  };
  const char *sentence = NULL;
  enum zr_err e = zr_endpoint_find(&settings, out, &sentence);
  if (e != ZR_ERR_OK)
    (void)zr_buf_text(problem, sentence ? sentence : zr_err_text(e));
  return e;
}

enum zr_err zr_config_credential(const struct zr_config *c, const struct zr_app_options *options,
                                 struct zr_credential *out, struct zr_buf *problem) {
  const struct zr_credential_settings settings = {
      .access_key_id = c->access_key_id.bytes,
      .access_key_password = c->access_key_password.bytes,
      .token = c->token.bytes,
      .profile = options->profile ? options->profile : c->profile,
      .env = zr_env_process(),
  };
  return zr_credential_find(&settings, out, problem);
}
