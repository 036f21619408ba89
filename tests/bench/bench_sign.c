/*
 * Signing over hashing. The floor hashes the bytes that the definition of a signature hashes, by
 * SHA-256 fetched once and one context used again and again: the body, the canonical request, and
 * the two halves of the HMAC with their key blocks. No hexadecimal, no text.
 */
#include <openssl/evp.h>
#include <string.h>

#include "rounds.h"
#include "zenlayer/sign.h"

struct rig {
  struct zr_signer *signer;
  EVP_MD *md;
  EVP_MD_CTX *ctx;
  char body[4096];
  size_t body_len;
  unsigned sum; /* keeps the work from being dropped */
};

enum { CANONICAL = 147, INNER = 64 + 91, OUTER = 64 + 32 };

static void ours(void *arg, unsigned times) {
  struct rig *r = arg;
  for (unsigned i = 0; i < times; i++) {
    const char *line = NULL;
    if (zr_signer_sign(r->signer, (struct zr_view){r->body, r->body_len}, 1700000000 + i, &line) !=
        ZR_ERR_OK)
      abort();
    r->sum += (unsigned char)line[100];
  }
}

static void hash(struct rig *r, size_t len) {
  unsigned char digest[32];
  if (EVP_DigestInit_ex2(r->ctx, r->md, NULL) != 1 || EVP_DigestUpdate(r->ctx, r->body, len) != 1 ||
      EVP_DigestFinal_ex(r->ctx, digest, NULL) != 1)
    abort();
  r->sum += digest[0];
}

static void raw(void *arg, unsigned times) {
  struct rig *r = arg;
  for (unsigned i = 0; i < times; i++) {
    hash(r, r->body_len);
    hash(r, CANONICAL);
    hash(r, INNER);
    hash(r, OUTER);
  }
}

static void run(struct rig *r, const char *name, size_t body_len) {
  r->body_len = body_len;
  (void)bench_compare(name, ours, raw, r, 5000, 1.15);
}

int main(void) {
  struct rig r = {.md = EVP_MD_fetch(NULL, "SHA256", NULL), .ctx = EVP_MD_CTX_new()};
  struct zr_credential c = {0};
  struct zr_buf problem = ZR_BUF_INIT(200);
  memset(r.body, 'x', sizeof r.body);
  if (zr_credential_make(&c, "AKIDexample", "an example of a password", NULL, &problem) !=
          ZR_ERR_OK ||
      zr_signer_new(&c, "console.zenlayer.com", &r.signer) != ZR_ERR_OK)
    return 1;
  run(&r, "sign, body of 1 id (33 B)", 33);
  run(&r, "sign, body of 100 ids (1,617 B)", 1617);
  run(&r, "sign, body of 3,072 B", 3072);
  zr_signer_destroy(r.signer);
  zr_credential_clean_up(&c);
  EVP_MD_CTX_free(r.ctx);
  EVP_MD_free(r.md);
  return r.sum == 0;
}
