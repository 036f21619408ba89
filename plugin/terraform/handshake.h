/*
 * The lines in which a plugin and its host agree: which protocol, which address, which certificate.
 * Text only; who prints it, and where, is the process's business.
 * Source: server.go and client.go of go-plugin 1.6 and 1.7.
 */
#ifndef ZR_TERRAFORM_HANDSHAKE_H
#define ZR_TERRAFORM_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

enum { ZR_TF_PROTOCOL = 6 };

/* `versions` as the host offers them ("5,6", in any order; NULL: the host says nothing). ZR_ERR_OK
 * when ours is among them; ZR_ERR_INVALID with a sentence for people otherwise. Any thread. */
enum zr_err zr_tf_handshake_check(const char *versions, struct zr_buf *problem) ZR_MUST_CHECK;

struct zr_tf_handshake {
  const char *address;        /* Required: "unix:PATH" or "HOST:PORT", as zr_rpc_server_address */
  struct zr_view certificate; /* DER, one certificate; empty: no TLS */
  bool multiplexing_asked;    /* the host wants to hear whether we multiplex; we never do */
};

/* "1|6|unix|/run/x/s|grpc|MIIB…\n": base64 without padding. ZR_ERR_LIMIT, ZR_ERR_NOMEM: what
 * zr_buf says. */
enum zr_err zr_tf_handshake_line(const struct zr_tf_handshake *h, struct zr_buf *out) ZR_MUST_CHECK;

/* The value of TF_REATTACH_PROVIDERS for a provider that runs already, for each of the `count`
 * source addresses: one JSON object without a line end. As zr_tf_handshake_line. */
enum zr_err zr_tf_reattach_value(const char *address, int64_t pid, const char *const *sources,
                                 size_t count, struct zr_buf *out) ZR_MUST_CHECK;

#endif
