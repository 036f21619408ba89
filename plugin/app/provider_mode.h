/*
 * The plugin as a provider: started by Terraform or OpenTofu over go-plugin's handshake, or by hand
 * for a debugger that they attach to. See docs/terraform-process.md.
 */
#ifndef ZR_APP_PROVIDER_MODE_H
#define ZR_APP_PROVIDER_MODE_H

#include <stdbool.h>

/* True when the environment carries the cookie of a plugin host, exactly. Before anything else, and
 * whatever the command line says. */
bool zr_provider_mode_is_wanted(void);
/* True for a program name under which only a host starts it: terraform-provider-…. */
bool zr_provider_mode_is_name(const char *program);

/* Serves the host until it says Shutdown, it is gone, or SIGTERM. SIGINT is ignored: a terminal
 * sends it to the whole group, and the host tells by itself what to stop. Returns the exit status:
 * 0, or 1 when it could not start, with one line on stdout, which the host shows. */
int zr_provider_mode_run(void);
/* The same without a handshake: prints what to set so that a host attaches to this process, and
 * serves any number of connections until SIGTERM or SIGINT. Without TLS. */
int zr_provider_mode_run_reattach(void);

#endif
