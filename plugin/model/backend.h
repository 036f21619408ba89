/*
 * The seam between the front doors (service, terraform) and what runs releases. A front door
 * decodes on the gRPC thread and hands over; everything it hears back comes on the loop thread.
 */
#ifndef ZR_MODEL_BACKEND_H
#define ZR_MODEL_BACKEND_H

#include "base/err.h"
#include "model/call.h"
#include "model/release.h"

/* Who hears of a job. Both run on the loop thread, never from inside `submit`. on_event runs any
 * number of times, before on_done; on_done exactly once, also after a cancel and at shutdown.
 * What they are given is borrowed for the time of the callback. */
struct zr_job_sink {
  void *ctx;
  void (*on_event)(void *ctx, const struct zr_event *event);
  void (*on_done)(void *ctx, const struct zr_report *report);
};

/* Who hears of a list; exactly once, on the loop thread. */
struct zr_list_sink {
  void *ctx;
  void (*on_done)(void *ctx, const struct zr_list_end *end);
};

/* A task to run on the loop thread; exactly once, unless the loop is gone (see post). */
struct zr_task {
  void (*run)(struct zr_task *task);
  struct zr_task *next; /* the loop's while the task is queued */
};

struct zr_server_facts {
  const char *version;
  const char *endpoint;            /* "https://console.zenlayer.com" */
  const char *account_fingerprint; /* of the credential in use; "" when there is none */
  const char
      *credential_source; /* "environment ZENLAYERCLOUD_*", "profile default of …"; no secret */
  const char *credential_problem; /* NULL when usable: a sentence for people otherwise */
  unsigned max_ids;
  unsigned max_batch;
};

struct zr_backend {
  void *self;
  /* Any thread. Runs `task` on the loop thread. ZR_ERR_CLOSED when the loop no longer takes any;
   * the task is then not run and stays with the caller. */
  enum zr_err (*post)(void *self, struct zr_task *task);

  /* The rest: loop thread only (post a task first). */

  /* Starts a release; copies the request. *job is a handle for cancel. ZR_ERR_LIMIT when too many
   * ids are at work, ZR_ERR_NOMEM; the sink is not called then. */
  enum zr_err (*submit)(void *self, const struct zr_release_request *request,
                        struct zr_job_sink sink, uint64_t *job);
  /* What is not sent yet will not be; what is, is settled; then on_done. Unknown handles are
   * ignored. */
  void (*cancel)(void *self, uint64_t job);
  /* One page. `deadline` bounds it. ZR_ERR_NOMEM: the sink is not called. */
  enum zr_err (*list)(void *self, const struct zr_list_query *query, struct zr_mono deadline,
                      struct zr_list_sink sink);
  /* Constant for the life of the backend. Any thread. */
  const struct zr_server_facts *(*facts)(void *self);
};

#endif
