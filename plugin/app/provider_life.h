/*
 * The life of a provider process between its first and its last moment: server, services, provider
 * and loops; what ends it; and how it leaves within the two seconds that a host grants.
 */
#ifndef ZR_APP_PROVIDER_LIFE_H
#define ZR_APP_PROVIDER_LIFE_H

#include <signal.h>
#include <stdbool.h>

#include "app/provider_host.h"
#include "rpc/server.h"
#include "terraform/goplugin.h"
#include "terraform/goplugin_place.h"
#include "terraform/provider.h"

struct zr_provider_life {
  struct zr_provider_host host;
  struct zr_tf_provider *provider;
  struct zr_goplugin *goplugin;
  struct zr_goplugin_place place;
  struct zr_rpc_server *server;
  sigset_t signals; /* that end it; blocked in every thread */
  int asked;        /* eventfd: the host said Shutdown */
  int parent;       /* pidfd of who started us; -1: not watched */
};

enum zr_life_end {
  ZR_LIFE_NOT_STARTED,
  ZR_LIFE_SHUTDOWN,  /* the host asked: it kills what is left after two seconds */
  ZR_LIFE_SIGNAL,    /* SIGTERM, SIGHUP; in reattach mode SIGINT too */
  ZR_LIFE_ABANDONED, /* the process that started us is gone */
};

/* Main thread, signals blocked already. With `reattach`, SIGINT ends it and the parent does not
 * matter. */
void zr_provider_life_init(struct zr_provider_life *l, bool reattach);
/* Starts to serve; a host can connect when it returns OK. `problem` gets a sentence for people
 * otherwise. */
enum zr_err zr_provider_life_open(struct zr_provider_life *l, const struct zr_rpc_tls *tls,
                                  struct zr_buf *problem) ZR_MUST_CHECK;
/* As zr_rpc_server_address. */
const char *zr_provider_life_address(const struct zr_provider_life *l);
/* Blocks until something ends it. */
enum zr_life_end zr_provider_life_wait(struct zr_provider_life *l);
/* Settles what was sent as far as there is time, and leaves: by _exit, unless a leak checker wants
 * to see everything freed. Returns the exit status. */
int zr_provider_life_close(struct zr_provider_life *l, enum zr_life_end end);

#endif
