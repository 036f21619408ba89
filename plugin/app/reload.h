/*
 * What a running server takes up without a restart: certificate, key and client authority; the
 * rights of clients; another credential of the same source. It looks when SIGHUP comes, when a file
 * has changed, and, at the credential, when the service has refused it. What cannot be used is
 * logged with the name of the file, and what was in use stays.
 */
#ifndef ZR_APP_RELOAD_H
#define ZR_APP_RELOAD_H

#include "app/config.h"
#include "app/loop.h"
#include "app/options.h"
#include "app/watch.h"
#include "rpc/server.h"
#include "service/service.h"

/* What it acts upon, borrowed. */
struct zr_reload_parts {
  bool has_clients; /* there are rules */
  struct zr_loop *loop;
  struct zr_service *service;
  struct zr_rpc_server *server;
};

/* One thread. */
struct zr_reload {
  const struct zr_app_options *options;
  struct zr_reload_parts parts;
  struct zr_watch tls;
  struct zr_watch settings; /* configuration file, the vendor's credentials */
  char profiles[600];       /* path; "" */
};

/* Before the files are read for the first time, so that no change is missed. `options` is borrowed
 * for as long as turns are made. */
void zr_reload_init(struct zr_reload *r, const struct zr_app_options *options);
/* When everything is there, before the first turn. */
void zr_reload_begin(struct zr_reload *r, const struct zr_reload_parts *parts);
/* Looks, about once a second. `asked`: whatever the files' stamps say. */
void zr_reload_turn(struct zr_reload *r, bool asked);

#endif
