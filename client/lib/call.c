#include "call.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <string.h>

#include "base/handover.h"
#include "base/mem.h"
#include "status_details.h"

static gpr_timespec s_deadline(struct zr_mono deadline) {
  if (deadline.ms == INT64_MAX)
    return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  int64_t left = zr_mono_until(deadline, zr_mono_now());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(left, GPR_TIMESPAN));
}

static grpc_byte_buffer *s_pack(const ProtobufCMessage *message) {
  grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
  (void)protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
  grpc_byte_buffer *out = grpc_raw_byte_buffer_create(&slice, 1);
  grpc_slice_unref(slice);
  return out;
}

/* Starts a batch whose end `op` learns of. A refused batch changes nothing: it counts as failed. */
static bool s_batch(struct zr_call *call, const grpc_op *ops, size_t count, struct zr_op *op) {
  atomic_store_explicit(&op->state, ZR_OP_PENDING, memory_order_release);
  zr_give(op);
  if (grpc_call_start_batch(call->call, ops, count, op, NULL) == GRPC_CALL_OK)
    return true;
  atomic_store_explicit(&op->state, ZR_OP_FAILED, memory_order_release);
  return false;
}

static bool s_start_status(struct zr_call *call) {
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
  op.data.recv_status_on_client.trailing_metadata = &call->trailer;
  op.data.recv_status_on_client.status = &call->code;
  op.data.recv_status_on_client.status_details = &call->details;
  return s_batch(call, &op, 1, &call->status);
}

static bool s_start_request(struct zr_call *call) {
  grpc_op ops[5];
  memset(ops, 0, sizeof ops);
  ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
  ops[1].op = GRPC_OP_SEND_MESSAGE;
  ops[1].data.send_message.send_message = call->out;
  ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
  ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
  ops[3].data.recv_initial_metadata.recv_initial_metadata = &call->head;
  ops[4].op = GRPC_OP_RECV_MESSAGE;
  ops[4].data.recv_message.recv_message = &call->in;
  return s_batch(call, ops, ZR_COUNT(ops), &call->read);
}

enum zenrelease_status zr_call_start(struct zr_call *call, struct zenrelease_client *client,
                                     const char *method, const ProtobufCMessage *request,
                                     struct zr_mono deadline, struct zenrelease_error **error) {
  call->client = client;
  grpc_metadata_array_init(&call->head);
  grpc_metadata_array_init(&call->trailer);
  call->details = grpc_empty_slice();
  call->out = s_pack(request);
  call->call = grpc_channel_create_call(client->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
                                        client->queue, grpc_slice_from_static_string(method), NULL,
                                        s_deadline(deadline), NULL);
  if (!s_start_status(call) || !s_start_request(call)) {
    zr_call_clean_up(call);
    return zr_error_set(error, ZENRELEASE_INTERNAL, "%s could not be started", method);
  }
  return ZENRELEASE_OK;
}

void zr_call_read_next(struct zr_call *call) {
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = GRPC_OP_RECV_MESSAGE;
  op.data.recv_message.recv_message = &call->in;
  (void)s_batch(call, &op, 1, &call->read);
}

static void *s_arena_alloc(void *arena, size_t size) {
  return zr_arena_alloc(arena, size);
}

static void s_arena_free(void *arena, void *ptr) {
  (void)arena;
  (void)ptr;
}

ProtobufCAllocator zr_call_allocator(struct zr_arena *arena) {
  return (ProtobufCAllocator){s_arena_alloc, s_arena_free, arena};
}

