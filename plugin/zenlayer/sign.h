/*
 * The Authorization of a request: ZC2-HMAC-SHA256 over content type, host and body, or a bearer
 * token. The digest is fetched once and the HMAC key absorbed once; a signature then costs little
 * more than hashing its bytes.
 *
 * Source: Zenlayer Cloud API 2.0, "Signature method"; the canonical path is always "/", the query
 * always empty, and path, action and version are not covered.
 */
#ifndef ZR_ZENLAYER_SIGN_H
#define ZR_ZENLAYER_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/view.h"
#include "zenlayer/credential.h"

#define ZR_CONTENT_TYPE     "application/json"
#define ZR_SIGNATURE_METHOD "ZC2-HMAC-SHA256"

struct zr_signer;

/* The signer is the caller's. `host` is the Host header as it will be sent. ZR_ERR_INVALID for a
 * credential that is not whole, ZR_ERR_NOMEM, ZR_ERR_IO (no SHA-256 in libcrypto). */
enum zr_err zr_signer_new(const struct zr_credential *credential, const char *host,
                          struct zr_signer **out) ZR_MUST_CHECK;
/* For other content types than ours: test vectors. */
enum zr_err zr_signer_new_for(const struct zr_credential *credential, const char *content_type,
                              const char *host, struct zr_signer **out) ZR_MUST_CHECK;
/* Wipes. NULL is fine. */
void zr_signer_destroy(struct zr_signer *s);

/* The header line "Authorization: …" for this body at this time (Unix seconds; ignored for a
 * token). Borrowed until the next call or destroy; a view into memory that is wiped then.
 * ZR_ERR_IO, ZR_ERR_LIMIT. One thread at a time. */
enum zr_err zr_signer_sign(struct zr_signer *s, struct zr_view body, int64_t unix_s,
                           const char **line) ZR_MUST_CHECK;
/* Whether X-ZC-Timestamp and X-ZC-Signature-Method go with it. */
bool zr_signer_has_timestamp(const struct zr_signer *s);

#endif
