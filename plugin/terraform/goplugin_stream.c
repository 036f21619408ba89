/* The two streams of every host, held open in silence until one side goes. */
#include "base/log.h"
#include "goplugin/broker.pb-c.h"
#include "terraform/goplugin_private.h"

static const struct zr_rpc_status s_no_memory = {.code = ZR_RPC_RESOURCE_EXHAUSTED,
                                                 .message = "out of memory"};

static void s_unlist_locked(struct zr_goplugin_held *h) {
  if (h->next)
    h->next->prev = h->prev;
  *(h->prev ? &h->prev->next : &h->owner->held) = h->next;
  h->listed = false;
}

/* True when it was still to be ended, which is then the caller's. */
static bool s_take(struct zr_goplugin_held *h) {
  (void)pthread_mutex_lock(&h->owner->lock);
  bool mine = h->listed;
  if (mine)
    s_unlist_locked(h);
  (void)pthread_mutex_unlock(&h->owner->lock);
  return mine;
}

static void s_on_end(void *ctx, struct zr_rpc_call *call, bool cancelled) {
  (void)cancelled;
  if (s_take(ctx))
    zr_rpc_finish(call);
}

/* The host is done with its side of a broker stream: so are we. */
static void s_on_half_close(void *ctx, struct zr_rpc_call *call) {
  if (s_take(ctx))
    zr_rpc_finish(call);
}

/* No host has a use for the broker with a provider; what it says is worth a line, no more. */
static void s_on_message(void *ctx, struct zr_rpc_call *call, struct zr_view bytes) {
  (void)ctx;
  Plugin__ConnInfo *m = plugin__conn_info__unpack(NULL, bytes.len, (const uint8_t *)bytes.ptr);
  zr_log(ZR_LOG_DEBUG, "goplugin", "a broker message that nobody waits for",
         zr_i("service_id", m ? (int64_t)m->service_id : -1));
  if (m)
    plugin__conn_info__free_unpacked(m, NULL);
  zr_rpc_read(call);
}

/* NULL when the call was ended. */
static struct zr_goplugin_held *s_new(struct zr_goplugin *g, struct zr_rpc_call *call) {
  struct zr_goplugin_held *h = zr_arena_calloc(zr_rpc_call_arena(call), 1, sizeof *h);
  if (!h) {
    zr_rpc_fail(call, &s_no_memory);
    return NULL;
  }
  h->owner = g;
  h->call = call;
  return h;
}

static void s_hold(struct zr_goplugin_held *h) {
  struct zr_goplugin *g = h->owner;
  (void)pthread_mutex_lock(&g->lock);
  bool late = g->ending;
  if (!late) {
    h->listed = true;
    h->next = g->held;
    if (g->held)
      g->held->prev = h;
    g->held = h;
  }
  (void)pthread_mutex_unlock(&g->lock);
  if (late)
    zr_rpc_finish(h->call);
}

void zr_goplugin_handle_stdio(void *goplugin, struct zr_rpc_call *call) {
  struct zr_goplugin_held *h = s_new(goplugin, call);
  if (!h)
    return;
  const struct zr_rpc_hooks hooks = {.ctx = h, .on_end = s_on_end};
  zr_rpc_call_set_hooks(call, &hooks);
  s_hold(h);
}

void zr_goplugin_handle_broker(void *goplugin, struct zr_rpc_call *call) {
  struct zr_goplugin_held *h = s_new(goplugin, call);
  if (!h)
    return;
  const struct zr_rpc_hooks hooks = {
      .ctx = h, .on_message = s_on_message, .on_half_close = s_on_half_close, .on_end = s_on_end};
  zr_rpc_call_set_hooks(call, &hooks);
  zr_rpc_read(call);
  s_hold(h);
}

/* One at a time, so that no call is ended under the lock. */
void zr_goplugin_end_streams(struct zr_goplugin *g) {
  for (;;) {
    (void)pthread_mutex_lock(&g->lock);
    g->ending = true;
    struct zr_goplugin_held *h = g->held;
    if (h)
      s_unlist_locked(h);
    (void)pthread_mutex_unlock(&g->lock);
    if (!h)
      return;
    zr_rpc_finish(h->call); /* our obligation to end the call keeps it alive until here */
  }
}
