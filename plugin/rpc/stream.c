/*
 * Streams: a queue of messages of which one is in the core, then the status; and reading.
 *
 * The lock guards the queue; batches start after it is let go. At most one sending batch is in the
 * core (`writing`), so two threads never start one at the same time.
 */
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <string.h>

#include "base/mem.h"
#include "rpc/private.h"

static void s_start_write(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes, bool opened);
static void s_start_end(struct zr_rpc_call *call, bool opened);

static void s_free_queue(struct zr_rpc_queued *head) {
  while (head) {
    struct zr_rpc_queued *next = head->next;
    zr_rpc_bytes_release(head->bytes);
    zr_free(head);
    head = next;
  }
}

static struct zr_rpc_queued *s_take_all_locked(struct zr_rpc_stream *st) {
  struct zr_rpc_queued *all = st->head;
  st->head = st->tail = NULL;
  st->queued_bytes = 0;
  return all;
}

static struct zr_rpc_bytes *s_take_one_locked(struct zr_rpc_stream *st) {
  struct zr_rpc_queued *q = st->head;
  if (!q)
    return NULL;
  struct zr_rpc_bytes *bytes = q->bytes;
  st->head = q->next;
  if (!st->head)
    st->tail = NULL;
  st->queued_bytes -= bytes->len;
  zr_free(q);
  return bytes;
}

/* What the sender does next, decided under the lock and done outside of it. */
struct s_step {
  struct zr_rpc_bytes *bytes;
  bool end;
  bool opened;
};

static struct s_step s_next_locked(struct zr_rpc_stream *st) {
  struct s_step step = {.opened = st->opened};
  if (st->writing)
    return step;
  step.bytes = s_take_one_locked(st);
  step.end = !step.bytes && st->ending;
  if (step.end)
    st->ending = false;
  st->writing = step.bytes || step.end;
  st->opened = st->opened || st->writing;
  return step;
}

static void s_do(struct zr_rpc_call *call, struct s_step step) {
  if (step.bytes)
    s_start_write(call, step.bytes, step.opened);
  else if (step.end)
    s_start_end(call, step.opened);
}

static void s_on_write(struct zr_rpc_tag *tag, bool ok) {
  struct zr_rpc_call *call = ZR_OWNER(tag, struct zr_rpc_call, on_write);
  struct zr_rpc_stream *st = &call->stream;
  zr_rpc_unread_end(call);
  grpc_byte_buffer_destroy(st->buffer);
  st->buffer = NULL;
  struct zr_rpc_queued *dropped = NULL;
  pthread_mutex_lock(&st->lock);
  st->writing = false;
  if (!ok) {
    st->closed = true;
    dropped = s_take_all_locked(st);
  }
  struct s_step step = s_next_locked(st);
  pthread_mutex_unlock(&st->lock);
  s_free_queue(dropped);
  s_do(call, step);
  if (ok && !call->over && call->hooks.on_sent)
    call->hooks.on_sent(call->hooks.ctx, call);
  zr_rpc_call_release(call);
}

static void s_start_write(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes, bool opened) {
  grpc_op ops[2];
  memset(ops, 0, sizeof ops);
  size_t n = 0;
  if (!opened)
    ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
  zr_rpc_unread_begin(call, bytes->len);
  call->stream.buffer = zr_rpc_buffer(bytes, 0, bytes->len);
  ops[n].op = GRPC_OP_SEND_MESSAGE;
  ops[n++].data.send_message.send_message = call->stream.buffer;
  call->on_write.fn = s_on_write;
  zr_rpc_batch(zr_rpc_call_acquire(call), ops, n, &call->on_write);
}

static void s_on_ended(struct zr_rpc_tag *tag, bool ok) {
  (void)ok;
  zr_rpc_call_release(ZR_OWNER(tag, struct zr_rpc_call, on_write));
}

