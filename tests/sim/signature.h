/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SIGNATURE_H
#define SIM_SIGNATURE_H

#include "base.h"

/*
 * ZC2-HMAC-SHA256, checked from the bytes that were received. Path, action and version are not
 * covered by the signature, so nothing here looks at them. Written from the description, apart from
 * the plugin's signer: a mistake must not verify itself.
 */
struct sim_authorization {
  char *bearer; /* the token, or NULL; then the other three are set */
  char *key_id;
  char *signed_headers; /* as given */
  char *signature;
};

void sim_authorization_clean_up(struct sim_authorization *authorization);
/* Splits the header's value. false: malformed. */
bool sim_authorization_parse(struct sim_authorization *authorization, const char *value);

/* The value of a received header by lower-case name, NULL when it is missing. */
typedef const char *(sim_header_fn)(const void *context, const char *name);

struct sim_signed_request {
  sim_header_fn *header;
  const void *context;
  const char *body;
  size_t body_len;
  const char *timestamp; /* as received */
  const char *password;
};

#define SIM_HEX_SHA256_SIZE 65

/*
 * The signature that the request should carry. lower_values follows the letter of the documentation
 * (header values lower-cased); the vendor's own programs sign them as they are. false when a signed
 * header is missing.
 */
bool sim_signature_compute(const struct sim_signed_request *request, const char *signed_headers,
                           bool lower_values, char out[SIM_HEX_SHA256_SIZE]);
/* Accepts either reading of the values; compares in constant time. */
bool sim_signature_matches(const struct sim_signed_request *request,
                           const struct sim_authorization *authorization);

#endif
