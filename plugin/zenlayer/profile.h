/*
 * The profile files of the vendor's command line, in $HOME/.zenlayer/: credentials.json (profile
 * name -> access_key_id, access_key_secret, token) and config.json (current_profile).
 * Source: zenlayercloud-cli v1.0.22, internal/config.
 */
#ifndef ZR_ZENLAYER_PROFILE_H
#define ZR_ZENLAYER_PROFILE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "zenlayer/credential.h"

/* Reads the profile `named` (NULL: $ZENLAYER_PROFILE, current_profile, "default").
 * ZR_ERR_NOT_FOUND when nothing names a profile and there is none; a profile that is named and not
 * there is ZR_ERR_INVALID. Else as zr_credential_find. */
enum zr_err zr_profile_read(const struct zr_env *env, const char *named, struct zr_credential *out,
                            struct zr_buf *problem) ZR_MUST_CHECK;

#endif
