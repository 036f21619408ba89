/*
 * A host of go-plugin in C: does what Terraform does with a provider's process, so that a test
 * needs no Terraform. It shares no code with the plugin's own half of the handshake.
 */
#ifndef ZR_TFHOST_HOST_H
#define ZR_TFHOST_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "child.h"
#include "client.h"

#define HOST_COOKIE "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"

enum { HOST_SETTINGS = 24, HOST_PEM = 4096 };

/* What the line says. */
struct host_line {
  int core;
  int app;
  char network[8];
  char address[128]; /* as gRPC takes it: "unix:/…" or "127.0.0.1:…" */
  char protocol[16];
  char server[HOST_PEM]; /* the certificate as PEM; "": no TLS */
  char seventh[16];
};

struct host {
  struct child child;
  struct host_line line;
  struct client client;
  bool connected;
  char certificate[HOST_PEM]; /* the host's own: P-521, as go-plugin makes it; "": no TLS */
  char key[HOST_PEM];
};

struct host_options {
  bool plaintext;                       /* as with TF_DISABLE_PLUGIN_TLS */
  const struct child_setting *settings; /* Optional: above the host's own; ended by a NULL name */
};

/* Starts a plugin as Terraform does, and reads its line; asserts that it is a handshake. */
void host_start(struct host *h, const struct host_options *options);
/* Dials as Terraform does: its certificate, the one of the line as the only root, "localhost". */
void host_connect(struct host *h);
void host_disconnect(struct host *h);
/* A unary call; the answer's length, or -1, with *status. */
long host_call(struct host *h, const char *method, const void *bytes, size_t len, void *out,
               size_t room, int *status);
/* Calls Shutdown, closes the connection, and waits; the milliseconds until the process was gone.
 * Asserts exit status 0. */
double host_shut_down(struct host *h);
/* Whatever is left. */
void host_close(struct host *h);

/* A certificate for `curve` as go-plugin's host makes it, with its key. */
void host_make_certificate(const char *curve, char certificate[HOST_PEM], char key[HOST_PEM]);
/* Takes a handshake line apart; false when it is none. */
bool host_parse(const char *line, struct host_line *out);

#endif
