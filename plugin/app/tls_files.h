/* The server's certificate, key and client authority, read from the files that the flags name. */
#ifndef ZR_APP_TLS_FILES_H
#define ZR_APP_TLS_FILES_H

#include "app/options.h"
#include "base/attr.h"
#include "base/buf.h"
#include "rpc/server.h"

struct zr_tls_files {
  struct zr_buf certificate;
  struct zr_buf key;
  struct zr_buf client_ca;
  struct zr_rpc_tls tls; /* views into the three */
};

/* Nothing without --tls-cert. The key's file must be closed to others. Clean up in any case. */
enum zr_err zr_tls_files_read(const struct zr_app_options *options, struct zr_tls_files *out,
                              struct zr_buf *problem) ZR_MUST_CHECK;
/* Wipes the key. */
void zr_tls_files_clean_up(struct zr_tls_files *f);

#endif
