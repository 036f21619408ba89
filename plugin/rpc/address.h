/* Listen addresses: "unix:PATH", "HOST:PORT", "[v6]:PORT". */
#ifndef ZR_RPC_ADDRESS_H
#define ZR_RPC_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

enum { ZR_ADDRESS_TEXT = 128 };

struct zr_rpc_address {
  bool is_unix;
  union {
    struct sockaddr any;
    struct sockaddr_un path;
    struct sockaddr_storage storage;
  } at;
  socklen_t len;
};

/* Resolves host names (may block). ZR_ERR_INVALID with a sentence in `problem`: also for a socket
 * path that is too long. Any thread. */
enum zr_err zr_rpc_address_parse(const char *text, struct zr_rpc_address *out,
                                 struct zr_buf *problem) ZR_MUST_CHECK;
/* True for unix sockets, 127.0.0.0/8 and ::1. */
bool zr_rpc_address_is_local(const struct zr_rpc_address *a);
/* "127.0.0.1:80", "[::1]:80", "unix:/path". */
void zr_rpc_address_format(const struct zr_rpc_address *a, char out[ZR_ADDRESS_TEXT]);
void zr_rpc_address_set_port(struct zr_rpc_address *a, unsigned port);

#endif
