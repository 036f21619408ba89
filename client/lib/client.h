/*
 * A connection and the thread that moves its bytes.
 *
 * The gRPC core does I/O only inside grpc_completion_queue_next, so one thread of the client sits
 * there. It does nothing but mark a finished operation and ring `done_fd`; everything else,
 * callbacks included, happens in the thread that called the library, which waits in poll(2) for the
 * bell, for a cancellation and for its clock at once.
 */
#ifndef ZR_CLIENT_LIB_CLIENT_H
#define ZR_CLIENT_LIB_CLIENT_H

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "error.h"

enum zr_op_state { ZR_OP_IDLE, ZR_OP_PENDING, ZR_OP_OK, ZR_OP_FAILED };

/* One batch in flight; its address is the tag. Must stay where it is until it is no longer
 * PENDING. */
struct zr_op {
  atomic_int state;
};

static inline enum zr_op_state zr_op_state(const struct zr_op *op) {
  return (enum zr_op_state)atomic_load_explicit(&op->state, memory_order_acquire);
}

struct zenrelease_client {
  grpc_channel *channel;
  grpc_completion_queue *queue;
  pthread_t pump;
  bool pumping;
  int done_fd;
  char *address;
  int64_t connect_timeout_ms;
  bool reached; /* the server has answered once */
};

enum zr_wake { ZR_WAKE_DONE, ZR_WAKE_CANCEL, ZR_WAKE_TIME };

/* Waits until some operation has finished, `cancel` was raised (NULL: not watched) or `until` has
 * come. DONE may come without need: look at the operations again. */
enum zr_wake zr_client_wait(struct zenrelease_client *c, const struct zenrelease_cancel *cancel,
                            struct zr_mono until);

/* Makes sure that a server of ours answers, before anything that matters is sent: asks for its info
 * once per client. On failure nothing was sent. */
enum zenrelease_status zr_client_reach(struct zenrelease_client *c,
                                       const struct zenrelease_cancel *cancel,
                                       struct zr_mono deadline, struct zenrelease_error **error);

#endif
