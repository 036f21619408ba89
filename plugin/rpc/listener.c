/*
 * Our own listener for plaintext. The core's dies of the first accept that fails for want of a
 * descriptor; this one pauses and goes on.
 *
 * A new connection waits here until its peer has spoken, so that a silent one costs no transport
 * and is closed after handshake_ms. Then the core gets the descriptor. The core does not tell when
 * it closes one; so the table remembers which socket (inode) a descriptor was, and looks when it is
 * full.
 */
#include <errno.h>
#include <fcntl.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "rpc/private.h"

enum {
  BACKLOG = 511,
  SILENT_MAX = 64,    /* connections that have not spoken yet; the oldest makes room for a new one */
  ROUND = 16,         /* accepted before looking at anything else */
  PAUSE_MS = 50,      /* after a failed accept */
  PATIENCE_MS = 1000, /* of failed accepts, before waiting connections are told by closing them */
  FIXED = 2           /* poll entries before the silent ones: wake, listen */
};

struct s_silent {
  int fd;
  struct zr_mono until;
};

struct s_open {
  int fd;
  ino_t inode;
};

/* Everything but `wake` belongs to the accept thread once it runs. */
struct zr_rpc_listener {
  struct zr_rpc_server *server;
  grpc_server_credentials *credentials;
  int fd;
  int wake;  /* eventfd: stop */
  int spare; /* a descriptor to give up when there are no others; -1: none */
  dev_t path_dev;
  ino_t path_inode;
  pthread_t thread;
  bool running;
  struct s_silent silent[SILENT_MAX];
  size_t silent_count;
  struct s_open *open;
  size_t open_count;
  struct zr_mono paused_until;
  struct zr_mono failing_since; /* ms 0: not failing */
  bool full;                    /* logged that the connection limit was reached */
};

/* ---- binding ---- */

static enum zr_err s_problem(struct zr_buf *problem, const char *what, const char *address) {
  int e = errno;
  (void)zr_buf_printf(problem, "cannot %s %s: %s", what, address, strerror(e));
  return e == EADDRINUSE ? ZR_ERR_EXISTS : ZR_ERR_IO;
}

static void s_remember_path(struct zr_rpc_listener *l) {
  struct stat st;
  if (l->server->bound.is_unix && lstat(l->server->bound.at.path.sun_path, &st) == 0) {
    l->path_dev = st.st_dev;
    l->path_inode = st.st_ino;
  }
}

