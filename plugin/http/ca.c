#include "http/ca.h"

#include <stdlib.h>
#include <unistd.h>

static const char *const s_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch, Alpine */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
    "/etc/ssl/ca-bundle.pem",             /* SUSE */
    "/etc/ssl/cert.pem",                  /* BSD and others */
};

static enum zr_err s_named(const char *path, const char *by, const char **out,
                           struct zr_buf *problem) {
  if (access(path, R_OK) == 0) {
    *out = path;
    return ZR_ERR_OK;
  }
  if (problem)
    (void)zr_buf_printf(problem, "the CA file %s, named by %s, cannot be read", path, by);
  return ZR_ERR_NOT_FOUND;
}

enum zr_err zr_ca_find(const char *configured, const char **path, struct zr_buf *problem) {
  if (configured && configured[0])
    return s_named(configured, "the configuration", path, problem);
  const char *named = getenv("SSL_CERT_FILE");
  if (named && named[0])
    return s_named(named, "SSL_CERT_FILE", path, problem);
  for (size_t i = 0; i < ZR_COUNT(s_bundles); i++) {
    if (access(s_bundles[i], R_OK) == 0) {
      *path = s_bundles[i];
      return ZR_ERR_OK;
    }
  }
  if (problem)
    (void)zr_buf_text(problem, "no file of certificate authorities found; name one in the "
                               "configuration or install ca-certificates");
  return ZR_ERR_NOT_FOUND;
}
