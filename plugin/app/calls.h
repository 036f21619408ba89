/* Inside of the loop: the engine's actions become calls of the remote, their ends go back to it. */
#ifndef ZR_APP_CALLS_H
#define ZR_APP_CALLS_H

#include <pthread.h>
#include <stdbool.h>

#include <utlist.h>

#include "app/account.h"
#include "engine/engine.h"
#include "http/http.h"
#include "model/backend.h"
#include "zenlayer/endpoint.h"
#include "zenlayer/remote.h"

/* Who waits for a job. */
struct zr_waiter {
  uint64_t job;
  struct zr_job_sink sink;
  struct zr_waiter *next;
};

struct zr_loop {
  struct zr_backend backend;
  struct zr_server_facts facts; /* of them, those that never change; account.told has all */
  struct zr_endpoint endpoint;
  struct zr_account account;
  pthread_t thread;

  /* Loop thread only. */
  struct zr_http *http;     /* zr_http_wakeup: any thread */
  struct zr_remote *remote; /* NULL without credentials */
  struct zr_engine *engine;
  struct zr_waiter *waiters;

  /* Under the lock. */
  pthread_mutex_t lock;
  struct zr_task *tasks;
  struct zr_task *last_task;
  bool closed;
};

struct zr_engine_time zr_loop_now(void);
/* Carries out every action that is due. Loop thread. */
void zr_calls_carry_out(struct zr_loop *l);
/* Forgets who waits, after the thread has ended. */
void zr_calls_forget(struct zr_loop *l);

#endif
