/*
 * The seam between the front doors (service, terraform) and what runs releases. A front door
 * decodes on the gRPC thread and hands over; everything it hears back comes on the loop thread.
 */
#ifndef ZR_MODEL_BACKEND_H
#define ZR_MODEL_BACKEND_H

#include "base/err.h"
#include "model/call.h"
#include "model/record.h"
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

/* Who hears of entries of the journal; exactly once, on the loop thread. `why` is NULL unless the
 * journal could not be read; `more`: there are further entries. Borrowed. */
struct zr_records_sink {
  void *ctx;
  void (*on_done)(void *ctx, const struct zr_record_entry *entries, size_t count, bool more,
                  const char *why);
};

/* Who hears how open calls ended: on_report once for each product that has any, then on_done once,
 * with `why` where something stood in the way. Loop thread. Borrowed. */
struct zr_settle_sink {
  void *ctx;
  void (*on_report)(void *ctx, enum zr_product product, const struct zr_report *report);
  void (*on_done)(void *ctx, const char *why);
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
  const char *journal;            /* its path; NULL: there is none */
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
   * ids are at work, ZR_ERR_STATE while the key of another account waits for those at work to end,
   * ZR_ERR_NOMEM; the sink is not called then. */
  enum zr_err (*submit)(void *self, const struct zr_release_request *request,
                        struct zr_job_sink sink, uint64_t *job);
  /* What is not sent yet will not be; what is, is settled; then on_done. Unknown handles are
   * ignored. */
  void (*cancel)(void *self, uint64_t job);
  /* One page. `deadline` bounds it. ZR_ERR_NOMEM: the sink is not called. */
  enum zr_err (*list)(void *self, const struct zr_list_query *query, struct zr_mono deadline,
                      struct zr_list_sink sink);
  /* Entries of the journal. ZR_ERR_STATE: there is no journal; ZR_ERR_LIMIT: too many ask, and
   * later it may work; ZR_ERR_NOMEM. The sink is not called then, and never from inside. */
  enum zr_err (*find_records)(void *self, const struct zr_record_query *query,
                              struct zr_records_sink sink);
  /* Reads what the journal has open until it is settled; sends nothing. Errors as above, and
   * ZR_ERR_DENIED without credentials. Cannot be cancelled: `forget` makes it silent. */
  enum zr_err (*settle)(void *self, struct zr_settle_sink sink);
  /* The sink with this ctx is not called any more. */
  void (*forget)(void *self, void *ctx);
  /* What holds now; what it points to stays as it is for the life of the backend. Another
   * credential brings other facts: ask again rather than keep them. Any thread. */
  const struct zr_server_facts *(*facts)(void *self);
};

#endif
