#include "app/tls_files.h"

#include "base/file.h"

enum { LARGEST_PEM = 262144 };

static enum zr_err s_read(const char *path, bool private_only, struct zr_buf *out,
                          struct zr_buf *problem) {
  *out = (struct zr_buf)ZR_BUF_SECRET(LARGEST_PEM); /* the key is one of them */
  if (!path)
    return ZR_ERR_OK;
  enum zr_err e = zr_file_read(path, private_only, out);
  if (e == ZR_ERR_DENIED && private_only)
    (void)zr_buf_printf(problem, "%s: a private key must be yours and closed to others (chmod 600)",
                        path);
  else if (e != ZR_ERR_OK)
    (void)zr_buf_printf(problem, "%s: cannot be read: %s", path, zr_err_text(e));
  return e;
}

enum zr_err zr_tls_files_read(const struct zr_app_options *options, struct zr_tls_files *out,
                              struct zr_buf *problem) {
  enum zr_err e = s_read(options->tls_cert, false, &out->certificate, problem);
  if (e == ZR_ERR_OK)
    e = s_read(options->tls_key, true, &out->key, problem);
  if (e == ZR_ERR_OK)
    e = s_read(options->tls_client_ca, false, &out->client_ca, problem);
  out->tls = (struct zr_rpc_tls){.certificate_chain = zr_buf_as_view(&out->certificate),
                                 .private_key = zr_buf_as_view(&out->key),
                                 .client_ca = zr_buf_as_view(&out->client_ca)};
  return e;
}

void zr_tls_files_clean_up(struct zr_tls_files *f) {
  zr_buf_clean_up(&f->certificate);
  zr_buf_clean_up(&f->key);
  zr_buf_clean_up(&f->client_ca);
}
