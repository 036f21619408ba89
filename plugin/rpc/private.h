/*
 * What the files of this room share: the server, its generations, and the call object.
 *
 * A generation is one grpc_server with our method table and posted slots. There is one, unless a
 * TLS listener died and was rebuilt (tls_keeper.c): the old ones finish their calls.
 */
#ifndef ZR_RPC_PRIVATE_H
#define ZR_RPC_PRIVATE_H

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "rpc/address.h"
#include "rpc/call.h"
#include "rpc/server.h"
#include "rpc/tag.h"

struct zr_rpc_listener;
struct zr_rpc_keeper;

/* One grpc_server. Kept until the server is destroyed, since late calls point here. */
struct zr_rpc_core {
  struct zr_rpc_tag on_gone; /* shutdown_and_notify */
  struct zr_rpc_server *server;
  struct zr_rpc_core *next;
  grpc_server *grpc;
  void **handles;          /* of the registered methods, by method number */
  unsigned tls_generation; /* that its handshakes use; guarded by server->tls_lock */
  atomic_bool closing;     /* shutdown was asked for */
  bool gone;               /* its tag came back; guarded by server->lock */
};

struct zr_rpc_server {
  struct zr_rpc_options options; /* with defaults filled in; no borrowed pointers left but tls */
  struct zr_rpc_address bound;
  char address[ZR_ADDRESS_TEXT];
  struct zr_rpc_method *methods;
  size_t method_count;
  size_t method_cap;
  bool mutual; /* callers must show a certificate */
  pthread_mutex_t tls_lock;
  /* Guarded by tls_lock. */
  char *tls_text[3];       /* chain, key, client authority; NULL: plaintext */
  unsigned tls_generation; /* counts the texts */

  grpc_resource_quota *quota; /* one for all generations */
  grpc_completion_queue *queue;
  pthread_t thread; /* the gRPC thread */
  bool running;
  bool ended;                       /* the queue was shut down after everything was over */
  struct zr_rpc_listener *listener; /* plaintext */
  struct zr_rpc_keeper *keeper;     /* TLS */

  atomic_bool stopping;
  atomic_uint live;     /* call objects, posted ones too */
  atomic_uint calls;    /* that came and are not over */
  atomic_uint admitted; /* of those, the ones that count */

  pthread_mutex_t unread_lock;
  /* Guarded by unread_lock. */
  struct zr_rpc_call *unread_oldest;
  struct zr_rpc_call *unread_newest;
  size_t unread_bytes;

  pthread_mutex_t lock;
  pthread_cond_t idle;       /* live may be 0, or a core is gone */
  struct zr_rpc_core *cores; /* newest first */
};

/* The number of the method of a generic slot, which answers UNIMPLEMENTED. */
#define ZR_RPC_GENERIC SIZE_MAX

enum { ZR_RPC_GENERIC_SLOTS = 4, ZR_RPC_CALL_STORAGE = 2048 };

/* A message that waits for the one before it. */
struct zr_rpc_queued {
  struct zr_rpc_queued *next;
  struct zr_rpc_bytes *bytes;
};

/* The sending side of a stream. Everything but `buffer` is guarded by lock. */
struct zr_rpc_stream {
  pthread_mutex_t lock;
  struct zr_rpc_queued *head;
  struct zr_rpc_queued *tail;
  size_t queued_bytes;
  bool writing;             /* a batch with messages or the status is in the core */
  bool opened;              /* the initial metadata went out */
  bool ending;              /* the status waits for the queue to empty */
  bool closed;              /* the peer is gone: nothing more is queued */
  grpc_byte_buffer *buffer; /* of the batch in the core */
};

/* A message that is in the core until its peer takes it. Guarded by server->unread_lock. */
struct zr_rpc_waiting {
  bool linked;
  struct zr_rpc_call *older;
  struct zr_rpc_call *newer;
  struct zr_mono since;
  size_t bytes; /* `kept` included */
  size_t kept;  /* by the room above, for as long as the call is there */
};

struct zr_rpc_call {
  struct zr_rpc_tag on_new;
  struct zr_rpc_tag on_close;
  struct zr_rpc_tag on_write; /* sends, and the end */
  struct zr_rpc_tag on_read;
  struct zr_rpc_core *core;
  size_t method; /* number, or ZR_RPC_GENERIC */
  grpc_call *call;
  grpc_metadata_array metadata;
  grpc_call_details details; /* generic slots only */
  gpr_timespec deadline;
  struct zr_mono deadline_mono;
  grpc_byte_buffer *in;   /* the request; gone when the handler has returned */
  grpc_byte_buffer *read; /* bidi: what zr_rpc_read got */
  struct zr_view request;
  struct zr_rpc_hooks hooks; /* gRPC thread */
  bool over;                 /* gRPC thread: on_end ran */
  bool counted;              /* in server->admitted */
  bool owes_slot;            /* no memory for the next slot: this object becomes it */
  int close_flag;
  atomic_uint refs;
  atomic_bool cancelled;
  atomic_bool ended; /* reply, fail or finish was called */

