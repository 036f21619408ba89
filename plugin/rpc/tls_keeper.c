/*
 * Brings a TLS listener back to life. The core's listener never accepts again once an accept failed
 * for want of a descriptor, and says so only in its log. A thread waits for that line, closes the
 * server, whose calls go on, and puts a new one in its place.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "rpc/corelog.h"
#include "rpc/private.h"

enum { RETRY_MS = 100 };

struct zr_rpc_keeper {
  struct zr_rpc_server *server;
  int failed; /* eventfd: the core could not accept */
  int stop;   /* eventfd */
  pthread_t thread;
  bool running;
};

static void s_drain(int fd) {
  uint64_t count;
  if (read(fd, &count, sizeof count) < 0) {
    /* Nothing was in it. */
  }
}

static struct zr_rpc_core *s_newest(struct zr_rpc_server *s) {
  pthread_mutex_lock(&s->lock);
  struct zr_rpc_core *core = s->cores;
  pthread_mutex_unlock(&s->lock);
  return core;
}

/* Servers whose last call is over. Late call objects may still point at the core, not at grpc. */
static void s_reap(struct zr_rpc_server *s) {
  for (struct zr_rpc_core *c = s_newest(s); c; c = c->next) {
    pthread_mutex_lock(&s->lock);
    grpc_server *done = c->gone ? c->grpc : NULL;
    if (done)
      c->grpc = NULL;
    pthread_mutex_unlock(&s->lock);
    if (done)
      grpc_server_destroy(done);
  }
}

static bool s_rebuild(struct zr_rpc_server *s) {
  struct zr_buf problem = ZR_BUF_INIT(1024);
  s_reap(s); /* those of earlier times */
  zr_rpc_core_close(s_newest(s));
  struct zr_rpc_core *core = zr_rpc_core_new(s);
  enum zr_err e = core ? zr_rpc_tls_listen(core, &problem) : ZR_ERR_NOMEM;
  if (e != ZR_ERR_OK) {
    zr_log(ZR_LOG_DEBUG, "rpc", "the listener is not back yet",
           zr_s("reason", problem.len ? problem.data : zr_err_text(e)));
    zr_rpc_core_destroy(core);
  } else if (zr_rpc_core_start(core) != ZR_ERR_OK) {
    zr_log(ZR_LOG_WARN, "rpc", "out of memory for some slots", zr_s("address", s->address));
  }
  zr_buf_clean_up(&problem);
  return e == ZR_ERR_OK;
}

static void *s_keep(void *arg) {
  struct zr_rpc_keeper *k = arg;
  bool down = false;
  for (;;) {
    struct pollfd p[2] = {{.fd = k->stop, .events = POLLIN}, {.fd = k->failed, .events = POLLIN}};
    if (poll(p, 2, down ? RETRY_MS : -1) < 0)
      continue;
    if (p[0].revents)
      return NULL;
    if (p[1].revents) {
      s_drain(k->failed);
      if (!down)
        zr_log(ZR_LOG_ERROR, "rpc", "the listener died of a failed accept; rebuilding it",
               zr_s("address", k->server->address));
      down = true;
    }
    if (down && s_rebuild(k->server)) {
      zr_log(ZR_LOG_INFO, "rpc", "the listener is back", zr_s("address", k->server->address));
      down = false;
      if (poll(p, 1, RETRY_MS) > 0) /* not more often than that */
        return NULL;
    }
  }
}

enum zr_err zr_rpc_keeper_new(struct zr_rpc_server *s, struct zr_rpc_keeper **out) {
  struct zr_rpc_keeper *k = zr_calloc(1, sizeof *k);
  if (!k)
    return ZR_ERR_NOMEM;
  k->server = s;
  k->failed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  k->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  bool ok = k->failed >= 0 && k->stop >= 0;
  if (ok)
    zr_rpc_corelog_watch_accept(k->failed);
  k->running = ok && pthread_create(&k->thread, NULL, s_keep, k) == 0;
  if (!k->running) {
    zr_rpc_keeper_destroy(k);
    return ZR_ERR_IO;
  }
  *out = k;
  return ZR_ERR_OK;
}

void zr_rpc_keeper_destroy(struct zr_rpc_keeper *k) {
  if (!k)
    return;
  uint64_t one = 1;
  if (k->running) {
    while (write(k->stop, &one, sizeof one) < 0 && errno == EINTR) {
    }
    pthread_join(k->thread, NULL);
  }
  zr_rpc_corelog_watch_accept(-1);
  if (k->failed >= 0)
    close(k->failed);
  if (k->stop >= 0)
    close(k->stop);
  zr_free(k);
}
