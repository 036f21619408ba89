/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S_SCHEME "ZC2-HMAC-SHA256"

void sim_authorization_clean_up(struct sim_authorization *authorization) {
  free(authorization->bearer);
  free(authorization->key_id);
  free(authorization->signed_headers);
  free(authorization->signature);
  *authorization = (struct sim_authorization){0};
}

/* "Credential=abc, " at *at becomes "abc"; *at moves behind the comma. */
static char *s_take_field(const char **at, const char *name) {
  while (**at == ' ') {
    (*at)++;
  }
  size_t name_len = strlen(name);
  if (strncmp(*at, name, name_len) != 0 || (*at)[name_len] != '=') {
    return NULL;
  }
  const char *value = *at + name_len + 1;
  size_t len = strcspn(value, ", ");
  if (len == 0) {
    return NULL;
  }
  *at = value + len;
  if (**at == ',') {
    (*at)++;
  }
  return sim_strndup(value, len);
}

/* Both mandatory names must be in the list, as whole elements. */
static bool s_lists(const char *signed_headers, const char *name) {
  size_t len = strlen(name);
  for (const char *at = signed_headers;; at++) {
    size_t span = strcspn(at, ";");
    if (span == len && strncmp(at, name, len) == 0) {
      return true;
    }
    at += span;
    if (*at == '\0') {
      return false;
    }
  }
}

static bool s_is_hex_digest(const char *text) {
  return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool s_parse_hmac(struct sim_authorization *authorization, const char *at) {
  authorization->key_id = s_take_field(&at, "Credential");
  authorization->signed_headers =
      authorization->key_id == NULL ? NULL : s_take_field(&at, "SignedHeaders");
  authorization->signature =
      authorization->signed_headers == NULL ? NULL : s_take_field(&at, "Signature");
  return authorization->signature != NULL && *at == '\0' &&
         s_is_hex_digest(authorization->signature) &&
         s_lists(authorization->signed_headers, "content-type") &&
         s_lists(authorization->signed_headers, "host");
}

bool sim_authorization_parse(struct sim_authorization *authorization, const char *value) {
  *authorization = (struct sim_authorization){0};
  if (sim_text_starts(value, "Bearer ")) {
    const char *token = value + strlen("Bearer ");
    if (*token == '\0' || strchr(token, ' ') != NULL) {
      return false;
    }
    authorization->bearer = sim_strdup(token);
    return true;
  }
  if (!sim_text_starts(value, S_SCHEME " ")) {
    return false;
  }
  if (!s_parse_hmac(authorization, value + strlen(S_SCHEME " "))) {
    sim_authorization_clean_up(authorization);
    return false;
  }
  return true;
}

static void s_hex(const unsigned char digest[32], char out[SIM_HEX_SHA256_SIZE]) {
  for (size_t i = 0; i < 32; i++) {
    (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
  }
}

static void s_sha256_hex(const void *data, size_t len, char out[SIM_HEX_SHA256_SIZE]) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int digest_len = 0;
  (void)EVP_Digest(data, len, digest, &digest_len, EVP_sha256(), NULL);
  s_hex(digest, out);
}

/* "name:value\n", the value trimmed. false: the request does not carry that header. */
static bool s_add_header(struct sim_buf *canonical, const struct sim_signed_request *request,
                         const char *name, bool lower_value) {
  const char *value = request->header(request->context, name);
  if (value == NULL) {
    return false;
  }
  while (*value == ' ' || *value == '\t') {
    value++;
  }
  size_t len = strlen(value);
  while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t')) {
    len--;
  }
  sim_buf_printf(canonical, "%s:", name);
  for (size_t i = 0; i < len; i++) {
    sim_buf_putc(canonical, lower_value ? (char)tolower((unsigned char)value[i]) : value[i]);
  }
  sim_buf_putc(canonical, '\n');
  return true;
}

static bool s_add_headers(struct sim_buf *canonical, const struct sim_signed_request *request,
                          const char *signed_headers, bool lower_values) {
  const char *at = signed_headers;
  for (;;) {
    size_t span = strcspn(at, ";");
    char *name = sim_strndup(at, span);
    bool there = s_add_header(canonical, request, name, lower_values);
    free(name);
    if (!there) {
      return false;
    }
    if (at[span] == '\0') {
      return true;
    }
    at += span + 1;
  }
}

bool sim_signature_compute(const struct sim_signed_request *request, const char *signed_headers,
                           bool lower_values, char out[SIM_HEX_SHA256_SIZE]) {
  char hash[SIM_HEX_SHA256_SIZE];
  struct sim_buf canonical = {0};
  struct sim_buf to_sign = {0};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int digest_len = 0;

  sim_buf_puts(&canonical,
               "POST\n/\n\n"); /* path and query are constants of the scheme, not of the request */
  bool complete = s_add_headers(&canonical, request, signed_headers, lower_values);
  if (complete) {
    s_sha256_hex(request->body, request->body_len, hash);
    sim_buf_printf(&canonical, "\n%s\n%s", signed_headers, hash);
    s_sha256_hex(canonical.data, canonical.len, hash);
    sim_buf_printf(&to_sign, S_SCHEME "\n%s\n%s", request->timestamp, hash);
    (void)HMAC(EVP_sha256(), request->password, (int)strlen(request->password),
               (const unsigned char *)to_sign.data, to_sign.len, digest, &digest_len);
    s_hex(digest, out);
  }
  sim_buf_clean_up(&canonical);
  sim_buf_clean_up(&to_sign);
  return complete;
}

bool sim_signature_matches(const struct sim_signed_request *request,
                           const struct sim_authorization *authorization) {
  char expected[SIM_HEX_SHA256_SIZE];
  for (int lower = 0; lower <= 1; lower++) {
    if (sim_signature_compute(request, authorization->signed_headers, lower == 1, expected) &&
        CRYPTO_memcmp(expected, authorization->signature, SIM_HEX_SHA256_SIZE - 1) == 0) {
      return true;
    }
  }
  return false;
}
