/* The events of an operation, packed once, and the watchers that read them. */
#include "base/mem.h"
#include "service/private.h"
#include "service/status.h"

enum zr_err zr_history_add(struct zr_operation *op, struct zr_rpc_bytes *event) {
  void *grown = op->events;
  if (zr_grow(&grown, &op->event_cap, op->event_count + 1, sizeof(void *)) != 0) {
    zr_rpc_bytes_release(event);
    return ZR_ERR_NOMEM;
  }
  op->events = grown;
  op->events[op->event_count++] = event;
  op->bytes += event->len;
  return ZR_ERR_OK;
}

/* The watcher has everything: its call ends after what is queued. */
static void s_end(struct zr_caller *c) {
  struct zr_rpc_call *call = c->call;
  zr_operation_detach(c);
  zr_rpc_finish(call);
}

static void s_give_up(struct zr_caller *c, enum zr_err e) {
  struct zr_rpc_call *call = c->call;
  zr_operation_detach(c);
  if (e == ZR_ERR_CLOSED)
    zr_fail(call, ZR_RPC_CANCELLED, "the caller is gone", NULL);
  else
    zr_fail(call, ZR_RPC_RESOURCE_EXHAUSTED,
            "out of memory for the stream; the release goes on, call again to re-attach",
            &(struct zr_details){.retry_ms = ZR_RETRY_MS});
}

void zr_history_pump(struct zr_caller *c) {
  struct zr_operation *op = c->operation;
  if (!op || c->sending)
    return;
  if (!op->running && c->cursor >= op->event_count)
    c->cursor = op->event_count - 1; /* the result is always sent */
  if (c->cursor >= op->event_count)
    return;
  struct zr_rpc_bytes *event = zr_rpc_bytes_acquire(op->events[c->cursor++]);
  bool last = !op->running && c->cursor == op->event_count;
  c->sending = true;
  enum zr_err e = zr_rpc_send(c->call, event);
  if (e != ZR_ERR_OK)
    s_give_up(c, e);
  else if (last)
    s_end(c);
}

void zr_history_flush(struct zr_caller *c) {
  const struct zr_operation *op = c->operation;
  enum zr_err e = op->running ? ZR_ERR_STATE : ZR_ERR_OK;
  while (e == ZR_ERR_OK && c->cursor < op->event_count)
    e = zr_rpc_send(c->call, zr_rpc_bytes_acquire(op->events[c->cursor++]));
  if (e == ZR_ERR_OK) {
    s_end(c);
    return;
  }
  struct zr_rpc_call *call = c->call;
  zr_operation_detach(c);
  zr_fail(call, ZR_RPC_UNAVAILABLE, "the server is shutting down", NULL);
}
