/* A server with test methods, and ways to wait for what its handlers saw. */
#ifndef ZR_TEST_RPC_FIXTURE_H
#define ZR_TEST_RPC_FIXTURE_H

#include <pthread.h>

#include "client.h"
#include "rpc/server.h"

struct fixture {
  struct zr_rpc_server *server;
  char dir[64];
  char address[128]; /* what a client dials */
  struct client client;
  pthread_mutex_t lock;
  struct zr_rpc_call *held; /* guarded by lock, as are the following */
  unsigned holds;
  unsigned ends;
  bool end_cancelled;
  unsigned sent;
  struct zr_mono held_deadline;
  char peer_name[128];
  char peer_alternative[128]; /* the first DNS name */
  char peer_uri[128];         /* the first */
  unsigned peer_dns_names;
  bool peer_has_alternative;
  bool peer_verified;
};

/* "/t.T/Echo": unary. "/t.T/Hold": unary, kept in `held`. "/t.T/Fail": unary, NOT_FOUND with
 * details.
 * "/t.T/Big": unary, 8 MiB. "/t.T/Stream": server stream, kept in `held`. "/t.T/Count": server
 * stream of "1", "2", "3". "/t.T/Chat": bidi echo.
 */
void fixture_open(struct fixture *f, const struct zr_rpc_options *options);
/* Nothing is started; for tests of what start says. */
enum zr_err fixture_try(const struct zr_rpc_options *options, char problem[512]);
void fixture_close(struct fixture *f);
/* The held call, once there are `holds` of them. */
struct zr_rpc_call *fixture_wait_held(struct fixture *f, unsigned holds);
void fixture_wait_ends(struct fixture *f, unsigned ends);
/* A unix socket in a directory of the test's own. */
const char *fixture_socket(struct fixture *f);
/* Retries a unary echo until it works or `tries` are used up. */
bool fixture_echo_works(struct fixture *f, int tries);

/* NULL when memory is out. */
struct zr_rpc_bytes *bytes_of(const void *data, size_t len);

#endif
