/*
 * What a server's journal says: the release calls of the past, and how those ended that were left
 * open. The rules at the top of zenrelease.h hold here, too. Both functions fail with
 * ZENRELEASE_FAILED_PRECONDITION when the server keeps no journal (zenrelease_server_info.journal
 * tells), and the message says what to do.
 */
#ifndef ZENRELEASE_JOURNAL_H
#define ZENRELEASE_JOURNAL_H

#include "zenrelease/zenrelease.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- records -------------------------------------------------------------------------------- */

/* All filters are optional, and what is given must all hold. */
struct zenrelease_records_options {
  size_t size;
  const char *instance_id;
  enum zenrelease_product product;
  const char *request_id;         /* the caller's */
  const char *release_request_id; /* the service's */
  int64_t start_time_ms;          /* not before; by when it was sent or, never sent, decided */
  int64_t end_time_ms;            /* before */
  enum zenrelease_outcome outcome;
  int open_only;                    /* Only what may still be under way. */
  int32_t page_size;                /* 1 to 1000; 0: 100. */
  int64_t timeout_ms;               /* Per page; 0: 60 s. */
  struct zenrelease_cancel *cancel; /* Optional. */
};

static inline void zenrelease_records_options_init(struct zenrelease_records_options *options) {
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
}

/* One instance in one release call; or, never sent, in one request. */
struct zenrelease_record {
  const char *instance_id;
  enum zenrelease_product product;
  int32_t batch; /* number of the call within the journal; 0: never sent */
  int64_t send_time_ms;
  int64_t answer_time_ms; /* 0: no answer was recorded */
  const char *answer_class;
  int32_t http_status;
  const char *service_code;
  const char *release_request_id;
  const char *request_id;
  enum zenrelease_outcome outcome; /* NONE: none was recorded */
  const char *diagnostic_code;
  int64_t decide_time_ms;
  const char *display_name;
  const char *zone_id;
  const char *account_fingerprint;
  const char *endpoint;
  int open; /* the release may still be under way, or is not known to have ended */
};

struct zenrelease_records;

/* Starts a list, newest first; nothing is sent yet. `client`, and what `options` points to, must
 * outlive it. */
ZENRELEASE_API enum zenrelease_status
zenrelease_records_new(struct zenrelease_client *client,
                       const struct zenrelease_records_options *options,
                       struct zenrelease_records **records, struct zenrelease_error **error);
ZENRELEASE_API void zenrelease_records_free(struct zenrelease_records *records);
/* The next record, fetching the next page where needed; *record is NULL after the last one, and
 * lives until the next call on this list. Blocks. */
ZENRELEASE_API enum zenrelease_status
zenrelease_records_next(struct zenrelease_records *records, const struct zenrelease_record **record,
                        struct zenrelease_error **error);

/* ---- settling ------------------------------------------------------------------------------- */

struct zenrelease_settle_options {
  size_t size;
  int64_t timeout_ms;               /* In all; 0: none. Then DEADLINE_EXCEEDED. */
  struct zenrelease_cancel *cancel; /* Optional. Then CANCELLED. */
};

static inline void zenrelease_settle_options_init(struct zenrelease_settle_options *options) {
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
}

/* How the open releases ended, in groups of one product each. What the accessors return lives as
 * long as this, except for reports that were acquired. `index` must be below the count. */
struct zenrelease_settled;

/* Has the server read every instance that its journal has open, until its release is settled. Sends
 * no release. When the wait is ended, nothing is lost: the server goes on reading, and records what
 * it finds. *settled is the caller's to free. Blocks. */
ZENRELEASE_API enum zenrelease_status
zenrelease_settle(struct zenrelease_client *client, const struct zenrelease_settle_options *options,
                  struct zenrelease_settled **settled, struct zenrelease_error **error);
ZENRELEASE_API void zenrelease_settled_free(struct zenrelease_settled *settled);
ZENRELEASE_API size_t zenrelease_settled_count(const struct zenrelease_settled *settled);
ZENRELEASE_API enum zenrelease_product
zenrelease_settled_product(const struct zenrelease_settled *settled, size_t index);
/* Its outcomes; request_id is "". */
ZENRELEASE_API struct zenrelease_report *
zenrelease_settled_report(const struct zenrelease_settled *settled, size_t index);
/* What kept the rest from being read, for people; "" where nothing did. */
ZENRELEASE_API const char *zenrelease_settled_problem(const struct zenrelease_settled *settled);

#ifdef __cplusplus
}
#endif

#endif
