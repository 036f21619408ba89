/*
 * Where a plugin process listens: a socket in a fresh folder that nobody else can enter, or, when
 * no folder will do, a port on loopback that TLS protects. Source: serverListener_unix in server.go
 * of go-plugin.
 */
#ifndef ZR_TERRAFORM_GOPLUGIN_PLACE_H
#define ZR_TERRAFORM_GOPLUGIN_PLACE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

enum { ZR_PLACE_PATH = 108 };

/* What the environment says. NULL and "" are the same. Borrowed for the time of the call. */
struct zr_goplugin_wish {
  const char *socket_dir;   /* PLUGIN_UNIX_SOCKET_DIR: there and nowhere else */
  const char *socket_group; /* PLUGIN_UNIX_SOCKET_GROUP: a name or a number */
  const char *temp_dir;     /* TMPDIR */
  bool tls;                 /* whoever connects will have to show a certificate */
};

/* A zeroed one is no place. */
struct zr_goplugin_place {
  char dir[ZR_PLACE_PATH];         /* ours to remove; "": none */
  char path[ZR_PLACE_PATH];        /* of the socket in it */
  char listen[ZR_PLACE_PATH + 16]; /* for zr_rpc_options.listen */
  long group;                      /* -1: none */
};

/* Makes the folder (mode 0700). ZR_ERR_INVALID (unknown group, path too long), ZR_ERR_IO, with a
 * sentence in `problem`. To be removed in any case. Main thread. */
enum zr_err zr_goplugin_place_make(const struct zr_goplugin_wish *wish,
                                   struct zr_goplugin_place *out,
                                   struct zr_buf *problem) ZR_MUST_CHECK;
/* Once the socket is there: gives it to the group that was asked for, if any. */
enum zr_err zr_goplugin_place_share(const struct zr_goplugin_place *place,
                                    struct zr_buf *problem) ZR_MUST_CHECK;
/* Removes socket and folder; nobody can connect any more. Idempotent. */
void zr_goplugin_place_remove(struct zr_goplugin_place *place);

#endif
