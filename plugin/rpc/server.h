/*
 * The gRPC server on the C core: one completion queue, one thread that polls it (the gRPC thread),
 * and one that accepts connections. It knows no protobuf: rooms above register methods and get
 * bytes.
 *
 * The process must have blocked SIGTERM, SIGINT and SIGPIPE before zr_rpc_server_new, since the
 * core starts threads of its own. The soft limit of open files is raised to the hard one. Life:
 * new, add_methods any number of times, start, …, shutdown, destroy.
 */
#ifndef ZR_RPC_SERVER_H
#define ZR_RPC_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"
#include "rpc/call.h"

enum zr_rpc_kind { ZR_RPC_UNARY, ZR_RPC_SERVER_STREAM, ZR_RPC_BIDI };

struct zr_rpc_method {
  const char *name; /* "/zenrelease.v1.ReleaseService/Release" */
  enum zr_rpc_kind kind;
  /* Runs on the gRPC thread for each call; must not block. See rpc/call.h for what it owes. */
  void (*handle)(void *user, struct zr_rpc_call *call);
  void *user;
  unsigned slots;    /* Optional: calls that the core may take at once; 0: 8 */
  bool always_admit; /* not counted against max_calls: health, cancel */
};

/* PEM text, copied. With `client_ca` every caller must show a certificate that it signed. */
struct zr_rpc_tls {
  struct zr_view certificate_chain; /* Required */
  struct zr_view private_key;       /* Required */
  struct zr_view client_ca;         /* Optional; empty: callers are not asked for one */
};

/* Zero is the default everywhere. Everything is copied. */
struct zr_rpc_options {
  const char *listen;           /* Required: "unix:PATH", "HOST:PORT", "[v6]:PORT"; port 0: any */
  const struct zr_rpc_tls *tls; /* Optional; NULL: plaintext */
  bool allow_plaintext_remote;  /* without it, plaintext is for unix sockets and loopback */
  size_t max_message_bytes;  /* of a request; 0: 4 MiB. Beyond: RESOURCE_EXHAUSTED, by the core */
  size_t max_queued_bytes;   /* of one stream, waiting to be sent; 0: 4 MiB */
  size_t max_received_bytes; /* held by the core for requests that are not whole; 0: 256 MiB.
                                Beyond: it closes idle connections, then cancels calls */
  size_t max_unread_bytes; /* of answers that peers have not taken, and of what is kept for them; 0:
                              256 MiB. Beyond: calls that waited longer than patience_ms are
                              cancelled, the oldest first */
  int64_t patience_ms;     /* 0: 5,000 */
  unsigned max_streams;    /* calls at once on one connection; 0: 256 */
  unsigned max_calls;      /* calls at once in all; 0: 1024. Beyond: RESOURCE_EXHAUSTED with
                              google.rpc.RetryInfo */
  unsigned max_connections; /* plaintext; 0: 512. Beyond: closed at once */
  unsigned handshake_ms;    /* until a new connection must have spoken; 0: 10,000 */
};

struct zr_rpc_server;

/* Nothing is bound yet. ZR_ERR_INVALID, ZR_ERR_DENIED (plaintext to the outside), ZR_ERR_IO
 * (hardly a descriptor is left), ZR_ERR_NOMEM, with a sentence in `problem`. */
enum zr_err zr_rpc_server_new(const struct zr_rpc_options *options, struct zr_rpc_server **out,
                              struct zr_buf *problem) ZR_MUST_CHECK;
/* Copies the array, borrows the names and `user` for the life of the server. Before start.
 * ZR_ERR_EXISTS when a name is there already, ZR_ERR_NOMEM. */
enum zr_err zr_rpc_server_add_methods(struct zr_rpc_server *s, const struct zr_rpc_method *methods,
                                      size_t count) ZR_MUST_CHECK;
/* Binds, listens and serves; when it returns OK a client can call. ZR_ERR_EXISTS (somebody serves
 * at that address), ZR_ERR_INVALID (certificate, path too long), ZR_ERR_IO, ZR_ERR_NOMEM, with a
 * sentence in `problem`; destroy is the only thing to do then. */
enum zr_err zr_rpc_server_start(struct zr_rpc_server *s, struct zr_buf *problem) ZR_MUST_CHECK;
/* Another certificate, key and client authority for connections to come; those that are there go
 * on. Copied. ZR_ERR_STATE for a server without TLS, or when only one of old and new asks callers
 * for a certificate; ZR_ERR_INVALID without certificate or key, ZR_ERR_NOMEM: the old ones stay.
 * What the core cannot use it logs, and it stays with the old ones, too. Any thread. */
enum zr_err zr_rpc_server_set_tls(struct zr_rpc_server *s,
                                  const struct zr_rpc_tls *tls) ZR_MUST_CHECK;
/* What to give to a client: "127.0.0.1:40123", "[::1]:40123", "unix:/path". After start; lives as
 * long as the server. */
const char *zr_rpc_server_address(const struct zr_rpc_server *s);
/* Calls that have come and are not over. Any thread. */
unsigned zr_rpc_server_calls(const struct zr_rpc_server *s);

/* Stops accepting (and removes the socket file), lets calls end for `grace_ms`, then cancels them,
 * and gives up `hard_ms` after the beginning. False: something is still stuck in the core, and the
 * process must leave with _exit; destroy would block. Blocks. Not from the gRPC thread. May be
 * called again after false. */
bool zr_rpc_server_shutdown(struct zr_rpc_server *s, int64_t grace_ms,
                            int64_t hard_ms) ZR_MUST_CHECK;
/* After a shutdown that was true, or a server that never started. NULL is fine. May block for 10 s
 * in the core (a poller of its own): a process that ends need not call it. */
void zr_rpc_server_destroy(struct zr_rpc_server *s);

#endif
