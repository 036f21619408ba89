/* Whether PEM files can serve, before the core is asked: it says neither which file nor why. */
#ifndef ZR_APP_TLS_CHECK_H
#define ZR_APP_TLS_CHECK_H

#include "app/tls_files.h"

/* The certificate can be read, the key too and without a passphrase, it fits, TLS takes both (by
 * the length of their keys, say), and the client authority, if there is one, holds a certificate.
 * ZR_ERR_INVALID with a sentence in `problem` that names the file. A certificate whose time is over
 * is logged, and passes. */
enum zr_err zr_tls_check(const struct zr_app_options *options, const struct zr_tls_files *files,
                         struct zr_buf *problem) ZR_MUST_CHECK;

#endif