  /* What the end says; written once, by whoever ends the call. */
  grpc_status_code status;
  grpc_slice message;
  grpc_slice status_details;
  grpc_metadata trailer;
  struct zr_rpc_stream stream;
  struct zr_rpc_waiting waiting;

  struct zr_arena arena;
  _Alignas(max_align_t) char storage[ZR_RPC_CALL_STORAGE];
};

/* ---- core.c: generations ---- */

/* A new grpc_server with the method table, not started; NULL when out of memory. */
struct zr_rpc_core *zr_rpc_core_new(struct zr_rpc_server *s) ZR_MUST_CHECK;
/* Starts it, posts its slots and puts it at the head of the list. ZR_ERR_NOMEM: no slot could be
 * posted for some method. */
enum zr_err zr_rpc_core_start(struct zr_rpc_core *core) ZR_MUST_CHECK;
/* Starts its graceful shutdown, once. */
void zr_rpc_core_close(struct zr_rpc_core *core);
void zr_rpc_core_destroy(struct zr_rpc_core *core);

/* Runs one tag of the queue; false when the queue has ended, or nothing came until `deadline`. */
bool zr_rpc_turn(grpc_completion_queue *queue, gpr_timespec deadline);

/* ---- post.c: slots, and what happens when a call comes ---- */

/* Asks the core for one call of this method. ZR_ERR_NOMEM. Any thread. */
enum zr_err zr_rpc_post(struct zr_rpc_core *core, size_t method) ZR_MUST_CHECK;
/* The same with an object that is there already; false: the core refused. */
bool zr_rpc_post_call(struct zr_rpc_call *call) ZR_MUST_CHECK;

/* ---- call_life.c ---- */

struct zr_rpc_call *zr_rpc_call_new(struct zr_rpc_core *core, size_t method) ZR_MUST_CHECK;
enum zr_rpc_kind zr_rpc_call_kind(const struct zr_rpc_call *call);
/* Learns of the end of the call on the wire. gRPC thread, once. */
void zr_rpc_call_watch_close(struct zr_rpc_call *call);

/* ---- end.c, stream.c ---- */

/* Starts a batch; a reference must have been taken for it, and is released if the core refuses. */
void zr_rpc_batch(struct zr_rpc_call *call, const grpc_op *ops, size_t count,
                  struct zr_rpc_tag *tag);
/* `bytes` as a buffer of the core, which takes the reference. */
grpc_byte_buffer *zr_rpc_buffer(struct zr_rpc_bytes *bytes, size_t offset, size_t len);
/* The status of a call that was ended, as an op. */
grpc_op zr_rpc_status_op(struct zr_rpc_call *call);
/* Ends a stream once its queue is empty. Takes the caller's reference. */
void zr_rpc_stream_end(struct zr_rpc_call *call);
/* The peer is gone: drops what is queued. gRPC thread. */
void zr_rpc_stream_closed(struct zr_rpc_call *call);
void zr_rpc_stream_clean_up(struct zr_rpc_stream *stream);

/* ---- unread.c ---- */

/* A message of `bytes` goes to the core; before its batch starts. */
void zr_rpc_unread_begin(struct zr_rpc_call *call, size_t bytes);
/* It has left, or never will. Harmless without a begin. */
void zr_rpc_unread_end(struct zr_rpc_call *call);

/* ---- listener.c: plaintext; tls_keeper.c: TLS ---- */

/* Binds, with a sentence in `problem` on failure; and fills in server->bound. */
enum zr_err zr_rpc_listener_new(struct zr_rpc_server *s, struct zr_rpc_listener **out,
                                struct zr_buf *problem) ZR_MUST_CHECK;
/* Starts the thread that accepts and hands connections to the newest core. */
enum zr_err zr_rpc_listener_start(struct zr_rpc_listener *l) ZR_MUST_CHECK;
/* Stops the thread, closes the socket and removes its file. NULL is fine. */
void zr_rpc_listener_destroy(struct zr_rpc_listener *l);

/* Wipes and frees the three. */
void zr_rpc_tls_wipe(char *text[3]);
/* Adds a TLS port to a core that was not started; learns the port. */
enum zr_err zr_rpc_tls_listen(struct zr_rpc_core *core, struct zr_buf *problem) ZR_MUST_CHECK;
/* Watches the core's listener and rebuilds it when it died. */
enum zr_err zr_rpc_keeper_new(struct zr_rpc_server *s, struct zr_rpc_keeper **out) ZR_MUST_CHECK;
void zr_rpc_keeper_destroy(struct zr_rpc_keeper *k);

/* ---- unix_path.c: socket files ---- */

/* Removes a socket file that nobody serves. ZR_ERR_EXISTS: somebody does, or it is no socket. */
enum zr_err zr_rpc_path_clear(const struct zr_rpc_address *a, struct zr_buf *problem) ZR_MUST_CHECK;

/* ---- overload.c ---- */

/* RESOURCE_EXHAUSTED with RetryInfo; constant. */
const struct zr_rpc_status *zr_rpc_overload(void);

#endif
