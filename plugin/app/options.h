/* The command line of zenrelease-plugin. No flag takes a secret: argv is readable by others. */
#ifndef ZR_APP_OPTIONS_H
#define ZR_APP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct zr_app_options {
  const char *listen; /* NULL: not given */
  const char *config;
  const char *profile;
  const char *endpoint;
  const char *tls_cert;
  const char *tls_key;
  const char *tls_client_ca;
  const char *log_level;
  const char *journal; /* NULL: none, unless the settings name one */
  bool allow_plaintext_remote;
  bool exit_with_parent;
  bool reattach; /* serve as a provider that a host attaches to */
  unsigned max_connections;
  int64_t drain_ms;
};

/* Fills *out from argv, which it borrows. Prints help or version and exits 0, or a usage error and
 * exits 2. */
void zr_app_options_parse(int argc, char **argv, struct zr_app_options *out);

#endif
