#include "zenlayer/sign.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK = 64, DIGEST = 32, HEX = 2 * DIGEST, LINE_MAX_BYTES = 4200 };

struct zr_signer {
  EVP_MD *md;
  EVP_MD_CTX *work;
  EVP_MD_CTX *inner; /* has absorbed key ^ ipad */
  EVP_MD_CTX *outer; /* has absorbed key ^ opad */
  bool is_token;
  char *canonical; /* all of it but the payload hash, which goes to the end */
  size_t canonical_len;
  size_t line_prefix_len; /* "Authorization: …, Signature=", or the whole line of a token */
  char line[LINE_MAX_BYTES];
};

static void s_hex(const unsigned char digest[DIGEST], char out[HEX]) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < DIGEST; i++) {
    out[2 * i] = digits[digest[i] >> 4];
    out[2 * i + 1] = digits[digest[i] & 15];
  }
}

static bool s_hash(struct zr_signer *s, struct zr_view bytes, unsigned char out[DIGEST]) {
  return EVP_DigestInit_ex2(s->work, s->md, NULL) == 1 &&
         EVP_DigestUpdate(s->work, bytes.ptr, bytes.len) == 1 &&
         EVP_DigestFinal_ex(s->work, out, NULL) == 1;
}

static bool s_absorb(struct zr_signer *s, EVP_MD_CTX *ctx, const unsigned char key[BLOCK],
                     unsigned char pad) {
  unsigned char block[BLOCK];
  for (size_t i = 0; i < BLOCK; i++)
    block[i] = key[i] ^ pad;
  bool ok =
      EVP_DigestInit_ex2(ctx, s->md, NULL) == 1 && EVP_DigestUpdate(ctx, block, sizeof block) == 1;
  zr_wipe(block, sizeof block);
  return ok;
}

/* RFC 2104: a key longer than a block is hashed first. */
static bool s_set_key(struct zr_signer *s, const struct zr_secret *password) {
  unsigned char key[BLOCK] = {0};
  bool ok = true;
  if (password->len > BLOCK)
    ok = s_hash(s, (struct zr_view){password->bytes, password->len}, key);
  else
    memcpy(key, password->bytes, password->len);
  ok = ok && s_absorb(s, s->inner, key, 0x36) && s_absorb(s, s->outer, key, 0x5C);
  zr_wipe(key, sizeof key);
  return ok;
}

/* After the prefix of the canonical request comes the payload hash and nothing else. */
static enum zr_err s_set_canonical(struct zr_signer *s, const char *content_type,
                                   const char *host) {
  static const char format[] = "POST\n/\n\ncontent-type:%s\nhost:%s\n\ncontent-type;host\n";
  size_t cap = sizeof format + strlen(content_type) + strlen(host) + HEX;
  s->canonical = zr_alloc(cap);
  if (!s->canonical)
    return ZR_ERR_NOMEM;
  int n = snprintf(s->canonical, cap, format, content_type, host);
  s->canonical_len = (size_t)n;
  return ZR_ERR_OK;
}

static enum zr_err s_set_line(struct zr_signer *s, const struct zr_credential *c) {
  int n = s->is_token
              ? snprintf(s->line, sizeof s->line, "Authorization: Bearer %s", c->token.bytes)
              : snprintf(s->line, sizeof s->line,
                         "Authorization: " ZR_SIGNATURE_METHOD
                         " Credential=%s, SignedHeaders=content-type;host, Signature=",
                         c->key_id.bytes);
  if (n < 0 || (size_t)n + HEX + 1 > sizeof s->line)
    return ZR_ERR_LIMIT;
  s->line_prefix_len = (size_t)n;
  return ZR_ERR_OK;
}

static enum zr_err s_set_up_digests(struct zr_signer *s, const struct zr_credential *c) {
  s->md = EVP_MD_fetch(NULL, "SHA256", NULL);
  s->work = EVP_MD_CTX_new();
  s->inner = EVP_MD_CTX_new();
  s->outer = EVP_MD_CTX_new();
  if (!s->md || !s->work || !s->inner || !s->outer)
    return ZR_ERR_IO;
  return s_set_key(s, &c->password) ? ZR_ERR_OK : ZR_ERR_IO;
}

