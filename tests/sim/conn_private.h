/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CONN_PRIVATE_H
#define SIM_CONN_PRIVATE_H

#include "conn.h"

/*
 *   READ --complete request--> PLAY --keep--> READ
 *   READ --a rule cuts the body short--> EARLY --enough bytes--> PLAY
 *   PLAY --close--> DRAIN --peer left, or 1 s--> gone
 *   PLAY --hang--> HANG --peer left--> gone
 *   PLAY --reset--> gone
 */
enum sim_conn_mode { SIM_CONN_READ, SIM_CONN_EARLY, SIM_CONN_PLAY, SIM_CONN_HANG, SIM_CONN_DRAIN };

struct sim_conn {
  struct sim_server *server;
  int fd;
  uint32_t watched; /* what epoll was asked for */
  struct sim_tls_conn *tls;
  enum sim_conn_mode mode;
  uint64_t number;
  uint64_t certificate; /* the server's when it was accepted */
  uint64_t requests;
  struct sim_buf in;
  struct sim_http_parser parser;
  size_t early_bytes;

  struct sim_wire wire;
  const struct sim_segment *segment; /* being played, NULL at the end */
  size_t segment_sent;
  uint64_t segment_round;
  bool segment_begun; /* its delay is over */
  bool waiting;       /* for the timer */
  struct sim_timer timer;

  struct sim_conn *next;
  struct sim_conn *previous;
};

#endif
