/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "http.h"
#include "reply.h"
#include "timers.h"
#include "tls.h"

/*
 * The socket loop: one thread, epoll, nothing blocks. It knows bytes and time, not the API. Each
 * complete request is handed to the handler, which answers at once with a wire to play; waiting is
 * a property of the wire.
 */
struct sim_conn;

struct sim_handler {
  void *context;
  /* A connection was accepted. false: reset it on the spot. */
  bool (*accepted)(void *context);
  /*
   * The headers of a request are in, the body is not. true: answer with *wire now, and stop reading
   * once *body_bytes of the body have arrived.
   */
  bool (*headers)(void *context, const struct sim_http_request *request, struct sim_wire *wire,
                  size_t *body_bytes);
  /* A request is complete. */
  void (*request)(void *context, const struct sim_http_request *request, struct sim_wire *wire);
};

struct sim_server {
  int epoll_fd;
  int listen_fd;
  int wake_fd; /* a signalfd: readable means stop */
  struct sim_tls *tls;
  struct sim_timers *timers;
  struct sim_handler handler;
  struct sim_conn *conns;
  uint64_t accepted;
  uint64_t certificate;          /* counts up when the certificate is swapped */
  struct sim_timer accept_again; /* after the process ran out of descriptors */
};

/* "127.0.0.1:0", "[::1]:8080". false with a sentence on stderr. Addresses other than loopback are
 * for containers. */
bool sim_server_listen(struct sim_server *server, const char *address);
/* Writes "127.0.0.1:40456". */
bool sim_server_address(const struct sim_server *server, char *out, size_t size);
/* Until SIGTERM or SIGINT. */
void sim_server_run(struct sim_server *server);
void sim_server_clean_up(struct sim_server *server);

#endif
