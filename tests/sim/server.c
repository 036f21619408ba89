/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"

#define S_EVENTS          128
#define S_ACCEPT_AGAIN_MS 50

/* "[::1]:80" and "host:80" into their two halves. */
static bool s_split(const char *address, char *host, char *port, size_t size) {
  const char *colon = strrchr(address, ':');
  if (colon == NULL || colon == address || colon[1] == '\0') {
    return false;
  }
  size_t host_len = (size_t)(colon - address);
  if (address[0] == '[' && address[host_len - 1] == ']') {
    address++;
    host_len -= 2;
  }
  if (host_len >= size || strlen(colon + 1) >= size) {
    return false;
  }
  (void)snprintf(host, size, "%.*s", (int)host_len, address);
  (void)snprintf(port, size, "%s", colon + 1);
  return true;
}

static int s_bind(const struct addrinfo *where) {
  int fd = socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, 1024) == 0) {
    return fd;
  }
  if (fd >= 0) {
    (void)close(fd);
  }
  return -1;
}

static int s_signal_fd(void) {
  sigset_t stop;
  (void)sigemptyset(&stop);
  (void)sigaddset(&stop, SIGTERM);
  (void)sigaddset(&stop, SIGINT);
  (void)sigprocmask(SIG_BLOCK, &stop, NULL);
  return signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* The two descriptors that are no connection are told apart by their address in the server. */
static bool s_watch_own(struct sim_server *server, int *fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = fd};
  return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, *fd, &event) == 0;
}

static void s_resume_accepting(void *context, uint64_t now_ms) {
  (void)now_ms;
  struct sim_server *server = context;
  (void)s_watch_own(server, &server->listen_fd);
}

bool sim_server_listen(struct sim_server *server, const char *address) {
  char host[256];
  char port[256];
  struct addrinfo hints = {
      .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
  struct addrinfo *where = NULL;
  if (!s_split(address, host, port, sizeof host) || getaddrinfo(host, port, &hints, &where) != 0) {
    fprintf(stderr, "zenlayer-sim: --listen: \"%s\" is not HOST:PORT\n", address);
    return false;
  }
  server->listen_fd = s_bind(where);
  freeaddrinfo(where);
  if (server->listen_fd < 0) {
    fprintf(stderr, "zenlayer-sim: cannot listen on %s: %s\n", address, strerror(errno));
    return false;
  }
  server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  server->wake_fd = s_signal_fd();
  server->accept_again = (struct sim_timer){.fire = s_resume_accepting, .context = server};
  if (server->epoll_fd >= 0 && server->wake_fd >= 0 && s_watch_own(server, &server->listen_fd) &&
      s_watch_own(server, &server->wake_fd)) {
    return true;
  }
  fprintf(stderr, "zenlayer-sim: cannot watch %s: %s\n", address, strerror(errno));
  return false;
}

bool sim_server_address(const struct sim_server *server, char *out, size_t size) {
  struct sockaddr_storage bound = {0};
  socklen_t len = sizeof bound;
  char host[256];
  char port[32];
  if (getsockname(server->listen_fd, (struct sockaddr *)&bound, &len) != 0 ||
      getnameinfo((struct sockaddr *)&bound, len, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return false;
  }
  bool v6 = bound.ss_family == AF_INET6;
  (void)snprintf(out, size, v6 ? "[%s]:%s" : "%s:%s", host, port);
  return true;
}

static void s_accept_one(struct sim_server *server, int fd) {
  int on = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  bool welcome = server->handler.accepted(server->handler.context);
  struct sim_conn *conn = sim_conn_new(server, fd, ++server->accepted);
  if (conn == NULL) {
    return;
  }
  if (!welcome) {
    sim_conn_destroy(conn, true);
  }
}

static void s_accept_all(struct sim_server *server) {
  for (;;) {
    int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      s_accept_one(server, fd);
      continue;
    }
    if (errno == EMFILE || errno == ENFILE) {
      /* Look away for a moment instead of spinning on a queue that cannot be emptied. */
      (void)epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, server->listen_fd, NULL);
      sim_timer_arm(server->timers, &server->accept_again, sim_clock_mono_ms() + S_ACCEPT_AGAIN_MS);
    }
    if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

void sim_server_run(struct sim_server *server) {
  struct epoll_event events[S_EVENTS];
  for (;;) {
    sim_timers_run(server->timers, sim_clock_mono_ms());
    int wait_ms = sim_timers_wait_ms(server->timers, sim_clock_mono_ms());
    /* Timers may free any connection, so they run between batches only; in a batch a connection
     * frees nobody but itself, and no event dangles. */
    int count = epoll_wait(server->epoll_fd, events, S_EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == &server->wake_fd) {
        return;
      }
      if (events[i].data.ptr == &server->listen_fd) {
        s_accept_all(server);
      } else {
        sim_conn_ready(events[i].data.ptr, events[i].events);
      }
    }
  }
}

void sim_server_clean_up(struct sim_server *server) {
  sim_conn_destroy_all(server);
  (void)close(server->epoll_fd);
  (void)close(server->listen_fd);
  (void)close(server->wake_fd);
}
