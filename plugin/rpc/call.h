/*
 * One call, as the rooms above see it. A method's handler gets it on the gRPC thread and owes it
 * exactly one end: zr_rpc_reply, zr_rpc_fail or zr_rpc_finish, then or later, from any thread.
 *
 * Ownership: the handler holds one reference; the function that ends the call takes it. Whoever
 * touches the call after that, or from a hook's context, holds a reference of their own.
 * Threads: the functions below may be called by any thread unless they say otherwise; the arena
 * belongs to one thread at a time. Hooks run on the gRPC thread and must not block.
 */
#ifndef ZR_RPC_CALL_H
#define ZR_RPC_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/view.h"
#include "rpc/bytes.h"
#include "rpc/status.h"

struct zr_rpc_call;

/* ---- what came ---- */

/* The request message of a unary or server-streaming call. Valid until the handler returns; gRPC
 * thread. Empty for bidi. */
struct zr_view zr_rpc_call_request(const struct zr_rpc_call *call);
/* "/zenrelease.v1.ReleaseService/Release"; constant. */
const char *zr_rpc_call_method(const struct zr_rpc_call *call);
/* When the caller stops waiting; ZR_MONO_NEVER when it said nothing. */
struct zr_mono zr_rpc_call_deadline(const struct zr_rpc_call *call);
/* True once the caller cancelled, its deadline passed or the connection broke. */
bool zr_rpc_call_is_cancelled(const struct zr_rpc_call *call);
/* True once the call was ended by us: reply, fail or finish was called. */
bool zr_rpc_call_is_ended(const struct zr_rpc_call *call);
/* Memory that lives as long as the call. One thread at a time: the gRPC thread in the handler, then
 * whoever the handler passed the call to. */
struct zr_arena *zr_rpc_call_arena(struct zr_rpc_call *call);

struct zr_rpc_names {
  const char *const *name;
  size_t count;
};
/* Who calls. The names are set only when the peer showed a certificate that was verified; one with
 * a NUL in it is left out. */
struct zr_rpc_peer {
  bool verified;
  const char *address;        /* not authenticated; "" when unknown (descriptors, unix sockets) */
  const char *common_name;    /* "" when there is none */
  const char *subject;        /* RFC 2253 form; "" */
  bool has_alternative_names; /* of any kind */
  struct zr_rpc_names uris;
  struct zr_rpc_names dns_names;
};
/* Fills *out; its text lives in the call's arena. ZR_ERR_NOMEM. */
enum zr_err zr_rpc_call_peer(struct zr_rpc_call *call, struct zr_rpc_peer *out) ZR_MUST_CHECK;

/* How much memory the room above keeps for as long as this call is there: counts while a message
 * waits for its peer. 0 at first. */
void zr_rpc_call_keeps(struct zr_rpc_call *call, size_t bytes);

/* ---- lifetime ---- */

struct zr_rpc_call *zr_rpc_call_acquire(struct zr_rpc_call *call);
void zr_rpc_call_release(struct zr_rpc_call *call);

/* What happens to a call later. Every hook is optional and runs on the gRPC thread, never from
 * inside a function of this header. */
struct zr_rpc_hooks {
  void *ctx;
  /* Bidi: the message asked for with zr_rpc_read. `bytes` is borrowed for the time of the hook. */
  void (*on_message)(void *ctx, struct zr_rpc_call *call, struct zr_view bytes);
  /* Bidi: in the place of on_message, once: the caller sends no more. */
  void (*on_half_close)(void *ctx, struct zr_rpc_call *call);
  /* Streams: a message handed to zr_rpc_send has left the queue for the transport; once for each.
   * Not for messages that were dropped because the call had ended. */
  void (*on_sent)(void *ctx, struct zr_rpc_call *call);
  /* Exactly once, and the last hook: the call is over on the wire. `cancelled`: the caller may not
   * have had the answer. Runs for calls that were ended by us, too. It does not end the obligation
   * to end the call (zr_rpc_call_is_ended tells whether it is still there). */
  void (*on_end)(void *ctx, struct zr_rpc_call *call, bool cancelled);
};
/* Only in the handler, before it ends the call or gives it away. */
void zr_rpc_call_set_hooks(struct zr_rpc_call *call, const struct zr_rpc_hooks *hooks);

/* ---- the end ---- */

/* Unary: answers OK with `bytes` (takes that reference; NULL: an empty message). */
void zr_rpc_reply(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes);
/* The same with a part of `bytes`. */
void zr_rpc_reply_part(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes, size_t offset,
                       size_t len);
/* Any kind: ends the call with a status that is not OK. On streams: after what was sent before. */
void zr_rpc_fail(struct zr_rpc_call *call, const struct zr_rpc_status *status);
/* Streams: OK, after what was sent before. */
void zr_rpc_finish(struct zr_rpc_call *call);

/* ---- streams ---- */

/* Queues one message (takes the reference to `bytes`, in every case). ZR_ERR_LIMIT when the queue
 * holds its limit of bytes (a message is always taken by an empty queue), ZR_ERR_CLOSED when the
 * call is over or was ended by us, ZR_ERR_NOMEM. */
enum zr_err zr_rpc_send(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes) ZR_MUST_CHECK;
/* Bidi: asks for the next message: on_message or on_half_close runs once for it, unless on_end
 * comes first. gRPC thread (handler or hook); not again before the hook ran. */
void zr_rpc_read(struct zr_rpc_call *call);

#endif
