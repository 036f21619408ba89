#include "cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void s_extension(X509 *x, int nid, const char *value) {
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
  assert_non_null(e);
  assert_int_equal(X509_add_ext(x, e, -1), 1);
  X509_EXTENSION_free(e);
}

static void s_read_bio(BIO *bio, char *out, size_t room) {
  int n = BIO_read(bio, out, (int)room - 1);
  assert_true(n > 0);
  out[n] = '\0';
  BIO_free(bio);
}

void cert_make(struct cert *c, const char *common_name, const char *san,
               const struct cert *issuer) {
  static long serial = 1;
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *x = X509_new();
  assert_non_null(key);
  (void)X509_set_version(x, 2);
  (void)ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  (void)X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  (void)X509_gmtime_adj(X509_getm_notAfter(x), 86400);
  (void)X509_set_pubkey(x, key);
  X509_NAME *name = X509_get_subject_name(x);
  (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1,
                                   -1, 0);
  (void)X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer->x509) : name);
  if (!issuer)
    s_extension(x, NID_basic_constraints, "critical,CA:TRUE");
  if (san)
    s_extension(x, NID_subject_alt_name, san);
  assert_true(X509_sign(x, issuer ? issuer->pkey : key, EVP_sha256()) > 0);
  BIO *bio = BIO_new(BIO_s_mem());
  (void)PEM_write_bio_X509(bio, x);
  s_read_bio(bio, c->pem, sizeof c->pem);
  bio = BIO_new(BIO_s_mem());
  (void)PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
  s_read_bio(bio, c->key_pem, sizeof c->key_pem);
  c->x509 = x;
  c->pkey = key;
}

void cert_free(struct cert *c) {
  X509_free(c->x509);
  EVP_PKEY_free(c->pkey);
}
