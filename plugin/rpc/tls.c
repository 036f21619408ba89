/* TLS: the core's own listener, since it takes no accepted descriptors with credentials. */
#include <grpc/grpc_security.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "rpc/private.h"

static grpc_server_credentials *s_credentials(const struct zr_rpc_server *s) {
  grpc_ssl_pem_key_cert_pair pair = {.private_key = s->tls_text[1], .cert_chain = s->tls_text[0]};
  return grpc_ssl_server_credentials_create_ex(
      s->tls_text[2], &pair, 1,
      s->tls_text[2] ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                     : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
      NULL);
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
  grpc_server_credentials *credentials = s_credentials(s);
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