/* Uses up the reference of whoever ended the call. */
static void s_start_end(struct zr_rpc_call *call, bool opened) {
  grpc_op ops[2];
  memset(ops, 0, sizeof ops);
  size_t n = 0;
  if (!opened)
    ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
  ops[n++] = zr_rpc_status_op(call);
  call->on_write.fn = s_on_ended;
  zr_rpc_batch(call, ops, n, &call->on_write);
}

enum zr_err zr_rpc_send(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes) {
  struct zr_rpc_stream *st = &call->stream;
  struct zr_rpc_queued *q = zr_alloc(sizeof *q);
  if (!q) {
    zr_rpc_bytes_release(bytes);
    return ZR_ERR_NOMEM;
  }
  *q = (struct zr_rpc_queued){NULL, bytes};
  size_t limit = call->core->server->options.max_queued_bytes;
  enum zr_err e = ZR_ERR_OK;
  struct s_step step = {.bytes = NULL};
  pthread_mutex_lock(&st->lock);
  if (st->closed || atomic_load(&call->ended)) {
    e = ZR_ERR_CLOSED;
  } else if (st->head && (bytes->len > limit || st->queued_bytes > limit - bytes->len)) {
    e = ZR_ERR_LIMIT;
  } else {
    *(st->tail ? &st->tail->next : &st->head) = q;
    st->tail = q;
    st->queued_bytes += bytes->len;
    step = s_next_locked(st);
  }
  pthread_mutex_unlock(&st->lock);
  if (e != ZR_ERR_OK)
    s_free_queue(q);
  s_do(call, step);
  return e;
}

void zr_rpc_stream_end(struct zr_rpc_call *call) {
  struct zr_rpc_stream *st = &call->stream;
  pthread_mutex_lock(&st->lock);
  st->ending = true;
  struct s_step step = s_next_locked(st);
  pthread_mutex_unlock(&st->lock);
  s_do(call, step);
}

void zr_rpc_stream_closed(struct zr_rpc_call *call) {
  struct zr_rpc_stream *st = &call->stream;
  pthread_mutex_lock(&st->lock);
  st->closed = true;
  struct zr_rpc_queued *dropped = s_take_all_locked(st);
  struct s_step step = s_next_locked(st);
  pthread_mutex_unlock(&st->lock);
  s_free_queue(dropped);
  s_do(call, step);
}

void zr_rpc_stream_clean_up(struct zr_rpc_stream *st) {
  s_free_queue(st->head);
  pthread_mutex_destroy(&st->lock);
}

/* ---- reading ---- */

static void s_give_message(struct zr_rpc_call *call, grpc_byte_buffer *got) {
  grpc_byte_buffer_reader reader;
  if (!grpc_byte_buffer_reader_init(&reader, got))
    return;
  grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
  grpc_byte_buffer_reader_destroy(&reader);
  struct zr_view bytes = {(const char *)GRPC_SLICE_START_PTR(all), GRPC_SLICE_LENGTH(all)};
  if (call->hooks.on_message)
    call->hooks.on_message(call->hooks.ctx, call, bytes);
  grpc_slice_unref(all);
}

static void s_on_read(struct zr_rpc_tag *tag, bool ok) {
  struct zr_rpc_call *call = ZR_OWNER(tag, struct zr_rpc_call, on_read);
  grpc_byte_buffer *got = call->read;
  call->read = NULL; /* the hook may read again */
  if (!call->over && ok && got) {
    s_give_message(call, got);
  } else if (!call->over && call->hooks.on_half_close) {
    call->hooks.on_half_close(call->hooks.ctx, call);
  }
  if (got)
    grpc_byte_buffer_destroy(got);
  zr_rpc_call_release(call);
}

void zr_rpc_read(struct zr_rpc_call *call) {
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = GRPC_OP_RECV_MESSAGE;
  op.data.recv_message.recv_message = &call->read;
  call->on_read.fn = s_on_read;
  zr_rpc_batch(zr_rpc_call_acquire(call), &op, 1, &call->on_read);
}
