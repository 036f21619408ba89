/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

struct sim_tls {
  SSL_CTX *context;
};

struct sim_tls_conn {
  SSL *ssl;
};

static SSL_CTX *s_context(const char *cert_file, const char *key_file) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (context != NULL && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
      SSL_CTX_use_certificate_chain_file(context, cert_file) == 1 &&
      SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_check_private_key(context) == 1) {
    (void)SSL_CTX_set_mode(context,
                           SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
  }
  fprintf(stderr, "zenlayer-sim: cannot use certificate %s with key %s: %s\n", cert_file, key_file,
          ERR_reason_error_string(ERR_peek_last_error()));
  ERR_clear_error();
  SSL_CTX_free(context);
  return NULL;
}

struct sim_tls *sim_tls_new(const char *cert_file, const char *key_file) {
  SSL_CTX *context = s_context(cert_file, key_file);
  if (context == NULL) {
    return NULL;
  }
  struct sim_tls *tls = sim_alloc(sizeof *tls);
  tls->context = context;
  return tls;
}

void sim_tls_destroy(struct sim_tls *tls) {
  if (tls != NULL) {
    SSL_CTX_free(tls->context);
    free(tls);
  }
}

bool sim_tls_reload(struct sim_tls *tls, const char *cert_file, const char *key_file) {
  SSL_CTX *context = s_context(cert_file, key_file);
  if (context == NULL) {
    return false;
  }
  SSL_CTX_free(tls->context);
  tls->context = context;
  return true;
}

struct sim_tls_conn *sim_tls_conn_new(struct sim_tls *tls, int fd) {
  struct sim_tls_conn *conn = sim_alloc(sizeof *conn);
  conn->ssl = SSL_new(tls->context);
  if (conn->ssl == NULL || SSL_set_fd(conn->ssl, fd) != 1) {
    sim_tls_conn_destroy(conn, false);
    return NULL;
  }
  SSL_set_accept_state(conn->ssl);
  return conn;
}

void sim_tls_conn_destroy(struct sim_tls_conn *conn, bool polite) {
  if (conn == NULL) {
    return;
  }
  if (polite && SSL_is_init_finished(conn->ssl)) {
    (void)SSL_shutdown(conn->ssl);
  }
  ERR_clear_error();
  SSL_free(conn->ssl);
  free(conn);
}

static ssize_t s_result(struct sim_tls_conn *conn, int result, bool *wants_write) {
  *wants_write = false;
  if (result > 0) {
    return result;
  }
  int reason = SSL_get_error(conn->ssl, result);
  ERR_clear_error();
  if (reason == SSL_ERROR_ZERO_RETURN) {
    return 0;
  }
  *wants_write = reason == SSL_ERROR_WANT_WRITE;
  errno = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
  return -1;
}

ssize_t sim_tls_read(struct sim_tls_conn *conn, void *data, size_t len, bool *wants_write) {
  return s_result(conn, SSL_read(conn->ssl, data, len > INT_MAX ? INT_MAX : (int)len), wants_write);
}

ssize_t sim_tls_write(struct sim_tls_conn *conn, const void *data, size_t len, bool *wants_write) {
  return s_result(conn, SSL_write(conn->ssl, data, len > INT_MAX ? INT_MAX : (int)len),
                  wants_write);
}
