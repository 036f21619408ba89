/*
 * One whole credential from one source. The first source that holds any part decides; half a
 * credential there is an error that names the missing half, never a reason to look further.
 *
 *   1. the values of our configuration file
 *   2. the profile that was asked for by name
 *   3. ZENLAYERCLOUD_ACCESS_KEY_ID and ZENLAYERCLOUD_ACCESS_KEY_PASSWORD   (vendor's Terraform)
 *   4. ZENLAYER_TOKEN, or ZENLAYER_ACCESS_KEY_ID and ZENLAYER_ACCESS_KEY_SECRET   (vendor's zeno)
 *   5. $HOME/.zenlayer/credentials.json, profile $ZENLAYER_PROFILE, else current_profile of
 *      config.json beside it, else "default"                              (vendor's zeno)
 *
 * A token and a key in one source are an error: they may belong to two accounts.
 */
#ifndef ZR_ZENLAYER_CREDENTIAL_H
#define ZR_ZENLAYER_CREDENTIAL_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "zenlayer/env.h"

enum { ZR_FINGERPRINT_CHARS = 16 };

struct zr_credential {
  struct zr_secret key_id;   /* with password; or */
  struct zr_secret password; /* the HMAC key */
  struct zr_secret token;    /* alone */
  char fingerprint[ZR_FINGERPRINT_CHARS + 1];
  char source[640]; /* "environment ZENLAYERCLOUD_*", "profile default of /…/credentials.json" */
};

/* Where to look. Everything is borrowed for the time of the call. */
struct zr_credential_settings {
  const char *access_key_id; /* Optional: of our configuration file */
  const char *access_key_password;
  const char *token;
  const char *profile; /* Optional: asked for by name; it must exist then */
  struct zr_env env;   /* Optional: none without `get`; HOME comes from here too */
};

/* Fills *out, to be cleaned up by the caller, also after an error.
 * ZR_ERR_NOT_FOUND: no source holds anything; ZR_ERR_INVALID: half a credential, two at once, a
 * character that cannot be sent, or a file that is no such JSON; ZR_ERR_DENIED: a file that others
 * may read; ZR_ERR_LIMIT, ZR_ERR_IO, ZR_ERR_NOMEM. `problem` gets a sentence for people then, which
 * holds no part of a secret. Any thread. */
enum zr_err zr_credential_find(const struct zr_credential_settings *settings,
                               struct zr_credential *out, struct zr_buf *problem) ZR_MUST_CHECK;
/* A credential from given values: a key pair, or a token. As zr_credential_find. */
enum zr_err zr_credential_make(struct zr_credential *out, const char *key_id, const char *password,
                               const char *token, struct zr_buf *problem) ZR_MUST_CHECK;
bool zr_credential_is_token(const struct zr_credential *c);
/* Wipes. A zeroed credential is fine. */
void zr_credential_clean_up(struct zr_credential *c);

#endif
