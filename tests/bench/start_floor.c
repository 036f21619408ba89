/*
 * What a provider cannot start faster than, in three sizes (FLOOR):
 *   0  a C program that prints a line
 *   1  the same, with the libraries of the plugin loaded
 *   2  a TLS server of the bare C core with a certificate of its own, without libcurl
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if FLOOR == 2
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

static void s_pem(BIO *bio, char *out, size_t room) {
  int n = BIO_read(bio, out, (int)room - 1);
  out[n > 0 ? n : 0] = '\0';
  BIO_free(bio);
}

static void s_certificate(char *pem, char *key_pem, size_t room) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *x = X509_new();
  (void)X509_set_version(x, 2);
  (void)X509_gmtime_adj(X509_getm_notBefore(x), 0);
  (void)X509_gmtime_adj(X509_getm_notAfter(x), 86400);
  (void)X509_set_pubkey(x, key);
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");
  (void)X509_add_ext(x, e, -1);
  (void)X509_sign(x, key, EVP_sha256());
  BIO *bio = BIO_new(BIO_s_mem());
  (void)PEM_write_bio_X509(bio, x);
  s_pem(bio, pem, room);
  bio = BIO_new(BIO_s_mem());
  (void)PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
  s_pem(bio, key_pem, room);
}

static void s_work(void) {
  static char pem[4096];
  static char key[4096];
  s_certificate(pem, key, sizeof pem);
  grpc_init();
  grpc_ssl_pem_key_cert_pair pair = {.private_key = key, .cert_chain = pem};
  grpc_server_credentials *c = grpc_ssl_server_credentials_create_ex(
      getenv("PLUGIN_CLIENT_CERT"), &pair, 1,
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, NULL);
  grpc_server *s = grpc_server_create(NULL, NULL);
  grpc_completion_queue *q = grpc_completion_queue_create_for_next(NULL);
  grpc_server_register_completion_queue(s, q, NULL);
  (void)grpc_server_add_http2_port(s, "127.0.0.1:0", c);
  grpc_server_start(s);
}
#elif FLOOR == 1
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <grpc/grpc.h>
#include <openssl/ec.h>
#include <protobuf-c/protobuf-c.h>

/* Named, so that the linker keeps them; nothing of them runs. */
static const void *volatile s_kept[5];

static void s_work(void) {
  if (s_kept[0] != NULL) {
    grpc_init();
    (void)curl_version();
    (void)cJSON_Version();
    (void)EVP_EC_gen("P-256");
    (void)protobuf_c_version();
  }
}
#else
static void s_work(void) {
}
#endif

int main(void) {
  s_work();
  if (write(1, "ready\n", 6) == 6)
    (void)pause();
  return 0;
}
