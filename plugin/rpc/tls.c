/* TLS: the core's own listener, since it takes no accepted descriptors with credentials. */
#include <grpc/grpc_security.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/secret.h"
#include "rpc/private.h"

void zr_rpc_tls_wipe(char *text[3]) {
  for (size_t i = 0; i < 3; i++) {
    if (text[i])
      zr_wipe(text[i], strlen(text[i]));
    zr_free(text[i]);
    text[i] = NULL;
  }
}

static enum zr_err s_copy(const struct zr_rpc_tls *tls, char *text[3]) {
  const struct zr_view from[] = {tls->certificate_chain, tls->private_key, tls->client_ca};
  if (from[0].len == 0 || from[1].len == 0)
    return ZR_ERR_INVALID;
  for (size_t i = 0; i < ZR_COUNT(from); i++) {
    if (from[i].len == 0)
      continue;
    text[i] = zr_strndup(from[i].ptr, from[i].len);
    if (!text[i])
      return ZR_ERR_NOMEM;
  }
  return ZR_ERR_OK;
}

enum zr_err zr_rpc_server_set_tls(struct zr_rpc_server *s, const struct zr_rpc_tls *tls) {
  if (!s->options.tls || s->mutual != (tls->client_ca.len > 0))
    return ZR_ERR_STATE;
  char *text[3] = {NULL, NULL, NULL};
  enum zr_err e = s_copy(tls, text);
  if (e == ZR_ERR_OK) {
    pthread_mutex_lock(&s->tls_lock);
    for (size_t i = 0; i < ZR_COUNT(text); i++) {
      char *old = s->tls_text[i];
      s->tls_text[i] = text[i];
      text[i] = old;
    }
    s->tls_generation++;
    pthread_mutex_unlock(&s->tls_lock);
  }
  zr_rpc_tls_wipe(text);
  return e;
}

/* Before each handshake the core asks whether there is something new. It keeps a copy of its own;
 * what it cannot use it says in its log, and goes on with what it had. */
static grpc_ssl_certificate_config_reload_status s_fetch(void *user,
                                                         grpc_ssl_server_certificate_config **out) {
  struct zr_rpc_core *core = user;
  struct zr_rpc_server *s = core->server;
  pthread_mutex_lock(&s->tls_lock);
  bool fresh = core->tls_generation != s->tls_generation;
  if (fresh) {
    grpc_ssl_pem_key_cert_pair pair = {.private_key = s->tls_text[1], .cert_chain = s->tls_text[0]};
    /* The core insists on an authority here, also where nobody is asked for a certificate. */
    *out = grpc_ssl_server_certificate_config_create(s->mutual ? s->tls_text[2] : s->tls_text[0],
                                                     &pair, 1);
    core->tls_generation = s->tls_generation;
  }
  pthread_mutex_unlock(&s->tls_lock);
  return fresh ? GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW
               : GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
}

static grpc_server_credentials *s_credentials(struct zr_rpc_core *core) {
  grpc_ssl_server_credentials_options *o =
      grpc_ssl_server_credentials_create_options_using_config_fetcher(
          core->server->mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                               : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
          s_fetch, core);
  return grpc_ssl_server_credentials_create_with_options(o);
}

/* The core makes the socket file itself, so the umask says who may open it. */
static int s_add_port(grpc_server *grpc, const char *text, grpc_server_credentials *credentials) {
  mode_t before = umask(0177);
  int port = grpc_server_add_http2_port(grpc, text, credentials);
  (void)umask(before);
  return port;
}

enum zr_err zr_rpc_tls_listen(struct zr_rpc_core *core, struct zr_buf *problem) {
  struct zr_rpc_server *s = core->server;
  struct zr_rpc_address *a = &s->bound;
  if (a->is_unix) {
    enum zr_err e = zr_rpc_path_clear(a, problem);
    if (e != ZR_ERR_OK)
      return e;
  }
  grpc_server_credentials *credentials = s_credentials(core);
  if (!credentials) {
    (void)zr_buf_text(problem, "the certificate, its key or the client authority is not usable");
    return ZR_ERR_INVALID;
  }
  char text[ZR_ADDRESS_TEXT];
  zr_rpc_address_format(a, text);
  int port = s_add_port(core->grpc, text, credentials);
  grpc_server_credentials_release(credentials);
  if (port == 0) {
    (void)zr_buf_printf(problem,
                        "cannot listen at %s with TLS: the address is in use, or the certificate, "
                        "its key or the client authority is not usable (see the log)",
                        text);
    return ZR_ERR_IO;
  }
  if (!a->is_unix)
    zr_rpc_address_set_port(a, (unsigned)port);
  return ZR_ERR_OK;
}
