/*
 * A server on a loopback port that does what a script says, one step for each request, in the order
 * the requests come in. For tests only; knows nothing of the plugin.
 */
#ifndef SCRIPT_SERVER_H
#define SCRIPT_SERVER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum script_then {
  SCRIPT_KEEP,  /* wait for the next request on this connection */
  SCRIPT_CLOSE, /* close it */
  SCRIPT_RESET, /* close it with a reset */
  SCRIPT_HANG,  /* leave it open, say nothing, until the peer closes */
};

struct script_step {
  const char *send; /* NULL: nothing */
  size_t repeat;    /* send `fill` so many times after `send` */
  const char *fill;
  const char *last; /* and this at the end */
  enum script_then then;
  bool unread; /* act before a byte of the request is read (and before TLS) */
};

struct script_server {
  int listener;
  int stop[2]; /* a pipe: readable when the thread is to end */
  unsigned short port;
  const struct script_step *steps;
  size_t step_count;
  size_t next_step; /* past the last: 200, {} and keep */
  SSL_CTX *tls;     /* Optional */
  atomic_bool
      leaves_idle; /* an idle connection is closed when another peer waits; set it after start */
  pthread_t thread;
  atomic_uint connections;
  atomic_uint requests; /* read whole */
  char incoming[8192];
  char last[8192]; /* the last whole request; read it after script_server_stop */
};

/* Starts on a free port of 127.0.0.1. `tls` (may be NULL) is used, not owned. */
void script_server_start(struct script_server *s, const struct script_step *steps, size_t count,
                         SSL_CTX *tls);
void script_server_stop(struct script_server *s);
/* "http://127.0.0.1:PORT/path" or https. */
void script_server_url(const struct script_server *s, const char *path, char out[128]);

/* A TLS context with a fresh self-signed certificate for the DNS name or IP address in `san`
 * ("DNS:a.test", "IP:127.0.0.1"), also written to `ca_path` as PEM. */
SSL_CTX *script_tls_new(const char *san, const char *ca_path);

#endif
