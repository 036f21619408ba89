/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_TLS_H
#define SIM_TLS_H

#include <sys/types.h>

#include "base.h"

/* Optional TLS 1.2 and 1.3 from a certificate and a key file. */
struct sim_tls;
struct sim_tls_conn;

/* NULL with a sentence on stderr. */
struct sim_tls *sim_tls_new(const char *cert_file, const char *key_file);
void sim_tls_destroy(struct sim_tls *tls);
/* New connections get the new certificate, those that exist keep theirs. */
bool sim_tls_reload(struct sim_tls *tls, const char *cert_file, const char *key_file);

struct sim_tls_conn *sim_tls_conn_new(struct sim_tls *tls, int fd);
/* polite: says goodbye first, as far as that goes without waiting. */
void sim_tls_conn_destroy(struct sim_tls_conn *conn, bool polite);

/*
 * As read(2) and write(2) on a non-blocking socket: -1 with EAGAIN, 0 at the end. *wants_write
 * tells which way the socket must become ready. The handshake happens inside.
 */
ssize_t sim_tls_read(struct sim_tls_conn *conn, void *data, size_t len, bool *wants_write);
ssize_t sim_tls_write(struct sim_tls_conn *conn, const void *data, size_t len, bool *wants_write);

#endif
