/*
 * What the journal keeps: that a release call is about to leave, how it ended, and how each of its
 * ids ended. `app` makes the records from what the engine tells, `journal` keeps them, and a fresh
 * engine gets those that are open (zr_engine_settle).
 *
 * A call is open for an id from its intent on, until its answer says that it never left
 * (zr_record_never_left), or an outcome of the id that closes it (zr_record_closes_from) is
 * recorded.
 */
#ifndef ZR_MODEL_RECORD_H
#define ZR_MODEL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/call.h"
#include "model/release.h"

enum zr_record_kind {
  ZR_RECORD_INTENT,   /* a call naming `ids` is about to leave; on disk before its first byte */
  ZR_RECORD_ANSWER,   /* that call's end, classified */
  ZR_RECORD_OUTCOMES, /* ids of one caller that are decided */
  ZR_RECORD_JOINED,   /* one more caller waits for ids of calls whose intents are recorded */
};

/* For whom an id is released: the request id that he gave. */
struct zr_record_caller {
  size_t index; /* of the id among the record's */
  const char *request_id;
};

/* One record to be kept. Only the members of the kind are set. Borrowed. */
struct zr_record {
  enum zr_record_kind kind;
  enum zr_product product;
  struct zr_wall at;
  /* INTENT, ANSWER */
  uint32_t batch; /* the call's number; never used twice in one journal */
  /* INTENT */
  const char *const *ids;
  size_t id_count;
  bool depend_resource;
  const struct zr_record_caller *callers; /* in order of the ids; those who gave a request id */
  size_t caller_count;
  /* ANSWER: with the ids that it listed as not accepted */
  const struct zr_release_end *end;
  /* OUTCOMES, JOINED */
  const char *request_id;          /* the caller's; "" where it gave none */
  const struct zr_result *results; /* JOINED: of each only instance_id and batch */
  size_t result_count;
};

/* One call as read back, with those of its ids for which it is open. Borrowed. */
struct zr_open_call {
  uint32_t batch;
  struct zr_wall sent_at;
  bool answered; /* `end` was recorded */
  struct zr_release_end end;
  const char *const *ids;
  size_t id_count;
};

/* All open calls of one product and option, in order of their numbers. */
struct zr_open_calls {
  enum zr_product product;
  bool depend_resource;
  const struct zr_open_call *calls;
  size_t call_count;
};

/* What history asks for; "" or 0: any. Newest first. */
struct zr_record_query {
  const char *instance_id;
  const char *request_id;         /* the caller's */
  const char *release_request_id; /* the service's */
  bool any_product;
  enum zr_product product;
  struct zr_wall from;     /* of sent_at or, never sent, decided_at */
  struct zr_wall to;       /* exclusive; 0: none */
  enum zr_outcome outcome; /* NONE: any */
  bool open_only;
  int64_t after;  /* `number` of the last entry that was read; 0: from the newest */
  unsigned limit; /* 1 to 1000 */
};

/* One id of one call or, never sent, of one caller. Borrowed; text is "" where there is none. */
struct zr_record_entry {
  int64_t number; /* of the entry, ever lower */
  enum zr_product product;
  const char *instance_id;
  const char *account; /* fingerprint */
  const char *endpoint;
  uint32_t batch; /* 0: never sent */
  struct zr_wall sent_at;
  struct zr_wall answered_at; /* ms 0: no answer was recorded */
  const char *answer_class;   /* zr_class_name */
  int http_status;
  const char *service_code;
  const char *release_request_id;
  const char *request_id;
  enum zr_outcome outcome; /* NONE: open */
  enum zr_code code;
  struct zr_wall decided_at;
  const char *name;
  const char *zone_id;
  bool open;
};

/* No byte of the call left, and none will. */
static inline bool zr_record_never_left(enum zr_class c) {
  return c == ZR_CLASS_NOT_SENT || c == ZR_CLASS_NO_CHANNEL;
}

/* The first of the calls that an outcome closes for its id; the last is r->batch. 0: none. ACCEPTED
 * and UNKNOWN do not say what became of a call: their ids are read again at the next start.
 * NOT_ATTEMPTED is about one caller, not about a call. What is gone, no earlier call can do
 * anything to; any other outcome speaks of the calls that it counts, and one before them, of
 * another request, may still have its effect. What is not visible may be there or not. */
static inline uint32_t zr_record_closes_from(const struct zr_result *r) {
  switch (r->outcome) {
  case ZR_OUTCOME_RELEASED:
  case ZR_OUTCOME_ALREADY_GONE:
  case ZR_OUTCOME_NOT_FOUND:
    return r->batch > 0;
  case ZR_OUTCOME_REFUSED:
    return r->code == ZR_CODE_NOT_VISIBLE ? 0 : r->first_batch;
  case ZR_OUTCOME_NOT_RECYCLED:
  case ZR_OUTCOME_INVALID:
    return r->first_batch;
  case ZR_OUTCOME_NONE:
  case ZR_OUTCOME_ACCEPTED:
  case ZR_OUTCOME_UNKNOWN:
  case ZR_OUTCOME_NOT_ATTEMPTED:
  case ZR_OUTCOME_COUNT_:
    break;
  }
  return 0;
}

#endif
