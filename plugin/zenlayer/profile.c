#include "zenlayer/profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "zenlayer/json.h"

enum { FILE_MAX = 64 * 1024, NAME_MAX_BYTES = 64, PATH_MAX_BYTES = 512 };

/* One file, read and parsed. */
static enum zr_err s_read(const char *path, bool private_only, cJSON **out) {
  struct zr_buf text = ZR_BUF_SECRET(FILE_MAX);
  *out = NULL;
  enum zr_err e = zr_file_read(path, private_only, &text);
  if (e == ZR_ERR_OK) {
    *out = zr_json_parse(zr_buf_as_view(&text));
    if (!*out && errno == ENOMEM)
      e = ZR_ERR_NOMEM;
    else if (!cJSON_IsObject(*out))
      e = ZR_ERR_INVALID;
  }
  if (e != ZR_ERR_OK) {
    zr_json_wipe(*out);
    *out = NULL;
  }
  zr_buf_clean_up(&text);
  return e;
}

static enum zr_err s_explain(enum zr_err e, const char *path, bool is_private,
                             struct zr_buf *problem) {
  switch (e) {
  case ZR_ERR_DENIED:
    (void)zr_buf_printf(problem,
                        is_private ? "%s must belong to you and be readable by nobody else: "
                                     "chmod 600 it"
                                   : "%s cannot be read: permission denied",
                        path);
    break;
  case ZR_ERR_INVALID:
    (void)zr_buf_printf(problem, "%s is not a JSON object", path);
    break;
  case ZR_ERR_NOT_FOUND:
    (void)zr_buf_printf(problem, "%s does not exist", path);
    break;
  case ZR_ERR_LIMIT:
    (void)zr_buf_printf(problem, "%s is larger than %d bytes", path, FILE_MAX);
    break;
  case ZR_ERR_OK:
  case ZR_ERR_NOMEM:
  case ZR_ERR_EXISTS:
  case ZR_ERR_STATE:
  case ZR_ERR_IO:
  case ZR_ERR_CLOSED:
  case ZR_ERR_COUNT_:
    (void)zr_buf_printf(problem, "%s: %s", path, zr_err_text(e));
    break;
  }
  return e;
}

static bool s_is_name(const char *name) {
  size_t n = strlen(name);
  if (n == 0 || n > NAME_MAX_BYTES)
    return false;
  for (const char *c = name; *c; c++) {
    if (*c < 0x20 || *c > 0x7E)
      return false;
  }
  return true;
}

/* current_profile of config.json; `name` stays as it is when the file or the member is absent. */
static enum zr_err s_current(const char *home, char name[NAME_MAX_BYTES + 1],
                             struct zr_buf *problem) {
  char path[PATH_MAX_BYTES];
  cJSON *tree = NULL;
  (void)snprintf(path, sizeof path, "%s/.zenlayer/config.json", home);
  enum zr_err e = s_read(path, false, &tree);
  if (e == ZR_ERR_NOT_FOUND)
    return ZR_ERR_OK;
  if (e != ZR_ERR_OK)
    return s_explain(e, path, false, problem);
  const char *current = zr_json_text(zr_json_get(tree, "current_profile"));
  if (current && current[0] && s_is_name(current))
    (void)snprintf(name, NAME_MAX_BYTES + 1, "%s", current);
  cJSON_Delete(tree);
  return ZR_ERR_OK;
}

/* Whether the profile's values are texts or absent, and each is there once. */
static bool s_is_profile(const cJSON *profile) {
  static const char *const keys[] = {"access_key_id", "access_key_secret", "token"};
  if (!cJSON_IsObject(profile) || !zr_json_keys_are_unique(profile))
    return false;
  for (size_t i = 0; i < ZR_COUNT(keys); i++) {
    const cJSON *item = zr_json_get(profile, keys[i]);
    if (item && !cJSON_IsString(item))
      return false;
  }
  return true;
}

static bool s_is_empty(const cJSON *profile) {
  const char *id = zr_json_text(zr_json_get(profile, "access_key_id"));
  const char *secret = zr_json_text(zr_json_get(profile, "access_key_secret"));
  const char *token = zr_json_text(zr_json_get(profile, "token"));
  return !(id && id[0]) && !(secret && secret[0]) && !(token && token[0]);
}

static enum zr_err s_take(const cJSON *tree, const char *name, bool must_exist, const char *path,
                          struct zr_credential *out, struct zr_buf *problem) {
  const cJSON *profile = zr_json_keys_are_unique(tree) ? zr_json_get(tree, name) : NULL;
  if (!profile || (s_is_profile(profile) && s_is_empty(profile))) {
    (void)zr_buf_printf(problem, "no credential in profile %s of %s", name, path);
    return must_exist ? ZR_ERR_INVALID : ZR_ERR_NOT_FOUND;
  }
  if (!s_is_profile(profile)) {
    (void)zr_buf_printf(problem, "profile %s of %s is malformed", name, path);
    return ZR_ERR_INVALID;
  }
  (void)snprintf(out->source, sizeof out->source, "profile %s of %s", name, path);
  enum zr_err e = zr_credential_make(out, zr_json_text(zr_json_get(profile, "access_key_id")),
                                     zr_json_text(zr_json_get(profile, "access_key_secret")),
                                     zr_json_text(zr_json_get(profile, "token")), problem);
  if (e != ZR_ERR_OK)
    (void)zr_buf_printf(problem, " (profile %s of %s)", name, path);
  return e;
}

enum zr_err zr_profile_read(const struct zr_env *env, const char *named, struct zr_credential *out,
                            struct zr_buf *problem) {
  char name[NAME_MAX_BYTES + 1] = "default";
  char path[PATH_MAX_BYTES];
  const char *home = zr_env_get(env, "HOME");
  const char *asked = named && named[0] ? named : zr_env_get(env, "ZENLAYER_PROFILE");
  cJSON *tree = NULL;
  if (asked && !s_is_name(asked)) {
    (void)zr_buf_text(problem, "the name of the profile is not usable");
    return ZR_ERR_INVALID;
  }
  if (!home || strlen(home) > PATH_MAX_BYTES - 64) {
    (void)zr_buf_text(problem, "HOME is not set, so there are no profiles");
    return asked ? ZR_ERR_INVALID : ZR_ERR_NOT_FOUND;
  }
  (void)snprintf(path, sizeof path, "%s/.zenlayer/credentials.json", home);
  enum zr_err e = s_read(path, true, &tree);
  if (e != ZR_ERR_OK) {
    (void)s_explain(e, path, true, problem);
    return e == ZR_ERR_NOT_FOUND && asked ? ZR_ERR_INVALID : e;
  }
  if (asked)
    (void)snprintf(name, sizeof name, "%s", asked);
  else
    e = s_current(home, name, problem);
  if (e == ZR_ERR_OK)
    e = s_take(tree, name, asked != NULL, path, out, problem);
  zr_json_wipe(tree);
  return e;
}
