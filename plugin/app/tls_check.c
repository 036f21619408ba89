#include "app/tls_check.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/log.h"

/* In the place of a question on the terminal. */
static int s_no_passphrase(char *out, int size, int writing, void *unused) {
  (void)out;
  (void)size;
  (void)writing;
  (void)unused;
  return -1;
}

static enum zr_err s_say(struct zr_buf *problem, const char *path, const char *what,
                         const char *other) {
  (void)zr_buf_printf(problem, "%s: %s%s", path, what, other);
  return ZR_ERR_INVALID;
}

/* Why TLS does not take it; a key that is too short, mostly. */
static enum zr_err s_refused(struct zr_buf *problem, const char *path) {
  const char *why = ERR_reason_error_string(ERR_peek_last_error());
  return s_say(problem, path, "cannot be used for TLS: ", why ? why : "out of memory");
}

static BIO *s_open(struct zr_view pem) {
  return pem.len <= INT_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
}

/* The core has it as a text, which would end there. */
static bool s_has_nul(struct zr_view pem) {
  return pem.len && memchr(pem.ptr, '\0', pem.len);
}

static bool s_at_end(void) {
  return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

/* The first certificate; NULL when there is none, or something behind it cannot be read. */
static X509 *s_certificate(struct zr_view pem) {
  BIO *bio = s_has_nul(pem) ? NULL : s_open(pem);
  X509 *first = bio ? PEM_read_bio_X509_AUX(bio, NULL, s_no_passphrase, NULL) : NULL;
  X509 *more = first;
  while (more) {
    more = PEM_read_bio_X509(bio, NULL, s_no_passphrase, NULL);
    X509_free(more);
  }
  BIO_free(bio);
  if (first && s_at_end())
    return first;
  X509_free(first);
  return NULL;
}

static EVP_PKEY *s_key(struct zr_view pem) {
  BIO *bio = s_has_nul(pem) ? NULL : s_open(pem);
  EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, s_no_passphrase, NULL) : NULL;
  BIO_free(bio);
  return key;
}

static void s_warn_of_time(const char *path, const X509 *certificate) {
  int end = X509_cmp_current_time(X509_get0_notAfter(certificate));
  int begin = X509_cmp_current_time(X509_get0_notBefore(certificate));
  if (end < 0 || begin > 0)
    zr_log(ZR_LOG_WARN, "app",
           end < 0 ? "the server's certificate has expired"
                   : "the server's certificate is not valid yet",
           zr_s("file", path));
}

/* Those behind the first lead to the authority. */
static bool s_take_chain(SSL_CTX *tls, struct zr_view pem) {
  BIO *bio = s_open(pem);
  X509 *x = bio ? PEM_read_bio_X509_AUX(bio, NULL, s_no_passphrase, NULL) : NULL;
  bool ok = x && SSL_CTX_use_certificate(tls, x) == 1;
  X509_free(x);
  while (ok && (x = PEM_read_bio_X509(bio, NULL, s_no_passphrase, NULL))) {
    ok = SSL_CTX_add_extra_chain_cert(tls, x) == 1; /* whose it is then */
    if (!ok)
      X509_free(x);
  }
  BIO_free(bio);
  return ok;
}

/* As the core will do it. */
static enum zr_err s_try(const struct zr_app_options *o, const struct zr_rpc_tls *files,
                         EVP_PKEY *key, struct zr_buf *problem) {
  enum zr_err e = ZR_ERR_OK;
  ERR_clear_error();
  SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
  if (!tls || !s_take_chain(tls, files->certificate_chain))
    e = s_refused(problem, o->tls_cert);
  else if (SSL_CTX_use_PrivateKey(tls, key) != 1)
    e = s_refused(problem, o->tls_key);
  SSL_CTX_free(tls);
  return e;
}

static enum zr_err s_check_pair(const struct zr_app_options *o, const X509 *certificate,
                                const EVP_PKEY *key, struct zr_buf *problem) {
  if (!certificate)
    return s_say(problem, o->tls_cert, "holds no certificate that can be read", "");
  if (!key)
    return s_say(problem, o->tls_key, "holds no private key that can be read without a passphrase",
                 "");
  if (X509_check_private_key(certificate, key) != 1)
    return s_say(problem, o->tls_key, "does not fit the certificate in ", o->tls_cert);
  s_warn_of_time(o->tls_cert, certificate);
  return ZR_ERR_OK;
}

enum zr_err zr_tls_check(const struct zr_app_options *options, const struct zr_tls_files *files,
                         struct zr_buf *problem) {
  ERR_clear_error();
  X509 *certificate = s_certificate(files->tls.certificate_chain);
  EVP_PKEY *key = s_key(files->tls.private_key);
  enum zr_err e = s_check_pair(options, certificate, key, problem);
  if (e == ZR_ERR_OK)
    e = s_try(options, &files->tls, key, problem);
  if (e == ZR_ERR_OK && options->tls_client_ca) {
    ERR_clear_error();
    X509 *authority = s_certificate(files->tls.client_ca);
    if (!authority)
      e = s_say(problem, options->tls_client_ca, "holds no certificate that can be read", "");
    X509_free(authority);
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
  ERR_clear_error();
  return e;
}
