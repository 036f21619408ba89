#include "zenlayer/credential.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "zenlayer/profile.h"

/* The three values of one source, and how that source calls them. */
struct source {
  const char *label; /* NULL: the caller has written it already */
  const char *names[3];
  const char *values[3];
};

enum { KEY_ID, PASSWORD, TOKEN };

static const char *const s_plain_names[3] = {"access key id", "access key secret", "token"};

/* What can stand in a header line between other words; a password may be any printable text. */
static bool s_is_usable(struct zr_view v, bool in_header) {
  for (size_t i = 0; i < v.len; i++) {
    unsigned char c = (unsigned char)v.ptr[i];
    if (c < 0x20 || c == 0x7F || (in_header && (c == ' ' || c == ',' || c > 0x7E)))
      return false;
  }
  return true;
}

static enum zr_err s_set(struct zr_secret *slot, const char *value, const char *name,
                         bool in_header, struct zr_buf *problem) {
  struct zr_view v = zr_view_trim(zr_view_of(value));
  if (v.len == 0)
    return ZR_ERR_OK;
  if (!s_is_usable(v, in_header)) {
    (void)zr_buf_printf(problem, "%s holds a character that cannot be sent", name);
    return ZR_ERR_INVALID;
  }
  enum zr_err e = zr_secret_set(slot, v);
  if (e != ZR_ERR_OK)
    (void)zr_buf_printf(problem, "%s: %s", name, zr_err_text(e));
  return e;
}

/* First 16 digits of SHA-256 over a label and the public part, or the token. */
static enum zr_err s_fingerprint(struct zr_credential *c) {
  static const char label[] = "zenrelease account fingerprint 1:";
  const struct zr_secret *what = zr_credential_is_token(c) ? &c->token : &c->key_id;
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
            EVP_DigestUpdate(ctx, label, sizeof label - 1) == 1 &&
            EVP_DigestUpdate(ctx, what->bytes, what->len) == 1 &&
            EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
  EVP_MD_CTX_free(ctx);
  if (!ok)
    return ZR_ERR_NOMEM;
  for (size_t i = 0; i < ZR_FINGERPRINT_CHARS / 2; i++)
    (void)snprintf(c->fingerprint + 2 * i, 3, "%02x", digest[i]);
  return ZR_ERR_OK;
}

static enum zr_err s_check_whole(const struct zr_credential *c, const char *const names[3],
                                 struct zr_buf *problem) {
  bool id = zr_secret_is_set(&c->key_id);
  bool password = zr_secret_is_set(&c->password);
  if (zr_secret_is_set(&c->token) && (id || password)) {
    (void)zr_buf_printf(problem, "both %s and %s are set; keep one of them", names[TOKEN],
                        names[id ? KEY_ID : PASSWORD]);
    return ZR_ERR_INVALID;
  }
  if (id != password) {
    (void)zr_buf_printf(problem, "%s is set, but %s is missing", names[id ? KEY_ID : PASSWORD],
                        names[id ? PASSWORD : KEY_ID]);
    return ZR_ERR_INVALID;
  }
  if (id || zr_secret_is_set(&c->token))
    return ZR_ERR_OK;
  (void)zr_buf_text(problem, "the credential is empty");
  return ZR_ERR_INVALID;
}

static enum zr_err s_make(const struct source *s, struct zr_credential *out,
                          struct zr_buf *problem) {
  if (s->label)
    (void)snprintf(out->source, sizeof out->source, "%s", s->label);
  enum zr_err e = s_set(&out->key_id, s->values[KEY_ID], s->names[KEY_ID], true, problem);
  if (e == ZR_ERR_OK)
    e = s_set(&out->password, s->values[PASSWORD], s->names[PASSWORD], false, problem);
  if (e == ZR_ERR_OK)
    e = s_set(&out->token, s->values[TOKEN], s->names[TOKEN], true, problem);
  if (e == ZR_ERR_OK)
    e = s_check_whole(out, s->names, problem);
  return e == ZR_ERR_OK ? s_fingerprint(out) : e;
}

enum zr_err zr_credential_make(struct zr_credential *out, const char *key_id, const char *password,
                               const char *token, struct zr_buf *problem) {
  struct source s = {
      NULL, {s_plain_names[0], s_plain_names[1], s_plain_names[2]}, {key_id, password, token}};
  return s_make(&s, out, problem);
}

static bool s_has_any(const struct source *s) {
  for (int i = 0; i < 3; i++) {
    if (s->values[i] && s->values[i][0])
      return true;
  }
  return false;
}

static enum zr_err s_from_environment(const struct zr_env *env, struct zr_credential *out,
                                      struct zr_buf *problem) {
  struct source families[] = {
      {"environment ZENLAYERCLOUD_*",
       {"ZENLAYERCLOUD_ACCESS_KEY_ID", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD", NULL},
       {NULL, NULL, NULL}},
      {"environment ZENLAYER_*",
       {"ZENLAYER_ACCESS_KEY_ID", "ZENLAYER_ACCESS_KEY_SECRET", "ZENLAYER_TOKEN"},
       {NULL, NULL, NULL}},
  };
  for (size_t f = 0; f < ZR_COUNT(families); f++) {
    for (int i = 0; i < 3; i++)
      families[f].values[i] = families[f].names[i] ? zr_env_get(env, families[f].names[i]) : NULL;
    if (s_has_any(&families[f]))
      return s_make(&families[f], out, problem);
  }
  return ZR_ERR_NOT_FOUND;
}

enum zr_err zr_credential_find(const struct zr_credential_settings *settings,
                               struct zr_credential *out, struct zr_buf *problem) {
  struct source configured = {
      "configuration file",
      {"access_key_id of the configuration file", "access_key_password of the configuration file",
       "token of the configuration file"},
      {settings->access_key_id, settings->access_key_password, settings->token}};
  *out = (struct zr_credential){0};
  if (s_has_any(&configured))
    return s_make(&configured, out, problem);
  if (settings->profile && settings->profile[0])
    return zr_profile_read(&settings->env, settings->profile, out, problem);
  enum zr_err e = s_from_environment(&settings->env, out, problem);
  if (e != ZR_ERR_NOT_FOUND)
    return e;
  e = zr_profile_read(&settings->env, NULL, out, problem);
  if (e == ZR_ERR_NOT_FOUND) {
    zr_buf_reset(problem);
    (void)zr_buf_text(problem,
                      "no credential found: set ZENLAYERCLOUD_ACCESS_KEY_ID and "
                      "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD, or ZENLAYER_TOKEN, or a profile in "
                      "~/.zenlayer/credentials.json, or name them in the configuration file");
  }
  return e;
}

bool zr_credential_is_token(const struct zr_credential *c) {
  return zr_secret_is_set(&c->token);
}

void zr_credential_clean_up(struct zr_credential *c) {
  zr_secret_clean_up(&c->key_id);
  zr_secret_clean_up(&c->password);
  zr_secret_clean_up(&c->token);
}
