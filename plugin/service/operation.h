/*
 * Operations: releases that run or have ended, each under its request id, and the callers that wait
 * for them. Everything here belongs to the loop thread.
 *
 *   start --submit--> running --on_done--> finished --an hour, or room is needed--> gone
 *
 * An operation keeps its events packed, as they go out. A caller of WatchRelease is a cursor into
 * that history with one event on its way at a time: a slow one loses nothing and costs nothing. A
 * caller of Release waits for the last event and gets its tail.
 */
#ifndef ZR_SERVICE_OPERATION_H
#define ZR_SERVICE_OPERATION_H

#include <stdatomic.h>

#include "model/backend.h"
#include "rpc/call.h"
#include "service/access.h"
#include "service/decode_release.h"
#include "service/text_rule.h"

struct zr_service;
struct zr_operation;

/* One call of Release or WatchRelease. Lives in its call's arena. */
struct zr_caller {
  struct zr_service *service;
  struct zr_rpc_call *call;
  struct zr_release_order order;
  struct zr_client client; /* who calls */
  bool watch;
  struct zr_task start; /* posted by the handler */
  struct zr_task sent;  /* by on_sent: room for the next event */
  struct zr_task gone;  /* by on_end, when the caller may not have had its answer */

  /* Loop thread. */
  struct zr_operation *operation; /* NULL: not attached, or ended */
  struct zr_caller *prev;
  struct zr_caller *next;
  uint64_t cursor; /* events that this caller has or does not want */
  bool sending;
};

enum { ZR_OPERATION_BUCKETS = 1024 };

struct zr_registry {
  struct zr_operation *buckets[ZR_OPERATION_BUCKETS]; /* those with a request id of the caller */
  struct zr_operation *all;                           /* every one that exists */
  struct zr_operation *oldest;                        /* finished ones, in order */
  struct zr_operation *newest;
  size_t finished_bytes;
  unsigned finished_count;
  uint64_t hash_key[2];
  uint8_t random[512]; /* for made-up request ids */
  size_t random_left;
};

struct zr_operation {
  struct zr_service *service;
  struct zr_operation *next_in_bucket;
  struct zr_operation *all_prev;
  struct zr_operation *all_next;
  struct zr_operation *newer; /* while finished and kept */
  char request_id[ZR_REQUEST_ID_MAX + 1];
  uint64_t content;
  uint64_t job;
  bool named;    /* the caller gave the request id: kept, and found again */
  bool recorded; /* somebody may want the events */
  bool sticky; /* goes on without callers: a WatchRelease with a request id started or joined it */
  bool dry;    /* validate_only */
  bool running;
  bool cancelled; /* the backend was asked to stop */
  bool checking;  /* `check` is posted */
  bool answering; /* its callers are being answered: not to be freed */
  struct zr_task check;
  struct zr_rpc_bytes **events; /* number i has sequence i + 1 */
  size_t event_count;
  size_t event_cap;
  size_t bytes;           /* of the events */
  size_t response_offset; /* in the last event, once finished */
  struct zr_mono finished_at;
  struct zr_caller *callers;
};

/* registry.c */
void zr_registry_init(struct zr_registry *r);
struct zr_operation *zr_registry_find(struct zr_registry *r, const char *request_id);
/* A new operation under `request_id`, or under a made-up one when that is "". NULL: no memory. */
struct zr_operation *zr_operation_new(struct zr_service *s, const char *request_id) ZR_MUST_CHECK;
/* Keeps a finished one for later callers, and lets old ones go. */
void zr_registry_keep(struct zr_service *s, struct zr_operation *op);
/* Lets go of a kept one; of others it does nothing. */
void zr_registry_discard(struct zr_operation *op);
/* Lets go of what is too old, too many or too big. */
void zr_registry_trim(struct zr_service *s, struct zr_mono now);
/* No later caller finds it. */
void zr_registry_forget(struct zr_operation *op);
/* Frees it, unless it runs, is kept or has callers. */
void zr_operation_drop(struct zr_operation *op);
/* At the end: every operation, whatever its state. Callers must have been ended. */
void zr_registry_clean_up(struct zr_service *s);

/* history.c */
enum { ZR_HISTORY_MAX_BYTES = 16 << 20 }; /* of progress; outcomes and the result always fit in */
/* Takes the reference. ZR_ERR_NOMEM: the event is lost and has used no number. */
enum zr_err zr_history_add(struct zr_operation *op, struct zr_rpc_bytes *event) ZR_MUST_CHECK;
/* Gives a watcher what it has not had, one at a time, and its end after the last. */
void zr_history_pump(struct zr_caller *c);
/* When there is no loop any more: queues the rest of a finished operation at once, and ends the
 * call; with UNAVAILABLE when there is no result, or no room. */
void zr_history_flush(struct zr_caller *c);

/* run.c: the life of an operation */
/* Starts or joins the operation that the caller's order names, or ends the call. */
void zr_operation_attach(struct zr_caller *c);
/* The caller is gone. Stops the work when nobody is left who wants it. */
void zr_operation_detach(struct zr_caller *c);
/* Stops it before its next batch. */
void zr_operation_cancel(struct zr_operation *op);
/* The last event has come or was made: records it and answers everybody. */
void zr_operation_finish(struct zr_operation *op, const struct zr_report *report);

/* no_credentials.c */
/* Finishes an operation that cannot start: every id NOT_ATTEMPTED, with `problem`. */
enum zr_err zr_operation_refuse(struct zr_operation *op, const struct zr_release_request *request,
                                const char *problem) ZR_MUST_CHECK;

#endif
