/* SPDX-License-Identifier: Apache-2.0 */
#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn_private.h"

#define S_READ_BYTES 65536
/* How long a closed connection may keep sending before it is cut: a hard close would take our
 * answer with it. */
#define S_DRAIN_MS 1000
/* Writes per turn: an endless answer must not starve the other connections. */
#define S_WRITES_PER_TURN 16

static void s_watch(struct sim_conn *conn, uint32_t events) {
  if (conn->watched == events) {
    return;
  }
  struct epoll_event event = {.events = events, .data.ptr = conn};
  (void)epoll_ctl(conn->server->epoll_fd, EPOLL_CTL_MOD, conn->fd, &event);
  conn->watched = events;
}

static void s_on_timer(void *context, uint64_t now_ms) {
  (void)now_ms;
  struct sim_conn *conn = context;
  if (conn->mode == SIM_CONN_DRAIN) {
    sim_conn_destroy(conn, false);
    return;
  }
  conn->waiting = false;
  sim_conn_ready(conn, 0);
}

struct sim_conn *sim_conn_new(struct sim_server *server, int fd, uint64_t number) {
  struct sim_conn *conn = sim_alloc(sizeof *conn);
  conn->server = server;
  conn->fd = fd;
  conn->number = number;
  conn->certificate = server->certificate;
  conn->timer.fire = s_on_timer;
  conn->timer.context = conn;
  sim_http_parser_init(&conn->parser);
  conn->next = server->conns;
  if (conn->next != NULL) {
    conn->next->previous = conn;
  }
  server->conns = conn;
  if (server->tls != NULL) {
    conn->tls = sim_tls_conn_new(server->tls, fd);
  }
  conn->watched = EPOLLIN;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
  if ((server->tls != NULL && conn->tls == NULL) ||
      epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
    sim_conn_destroy(conn, true);
    return NULL;
  }
  return conn;
}

