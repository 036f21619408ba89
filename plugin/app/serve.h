/* The server's life: bind, tell the address, wait for the end, drain. */
#ifndef ZR_APP_SERVE_H
#define ZR_APP_SERVE_H

#include "app/options.h"

/* Runs until SIGTERM or SIGINT (blocked by the caller in every thread, as SIGHUP is, which makes it
 * read its files again), or, where asked for,
 * until standard input ends. Returns the exit status: 0 after a drain, 1 when it could not start,
 * with one line on stderr. Leaves by _exit where the core is stuck. */
int zr_serve(const struct zr_app_options *options);

#endif
