/* The certificate that a process makes for itself, judged by OpenSSL's own verifier. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "terraform/certificate.h"

static X509 *s_x509(const struct zr_tf_certificate *c) {
  const unsigned char *at = (const unsigned char *)c->der;
  X509 *x = d2i_X509(NULL, &at, (long)c->der_len);
  assert_non_null(x);
  assert_ptr_equal(at, (const unsigned char *)c->der + c->der_len);
  return x;
}

/* As the host does it: this certificate alone is the root, the name is localhost. */
static void s_assert_trusted(X509 *x, int purpose) {
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *ctx = X509_STORE_CTX_new();
  assert_int_equal(X509_STORE_add_cert(store, x), 1);
  assert_int_equal(X509_STORE_CTX_init(ctx, store, x, NULL), 1);
  (void)X509_STORE_CTX_set_purpose(ctx, purpose);
  (void)X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx), "localhost", 0);
  if (X509_verify_cert(ctx) != 1)
    fail_msg("%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
  X509_STORE_CTX_free(ctx);
  X509_STORE_free(store);
}

static void s_profile(void **state) {
  (void)state;
  struct zr_tf_certificate c;
  assert_int_equal(zr_tf_certificate_make(&c), ZR_ERR_OK);
  X509 *x = s_x509(&c);
  EVP_PKEY *key = X509_get0_pubkey(x);
  char group[32] = "";
  assert_int_equal(EVP_PKEY_get_group_name(key, group, sizeof group, NULL), 1);
  assert_string_equal(group, "prime256v1");
  assert_int_equal(X509_get_version(x), X509_VERSION_3);
  assert_int_equal(X509_check_ca(x), 1);
  assert_int_equal(X509_check_host(x, "localhost", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL),
                   1);
  assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT |
                                              KU_KEY_AGREEMENT | KU_KEY_CERT_SIGN);
  assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_SERVER | XKU_SSL_CLIENT);
  assert_true(X509_cmp_current_time(X509_get0_notBefore(x)) < 0);
  int days = 0;
  int seconds = 0;
  assert_int_equal(ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x)), 1);
  assert_true(days > 29 * 365);
  s_assert_trusted(x, X509_PURPOSE_SSL_SERVER);
  s_assert_trusted(x, X509_PURPOSE_SSL_CLIENT);
  X509_free(x);
  zr_tf_certificate_clean_up(&c);
}

static void s_key_fits(void **state) {
  (void)state;
  struct zr_tf_certificate c;
  assert_int_equal(zr_tf_certificate_make(&c), ZR_ERR_OK);
  BIO *bio = BIO_new_mem_buf(c.key_pem, -1);
  EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
  assert_non_null(key);
  BIO_free(bio);
  bio = BIO_new_mem_buf(c.pem, -1);
  X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
  assert_non_null(x);
  BIO_free(bio);
  assert_int_equal(X509_check_private_key(x, key), 1);
  X509_free(x);
  EVP_PKEY_free(key);
  zr_tf_certificate_clean_up(&c);
  const char nothing[sizeof c.key_pem] = "";
  assert_memory_equal(c.key_pem, nothing, sizeof c.key_pem);
  assert_int_equal(zr_tf_certificate_der(&c).len, 0);
}

static void s_each_is_new(void **state) {
  (void)state;
  struct zr_tf_certificate a;
  struct zr_tf_certificate b;
  assert_int_equal(zr_tf_certificate_make(&a), ZR_ERR_OK);
  assert_int_equal(zr_tf_certificate_make(&b), ZR_ERR_OK);
  X509 *x = s_x509(&a);
  X509 *y = s_x509(&b);
  assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(x), X509_get0_serialNumber(y)), 0);
  assert_string_not_equal(a.key_pem, b.key_pem);
  X509_free(x);
  X509_free(y);
  zr_tf_certificate_clean_up(&a);
  zr_tf_certificate_clean_up(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_profile),
      cmocka_unit_test(s_key_fits),
      cmocka_unit_test(s_each_is_new),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