static enum zr_err s_bind(struct zr_rpc_listener *l, struct zr_buf *problem) {
  struct zr_rpc_address *a = &l->server->bound;
  if (a->is_unix) {
    enum zr_err e = zr_rpc_path_clear(a, problem);
    if (e != ZR_ERR_OK)
      return e;
  }
  char text[ZR_ADDRESS_TEXT];
  zr_rpc_address_format(a, text);
  l->fd = socket(a->at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (l->fd < 0)
    return s_problem(problem, "open a socket for", text);
  int on = 1;
  if (a->is_unix) {
    (void)fchmod(l->fd, 0600); /* Linux gives the file this mode, less the umask */
  } else {
    (void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->at.any.sa_family == AF_INET6)
      (void)setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (bind(l->fd, &a->at.any, a->len) != 0)
    return s_problem(problem, "bind to", text);
  s_remember_path(l);
  if (listen(l->fd, BACKLOG) != 0)
    return s_problem(problem, "listen at", text);
  if (!a->is_unix) {
    socklen_t len = sizeof a->at;
    if (getsockname(l->fd, &a->at.any, &len) != 0)
      return s_problem(problem, "learn the port of", text);
  }
  return ZR_ERR_OK;
}

enum zr_err zr_rpc_listener_new(struct zr_rpc_server *s, struct zr_rpc_listener **out,
                                struct zr_buf *problem) {
  struct zr_rpc_listener *l = zr_calloc(1, sizeof *l);
  if (!l)
    return ZR_ERR_NOMEM;
  l->server = s;
  l->fd = l->wake = l->spare = -1;
  l->open = zr_calloc(s->options.max_connections, sizeof *l->open);
  l->credentials = grpc_insecure_server_credentials_create();
  enum zr_err e = l->open && l->credentials ? s_bind(l, problem) : ZR_ERR_NOMEM;
  if (e == ZR_ERR_OK) {
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (l->wake < 0)
      e = s_problem(problem, "watch", "the listener");
  }
  if (e != ZR_ERR_OK) {
    zr_rpc_listener_destroy(l);
    return e;
  }
  *out = l;
  return ZR_ERR_OK;
}

/* ---- connections ---- */

static ino_t s_inode(int fd) {
  struct stat st;
  return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static void s_forget_closed(struct zr_rpc_listener *l) {
  size_t kept = 0;
  for (size_t i = 0; i < l->open_count; i++)
    if (s_inode(l->open[i].fd) == l->open[i].inode)
      l->open[kept++] = l->open[i];
  l->open_count = kept;
}

static bool s_has_room(struct zr_rpc_listener *l) {
  unsigned limit = l->server->options.max_connections;
  if (l->open_count >= limit)
    s_forget_closed(l);
  bool room = l->open_count < limit;
  if (!room && !l->full)
    zr_log(ZR_LOG_WARN, "rpc", "connection limit reached; further ones are closed",
           zr_i("limit", (int64_t)limit));
  l->full = !room;
  return room;
}

/* The peer has spoken (or left): the core takes over. */
static void s_hand_over(struct zr_rpc_listener *l, int fd) {
  char first;
  ssize_t n = recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n <= 0 || !s_has_room(l)) {
    close(fd);
    return;
  }
  l->open[l->open_count++] = (struct s_open){fd, s_inode(fd)};
  struct zr_rpc_server *s = l->server;
  pthread_mutex_lock(&s->lock);
  struct zr_rpc_core *core = s->cores;
  pthread_mutex_unlock(&s->lock);
  grpc_server_add_channel_from_fd(core->grpc, fd, l->credentials);
}

/* Silent peers in any number must not keep one out that speaks: the one that was silent longest goes. */
static void s_make_room(struct zr_rpc_listener *l) {
  if (l->silent_count < SILENT_MAX)
    return;
  close(l->silent[0].fd);
  l->silent_count--;
  memmove(l->silent, l->silent + 1, l->silent_count * sizeof *l->silent);
}

static void s_welcome(struct zr_rpc_listener *l, int fd) {
  int on = 1;
  s_make_room(l);
  if (!l->server->bound.is_unix)
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  l->silent[l->silent_count++] =
      (struct s_silent){fd, zr_mono_add(zr_mono_now(), (int64_t)l->server->options.handshake_ms)};
}

/* ---- accepting ---- */

static bool s_is_exhaustion(int e) {
  return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM;
}

/* Tells the first waiting peer that there is no room, in the place of the spare descriptor. */
static bool s_turn_one_away(struct zr_rpc_listener *l) {
  if (l->spare < 0)
    return false;
  close(l->spare);
  int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
  if (fd >= 0)
    close(fd);
  l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return fd >= 0;
}

/* False: accepting pauses. */
static bool s_exhausted(struct zr_rpc_listener *l, int why) {
  struct zr_mono now = zr_mono_now();
  if (l->failing_since.ms == 0) {
    l->failing_since = now;
    zr_log(ZR_LOG_ERROR, "rpc", "cannot accept; trying again until it works",
           zr_s("reason", strerror(why)));
  } else if (now.ms - l->failing_since.ms >= PATIENCE_MS && s_turn_one_away(l)) {
    return true;
  }
  l->paused_until = zr_mono_add(now, PAUSE_MS);
  return false;
}

static void s_accept_round(struct zr_rpc_listener *l) {
  for (int i = 0; i < ROUND; i++) {
    int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      if (l->failing_since.ms != 0)
        zr_log(ZR_LOG_INFO, "rpc", "accepting again",
               zr_i("after_ms", zr_mono_now().ms - l->failing_since.ms));
      l->failing_since.ms = 0;
      if (l->spare < 0)
        l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
      s_welcome(l, fd);
    } else if (s_is_exhaustion(errno)) {
      if (!s_exhausted(l, errno))
        return;
    } else if (errno == EAGAIN) {
      return;
    } /* else: that one connection failed; the next may not */
  }
}

/* ---- the thread ---- */

static int s_timeout(const struct zr_rpc_listener *l, struct zr_mono now) {
  struct zr_mono next = l->paused_until.ms > now.ms ? l->paused_until : ZR_MONO_NEVER;
  for (size_t i = 0; i < l->silent_count; i++)
    next = zr_mono_min(next, l->silent[i].until);
  int64_t wait = zr_mono_until(next, now);
  return wait == INT64_MAX ? -1 : wait > 60000 ? 60000 : (int)wait + 1;
}

static void s_serve_silent(struct zr_rpc_listener *l, const struct pollfd *polled, size_t count) {
  struct zr_mono now = zr_mono_now();
  size_t kept = 0;
  for (size_t i = 0; i < l->silent_count; i++) {
    struct s_silent c = l->silent[i];
    if (i < count && polled[i].revents)
      s_hand_over(l, c.fd);
    else if (c.until.ms <= now.ms)
      close(c.fd);
    else
      l->silent[kept++] = c;
  }
  l->silent_count = kept;
}

static void *s_accept_thread(void *arg) {
  struct zr_rpc_listener *l = arg;
  struct pollfd p[FIXED + SILENT_MAX];
  for (;;) {
    struct zr_mono now = zr_mono_now();
    bool accepting = l->paused_until.ms <= now.ms;
    p[0] = (struct pollfd){.fd = l->wake, .events = POLLIN};
    p[1] = (struct pollfd){.fd = accepting ? l->fd : -1, .events = POLLIN};
    size_t count = l->silent_count;
    for (size_t i = 0; i < count; i++)
      p[FIXED + i] = (struct pollfd){.fd = l->silent[i].fd, .events = POLLIN};
    if (poll(p, (nfds_t)(FIXED + count), s_timeout(l, now)) < 0)
      continue;
    if (p[0].revents)
      return NULL;
    s_serve_silent(l, p + FIXED, count);
    if (p[1].revents)
      s_accept_round(l);
  }
}

enum zr_err zr_rpc_listener_start(struct zr_rpc_listener *l) {
  if (pthread_create(&l->thread, NULL, s_accept_thread, l) != 0)
    return ZR_ERR_NOMEM;
  l->running = true;
  return ZR_ERR_OK;
}

static void s_stop(struct zr_rpc_listener *l) {
  uint64_t one = 1;
  if (!l->running)
    return;
  while (write(l->wake, &one, sizeof one) < 0 && errno == EINTR) {
  }
  pthread_join(l->thread, NULL);
  l->running = false;
}

/* Only the file that we made: somebody may have put another one there. */
static void s_remove_path(struct zr_rpc_listener *l) {
  struct stat st;
  const char *path = l->server->bound.at.path.sun_path;
  if (l->path_inode && lstat(path, &st) == 0 && st.st_ino == l->path_inode &&
      st.st_dev == l->path_dev)
    (void)unlink(path);
}

static void s_close(int fd) {
  if (fd >= 0)
    close(fd);
}

void zr_rpc_listener_destroy(struct zr_rpc_listener *l) {
  if (!l)
    return;
  s_stop(l);
  s_remove_path(l);
  for (size_t i = 0; i < l->silent_count; i++)
    close(l->silent[i].fd);
  s_close(l->fd);
  s_close(l->wake);
  s_close(l->spare);
  if (l->credentials)
    grpc_server_credentials_release(l->credentials);
  zr_free(l->open);
  zr_free(l);
}
