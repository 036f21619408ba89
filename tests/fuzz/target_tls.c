/*
 * The server's certificate, key and client authority, as PEM. The input: records with the first
 * two, then the third; without a third none is asked for. What is let through here a TLS context
 * takes too, set up in the way in which the core does that.
 */
#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "app/tls_check.h"
#include "fuzz.h"

static char s_none[] = ""; /* the passphrase */

/* As text that ends in NUL, which is how the core has it. */
static BIO *s_open(struct zr_view pem) {
  BIO *bio = BIO_new_mem_buf(pem.ptr, (int)strnlen(pem.ptr, pem.len));
  FUZZ_CHECK(bio);
  return bio;
}

static bool s_use_chain(SSL_CTX *tls, struct zr_view pem) {
  BIO *bio = s_open(pem);
  X509 *x = PEM_read_bio_X509_AUX(bio, NULL, NULL, s_none);
  bool ok = x && SSL_CTX_use_certificate(tls, x) == 1;
  X509_free(x);
  while (ok && (x = PEM_read_bio_X509(bio, NULL, NULL, s_none))) {
    ok = SSL_CTX_add_extra_chain_cert(tls, x) == 1; /* which owns it then */
    if (!ok)
      X509_free(x);
  }
  BIO_free(bio);
  return ok;
}

static bool s_use_key(SSL_CTX *tls, struct zr_view pem) {
  BIO *bio = s_open(pem);
  EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, s_none);
  bool ok = key && SSL_CTX_use_PrivateKey(tls, key) == 1 && SSL_CTX_check_private_key(tls) == 1;
  EVP_PKEY_free(key);
  BIO_free(bio);
  return ok;
}

static bool s_trust(SSL_CTX *tls, struct zr_view pem) {
  BIO *bio = s_open(pem);
  unsigned count = 0;
  X509 *x;
  while ((x = PEM_read_bio_X509_AUX(bio, NULL, NULL, s_none))) {
    count += X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), x) == 1;
    X509_free(x);
  }
  BIO_free(bio);
  return count > 0;
}

static void s_check_taken(const struct zr_rpc_tls *files) {
  SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
  FUZZ_CHECK(tls);
  FUZZ_CHECK(s_use_chain(tls, files->certificate_chain));
  FUZZ_CHECK(s_use_key(tls, files->private_key));
  if (files->client_ca.len)
    FUZZ_CHECK(s_trust(tls, files->client_ca));
  SSL_CTX_free(tls);
  ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  struct zr_app_options options = {.listen = NULL};
  options.tls_cert = fuzz_file(0, "cert.pem", fuzz_record(&in));
  options.tls_key = fuzz_file(1, "key.pem", fuzz_record(&in));
  if (in.left)
    options.tls_client_ca = fuzz_file(2, "ca.pem", fuzz_rest(&in));
  struct zr_tls_files files;
  struct zr_buf problem = ZR_BUF_INIT(8192);
  FUZZ_CHECK(zr_tls_files_read(&options, &files, &problem) == ZR_ERR_OK);
  if (zr_tls_check(&options, &files, &problem) == ZR_ERR_OK) {
    FUZZ_CHECK(problem.len == 0);
    s_check_taken(&files.tls);
  } else {
    FUZZ_CHECK(problem.len > 0 && strncmp(problem.data, fuzz_folder(), strlen(fuzz_folder())) == 0);
    FUZZ_CHECK(problem.len < 2 * strlen(fuzz_folder()) + 100); /* paths, and words of ours */
  }
  FUZZ_CHECK(ERR_peek_error() == 0);
  zr_tls_files_clean_up(&files);
  zr_buf_clean_up(&problem);
  return 0;
}
