/* A small blocking gRPC client on the C core, for tests. One thread at a time. */
#ifndef ZR_TEST_RPC_CLIENT_H
#define ZR_TEST_RPC_CLIENT_H

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stddef.h>

struct client {
  grpc_channel *channel;
  grpc_completion_queue *queue;
  bool wait_for_ready; /* calls wait for a connection instead of failing */
};

/* One call, step by step: start, then send, receive, finish. */
struct client_call {
  struct client *client;
  grpc_call *call;
  bool opened; /* the initial metadata was asked for */
  grpc_metadata_array first;
  grpc_metadata_array last;
  grpc_status_code status;
  grpc_slice message;
  char text[2048];    /* the status message */
  char details[8192]; /* grpc-status-details-bin */
  size_t details_len;
};

/* Plaintext with NULL credentials (else they are released here). */
void client_open(struct client *c, const char *address, grpc_channel_credentials *credentials);
void client_close(struct client *c);
/* Does I/O for a while; no operation may be outstanding. */
void client_poll(struct client *c, int ms);

void call_start(struct client_call *call, struct client *c, const char *method, int deadline_ms);
bool call_send(struct client_call *call, const void *bytes, size_t len);
bool call_half_close(struct client_call *call);
/* The next message into `out`; its length, or -1 at the end. */
long call_receive(struct client_call *call, void *out, size_t room);
/* Waits for the status and frees the call. */
grpc_status_code call_finish(struct client_call *call);

/* A whole unary call; the answer's length, or -1. */
long call_unary(struct client *c, const char *method, const void *bytes, size_t len, void *out,
                size_t room, int deadline_ms, struct client_call *left);

#endif