enum zr_err zr_signer_new_for(const struct zr_credential *credential, const char *content_type,
                              const char *host, struct zr_signer **out) {
  *out = NULL;
  bool is_token = zr_secret_is_set(&credential->token);
  bool is_key = zr_secret_is_set(&credential->key_id) && zr_secret_is_set(&credential->password);
  if (is_token == is_key)
    return ZR_ERR_INVALID;
  struct zr_signer *s = zr_calloc(1, sizeof *s);
  if (!s)
    return ZR_ERR_NOMEM;
  s->is_token = is_token;
  enum zr_err e = s_set_line(s, credential);
  if (e == ZR_ERR_OK && !is_token)
    e = s_set_canonical(s, content_type, host);
  if (e == ZR_ERR_OK && !is_token)
    e = s_set_up_digests(s, credential);
  if (e != ZR_ERR_OK) {
    zr_signer_destroy(s);
    return e;
  }
  *out = s;
  return ZR_ERR_OK;
}

enum zr_err zr_signer_new(const struct zr_credential *credential, const char *host,
                          struct zr_signer **out) {
  return zr_signer_new_for(credential, ZR_CONTENT_TYPE, host, out);
}

void zr_signer_destroy(struct zr_signer *s) {
  if (!s)
    return;
  /* libcrypto wipes the state of a digest when it frees it. */
  EVP_MD_CTX_free(s->work);
  EVP_MD_CTX_free(s->inner);
  EVP_MD_CTX_free(s->outer);
  EVP_MD_free(s->md);
  zr_free(s->canonical);
  zr_wipe(s, sizeof *s);
  zr_free(s);
}

/* The tail of a keyed hash: a copy of the context that has the key already. */
static bool s_keyed(struct zr_signer *s, const EVP_MD_CTX *keyed, const void *data, size_t len,
                    unsigned char out[DIGEST]) {
  return EVP_MD_CTX_copy_ex(s->work, keyed) == 1 && EVP_DigestUpdate(s->work, data, len) == 1 &&
         EVP_DigestFinal_ex(s->work, out, NULL) == 1;
}

static bool s_mac(struct zr_signer *s, struct zr_view text, unsigned char out[DIGEST]) {
  unsigned char middle[DIGEST];
  bool ok = s_keyed(s, s->inner, text.ptr, text.len, middle) &&
            s_keyed(s, s->outer, middle, sizeof middle, out);
  zr_wipe(middle, sizeof middle);
  return ok;
}

/* Decimal digits of a time that is not before 1970; their number. */
static size_t s_decimal(int64_t value, char out[20]) {
  char reversed[20];
  size_t n = 0;
  do {
    reversed[n++] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0 && n < sizeof reversed);
  for (size_t i = 0; i < n; i++)
    out[i] = reversed[n - 1 - i];
  return n;
}

/* "ZC2-HMAC-SHA256" LF timestamp LF hash of the canonical request. */
static size_t s_string_to_sign(const unsigned char canonical[DIGEST], int64_t unix_s,
                               char out[128]) {
  static const char head[] = ZR_SIGNATURE_METHOD "\n";
  size_t n = sizeof head - 1;
  memcpy(out, head, n);
  n += s_decimal(unix_s > 0 ? unix_s : 0, out + n);
  out[n++] = '\n';
  s_hex(canonical, out + n);
  return n + HEX;
}

enum zr_err zr_signer_sign(struct zr_signer *s, struct zr_view body, int64_t unix_s,
                           const char **line) {
  *line = s->line;
  if (s->is_token)
    return ZR_ERR_OK;
  unsigned char digest[DIGEST];
  char text[128];
  if (!s_hash(s, body, digest))
    return ZR_ERR_IO;
  s_hex(digest, s->canonical + s->canonical_len);
  if (!s_hash(s, (struct zr_view){s->canonical, s->canonical_len + HEX}, digest))
    return ZR_ERR_IO;
  size_t n = s_string_to_sign(digest, unix_s, text);
  if (!s_mac(s, (struct zr_view){text, n}, digest))
    return ZR_ERR_IO;
  s_hex(digest, s->line + s->line_prefix_len);
  s->line[s->line_prefix_len + HEX] = '\0';
  return ZR_ERR_OK;
}

bool zr_signer_has_timestamp(const struct zr_signer *s) {
  return !s->is_token;
}
