#include "cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

/* Everything but the names, and the signature. */
static void s_begin(X509 *x, EVP_PKEY *key) {
  static long serial = 1;
  assert_non_null(key);
  assert_non_null(x);
  (void)X509_set_version(x, 2);
  (void)ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  (void)X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  (void)X509_gmtime_adj(X509_getm_notAfter(x), 86400);
  (void)X509_set_pubkey(x, key);
}

static void s_finish(struct cert *c, X509 *x, EVP_PKEY *key, const struct cert *issuer) {
  (void)X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer->x509 : x));
  if (!issuer)
    s_extension(x, NID_basic_constraints, "critical,CA:TRUE");
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

static void s_common_name(X509 *x, const void *name, int len) {
  assert_int_equal(
      X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, name, len, -1, 0),
      1);
}

void cert_make(struct cert *c, const char *common_name, const char *san,
               const struct cert *issuer) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *x = X509_new();
  s_begin(x, key);
  s_common_name(x, common_name, -1);
  if (san)
    s_extension(x, NID_subject_alt_name, san);
  s_finish(c, x, key, issuer);
}

void cert_make_with_nul(struct cert *c, const char *head, const char *tail,
                        const struct cert *issuer) {
  char name[128];
  int len = snprintf(name, sizeof name, "%s%c%s", head, 0, tail);
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *x = X509_new();
  s_begin(x, key);
  s_common_name(x, name, len);
  ASN1_IA5STRING *dns = ASN1_IA5STRING_new();
  assert_int_equal(ASN1_STRING_set(dns, name, len), 1);
  GENERAL_NAME *general = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(general, GEN_DNS, dns);
  GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
  assert_int_equal(sk_GENERAL_NAME_push(all, general), 1);
  assert_int_equal(X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0), 1);
  GENERAL_NAMES_free(all);
  s_finish(c, x, key, issuer);
}

void cert_free(struct cert *c) {
  X509_free(c->x509);
  EVP_PKEY_free(c->pkey);
}
