/*
 * The certificate of one plugin process: made at its start, told to the host in the handshake line,
 * and gone with it. ECDSA P-256, signed by itself, for "localhost", since a host looks for that
 * name whatever the address is. Source: mtls.go of go-plugin, and what Terraform 1.11 was seen to
 * take.
 */
#ifndef ZR_TERRAFORM_CERTIFICATE_H
#define ZR_TERRAFORM_CERTIFICATE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/view.h"

/* All in place, so that no allocator keeps a copy of the key. */
struct zr_tf_certificate {
  char pem[2048];     /* NUL-terminated */
  char key_pem[1024]; /* NUL-terminated */
  char der[1024];
  size_t der_len;
};

/* ZR_ERR_IO when the library refuses (a broken configuration of OpenSSL, or no memory). Any thread.
 */
enum zr_err zr_tf_certificate_make(struct zr_tf_certificate *out) ZR_MUST_CHECK;
struct zr_view zr_tf_certificate_der(const struct zr_tf_certificate *c);
/* Wipes. A zeroed certificate is fine. */
void zr_tf_certificate_clean_up(struct zr_tf_certificate *c);

#endif
