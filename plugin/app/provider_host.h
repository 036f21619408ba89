/*
 * What the provider's logic asks of the process: a backend for each configuration. Every one has a
 * loop thread of its own, and all of them work until the process ends, since jobs of an earlier
 * configuration may run while a later one comes.
 */
#ifndef ZR_APP_PROVIDER_HOST_H
#define ZR_APP_PROVIDER_HOST_H

#include <pthread.h>
#include <stdbool.h>

#include "app/loop.h"
#include "terraform/provider.h"

struct zr_provider_loop {
  struct zr_loop *loop;
  struct zr_provider_loop *next;
};

/* The gRPC thread adds, the main thread stops and cleans up. */
struct zr_provider_host {
  pthread_mutex_t lock;
  struct zr_provider_loop *loops; /* under the lock */
  bool stopped;                   /* under the lock: no more are made */
};

void zr_provider_host_init(struct zr_provider_host *h);
/* The face of `h` for zr_tf_provider_new; borrows it. */
struct zr_tf_host zr_provider_host_face(struct zr_provider_host *h);
/* Ends and joins every loop thread; a later configuration is refused with ZR_ERR_CLOSED. */
void zr_provider_host_stop(struct zr_provider_host *h);
/* After zr_provider_host_stop. */
void zr_provider_host_clean_up(struct zr_provider_host *h);

#endif
