#include "app/provider_life.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "app/version.h"
#include "base/clock.h"
#include "base/log.h"

enum {
  MESSAGE_BYTES = 64 << 20, /* as the host itself takes for a schema */
  RECEIVED_BYTES = 1 << 30, /* a dozen of them at once */
  STREAMS = 4096,           /* calls at once: -parallelism has no limit */
  SETTLE_ASKED_MS = 1000,   /* of the two seconds after Shutdown */
  SETTLE_MS = 20000,        /* nobody counts: what was sent is settled and told */
  TURN_MS = 10,
  GRACE_MS = 150,
  HARD_MS = 400
};

void zr_provider_life_init(struct zr_provider_life *l, bool reattach) {
  *l = (struct zr_provider_life){.asked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .parent = -1};
  zr_provider_host_init(&l->host);
  (void)sigemptyset(&l->signals);
  (void)sigaddset(&l->signals, SIGTERM);
  (void)sigaddset(&l->signals, SIGHUP);
  if (reattach)
    (void)sigaddset(&l->signals, SIGINT);
  else
    l->parent = pidfd_open(getppid(), 0); /* -1 on old kernels: then it is not watched */
}

static void s_on_shutdown(void *ctx) {
  struct zr_provider_life *l = ctx;
  uint64_t one = 1;
  if (write(l->asked, &one, sizeof one) < 0) {
    /* The counter is full: it has been told. */
  }
}

static enum zr_err s_new_parts(struct zr_provider_life *l) {
  const struct zr_tf_host face = zr_provider_host_face(&l->host);
  enum zr_err e = zr_tf_provider_new(&face, ZR_VERSION, &l->provider);
  return e == ZR_ERR_OK ? zr_goplugin_new(s_on_shutdown, l, &l->goplugin) : e;
}

static enum zr_err s_place(struct zr_provider_life *l, bool tls, struct zr_buf *problem) {
  const struct zr_goplugin_wish wish = {
      .socket_dir = getenv("PLUGIN_UNIX_SOCKET_DIR"),
      .socket_group = getenv("PLUGIN_UNIX_SOCKET_GROUP"),
      .temp_dir = getenv("TMPDIR"),
      .tls = tls,
  };
  return zr_goplugin_place_make(&wish, &l->place, problem);
}

static enum zr_err s_serve(struct zr_provider_life *l, const struct zr_rpc_tls *tls,
                           struct zr_buf *problem) {
  const struct zr_rpc_options rpc = {.listen = l->place.listen,
                                     .tls = tls,
                                     .max_message_bytes = MESSAGE_BYTES,
                                     .max_received_bytes = RECEIVED_BYTES,
                                     .max_unread_bytes = RECEIVED_BYTES,
                                     .max_queued_bytes = MESSAGE_BYTES,
                                     .max_streams = STREAMS,
                                     .max_calls = STREAMS};
  enum zr_err e = zr_rpc_server_new(&rpc, &l->server, problem);
  size_t count = 0;
  if (e == ZR_ERR_OK) {
    const struct zr_rpc_method *methods = zr_tf_provider_methods(l->provider, &count);
    e = zr_rpc_server_add_methods(l->server, methods, count);
  }
  if (e == ZR_ERR_OK) {
    const struct zr_rpc_method *methods = zr_goplugin_methods(l->goplugin, &count);
    e = zr_rpc_server_add_methods(l->server, methods, count);
  }
  return e == ZR_ERR_OK ? zr_rpc_server_start(l->server, problem) : e;
}

enum zr_err zr_provider_life_open(struct zr_provider_life *l, const struct zr_rpc_tls *tls,
                                  struct zr_buf *problem) {
  if (l->asked < 0) {
    (void)zr_buf_text(problem, "no descriptor is left for an eventfd");
    return ZR_ERR_IO;
  }
  enum zr_err e = s_new_parts(l);
  if (e == ZR_ERR_OK)
    e = s_place(l, tls != NULL, problem);
  if (e == ZR_ERR_OK)
    e = s_serve(l, tls, problem);
  return e == ZR_ERR_OK ? zr_goplugin_place_share(&l->place, problem) : e;
}

const char *zr_provider_life_address(const struct zr_provider_life *l) {
  return zr_rpc_server_address(l->server);
}

enum zr_life_end zr_provider_life_wait(struct zr_provider_life *l) {
  int signals = signalfd(-1, &l->signals, SFD_CLOEXEC);
  struct pollfd p[] = {{.fd = l->asked, .events = POLLIN},
                       {.fd = signals, .events = POLLIN},
                       {.fd = l->parent, .events = POLLIN}};
  while (poll(p, ZR_COUNT(p), -1) < 0 && errno == EINTR) {
  }
  enum zr_life_end end = p[0].revents   ? ZR_LIFE_SHUTDOWN
                         : p[1].revents ? ZR_LIFE_SIGNAL
                                        : ZR_LIFE_ABANDONED;
  if (signals >= 0)
    (void)close(signals);
  return end;
}

/* Nothing further is sent; what was sent is settled and told, as far as there is time. A signal
 * ends the waiting. */
static void s_settle(struct zr_provider_life *l, int64_t for_ms) {
  zr_tf_provider_stop(l->provider);
  struct zr_mono until = zr_mono_add(zr_mono_now(), for_ms);
  const struct timespec turn = {.tv_nsec = TURN_MS * 1000000L};
  unsigned left = zr_tf_provider_running(l->provider);
  while (left > 0 && zr_mono_until(until, zr_mono_now()) > 0) {
    if (sigtimedwait(&l->signals, NULL, &turn) > 0)
      break;
    left = zr_tf_provider_running(l->provider);
  }
  zr_log(left ? ZR_LOG_WARN : ZR_LOG_INFO, "app", "leaving", zr_i("unfinished_calls", left));
}

/* Destroying the server may block for seconds in the core: only builds that look for leaks do it.
 */
static void s_tear_down(struct zr_provider_life *l, bool clean, int status) {
#ifndef ZR_SANITIZED
  clean = false;
#endif
  if (!clean) {
    (void)fflush(NULL);
    _exit(status);
  }
  zr_rpc_server_destroy(l->server);
  zr_tf_provider_destroy(l->provider);
  zr_goplugin_destroy(l->goplugin);
  zr_provider_host_clean_up(&l->host);
  if (l->asked >= 0)
    (void)close(l->asked);
  if (l->parent >= 0)
    (void)close(l->parent);
}

int zr_provider_life_close(struct zr_provider_life *l, enum zr_life_end end) {
  int status = end == ZR_LIFE_NOT_STARTED ? 1 : 0;
  if (end == ZR_LIFE_SHUTDOWN)
    zr_goplugin_place_remove(&l->place); /* first: the host may not wait for the rest */
  if (end != ZR_LIFE_NOT_STARTED)
    s_settle(l, end == ZR_LIFE_SHUTDOWN ? SETTLE_ASKED_MS : SETTLE_MS);
  zr_provider_host_stop(&l->host);
  if (l->provider)
    zr_tf_provider_close(l->provider);
  if (l->goplugin)
    zr_goplugin_end_streams(l->goplugin);
  bool clean = !l->server || zr_rpc_server_shutdown(l->server, GRACE_MS, HARD_MS);
  zr_goplugin_place_remove(&l->place);
  s_tear_down(l, clean, status);
  return status;
}
