/* grpc.health.v1: serving until drained, but for times of trouble. Watches wait in a list; each is
 * ended exactly once, by whoever takes it off the list. */
#include <string.h>

#include "base/mem.h"
#include "grpc/health/v1/health.pb-c.h"
#include "service/codec.h"
#include "service/private.h"
#include "service/status.h"

static const char *const s_names[] = {"", "zenrelease.v1.ReleaseService", "plugin"};

static bool s_is_known(const char *name) {
  for (size_t i = 0; i < ZR_COUNT(s_names); i++)
    if (strcmp(name, s_names[i]) == 0)
      return true;
  return false;
}

/* NULL when the call was ended. */
static const char *s_name(struct zr_rpc_call *call) {
  struct zr_violations v = {.arena = zr_rpc_call_arena(call)};
  const Grpc__Health__V1__HealthCheckRequest *m =
      (const Grpc__Health__V1__HealthCheckRequest *)zr_decode(
          &grpc__health__v1__health_check_request__descriptor, zr_rpc_call_request(call), NULL, &v);
  if (m)
    return m->service;
  zr_violations_fail(&v, call);
  return NULL;
}

static bool s_is_troubled(struct zr_service *s) {
  pthread_mutex_lock(&s->health_lock);
  bool troubled = s->troubled;
  pthread_mutex_unlock(&s->health_lock);
  return troubled;
}

static struct zr_rpc_bytes *s_answer(struct zr_service *s, bool known) {
  Grpc__Health__V1__HealthCheckResponse m;
  grpc__health__v1__health_check_response__init(&m);
  if (!known)
    m.status = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN;
  else if (atomic_load(&s->draining) || s_is_troubled(s))
    m.status = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
  else
    m.status = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
  return zr_encode(&m.base);
}

void zr_handle_health_check(void *service, struct zr_rpc_call *call) {
  const char *name = s_name(call);
  if (!name)
    return;
  if (!s_is_known(name)) {
    zr_fail(call, ZR_RPC_NOT_FOUND, "no service of this name is checked here", NULL);
    return;
  }
  struct zr_rpc_bytes *b = s_answer(service, true);
  if (b)
    zr_rpc_reply(call, b);
  else
    zr_fail_nomem(call);
}

static void s_unlist_locked(struct zr_service *s, struct zr_health_watch *w) {
  if (w->next)
    w->next->prev = w->prev;
  *(w->prev ? &w->prev->next : &s->watches) = w->next;
  w->listed = false;
}

static void s_on_end(void *ctx, struct zr_rpc_call *call, bool cancelled) {
  (void)cancelled;
  struct zr_health_watch *w = ctx;
  struct zr_service *s = w->service;
  pthread_mutex_lock(&s->health_lock);
  bool mine = w->listed;
  if (mine)
    s_unlist_locked(s, w);
  pthread_mutex_unlock(&s->health_lock);
  if (mine)
    zr_rpc_finish(call);
}

static void s_say(struct zr_health_watch *w) {
  struct zr_rpc_bytes *b = s_answer(w->service, w->known);
  if (b && zr_rpc_send(w->call, b) != ZR_ERR_OK) {
    /* The watcher is gone, and on_end says so, too; or its next status has to do. */
  }
}

void zr_handle_health_watch(void *service, struct zr_rpc_call *call) {
  struct zr_service *s = service;
  const char *name = s_name(call);
  if (!name)
    return;
  struct zr_health_watch *w = zr_arena_calloc(zr_rpc_call_arena(call), 1, sizeof *w);
  if (!w) {
    zr_fail_nomem(call);
    return;
  }
  *w = (struct zr_health_watch){.service = s, .call = call, .known = s_is_known(name)};
  struct zr_rpc_hooks hooks = {.ctx = w, .on_end = s_on_end};
  zr_rpc_call_set_hooks(call, &hooks);
  bool was_troubled = s_is_troubled(s);
  s_say(w);
  pthread_mutex_lock(&s->health_lock);
  bool late = atomic_load(&s->draining);
  bool changed = s->troubled != was_troubled;
  if (!late) {
    w->listed = true;
    w->round = s->round;
    w->next = s->watches;
    if (s->watches)
      s->watches->prev = w;
    s->watches = w;
  }
  pthread_mutex_unlock(&s->health_lock);
  if (changed && !late)
    s_say(w);
  if (late) {
    s_say(w); /* what was said above may be out of date */
    zr_rpc_finish(call);
  }
}

/* ---- trouble ---- */

/* One that was not told in this round. The caller gives the reference to its call back. */
static struct zr_health_watch *s_next_untold(struct zr_service *s) {
  pthread_mutex_lock(&s->health_lock);
  struct zr_health_watch *w = s->watches;
  while (w && w->round == s->round)
    w = w->next;
  if (w) {
    w->round = s->round;
    (void)zr_rpc_call_acquire(w->call);
  }
  pthread_mutex_unlock(&s->health_lock);
  return w;
}

void zr_service_set_trouble(struct zr_service *s, enum zr_code code, const char *why) {
  char *copy = why ? zr_strdup(why) : NULL;
  pthread_mutex_lock(&s->health_lock);
  zr_free(s->trouble);
  s->trouble = copy;
  bool changed = s->troubled != (why != NULL);
  s->troubled = why != NULL;
  s->trouble_code = code;
  s->round += changed;
  pthread_mutex_unlock(&s->health_lock);
  struct zr_health_watch *w = changed ? s_next_untold(s) : NULL;
  for (; w; w = s_next_untold(s)) {
    s_say(w);
    zr_rpc_call_release(w->call);
  }
}

const char *zr_health_trouble(struct zr_service *s, struct zr_arena *a, enum zr_code *code) {
  pthread_mutex_lock(&s->health_lock);
  const char *why = s->troubled ? s->trouble ? s->trouble : "the journal is broken" : NULL;
  *code = s->trouble_code;
  const char *copy = why ? zr_arena_strdup(a, why) : NULL;
  pthread_mutex_unlock(&s->health_lock);
  return copy;
}

/* ---- the end ---- */

/* `draining` is set. One at a time, so that nothing is sent under the lock. */
void zr_health_drain(struct zr_service *s) {
  for (;;) {
    pthread_mutex_lock(&s->health_lock);
    struct zr_health_watch *w = s->watches;
    if (w)
      s_unlist_locked(s, w);
    pthread_mutex_unlock(&s->health_lock);
    if (!w)
      return;
    s_say(w); /* our obligation to end the call keeps it alive */
    zr_rpc_finish(w->call);
  }
}
