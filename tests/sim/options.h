/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "fleet.h"
#include "settings.h"

/* The command line. Credentials come from the environment or a file only: arguments are visible to
 * everybody. */
struct sim_options {
  const char *listen;
  const char *fleet_file;
  const char *faults_file;
  const char *credentials_file;
  const char *tls_cert;
  const char *tls_key;
  uint64_t seed; /* 0: from the system */
  size_t recycled[SIM_PRODUCT_COUNT];
  size_t running[SIM_PRODUCT_COUNT];
  struct sim_settings settings;
};

/* Ends the program on a mistake (64) and after --help and --version (0). Texts are borrowed from
 * argv. */
void sim_options_parse(struct sim_options *options, int argc, char **argv);

#endif