void sim_conn_destroy(struct sim_conn *conn, bool reset) {
  struct sim_server *server = conn->server;
  sim_timer_disarm(server->timers, &conn->timer);
  sim_tls_conn_destroy(conn->tls, !reset);
  if (reset) {
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  (void)close(conn->fd);
  if (conn->previous != NULL) {
    conn->previous->next = conn->next;
  } else {
    server->conns = conn->next;
  }
  if (conn->next != NULL) {
    conn->next->previous = conn->previous;
  }
  sim_http_parser_clean_up(&conn->parser);
  sim_wire_clean_up(&conn->wire);
  sim_buf_clean_up(&conn->in);
  free(conn);
}

void sim_conn_destroy_all(struct sim_server *server) {
  while (server->conns != NULL) {
    sim_conn_destroy(server->conns, false);
  }
}

/* SIM_STEP_AGAIN: progress was made. SIM_STEP_WAIT: nothing to do until an event. SIM_STEP_GONE:
 * conn is freed. */
enum sim_step { SIM_STEP_AGAIN, SIM_STEP_WAIT, SIM_STEP_GONE };

static enum sim_step s_gone(struct sim_conn *conn, bool reset) {
  sim_conn_destroy(conn, reset);
  return SIM_STEP_GONE;
}

static void s_wait_ms(struct sim_conn *conn, uint64_t ms) {
  conn->waiting = true;
  s_watch(conn, 0);
  sim_timer_arm(conn->server->timers, &conn->timer, sim_clock_mono_ms() + (ms == 0 ? 1 : ms));
}

static void s_start_wire(struct sim_conn *conn) {
  conn->mode = SIM_CONN_PLAY;
  conn->segment = conn->wire.first;
  conn->segment_sent = 0;
  conn->segment_round = 0;
  conn->segment_begun = false;
}

/* The request's answer has been played to its end. */
static enum sim_step s_end_wire(struct sim_conn *conn) {
  enum sim_after after = conn->wire.after;
  sim_wire_clean_up(&conn->wire);
  conn->segment = NULL;
  switch (after) {
  case SIM_AFTER_RESET:
    return s_gone(conn, true);
  case SIM_AFTER_CLOSE:
    conn->mode = SIM_CONN_DRAIN;
    sim_tls_conn_destroy(conn->tls, true);
    conn->tls = NULL;
    (void)shutdown(conn->fd, SHUT_WR);
    sim_timer_arm(conn->server->timers, &conn->timer, sim_clock_mono_ms() + S_DRAIN_MS);
    return SIM_STEP_AGAIN;
  case SIM_AFTER_HANG:
    conn->mode = SIM_CONN_HANG;
    return SIM_STEP_AGAIN;
  case SIM_AFTER_KEEP:
    break;
  }
  conn->mode = SIM_CONN_READ;
  sim_http_parser_next(&conn->parser);
  return SIM_STEP_AGAIN;
}

static ssize_t s_write(struct sim_conn *conn, const char *data, size_t len) {
  bool wants_write = true;
  if (conn->tls != NULL) {
    return sim_tls_write(conn->tls, data, len, &wants_write);
  }
  return send(conn->fd, data, len, MSG_NOSIGNAL);
}

/* Moves on behind what was sent; true when the segment is finished. */
static bool s_advance(struct sim_conn *conn, size_t sent) {
  const struct sim_segment *segment = conn->segment;
  conn->segment_sent += sent;
  if (conn->segment_sent < segment->bytes.len) {
    return false;
  }
  conn->segment_sent = 0;
  conn->segment_round++;
  return conn->segment_round >= segment->repeat && segment->repeat != SIM_REPEAT_FOREVER;
}

static enum sim_step s_play(struct sim_conn *conn) {
  const struct sim_segment *segment = conn->segment;
  if (conn->waiting) {
    return SIM_STEP_WAIT;
  }
  if (segment == NULL) {
    return s_end_wire(conn);
  }
  if (!conn->segment_begun) {
    conn->segment_begun = true;
    if (segment->delay_ms > 0) {
      s_wait_ms(conn, segment->delay_ms);
      return SIM_STEP_WAIT;
    }
  }
  bool finished = segment->bytes.len == 0;
  for (int turn = 0; !finished; turn++) {
    if (turn == S_WRITES_PER_TURN) {
      s_watch(conn, EPOLLOUT);
      return SIM_STEP_WAIT;
    }
    size_t left = segment->bytes.len - conn->segment_sent;
    size_t len = segment->chunk > 0 && segment->chunk < left ? segment->chunk : left;
    ssize_t sent = s_write(conn, segment->bytes.data + conn->segment_sent, len);
    if (sent < 0 && errno == EAGAIN) {
      s_watch(conn, EPOLLOUT);
      return SIM_STEP_WAIT;
    }
    if (sent <= 0) {
      return s_gone(conn, false);
    }
    finished = s_advance(conn, (size_t)sent);
    if (!finished && segment->chunk > 0) {
      s_wait_ms(conn, segment->interval_ms);
      return SIM_STEP_WAIT;
    }
  }
  conn->segment = segment->next;
  conn->segment_sent = 0;
  conn->segment_round = 0;
  conn->segment_begun = false;
  return SIM_STEP_AGAIN;
}

/* Appends to conn->in. */
static enum sim_step s_fill(struct sim_conn *conn) {
  char chunk[S_READ_BYTES];
  bool wants_write = false;
  ssize_t got = conn->tls != NULL ? sim_tls_read(conn->tls, chunk, sizeof chunk, &wants_write)
                                  : recv(conn->fd, chunk, sizeof chunk, 0);
  if (got < 0 && errno == EAGAIN) {
    s_watch(conn, wants_write ? EPOLLOUT : EPOLLIN);
    return SIM_STEP_WAIT;
  }
  if (got <= 0) {
    return s_gone(conn, false);
  }
  if (conn->mode == SIM_CONN_DRAIN || conn->mode == SIM_CONN_HANG) {
    return SIM_STEP_AGAIN;
  }
  sim_buf_append(&conn->in, chunk, (size_t)got);
  return SIM_STEP_AGAIN;
}

static void s_answer_bad(struct sim_conn *conn) {
  struct sim_reply reply = {0};
  sim_reply_start(&reply, 400);
  reply.content_type = "text/plain";
  sim_buf_puts(&reply.body, "not an HTTP/1.1 request\n");
  sim_wire_add_reply(&conn->wire, &reply, false, sim_clock_wall_ms() / 1000);
  sim_reply_clean_up(&reply);
  s_start_wire(conn);
}

static void s_on_headers(struct sim_conn *conn) {
  struct sim_http_request *request = &conn->parser.request;
  const struct sim_handler *handler = &conn->server->handler;
  request->connection_number = conn->number;
  request->number_on_connection = ++conn->requests;
  if (handler->headers(handler->context, request, &conn->wire, &conn->early_bytes)) {
    conn->mode = SIM_CONN_EARLY;
    return;
  }
  if (sim_text_equal_nocase(sim_http_header(request, "expect"), "100-continue")) {
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    (void)s_write(conn, go_on, sizeof go_on - 1);
  }
}

static enum sim_step s_read(struct sim_conn *conn) {
  if (conn->in.len == 0) {
    return s_fill(conn);
  }
  size_t used = 0;
  enum sim_http_event event =
      sim_http_parser_feed(&conn->parser, conn->in.data, conn->in.len, &used);
  sim_buf_consume(&conn->in, used);
  const struct sim_handler *handler = &conn->server->handler;
  switch (event) {
  case SIM_HTTP_MORE:
    return conn->in.len == 0 ? s_fill(conn) : SIM_STEP_AGAIN;
  case SIM_HTTP_HEADERS:
    s_on_headers(conn);
    return SIM_STEP_AGAIN;
  case SIM_HTTP_DONE:
    if (conn->certificate != conn->server->certificate) {
      conn->parser.request.keep_alive = false;
    }
    handler->request(handler->context, &conn->parser.request, &conn->wire);
    s_start_wire(conn);
    return SIM_STEP_AGAIN;
  case SIM_HTTP_BAD:
    s_answer_bad(conn);
    return SIM_STEP_AGAIN;
  }
  return SIM_STEP_AGAIN;
}

static enum sim_step s_early(struct sim_conn *conn) {
  if (conn->in.len < conn->early_bytes) {
    return s_fill(conn);
  }
  s_start_wire(conn);
  return SIM_STEP_AGAIN;
}

static enum sim_step s_step(struct sim_conn *conn) {
  switch (conn->mode) {
  case SIM_CONN_READ:
    return s_read(conn);
  case SIM_CONN_EARLY:
    return s_early(conn);
  case SIM_CONN_PLAY:
    return s_play(conn);
  case SIM_CONN_HANG:
  case SIM_CONN_DRAIN:
    return s_fill(conn);
  }
  return SIM_STEP_WAIT;
}

void sim_conn_ready(struct sim_conn *conn, uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    sim_conn_destroy(conn, false);
    return;
  }
  while (s_step(conn) == SIM_STEP_AGAIN) {
  }
}
