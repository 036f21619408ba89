/*
 * The bounded end. A peer that stops reading in the middle of an answer holds the core's shutdown
 * for as long as it lives, and cancelling does not help; so we wait by our own clock and say
 * whether everything is over. Source: docs/rpc-server.md.
 */
#include <grpc/grpc.h>
#include <grpc/support/time.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "rpc/private.h"

enum { ABANDON_MS = 2000, LINGER_MS = 100 };

static bool s_is_idle_locked(const struct zr_rpc_server *s) {
  return atomic_load(&s->live) == 0;
}

static bool s_is_over_locked(const struct zr_rpc_server *s) {
  if (!s_is_idle_locked(s))
    return false;
  for (const struct zr_rpc_core *c = s->cores; c; c = c->next)
    if (!c->gone)
      return false;
  return true;
}

static bool s_is_over(struct zr_rpc_server *s) {
  pthread_mutex_lock(&s->lock);
  bool over = s_is_over_locked(s);
  pthread_mutex_unlock(&s->lock);
  return over;
}

/* By the core's clock, which is the one that the condition waits by. */
static gpr_timespec s_in(int64_t ms) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

typedef bool(s_condition_fn)(const struct zr_rpc_server *s);

static bool s_wait(struct zr_rpc_server *s, s_condition_fn *holds_locked, gpr_timespec at) {
  struct timespec until = {.tv_sec = (time_t)at.tv_sec, .tv_nsec = at.tv_nsec};
  pthread_mutex_lock(&s->lock);
  while (!holds_locked(s))
    if (pthread_cond_timedwait(&s->idle, &s->lock, &until) != 0)
      break;
  bool holds = holds_locked(s);
  pthread_mutex_unlock(&s->lock);
  return holds;
}

static void s_stop_accepting(struct zr_rpc_server *s) {
  atomic_store(&s->stopping, true);
  zr_rpc_listener_destroy(s->listener);
  s->listener = NULL;
  zr_rpc_keeper_destroy(s->keeper);
  s->keeper = NULL;
}

/* The keeper is gone, so nobody else changes the list or destroys a server of it. */
static void s_cancel(struct zr_rpc_server *s) {
  for (struct zr_rpc_core *c = s->cores; c; c = c->next)
    if (c->grpc)
      grpc_server_cancel_all_calls(c->grpc);
}

/* Calls get `grace_ms`. Once there are none, only connections are left whose peers do not look at
 * the farewell (a Python client without calls does not); they get a moment. */
static bool s_let_end(struct zr_rpc_server *s, gpr_timespec grace) {
  if (!s_wait(s, s_is_idle_locked, grace)) {
    zr_log(ZR_LOG_WARN, "rpc", "cancelling the calls that are left",
           zr_i("calls", (int64_t)atomic_load(&s->calls)));
    return false;
  }
  return s_wait(s, s_is_over_locked, gpr_time_min(s_in(LINGER_MS), grace));
}

bool zr_rpc_server_shutdown(struct zr_rpc_server *s, int64_t grace_ms, int64_t hard_ms) {
  gpr_timespec grace = s_in(grace_ms);
  gpr_timespec hard = s_in(hard_ms);
  s_stop_accepting(s);
  if (!s->running)
    return true;
  for (struct zr_rpc_core *c = s->cores; c; c = c->next)
    zr_rpc_core_close(c);
  if (!s_let_end(s, grace)) {
    s_cancel(s);
    if (!s_wait(s, s_is_over_locked, hard)) {
      zr_log(ZR_LOG_WARN, "rpc", "calls are stuck; leaving without them",
             zr_i("calls", (int64_t)atomic_load(&s->calls)));
      return false;
    }
  }
  grpc_completion_queue_shutdown(s->queue);
  pthread_join(s->thread, NULL);
  s->running = false;
  s->ended = true;
  return true;
}

/* After a start that failed half-way: what it left in the queue comes back here. */
static void s_abandon(struct zr_rpc_server *s) {
  if (s->running && zr_rpc_server_shutdown(s, 0, ABANDON_MS))
    return;
  gpr_timespec until = s_in(ABANDON_MS);
  for (struct zr_rpc_core *c = s->cores; c; c = c->next)
    zr_rpc_core_close(c);
  while (!s_is_over(s) && zr_rpc_turn(s->queue, until)) {
  }
  grpc_completion_queue_shutdown(s->queue);
}

void zr_rpc_server_destroy(struct zr_rpc_server *s) {
  if (!s)
    return;
  zr_rpc_listener_destroy(s->listener);
  zr_rpc_keeper_destroy(s->keeper);
  if (s->queue && !s->ended)
    s_abandon(s);
  while (s->cores) {
    struct zr_rpc_core *next = s->cores->next;
    zr_rpc_core_destroy(s->cores);
    s->cores = next;
  }
  if (s->queue) {
    while (zr_rpc_turn(s->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC))) {
    }
    grpc_completion_queue_destroy(s->queue);
  }
  if (s->quota)
    grpc_resource_quota_unref(s->quota);
  grpc_shutdown();
  zr_rpc_tls_wipe(s->tls_text);
  zr_free(s->methods);
  pthread_cond_destroy(&s->idle);
  pthread_mutex_destroy(&s->tls_lock);
  pthread_mutex_destroy(&s->unread_lock);
  pthread_mutex_destroy(&s->lock);
  zr_free(s);
}
