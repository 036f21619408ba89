/* Which file of certificate authorities to trust. */
#ifndef ZR_HTTP_CA_H
#define ZR_HTTP_CA_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* The configured file, else $SSL_CERT_FILE, else the first system bundle that can be read. *path is
 * borrowed from `configured`, the environment or a constant. A file that was named and cannot be
 * read is an error, not a reason to trust another. ZR_ERR_NOT_FOUND. */
enum zr_err zr_ca_find(const char *configured, const char **path,
                       struct zr_buf *problem) ZR_MUST_CHECK;

#endif
