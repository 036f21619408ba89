/* How a call ends: one batch, exactly once, from whichever thread has the answer. */
#include <grpc/byte_buffer.h>
#include <string.h>

#include "base/log.h"
#include "rpc/private.h"

void zr_rpc_batch(struct zr_rpc_call *call, const grpc_op *ops, size_t count,
                  struct zr_rpc_tag *tag) {
  zr_give(tag);
  if (grpc_call_start_batch(call->call, ops, count, tag, NULL) != GRPC_CALL_OK)
    zr_rpc_call_release(call); /* refused: the tag never comes */
}

/* Some thread of the core is done with a slice of ours. */
static void s_let_go(void *bytes) {
  zr_take(bytes);
  zr_rpc_bytes_release(bytes);
}

grpc_byte_buffer *zr_rpc_buffer(struct zr_rpc_bytes *bytes, size_t offset, size_t len) {
  zr_give(bytes);
  grpc_slice piece = bytes
                         ? grpc_slice_new_with_user_data(bytes->data + offset, len, s_let_go, bytes)
                         : grpc_empty_slice();
  grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&piece, 1);
  grpc_slice_unref(piece);
  return buffer;
}

grpc_op zr_rpc_status_op(struct zr_rpc_call *call) {
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = GRPC_OP_SEND_STATUS_FROM_SERVER;
  op.data.send_status_from_server.status = call->status;
  op.data.send_status_from_server.status_details = &call->message;
  if (GRPC_SLICE_LENGTH(call->status_details) > 0) {
    call->trailer.key = grpc_slice_from_static_string("grpc-status-details-bin");
    call->trailer.value = call->status_details;
    op.data.send_status_from_server.trailing_metadata = &call->trailer;
    op.data.send_status_from_server.trailing_metadata_count = 1;
  }
  return op;
}

/* True for the first to end the call; a second is a fault of ours that must not reach the core. */
static bool s_claim(struct zr_rpc_call *call) {
  if (!atomic_exchange(&call->ended, true))
    return true;
  zr_log(ZR_LOG_ERROR, "rpc", "a call was ended twice", zr_s("method", zr_rpc_call_method(call)));
  return false;
}

static void s_on_done(struct zr_rpc_tag *tag, bool ok) {
  (void)ok; /* false: the peer did not get it */
  struct zr_rpc_call *call = ZR_OWNER(tag, struct zr_rpc_call, on_write);
  zr_rpc_unread_end(call);
  if (call->stream.buffer)
    grpc_byte_buffer_destroy(call->stream.buffer);
  call->stream.buffer = NULL;
  zr_rpc_call_release(call);
}

/* The whole end of a call that is no stream. Takes the caller's reference. */
static void s_send_end(struct zr_rpc_call *call, grpc_byte_buffer *answer) {
  grpc_op ops[3];
  memset(ops, 0, sizeof ops);
  size_t n = 0;
  ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
  if (answer) {
    ops[n].op = GRPC_OP_SEND_MESSAGE;
    ops[n++].data.send_message.send_message = answer;
  }
  ops[n++] = zr_rpc_status_op(call);
  call->stream.buffer = answer;
  call->on_write.fn = s_on_done;
  zr_rpc_batch(call, ops, n, &call->on_write);
}

void zr_rpc_reply_part(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes, size_t offset,
                       size_t len) {
  if (!s_claim(call)) {
    zr_rpc_bytes_release(bytes);
    return;
  }
  call->status = GRPC_STATUS_OK;
  zr_rpc_unread_begin(call, len);
  s_send_end(call, zr_rpc_buffer(bytes, offset, len));
}

void zr_rpc_reply(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes) {
  zr_rpc_reply_part(call, bytes, 0, bytes ? bytes->len : 0);
}

static void s_end(struct zr_rpc_call *call) {
  if (zr_rpc_call_kind(call) == ZR_RPC_UNARY)
    s_send_end(call, NULL);
  else
    zr_rpc_stream_end(call);
}

void zr_rpc_fail(struct zr_rpc_call *call, const struct zr_rpc_status *status) {
  if (!s_claim(call))
    return;
  call->status = (grpc_status_code)status->code;
  if (status->message)
    call->message = grpc_slice_from_copied_string(status->message);
  if (status->details.len)
    call->status_details = grpc_slice_from_copied_buffer(status->details.ptr, status->details.len);
  s_end(call);
}

void zr_rpc_finish(struct zr_rpc_call *call) {
  if (!s_claim(call))
    return;
  call->status = GRPC_STATUS_OK;
  s_end(call);
}
