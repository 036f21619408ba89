/*
 * One RPC on the gRPC core: a request out, one message or a stream of them in, a status at the end.
 * All functions belong to the thread that uses the client.
 */
#ifndef ZR_CLIENT_LIB_CALL_H
#define ZR_CLIENT_LIB_CALL_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "client.h"

struct zr_call {
  struct zenrelease_client *client;
  grpc_call *call;
  struct zr_op read;   /* the first one carries the request out, too */
  struct zr_op status; /* always finishes, also after a cancellation */
  grpc_metadata_array head;
  grpc_metadata_array trailer;
  grpc_slice details;
  grpc_status_code code;
  grpc_byte_buffer *in;
  grpc_byte_buffer *out;
};

/* Packs `request` and starts `method` ("/package.Service/Method"). `call` must be zeroed and stay
 * where it is until zr_call_clean_up. */
enum zenrelease_status zr_call_start(struct zr_call *call, struct zenrelease_client *client,
                                     const char *method, const ProtobufCMessage *request,
                                     struct zr_mono deadline, struct zenrelease_error **error);
/* Asks for the next message; the previous one must have been taken. */
void zr_call_read_next(struct zr_call *call);
/* For protobuf-c: memory of the arena, which goes with it. */
ProtobufCAllocator zr_call_allocator(struct zr_arena *arena);
/* Takes the message that a finished read has brought into `arena`; NULL at the end of the stream.
 * *malformed tells a message that cannot be read. */
ProtobufCMessage *zr_call_take(struct zr_call *call, const ProtobufCMessageDescriptor *type,
                               struct zr_arena *arena, bool *malformed);
/* The status of the finished call, as an error with its details; OK leaves *error alone. */
enum zenrelease_status zr_call_status(const struct zr_call *call, struct zenrelease_error **error);
/* Ends the call if it still runs, waits for what is in flight, frees. A zeroed call is fine. */
void zr_call_clean_up(struct zr_call *call);

/* A whole unary call: request out, one message in, unpacked into `arena`. CANCELLED when `cancel`
 * (may be NULL) was raised. */
enum zenrelease_status zr_call_unary(struct zenrelease_client *client, const char *method,
                                     const ProtobufCMessage *request, struct zr_mono deadline,
                                     const struct zenrelease_cancel *cancel,
                                     const ProtobufCMessageDescriptor *type, struct zr_arena *arena,
                                     ProtobufCMessage **reply, struct zenrelease_error **error);

#endif
