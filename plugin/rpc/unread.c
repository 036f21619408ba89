/*
 * Answers that peers do not take. Each message in the core counts until it has left, and with it
 * what the room above keeps for its call. When that is too much, the calls that have waited longest
 * are cancelled, but none before its time: whoever reads at all is done long before.
 */
#include "base/log.h"
#include "rpc/private.h"

static void s_unlink_locked(struct zr_rpc_server *s, struct zr_rpc_call *call) {
  struct zr_rpc_waiting *w = &call->waiting;
  if (!w->linked)
    return;
  *(w->newer ? &w->newer->waiting.older : &s->unread_newest) = w->older;
  *(w->older ? &w->older->waiting.newer : &s->unread_oldest) = w->newer;
  s->unread_bytes -= w->bytes;
  w->linked = false;
}

static void s_link_locked(struct zr_rpc_server *s, struct zr_rpc_call *call, size_t bytes) {
  struct zr_rpc_waiting *w = &call->waiting;
  w->linked = true;
  w->bytes = bytes;
  w->since = zr_mono_now();
  w->newer = NULL;
  w->older = s->unread_newest;
  *(w->older ? &w->older->waiting.newer : &s->unread_oldest) = call;
  s->unread_newest = call;
  s->unread_bytes += bytes;
}

/* The next one to go, with a reference; NULL: none. */
static struct zr_rpc_call *s_victim_locked(struct zr_rpc_server *s) {
  struct zr_rpc_call *oldest = s->unread_oldest;
  if (!oldest || s->unread_bytes <= s->options.max_unread_bytes ||
      zr_mono_now().ms - oldest->waiting.since.ms < s->options.patience_ms)
    return NULL;
  s_unlink_locked(s, oldest);
  return zr_rpc_call_acquire(oldest);
}

static void s_shed(struct zr_rpc_server *s) {
  for (;;) {
    pthread_mutex_lock(&s->unread_lock);
    struct zr_rpc_call *victim = s_victim_locked(s);
    pthread_mutex_unlock(&s->unread_lock);
    if (!victim)
      return;
    zr_log(ZR_LOG_WARN, "rpc", "a call whose answer is not read makes room for others",
           zr_s("method", zr_rpc_call_method(victim)));
    (void)grpc_call_cancel_with_status(victim->call, GRPC_STATUS_UNAVAILABLE,
                                       "the answer was not read; call again", NULL);
    zr_rpc_call_release(victim);
  }
}

void zr_rpc_unread_begin(struct zr_rpc_call *call, size_t bytes) {
  struct zr_rpc_server *s = call->core->server;
  pthread_mutex_lock(&s->unread_lock);
  s_unlink_locked(s, call);
  s_link_locked(s, call, bytes + call->waiting.kept);
  bool much = s->unread_bytes > s->options.max_unread_bytes;
  pthread_mutex_unlock(&s->unread_lock);
  if (much)
    s_shed(s);
}

void zr_rpc_unread_end(struct zr_rpc_call *call) {
  struct zr_rpc_server *s = call->core->server;
  pthread_mutex_lock(&s->unread_lock);
  s_unlink_locked(s, call);
  pthread_mutex_unlock(&s->unread_lock);
}

void zr_rpc_call_keeps(struct zr_rpc_call *call, size_t bytes) {
  struct zr_rpc_server *s = call->core->server;
  struct zr_rpc_waiting *w = &call->waiting;
  pthread_mutex_lock(&s->unread_lock);
  if (w->linked) {
    w->bytes = w->bytes - w->kept + bytes;
    s->unread_bytes = s->unread_bytes - w->kept + bytes;
  }
  w->kept = bytes;
  pthread_mutex_unlock(&s->unread_lock);
}
