#include "channel.h"

#include <grpc/grpc_security.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum {
  RECEIVE_MAX_BYTES = 64 * 1024 * 1024,
  PEM_MAX_BYTES = 1024 * 1024,
  RECONNECT_FIRST_MS = 100,
  RECONNECT_MAX_MS = 2000,
  KEEPALIVE_MS = 60 * 1000,
  KEEPALIVE_TIMEOUT_MS = 20 * 1000
};

/* What TLS needs, read from files; the key is a secret. */
struct pem {
  struct zr_buf ca;
  struct zr_buf cert;
  struct zr_buf key;
};

static void s_pem_clean_up(struct pem *p) {
  zr_buf_clean_up(&p->ca);
  zr_buf_clean_up(&p->cert);
  zr_buf_clean_up(&p->key);
}

static enum zenrelease_status s_pem_read(const char *what, const char *path, struct zr_buf *out,
                                         struct zenrelease_error **error) {
  *out = (struct zr_buf)ZR_BUF_SECRET(PEM_MAX_BYTES);
  if (!path)
    return ZENRELEASE_OK;
  enum zr_err e = zr_file_read(path, false, out);
  if (e != ZR_ERR_OK)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "%s %s: %s", what, path,
                        zr_err_text(e));
  if (out->len == 0)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "%s %s: is empty", what, path);
  return ZENRELEASE_OK;
}

static bool s_wants_tls(const struct zenrelease_client_options *o) {
  return o->tls_ca_file || o->tls_cert_file || o->tls_key_file || o->tls_server_name;
}

static grpc_channel_credentials *s_tls(const struct zenrelease_client_options *o,
                                       struct zenrelease_error **error) {
  struct pem pem = {0};
  grpc_ssl_pem_key_cert_pair pair = {NULL, NULL};
  grpc_channel_credentials *creds = NULL;
  if (!o->tls_cert_file != !o->tls_key_file) {
    (void)zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT,
                       "a TLS certificate and its key come together; only one was given");
    return NULL;
  }
  if (s_pem_read("TLS authority", o->tls_ca_file, &pem.ca, error) != ZENRELEASE_OK ||
      s_pem_read("TLS certificate", o->tls_cert_file, &pem.cert, error) != ZENRELEASE_OK ||
      s_pem_read("TLS key", o->tls_key_file, &pem.key, error) != ZENRELEASE_OK)
    goto out;
  pair = (grpc_ssl_pem_key_cert_pair){pem.key.data, pem.cert.data};
  creds = grpc_ssl_credentials_create_ex(pem.ca.data, o->tls_key_file ? &pair : NULL, NULL, NULL);
  if (!creds)
    (void)zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "the TLS files cannot be used");
out:
  s_pem_clean_up(&pem);
  return creds;
}

static grpc_arg s_int(const char *key, int value) {
  grpc_arg a;
  memset(&a, 0, sizeof a);
  a.type = GRPC_ARG_INTEGER;
  memcpy(&a.key, &key, sizeof key);
  a.value.integer = value;
  return a;
}

static grpc_arg s_text(const char *key, const char *value) {
  grpc_arg a;
  memset(&a, 0, sizeof a);
  a.type = GRPC_ARG_STRING;
  memcpy(&a.key, &key, sizeof key);
  memcpy(&a.value.string, &value, sizeof value);
  return a;
}

grpc_channel *zr_channel_new(const struct zenrelease_client_options *o,
                             struct zenrelease_error **error) {
  grpc_channel_credentials *creds =
      s_wants_tls(o) ? s_tls(o, error) : grpc_insecure_credentials_create();
  if (!creds)
    return NULL;
  /* The core must not repeat calls by itself: whether something was sent is ours to know. */
  grpc_arg args[] = {
      s_int(GRPC_ARG_ENABLE_RETRIES, 0),
      s_int(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, RECEIVE_MAX_BYTES),
      s_int(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1),
      s_int(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
      s_int(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
      s_int(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, RECONNECT_FIRST_MS),
      s_int(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, RECONNECT_MAX_MS),
      s_int(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS),
      s_int(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS),
      s_text(GRPC_ARG_PRIMARY_USER_AGENT_STRING, "zenrelease/" ZR_VERSION),
      s_text(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, o->tls_server_name),
  };
  /* The last one only where a name was given. */
  grpc_channel_args all = {o->tls_server_name ? ZR_COUNT(args) : ZR_COUNT(args) - 1, args};
  grpc_channel *channel = grpc_channel_create(o->address, creds, &all);
  grpc_channel_credentials_release(creds);
  if (!channel)
    (void)zr_error_nomem(error);
  return channel;
}
