#include "terraform/certificate.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/secret.h"

enum {
  SERIAL_BITS = 127,
  CLOCK_STEP_S = 30, /* a clock that is set back a little must not make it "not yet valid" */
  YEAR_S = 365 * 24 * 3600,
  YEARS = 30 /* as the host's own */
};

static bool s_serial(X509 *x) {
  BIGNUM *n = BN_new();
  bool ok = n && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
            BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
  BN_free(n);
  return ok;
}

static bool s_name(X509 *x) {
  X509_NAME *name = X509_get_subject_name(x);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost",
                                    -1, -1, 0) == 1 &&
         X509_set_issuer_name(x, name) == 1;
}

static bool s_times(X509 *x) {
  return X509_gmtime_adj(X509_getm_notBefore(x), -CLOCK_STEP_S) &&
         X509_gmtime_adj(X509_getm_notAfter(x), (long)YEARS * YEAR_S);
}

static bool s_extension(X509 *x, int nid, const char *value) {
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
  bool ok = e && X509_add_ext(x, e, -1) == 1;
  X509_EXTENSION_free(e);
  return ok;
}

static bool s_extensions(X509 *x) {
  return s_extension(x, NID_subject_alt_name, "DNS:localhost") &&
         s_extension(x, NID_basic_constraints, "critical,CA:TRUE") &&
         s_extension(x, NID_key_usage,
                     "critical,digitalSignature,keyEncipherment,keyAgreement,keyCertSign") &&
         s_extension(x, NID_ext_key_usage, "serverAuth,clientAuth");
}

static bool s_fill(X509 *x, EVP_PKEY *key) {
  return X509_set_version(x, X509_VERSION_3) == 1 && s_serial(x) && s_name(x) && s_times(x) &&
         X509_set_pubkey(x, key) == 1 && s_extensions(x) && X509_sign(x, key, EVP_sha256()) > 0;
}

/* Takes what was written so far; the memory of `bio` is wiped by the library when it goes. */
static bool s_take(BIO *bio, char *out, size_t room) {
  char *data = NULL;
  long len = BIO_get_mem_data(bio, &data);
  if (len <= 0 || (size_t)len >= room)
    return false;
  memcpy(out, data, (size_t)len);
  out[len] = '\0';
  return true;
}

static bool s_write_key(EVP_PKEY *key, struct zr_tf_certificate *out) {
  BIO *bio = BIO_new(BIO_s_mem());
  bool ok = bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
            s_take(bio, out->key_pem, sizeof out->key_pem);
  BIO_free(bio);
  return ok;
}

static bool s_write(X509 *x, struct zr_tf_certificate *out) {
  BIO *bio = BIO_new(BIO_s_mem());
  bool ok = bio && PEM_write_bio_X509(bio, x) == 1 && s_take(bio, out->pem, sizeof out->pem);
  BIO_free(bio);
  int len = i2d_X509(x, NULL);
  if (!ok || len <= 0 || (size_t)len > sizeof out->der)
    return false;
  unsigned char *at = (unsigned char *)out->der;
  out->der_len = (size_t)i2d_X509(x, &at);
  return true;
}

enum zr_err zr_tf_certificate_make(struct zr_tf_certificate *out) {
  *out = (struct zr_tf_certificate){.der_len = 0};
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *x = X509_new();
  bool ok = key && x && s_fill(x, key) && s_write_key(key, out) && s_write(x, out);
  X509_free(x);
  EVP_PKEY_free(key);
  if (ok)
    return ZR_ERR_OK;
  ERR_clear_error();
  zr_tf_certificate_clean_up(out);
  return ZR_ERR_IO;
}

struct zr_view zr_tf_certificate_der(const struct zr_tf_certificate *c) {
  return (struct zr_view){c->der, c->der_len};
}

void zr_tf_certificate_clean_up(struct zr_tf_certificate *c) {
  zr_wipe(c, sizeof *c);
}
