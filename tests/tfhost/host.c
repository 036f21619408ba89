#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <grpc/grpc_security.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* ---- certificates ---- */

static void s_extension(X509 *x, int nid, const char *value) {
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
  assert_non_null(e);
  assert_int_equal(X509_add_ext(x, e, -1), 1);
  X509_EXTENSION_free(e);
}

static void s_read_bio(BIO *bio, char out[HOST_PEM]) {
  int n = BIO_read(bio, out, HOST_PEM - 1);
  assert_true(n > 0);
  out[n] = '\0';
  BIO_free(bio);
}

static void s_name(X509 *x) {
  X509_NAME *name = X509_get_subject_name(x);
  (void)X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"HashiCorp", -1,
                                   -1, 0);
  (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1,
                                   -1, 0);
  (void)X509_set_issuer_name(x, name);
}

void host_make_certificate(const char *curve, char certificate[HOST_PEM], char key[HOST_PEM]) {
  EVP_PKEY *pkey = EVP_EC_gen(curve);
  X509 *x = X509_new();
  assert_non_null(pkey);
  (void)X509_set_version(x, 2);
  (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
  (void)X509_gmtime_adj(X509_getm_notBefore(x), -30);
  (void)X509_gmtime_adj(X509_getm_notAfter(x), 262980L * 3600);
  (void)X509_set_pubkey(x, pkey);
  s_name(x);
  s_extension(x, NID_key_usage,
              "critical,digitalSignature,keyEncipherment,keyAgreement,keyCertSign");
  s_extension(x, NID_ext_key_usage, "clientAuth,serverAuth");
  s_extension(x, NID_basic_constraints, "critical,CA:TRUE");
  s_extension(x, NID_subject_alt_name, "DNS:localhost");
  assert_true(X509_sign(x, pkey, EVP_sha512()) > 0);
  BIO *bio = BIO_new(BIO_s_mem());
  (void)PEM_write_bio_X509(bio, x);
  s_read_bio(bio, certificate);
  bio = BIO_new(BIO_s_mem());
  (void)PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
  s_read_bio(bio, key);
  X509_free(x);
  EVP_PKEY_free(pkey);
}

/* Base64 without padding, strictly: what Go's RawStdEncoding takes. */
static bool s_decode(const char *text, char pem[HOST_PEM]) {
  unsigned char padded[CHILD_LINE + 4];
  unsigned char der[CHILD_LINE];
  size_t len = strlen(text);
  if (len == 0 || len + 4 > sizeof padded || strpbrk(text, "=-_ "))
    return false;
  size_t total = (len + 3) / 4 * 4;
  for (size_t i = 0; i < total; i++)
    padded[i] = i < len ? (unsigned char)text[i] : '=';
  int n = EVP_DecodeBlock(der, padded, (int)total);
  if (n < 0)
    return false;
  const unsigned char *at = der;
  X509 *x = d2i_X509(NULL, &at, n - (long)(total - len));
  if (!x || at != der + n - (total - len)) {
    X509_free(x);
    return false;
  }
  BIO *bio = BIO_new(BIO_s_mem());
  (void)PEM_write_bio_X509(bio, x);
  X509_free(x);
  s_read_bio(bio, pem);
  return true;
}

/* ---- the line ---- */

bool host_parse(const char *line, struct host_line *out) {
  char copy[CHILD_LINE];
  char *fields[8] = {NULL};
  size_t count = 0;
  *out = (struct host_line){.core = 0};
  (void)snprintf(copy, sizeof copy, "%s", line);
  char *rest = copy;
  while (rest && count < 8)
    fields[count++] = strsep(&rest, "|");
  if (count < 5 || count > 7)
    return false;
  out->core = (int)strtol(fields[0], NULL, 10);
  out->app = (int)strtol(fields[1], NULL, 10);
  (void)snprintf(out->network, sizeof out->network, "%s", fields[2]);
  (void)snprintf(out->address, sizeof out->address, "%s%s",
                 strcmp(fields[2], "unix") == 0 ? "unix:" : "", fields[3]);
  (void)snprintf(out->protocol, sizeof out->protocol, "%s", fields[4]);
  (void)snprintf(out->seventh, sizeof out->seventh, "%s", fields[6] ? fields[6] : "");
  return !fields[5] || !*fields[5] || s_decode(fields[5], out->server);
}

/* ---- the process ---- */

void host_start(struct host *h, const struct host_options *options) {
  *h = (struct host){.connected = false};
  if (!options->plaintext)
    host_make_certificate("P-521", h->certificate, h->key);
  struct child_setting all[HOST_SETTINGS] = {
      {"TF_PLUGIN_MAGIC_COOKIE", HOST_COOKIE},
      {"PLUGIN_PROTOCOL_VERSIONS", "6,5"},
      {"PLUGIN_MIN_PORT", "10000"},
      {"PLUGIN_MAX_PORT", "25000"},
      {"PLUGIN_CLIENT_CERT", options->plaintext ? NULL : h->certificate},
  };
  size_t n = 5;
  for (const struct child_setting *s = options->settings; s && s->name; s++) {
    assert_true(n + 1 < HOST_SETTINGS);
    all[n++] = *s;
  }
  child_start(&h->child, "zenrelease-plugin", all, NULL);
  assert_true(child_read_line(&h->child));
  if (!host_parse(h->child.line, &h->line))
    fail_msg("no handshake: %s", h->child.line);
}

void host_connect(struct host *h) {
  grpc_channel_credentials *credentials = NULL;
  if (h->certificate[0]) {
    grpc_ssl_pem_key_cert_pair pair = {.private_key = h->key, .cert_chain = h->certificate};
    credentials = grpc_ssl_credentials_create_ex(h->line.server, &pair, NULL, NULL);
  }
  client_open(&h->client, h->line.address, credentials);
  h->connected = true;
}

void host_disconnect(struct host *h) {
  if (h->connected)
    client_close(&h->client);
  h->connected = false;
}

long host_call(struct host *h, const char *method, const void *bytes, size_t len, void *out,
               size_t room, int *status) {
  struct client_call left;
  long got = call_unary(&h->client, method, bytes, len, out, room, 20000 * child_slow(), &left);
  *status = (int)left.status;
  return got;
}

double host_shut_down(struct host *h) {
  char out[8];
  int status = -1;
  double from = child_now_ms();
  assert_int_equal(host_call(h, "/plugin.GRPCController/Shutdown", "", 0, out, sizeof out, &status),
                   0);
  assert_int_equal(status, GRPC_STATUS_OK);
  host_disconnect(h);
  int code = child_wait(&h->child, 2000);
  double took = child_now_ms() - from;
  if (code != 0)
    fail_msg("after Shutdown: %d; it said: %s", code, code == -1 ? "?" : child_said(&h->child));
  return took;
}

/* A plugin that was killed leaves its socket; one that left by itself has nothing there. */
static void s_remove(const char *address) {
  if (strncmp(address, "unix:", 5) != 0)
    return;
  char folder[128];
  (void)snprintf(folder, sizeof folder, "%s", address + 5);
  (void)unlink(folder);
  *strrchr(folder, '/') = '\0';
  (void)rmdir(folder);
}

void host_close(struct host *h) {
  host_disconnect(h);
  child_close(&h->child);
  s_remove(h->line.address);
}
