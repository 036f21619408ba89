/* What the files of go-plugin's services share. */
#ifndef ZR_TERRAFORM_GOPLUGIN_PRIVATE_H
#define ZR_TERRAFORM_GOPLUGIN_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>

#include "rpc/call.h"
#include "terraform/goplugin.h"

enum { ZR_GOPLUGIN_METHODS = 4 };

/* A stream that is held open; lives in the call's arena. Ended exactly once, by whoever takes it
 * off the list. */
struct zr_goplugin_held {
  struct zr_goplugin *owner;
  struct zr_rpc_call *call;
  struct zr_goplugin_held *prev;
  struct zr_goplugin_held *next;
  bool listed;
};

struct zr_goplugin {
  zr_goplugin_shutdown_fn *on_shutdown;
  void *ctx;
  pthread_mutex_t lock;
  struct zr_goplugin_held *held; /* under the lock, like the two below */
  bool ending;
  struct zr_rpc_method methods[ZR_GOPLUGIN_METHODS];
};

/* ---- goplugin_stream.c; gRPC thread ---- */

void zr_goplugin_handle_stdio(void *goplugin, struct zr_rpc_call *call);
void zr_goplugin_handle_broker(void *goplugin, struct zr_rpc_call *call);

/* ---- goplugin_health.c; gRPC thread ---- */

void zr_goplugin_handle_health(void *goplugin, struct zr_rpc_call *call);

#endif
