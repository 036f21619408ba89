/*
 * One release as a front door sees it: the request, the events while it runs, and the report.
 */
#ifndef ZR_MODEL_RELEASE_H
#define ZR_MODEL_RELEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/diagnostic.h"
#include "model/outcome.h"
#include "model/policy.h"
#include "model/product.h"

enum {
  ZR_BATCH_MAX = 100,     /* ids in one ReleaseInstances; the API's limit */
  ZR_ID_MAX_BYTES = 128,  /* our own limit; the API's ids are 13 to 20 digits or letters */
  ZR_JOB_MAX_IDS = 10000, /* in one request; keeps a worst-case report below 4 MiB */
  ZR_DEFAULT_WAIT_MS = 60000
};

/* What a caller wants. Everything is borrowed for the time of the call that takes it. */
struct zr_release_request {
  enum zr_product product;
  const char *const *instance_ids; /* checked by the front door: UTF-8, not blank, not padded */
  size_t instance_id_count;        /* 1 to ZR_JOB_MAX_IDS; duplicates are allowed and collapsed */
  bool allow_missing;
  bool validate_only;
  bool depend_resource; /* zec: release addresses, detachable disks and interfaces as well */
  int64_t wait_ms;      /* for proof, from each batch's last answer; 0: answer after acceptance */
  int64_t window_ms;    /* idle time in which further callers may join a batch that is not full */
  bool hold_window;     /* keep the window open, up to 1 s, while earlier callers are unanswered */
  struct zr_mono deadline;            /* ZR_MONO_NEVER: none */
  const struct zr_policy *policy;     /* NULL: none beyond the server's own */
  const struct zr_expected *expected; /* one for each of instance_ids; NULL: nothing is compared */
  const char *request_id;             /* the caller's name for it, for the journal; NULL: none */
};

/* How it ended for one distinct id, with the evidence. Text is borrowed from the engine. */
struct zr_result {
  const char *instance_id;
  uint32_t index; /* of the first mention in the request */
  enum zr_outcome outcome;
  enum zr_code code;       /* why, where it is not RELEASED or ALREADY_GONE */
  const char *last_status; /* as read last; "" when never read or absent */
  const char *name;        /* as seen last */
  const char *zone_id;
  const char *release_request_id;  /* of the last ReleaseInstances naming it */
  const char *read_request_ids[2]; /* of the two last reads that decided */
  uint32_t first_batch;            /* number of the first release call that the outcome counts */
  uint32_t batch;                  /* number of the last release call that named it; 0: none */
  uint32_t attempts;               /* release calls that named it */
  struct zr_wall sent_at;          /* ms 0: never */
  struct zr_wall decided_at;
  struct zr_diagnostic diagnostic; /* code NONE where there is nothing to say */
};

struct zr_report {
  const struct zr_result *results;
  size_t result_count;
  const struct zr_diagnostic *diagnostics; /* of the request as a whole: duplicates, credentials */
  size_t diagnostic_count;
  struct zr_counts counts;
};

enum zr_event_kind {
  ZR_EVENT_PREFLIGHT_DONE, /* ids read, eligible */
  ZR_EVENT_BATCH_SENT,     /* batch, ids, attempt */
  ZR_EVENT_BATCH_ANSWERED, /* batch, class, http status, code, request id */
  ZR_EVENT_THROTTLED,      /* until when nothing is sent */
  ZR_EVENT_BATCH_SPLIT,    /* batch, parts, dropped, reason */
  ZR_EVENT_VERIFIED,       /* ids proved gone by a pair of reads */
  ZR_EVENT_OUTCOMES,       /* results decided since the last such event */
};

/* One thing that happened to a job. Only the members of the kind are set. Text is borrowed. */
struct zr_event {
  enum zr_event_kind kind;
  struct zr_wall at;
  uint32_t batch;
  uint32_t ids;           /* of this job, in that call or read */
  uint32_t eligible;      /* PREFLIGHT_DONE */
  uint32_t attempt;       /* BATCH_SENT */
  uint32_t parts;         /* BATCH_SPLIT */
  uint32_t dropped;       /* BATCH_SPLIT: ids that the read explains */
  const char *class_name; /* BATCH_ANSWERED */
  int http_status;
  const char *code;
  const char *request_id;
  const char *reason;              /* BATCH_SPLIT, THROTTLED */
  int64_t wait_ms;                 /* THROTTLED */
  const struct zr_result *results; /* OUTCOMES */
  size_t result_count;
};

#endif