ProtobufCMessage *zr_call_take(struct zr_call *call, const ProtobufCMessageDescriptor *type,
                               struct zr_arena *arena, bool *malformed) {
  *malformed = false;
  atomic_store_explicit(&call->read.state, ZR_OP_IDLE, memory_order_release);
  if (!call->in)
    return NULL;
  ProtobufCMessage *message = NULL;
  ProtobufCAllocator allocator = zr_call_allocator(arena);
  grpc_byte_buffer_reader reader;
  if (grpc_byte_buffer_reader_init(&reader, call->in)) {
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    message = protobuf_c_message_unpack(type, &allocator, GRPC_SLICE_LENGTH(bytes),
                                        GRPC_SLICE_START_PTR(bytes));
    grpc_slice_unref(bytes);
    grpc_byte_buffer_reader_destroy(&reader);
  }
  grpc_byte_buffer_destroy(call->in);
  call->in = NULL;
  *malformed = message == NULL;
  return message;
}

static struct zr_view s_slice_view(const grpc_slice *s) {
  return (struct zr_view){(const char *)GRPC_SLICE_START_PTR(*s), GRPC_SLICE_LENGTH(*s)};
}

enum zenrelease_status zr_call_status(const struct zr_call *call, struct zenrelease_error **error) {
  enum zenrelease_status status = zr_status_from_number((long)call->code);
  if (status == ZENRELEASE_OK || !error || *error)
    return status;
  struct zr_view text = s_slice_view(&call->details);
  if (!zr_view_is_utf8(text) || text.len == 0)
    text = zr_view_of(zenrelease_status_name(status));
  (void)zr_error_set(error, status, "%.*s", ZR_VIEW_ARG(text));
  for (size_t i = 0; *error && i < call->trailer.count; i++) {
    struct zr_view key = s_slice_view(&call->trailer.metadata[i].key);
    if (zr_view_eq_text(key, "grpc-status-details-bin"))
      zr_status_details_read(s_slice_view(&call->trailer.metadata[i].value), *error);
  }
  return status;
}

void zr_call_clean_up(struct zr_call *call) {
  if (!call->client)
    return;
  if (call->call && zr_op_state(&call->status) == ZR_OP_PENDING)
    (void)grpc_call_cancel(call->call, NULL);
  while (zr_op_state(&call->status) == ZR_OP_PENDING || zr_op_state(&call->read) == ZR_OP_PENDING)
    (void)zr_client_wait(call->client, NULL, ZR_MONO_NEVER);
  grpc_metadata_array_destroy(&call->head);
  grpc_metadata_array_destroy(&call->trailer);
  grpc_slice_unref(call->details);
  if (call->in)
    grpc_byte_buffer_destroy(call->in);
  if (call->out)
    grpc_byte_buffer_destroy(call->out);
  if (call->call)
    grpc_call_unref(call->call);
  memset(call, 0, sizeof *call);
}

enum zenrelease_status zr_call_unary(struct zenrelease_client *client, const char *method,
                                     const ProtobufCMessage *request, struct zr_mono deadline,
                                     const struct zenrelease_cancel *cancel,
                                     const ProtobufCMessageDescriptor *type, struct zr_arena *arena,
                                     ProtobufCMessage **reply, struct zenrelease_error **error) {
  struct zr_call call = {0};
  bool malformed = false;
  *reply = NULL;
  enum zenrelease_status status = zr_call_start(&call, client, method, request, deadline, error);
  if (status != ZENRELEASE_OK)
    return status;
  while (zr_op_state(&call.status) == ZR_OP_PENDING || zr_op_state(&call.read) == ZR_OP_PENDING) {
    if (zr_client_wait(client, cancel, ZR_MONO_NEVER) == ZR_WAKE_CANCEL) {
      zr_call_clean_up(&call);
      return zr_error_set(error, ZENRELEASE_CANCELLED, "cancelled");
    }
  }
  status = zr_call_status(&call, error);
  if (status == ZENRELEASE_OK)
    *reply = zr_call_take(&call, type, arena, &malformed);
  zr_call_clean_up(&call);
  if (status == ZENRELEASE_OK && !*reply)
    return zr_error_set(error, ZENRELEASE_INTERNAL,
                        malformed ? "the server's answer cannot be read"
                                  : "the server answered nothing");
  return status;
}
