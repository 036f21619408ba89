#include "client.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <string.h>

static gpr_timespec s_in(int ms) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

void client_open(struct client *c, const char *address, grpc_channel_credentials *credentials) {
  grpc_init();
  grpc_channel_credentials *used = credentials ? credentials : grpc_insecure_credentials_create();
  grpc_arg list[2];
  memset(list, 0, sizeof list);
  static char name_key[] = GRPC_SSL_TARGET_NAME_OVERRIDE_ARG;
  static char name[] = "localhost";
  static char size_key[] = GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH;
  list[0].type = GRPC_ARG_STRING;
  list[0].key = name_key;
  list[0].value.string = name;
  list[1].type = GRPC_ARG_INTEGER;
  list[1].key = size_key;
  list[1].value.integer = -1;
  grpc_channel_args args = {2, list};
  c->channel = grpc_channel_create(address, used, &args);
  grpc_channel_credentials_release(used);
  c->queue = grpc_completion_queue_create_for_next(NULL);
}

void client_close(struct client *c) {
  grpc_channel_destroy(c->channel);
  grpc_completion_queue_shutdown(c->queue);
  while (grpc_completion_queue_next(c->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
         GRPC_QUEUE_SHUTDOWN) {
  }
  grpc_completion_queue_destroy(c->queue);
  grpc_shutdown();
}

void client_poll(struct client *c, int ms) {
  (void)grpc_completion_queue_next(c->queue, s_in(ms), NULL);
}

static bool s_batch(struct client_call *call, const grpc_op *ops, size_t count) {
  if (grpc_call_start_batch(call->call, ops, count, call, NULL) != GRPC_CALL_OK)
    return false;
  grpc_event ev =
      grpc_completion_queue_next(call->client->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
  return ev.type == GRPC_OP_COMPLETE && ev.success;
}

void call_start(struct client_call *call, struct client *c, const char *method, int deadline_ms) {
  memset(call, 0, sizeof *call);
  call->client = c;
  grpc_metadata_array_init(&call->first);
  grpc_metadata_array_init(&call->last);
  grpc_slice name = grpc_slice_from_copied_string(method);
  gpr_timespec deadline = deadline_ms > 0 ? s_in(deadline_ms) : gpr_inf_future(GPR_CLOCK_MONOTONIC);
  call->call = grpc_channel_create_call(c->channel, NULL, GRPC_PROPAGATE_DEFAULTS, c->queue, name,
                                        NULL, deadline, NULL);
  grpc_slice_unref(name);
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = GRPC_OP_SEND_INITIAL_METADATA;
  op.flags = c->wait_for_ready ? GRPC_INITIAL_METADATA_WAIT_FOR_READY : 0;
  (void)s_batch(call, &op, 1);
}

bool call_send(struct client_call *call, const void *bytes, size_t len) {
  grpc_slice piece = grpc_slice_from_copied_buffer(bytes, len);
  grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&piece, 1);
  grpc_slice_unref(piece);
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = GRPC_OP_SEND_MESSAGE;
  op.data.send_message.send_message = buffer;
  bool ok = s_batch(call, &op, 1);
  grpc_byte_buffer_destroy(buffer);
  return ok;
}

bool call_half_close(struct client_call *call) {
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
  return s_batch(call, &op, 1);
}

long call_receive(struct client_call *call, void *out, size_t room) {
  grpc_byte_buffer *got = NULL;
  grpc_op ops[2];
  memset(ops, 0, sizeof ops);
  size_t n = 0;
  if (!call->opened) {
    call->opened = true;
    ops[n].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[n++].data.recv_initial_metadata.recv_initial_metadata = &call->first;
  }
  ops[n].op = GRPC_OP_RECV_MESSAGE;
  ops[n++].data.recv_message.recv_message = &got;
  if (!s_batch(call, ops, n) || !got) {
    if (got)
      grpc_byte_buffer_destroy(got);
    return -1;
  }
  grpc_byte_buffer_reader reader;
  (void)grpc_byte_buffer_reader_init(&reader, got);
  grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
  size_t len = GRPC_SLICE_LENGTH(all);
  memcpy(out, GRPC_SLICE_START_PTR(all), len < room ? len : room);
  grpc_slice_unref(all);
  grpc_byte_buffer_reader_destroy(&reader);
  grpc_byte_buffer_destroy(got);
  return (long)len;
}

static void s_copy(char *to, size_t room, grpc_slice from, size_t *len) {
  size_t n = GRPC_SLICE_LENGTH(from);
  n = n < room - 1 ? n : room - 1;
  memcpy(to, GRPC_SLICE_START_PTR(from), n);
  to[n] = '\0';
  if (len)
    *len = n;
}

grpc_status_code call_finish(struct client_call *call) {
  char rest[1];
  if (!call->opened) /* the core wants the answer read before it tells the status */
    (void)call_receive(call, rest, sizeof rest);
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
  op.data.recv_status_on_client.trailing_metadata = &call->last;
  op.data.recv_status_on_client.status = &call->status;
  op.data.recv_status_on_client.status_details = &call->message;
  (void)s_batch(call, &op, 1);
  s_copy(call->text, sizeof call->text, call->message, NULL);
  for (size_t i = 0; i < call->last.count; i++)
    if (grpc_slice_str_cmp(call->last.metadata[i].key, "grpc-status-details-bin") == 0)
      s_copy(call->details, sizeof call->details, call->last.metadata[i].value, &call->details_len);
  grpc_slice_unref(call->message);
  grpc_metadata_array_destroy(&call->first);
  grpc_metadata_array_destroy(&call->last);
  grpc_call_unref(call->call);
  return call->status;
}

long call_unary(struct client *c, const char *method, const void *bytes, size_t len, void *out,
                size_t room, int deadline_ms, struct client_call *left) {
  call_start(left, c, method, deadline_ms);
  (void)call_send(left, bytes, len);
  (void)call_half_close(left);
  long got = call_receive(left, out, room);
  (void)call_finish(left);
  return got;
}
