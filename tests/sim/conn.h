/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CONN_H
#define SIM_CONN_H

#include "server.h"

/* One connection: reads requests one after the other and plays the wire of each before it reads on.
 */
struct sim_conn *sim_conn_new(struct sim_server *server, int fd, uint64_t number);
/* Frees it and closes the socket, with a FIN or, reset, with an RST. */
void sim_conn_destroy(struct sim_conn *conn, bool reset);
/* epoll said something about it. */
void sim_conn_ready(struct sim_conn *conn, uint32_t events);
/* Destroys all. */
void sim_conn_destroy_all(struct sim_server *server);

#endif
