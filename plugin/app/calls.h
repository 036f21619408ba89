/* Inside of the loop: the engine's actions become calls of the remote, their ends go back to it. */
#ifndef ZR_APP_CALLS_H
#define ZR_APP_CALLS_H

#include <pthread.h>
#include <stdbool.h>

#include <utlist.h>

#include "app/account.h"
#include "app/keeper.h"
#include "engine/engine.h"
#include "http/http.h"
#include "model/backend.h"
#include "zenlayer/endpoint.h"
#include "zenlayer/remote.h"

/* Who waits for a job, and what the journal is told with its outcomes. */
struct zr_waiter {
  uint64_t job;
  enum zr_product product;
  bool dry;
  char *request_id;        /* NULL or "": none */
  struct zr_job_sink sink; /* on_event may be NULL */
  struct zr_waiter *next;
};

struct zr_loop {
  struct zr_backend backend;
  struct zr_server_facts facts; /* of them, those that never change; account.told has all */
  char *journal_path;           /* NULL: no journal is asked for */
  struct zr_endpoint endpoint;
  struct zr_account account;
  pthread_t thread;

  /* Loop thread only. */
  struct zr_http *http;     /* zr_http_wakeup: any thread */
  struct zr_remote *remote; /* NULL without credentials */
  struct zr_engine *engine;
  struct zr_keeper *keeper; /* NULL: there is no journal */
  struct zr_waiter *waiters;
  bool refused; /* the credential, or the address, by the last call that was answered */

  /* Under the lock. */
  pthread_mutex_t lock;
  struct zr_task *tasks;
  struct zr_task *last_task;
  bool closed;
};

struct zr_engine_time zr_loop_now(void);
/* NULL when out of memory. Of nobody until it is added; `free` takes NULL. */
struct zr_waiter *zr_waiter_new(enum zr_product product, const char *request_id,
                                struct zr_job_sink sink) ZR_MUST_CHECK;
void zr_waiter_free(struct zr_waiter *w);
void zr_waiter_add(struct zr_loop *l, struct zr_waiter *w, uint64_t job);
/* Who waits for that job; NULL: nobody. */
struct zr_waiter *zr_waiter_of(struct zr_loop *l, uint64_t job);
/* Carries out every action that is due. Loop thread. */
void zr_calls_carry_out(struct zr_loop *l);
/* Forgets who waits, after the thread has ended. */
void zr_calls_forget(struct zr_loop *l);

#endif
