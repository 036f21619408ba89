/* From flags to a client: a running server, or a plugin started for this command. */
#ifndef ZR_CLIENT_CLI_CONNECT_H
#define ZR_CLIENT_CLI_CONNECT_H

#include "args.h"
#include "plugin.h"

struct zr_connection {
  struct zenrelease_cancel *cancel; /* raised by SIGINT, SIGTERM and SIGHUP */
  struct zenrelease_client *client;
  struct zr_plugin plugin;
  bool own_plugin;
};

/* Installs the signal handlers, then makes the client. ZR_EXIT_OK; otherwise it has told why,
 * nothing was sent, and the program ends with that code. Disconnect in any case. */
enum zr_exit zr_connect(struct zr_connection *c, const struct zr_common_args *args);
/* One more client of the same server, for another thread; the caller frees it. */
enum zr_exit zr_connect_client(const struct zr_connection *c, const struct zr_common_args *args,
                               struct zenrelease_client **out);
void zr_disconnect(struct zr_connection *c);
/* Tells an error of the library on stderr, and with `json` on stdout. */
void zr_tell_error(bool json, const struct zenrelease_error *error, const char *request_id);
/* The same of a call that needs a journal; says what is wrong with it, or where to name one, when
 * that is the trouble. */
void zr_tell_journal_error(const struct zr_common_args *args, const struct zr_connection *c,
                           const struct zenrelease_error *error);

#endif
