/*
 * libzenrelease: releases Zenlayer Cloud instances that sit in the recycle bin, through a
 * zenrelease-plugin server. Release is irreversible; what you get back is one honest outcome for
 * every distinct instance id.
 *
 * How to read this header. Each comment says, in this order: what it does; who owns what; how long
 * borrowed data lives; units; errors; threads; how often callbacks run. A line that would be empty
 * is left out.
 *
 * Rules that hold everywhere:
 *  - Structs that you fill in have a `size` and an _init function; call it first, then set members.
 * A newer library reads an older struct by its size. Structs that the library hands out are read
 *    only through pointers it gives you; later versions add members at their end.
 *  - Text is UTF-8, NUL-terminated and never NULL in what the library hands out, unless a member
 * says so; "" means "none".
 *  - Times are milliseconds since 1970-01-01T00:00:00Z, 0 for none. Durations are milliseconds.
 *  - Functions that can fail return enum zenrelease_status and fill *error, when `error` is not
 * NULL, with an object that you free. On success *error is NULL.
 *  - A client is used by one thread at a time. Different clients are independent of each other.
 *  - No callback may call back into the client that runs it, except where it says so.
 */
#ifndef ZENRELEASE_ZENRELEASE_H
#define ZENRELEASE_ZENRELEASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "zenrelease/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ZENRELEASE_VERSION_MAJOR 0
#define ZENRELEASE_VERSION_MINOR 1
#define ZENRELEASE_VERSION_PATCH 0

#ifndef ZENRELEASE_API
#if defined(__GNUC__)
#define ZENRELEASE_API __attribute__((visibility("default")))
#else
#define ZENRELEASE_API
#endif
#endif

/* "0.1.0": of the library that runs, which may be newer than this header. Any thread. */
ZENRELEASE_API const char *zenrelease_version(void);

/* ---- errors --------------------------------------------------------------------------------- */

/* The numbers and meanings of gRPC's status codes. */
enum zenrelease_status {
  ZENRELEASE_OK = 0,
  ZENRELEASE_CANCELLED = 1,
  ZENRELEASE_UNKNOWN = 2,
  ZENRELEASE_INVALID_ARGUMENT = 3,
  ZENRELEASE_DEADLINE_EXCEEDED = 4,
  ZENRELEASE_NOT_FOUND = 5,
  ZENRELEASE_ALREADY_EXISTS = 6,
  ZENRELEASE_PERMISSION_DENIED = 7,
  ZENRELEASE_RESOURCE_EXHAUSTED = 8, /* overload, or out of memory */
  ZENRELEASE_FAILED_PRECONDITION = 9,
  ZENRELEASE_ABORTED = 10,
  ZENRELEASE_OUT_OF_RANGE = 11,
  ZENRELEASE_UNIMPLEMENTED = 12,
  ZENRELEASE_INTERNAL = 13,
  ZENRELEASE_UNAVAILABLE = 14,
  ZENRELEASE_DATA_LOSS = 15,
  ZENRELEASE_UNAUTHENTICATED = 16
};

/* "invalid_argument", "unavailable", …; "unknown" for a number that is none. Any thread. */
ZENRELEASE_API const char *zenrelease_status_name(enum zenrelease_status status);

/* Why a call failed. The caller frees it. All accessors take NULL, which reads as out of memory;
 * what they return lives as long as the error. Any thread, one at a time. */
struct zenrelease_error;
ZENRELEASE_API void zenrelease_error_free(struct zenrelease_error *error);
ZENRELEASE_API enum zenrelease_status zenrelease_error_status(const struct zenrelease_error *error);
ZENRELEASE_API const char *zenrelease_error_message(const struct zenrelease_error *error);
/* Which fields of the request are wrong (google.rpc.BadRequest): "instance_ids[17]" and why.
 * `index` below the count; "" beyond it. Positions are those of the caller's own list. */
ZENRELEASE_API size_t zenrelease_error_violation_count(const struct zenrelease_error *error);
ZENRELEASE_API const char *zenrelease_error_violation_field(const struct zenrelease_error *error,
                                                            size_t index);
ZENRELEASE_API const char *
zenrelease_error_violation_description(const struct zenrelease_error *error, size_t index);
/* Milliseconds after which another try can help (google.rpc.RetryInfo); -1 when not known. */
ZENRELEASE_API int64_t zenrelease_error_retry_delay_ms(const struct zenrelease_error *error);

/* ---- stopping ------------------------------------------------------------------------------- */

/* A request to stop, raised from another thread or from a signal handler. Owned by the caller; must
 * outlive the calls that it is given to. Once raised it stays raised. */
struct zenrelease_cancel;
/* NULL when memory or descriptors are out. */
ZENRELEASE_API struct zenrelease_cancel *zenrelease_cancel_new(void);
ZENRELEASE_API void zenrelease_cancel_free(struct zenrelease_cancel *cancel);
/* Any thread, any number of times, and async-signal-safe. */
ZENRELEASE_API void zenrelease_cancel_raise(struct zenrelease_cancel *cancel);
/* 1 once it was raised. Any thread; async-signal-safe. */
ZENRELEASE_API int zenrelease_cancel_raised(const struct zenrelease_cancel *cancel);
/* A descriptor that polls readable once raised; it belongs to the object, do not read or close it.
 */
ZENRELEASE_API int zenrelease_cancel_fd(const struct zenrelease_cancel *cancel);

/* ---- client --------------------------------------------------------------------------------- */

struct zenrelease_client_options {
  size_t size;
  /* Required. "unix:/path", "host:port", "[::1]:port". Names are resolved by gRPC. */
  const char *address;
  /* Optional; any of them switches to TLS. PEM files, read once by zenrelease_client_new. Without
   * tls_ca_file the system's authorities are trusted. Certificate and key come together. */
  const char *tls_ca_file;
  const char *tls_cert_file;
  const char *tls_key_file;
  /* Optional: the name the server's certificate must bear, where it differs from the address. */
  const char *tls_server_name;
  /* Optional: of the first connection, in milliseconds; 0: 10,000. */
  int64_t connect_timeout_ms;
};

static inline void zenrelease_client_options_init(struct zenrelease_client_options *options) {
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
}

struct zenrelease_client;

/* Makes a client. Everything in `options` is copied. The connection is made by the first call.
 * ZENRELEASE_INVALID_ARGUMENT (no address, unreadable TLS file), ZENRELEASE_RESOURCE_EXHAUSTED. */
ZENRELEASE_API enum zenrelease_status
zenrelease_client_new(const struct zenrelease_client_options *options,
                      struct zenrelease_client **client, struct zenrelease_error **error);
/* Closes the connection; NULL is fine. A release that runs on the server goes on there. */
ZENRELEASE_API void zenrelease_client_free(struct zenrelease_client *client);

/* ---- what a release says -------------------------------------------------------------------- */

enum zenrelease_product {
  ZENRELEASE_PRODUCT_NONE = 0,
  ZENRELEASE_PRODUCT_VM = 1,
  ZENRELEASE_PRODUCT_BMC = 2,
  ZENRELEASE_PRODUCT_ZEC = 3
};

/* How it ended for one instance. Success is RELEASED and ALREADY_GONE, and NOT_FOUND where missing
 * instances were allowed. */
enum zenrelease_outcome {
  ZENRELEASE_OUTCOME_NONE = 0,
  ZENRELEASE_OUTCOME_RELEASED = 1,
  ZENRELEASE_OUTCOME_ACCEPTED = 2,
  ZENRELEASE_OUTCOME_ALREADY_GONE = 3,
  ZENRELEASE_OUTCOME_NOT_FOUND = 4,
  ZENRELEASE_OUTCOME_NOT_RECYCLED = 5,
  ZENRELEASE_OUTCOME_REFUSED = 6,
  ZENRELEASE_OUTCOME_INVALID = 7,
  ZENRELEASE_OUTCOME_NOT_ATTEMPTED = 8,
  ZENRELEASE_OUTCOME_UNKNOWN = 9
};
#define ZENRELEASE_OUTCOME_COUNT 10

/* "released", "already_gone", …; "none" otherwise. Any thread. */
ZENRELEASE_API const char *zenrelease_outcome_name(enum zenrelease_outcome outcome);
/* "vm", "bmc", "zec"; "none" otherwise. Any thread. */
ZENRELEASE_API const char *zenrelease_product_name(enum zenrelease_product product);

enum zenrelease_severity {
  ZENRELEASE_SEVERITY_NONE = 0,
  ZENRELEASE_SEVERITY_ERROR = 1,
  ZENRELEASE_SEVERITY_WARNING = 2,
  ZENRELEASE_SEVERITY_INFO = 3
};
/* "error", "warning", "info"; "none" otherwise. Any thread. */
ZENRELEASE_API const char *zenrelease_severity_name(enum zenrelease_severity severity);

/* One instance, with the evidence for its outcome. */
struct zenrelease_result {
  const char *instance_id;
  enum zenrelease_outcome outcome;
  const char *last_status; /* the service's word, as read last */
  const char *display_name;
  const char *zone_id;
  const char *release_request_id;      /* the service's, of the last call that named it */
  const char *const *read_request_ids; /* of the reads that decided */
  size_t read_request_id_count;
  int32_t batch;    /* number of that call within the server; 0: none was sent */
  int32_t attempts; /* release calls that named it */
  int64_t send_time_ms;
  int64_t decide_time_ms;
  const char *diagnostic_code; /* of the diagnostic about this instance */
};

struct zenrelease_diagnostic {
  enum zenrelease_severity severity;
  const char *code; /* stable: "NOT_RECYCLED", … */
  const char *summary;
  const char *detail;
  const char *field; /* "instance_ids[17]", by the position in the caller's own list */
  const char *instance_id;
  const char *service_code;
  int32_t http_status;
  const char *service_request_id;
  const char *service_message;
  int retryable;
  int64_t retry_delay_ms; /* -1: not known */
  const char *hint;
};

struct zenrelease_counts {
  int64_t by_outcome[ZENRELEASE_OUTCOME_COUNT]; /* indexed by enum zenrelease_outcome */
  int64_t total;                                /* distinct instances: the sum of the above */
  int64_t duplicates;                           /* further mentions, not part of total */
};

/* The outcomes of one request. Counted: borrowed where a callback hands it out; acquire it to keep
 * it, and release it as often. What the accessors return lives as long as the report. `index` must
 * be below the count. Any thread once kept. */
struct zenrelease_report;
ZENRELEASE_API struct zenrelease_report *
zenrelease_report_acquire(struct zenrelease_report *report);
ZENRELEASE_API void zenrelease_report_release(struct zenrelease_report *report);
ZENRELEASE_API size_t zenrelease_report_result_count(const struct zenrelease_report *report);
ZENRELEASE_API const struct zenrelease_result *
zenrelease_report_result(const struct zenrelease_report *report, size_t index);
ZENRELEASE_API size_t zenrelease_report_diagnostic_count(const struct zenrelease_report *report);
ZENRELEASE_API const struct zenrelease_diagnostic *
zenrelease_report_diagnostic(const struct zenrelease_report *report, size_t index);
ZENRELEASE_API const struct zenrelease_counts *
zenrelease_report_counts(const struct zenrelease_report *report);
ZENRELEASE_API const char *zenrelease_report_request_id(const struct zenrelease_report *report);

enum zenrelease_event_type {
  /* From the client itself; these have no sequence number. */
  ZENRELEASE_EVENT_STARTED = 1,      /* instances (in all, distinct), part, parts */
  ZENRELEASE_EVENT_TICK = 2,         /* nothing happened for tick_ms */
  ZENRELEASE_EVENT_RECONNECTING = 3, /* the stream was lost: attempt, delay_ms, reason */
  ZENRELEASE_EVENT_STOPPING = 4,     /* cancelled or out of time: reason */
  /* From the server. */
  ZENRELEASE_EVENT_PREFLIGHT_DONE = 10, /* instances (read), eligible */
  ZENRELEASE_EVENT_BATCH_SENT = 11,     /* batch, instances, attempt */
  ZENRELEASE_EVENT_BATCH_ANSWERED = 12, /* batch, instances, answer_class, http_status, service_* */
  ZENRELEASE_EVENT_THROTTLED = 13,      /* resume_time_ms, delay_ms */
  ZENRELEASE_EVENT_BATCH_SPLIT = 14,    /* batch, parts, dropped, reason */
  ZENRELEASE_EVENT_VERIFIED = 15,       /* batch, instances */
  ZENRELEASE_EVENT_OUTCOMES_DECIDED = 16, /* results, through zenrelease_event_result */
  ZENRELEASE_EVENT_RESULT = 17            /* report; the last event of each part */
};
/* "preflight_done", "batch_sent", …; "none" otherwise. Any thread. */
ZENRELEASE_API const char *zenrelease_event_type_name(enum zenrelease_event_type type);

/* One thing that happened. Borrowed for the time of the callback. Members that the type does not
 * name are 0 or "". */
struct zenrelease_event {
  enum zenrelease_event_type type;
  int64_t sequence; /* within the part, from 1, without gaps; 0 for the client's own */
  int64_t time_ms;
  uint32_t part; /* which request of a long list, from 1 */
  uint32_t part_count;
  int64_t instances;
  int32_t eligible;
  int32_t batch;
  int32_t attempt;
  int32_t parts;
  int32_t dropped;
  int32_t http_status;
  const char *answer_class;
  const char *service_code;
  const char *service_request_id;
  const char *reason;
  int64_t resume_time_ms;
  int64_t delay_ms;
  size_t result_count;
  struct zenrelease_report *report; /* NULL unless RESULT */
  const void *results_;             /* private: use zenrelease_event_result */
};
/* Element `index` (below result_count) of an OUTCOMES_DECIDED event; borrowed like the event. */
ZENRELEASE_API const struct zenrelease_result *
zenrelease_event_result(const struct zenrelease_event *event, size_t index);

typedef void zenrelease_event_fn(void *user, const struct zenrelease_event *event);

/* ---- release -------------------------------------------------------------------------------- */

struct zenrelease_release_options {
  size_t size;
  enum zenrelease_product product; /* Required. */
  const char *const *instance_ids; /* Required: UTF-8, neither blank nor padded. */
  size_t instance_id_count;        /* Required: at least 1; no upper bound. */
  int allow_missing;               /* A missing instance is a warning, not a failure. */
  int validate_only;               /* Reads, tells what would happen, and sends no release. */
  int depend_resource;             /* zec only. */
  const char *request_id;          /* Optional: at most 100 printable ASCII characters. */
  int64_t wait_ms;        /* For proof, from each batch's last answer; -1: 60 s; 0: none. */
  int64_t timeout_ms;     /* In all; 0: none. At its end the release stops and reports. */
  int64_t settle_ms;      /* How long to wait for the report after a stop; 0: 90 s. */
  int32_t reattach_tries; /* In a row, after a lost stream; 0: 8; negative: none. */
  int64_t tick_ms;        /* 0: no TICK events. */
  struct zenrelease_cancel *cancel; /* Optional. */
  zenrelease_event_fn *on_event;    /* Optional. */
  void *user;
  /* Optional. With either, the ids must fit into one request: at most 10,000 (other_instances tells
   * the server of the rest of a larger set). `expected` has one element for each id. */
  const struct zenrelease_policy *policy;
  const struct zenrelease_expected *expected;
  int forget_report; /* Once delivered here, it is not kept for those who ask again. */
};

static inline void zenrelease_release_options_init(struct zenrelease_release_options *options) {
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
  options->wait_ms = -1;
}

/* What a release came to. */
struct zenrelease_summary {
  size_t size;
  struct zenrelease_counts counts; /* over all parts */
  int reported;                    /* every distinct id is in the report of some RESULT event */
  int cancelled;                   /* it was stopped by `cancel` */
  int timed_out;                   /* it was stopped by timeout_ms */
  char request_id[129];            /* of the first part; the others have -2, -3, … appended */
};

static inline void zenrelease_summary_init(struct zenrelease_summary *summary) {
  memset(summary, 0, sizeof *summary);
  summary->size = sizeof *summary;
}

/* Releases instances for good, through WatchRelease, and delivers events as they happen.
 * More than 10,000 ids (or 3.5 MiB of them) go as several requests, one after the other; repeated
 * ids are then collapsed across all of them. A lost stream is taken up again where it broke, by the
 * request id. Raising `cancel`, or the end of timeout_ms, stops before the next batch and waits for
 * the exact report.
 * `options` is borrowed for the call. `summary` may be NULL.
 * ZENRELEASE_OK: the server reported on every id. Otherwise look at summary->reported: 0 means that
 * nothing was sent; 1 that the connection was lost for good (or, in a list of several requests,
 * that one of them failed) and every id still has an outcome in a report: what is not known is
 * OUTCOME_UNKNOWN, what never left is OUTCOME_NOT_ATTEMPTED.
 * Blocks. on_event runs in the calling thread, zero or more times, RESULT once per part, in order.
 */
ZENRELEASE_API enum zenrelease_status
zenrelease_release(struct zenrelease_client *client,
                   const struct zenrelease_release_options *options,
                   struct zenrelease_summary *summary, struct zenrelease_error **error);

/* The same through the unary Release: no events, at most 10,000 ids, one attempt; a lost call is an
 * error after which request_id may be used again to learn the outcome. tick_ms, settle_ms and
 * reattach_tries are ignored. `report` is the caller's to release. Blocks. */
ZENRELEASE_API enum zenrelease_status
zenrelease_release_unary(struct zenrelease_client *client,
                         const struct zenrelease_release_options *options,
                         struct zenrelease_report **report, struct zenrelease_error **error);

/* ---- list ----------------------------------------------------------------------------------- */

struct zenrelease_list_options {
  size_t size;
  enum zenrelease_product product;   /* Required. */
  const char *status;                /* Optional: NULL: the recycle bin; "*": any. */
  const char *display_name;          /* Optional. */
  const char *zone_id;               /* Optional. */
  const char *resource_group_id;     /* Optional. */
  const struct zenrelease_tag *tags; /* Optional: at most 20. */
  size_t tag_count;
  int32_t page_size;                /* Optional: 1 to 1000; 0: 100. */
  int64_t timeout_ms;               /* Per page; 0: 60 s. */
  struct zenrelease_cancel *cancel; /* Optional. */
  const char *const *instance_ids;  /* Optional: only these; at most 100. */
  size_t instance_id_count;
};

static inline void zenrelease_list_options_init(struct zenrelease_list_options *options) {
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
}

struct zenrelease_instance {
  const char *instance_id;
  const char *name;
  const char *status;
  const char *zone_id;
  const char *instance_type;
  const char *image_id;
  const char *resource_group_id;
  const char *resource_group_name;
  const char *charge_type;
  const char *create_time; /* RFC 3339, as the service says it */
  const char *expire_time;
  const char *const *public_ip_addresses;
  size_t public_ip_address_count;
  const char *const *private_ip_addresses;
  size_t private_ip_address_count;
  const struct zenrelease_tag *tags;
  size_t tag_count;
  int32_t disk_count;
  int32_t undetachable_disk_count; /* destroyed with the instance */
};

struct zenrelease_list;

/* Starts a list; nothing is sent yet. `client`, and what `options` points to, must outlive it. */
ZENRELEASE_API enum zenrelease_status
zenrelease_list_new(struct zenrelease_client *client, const struct zenrelease_list_options *options,
                    struct zenrelease_list **list, struct zenrelease_error **error);
ZENRELEASE_API void zenrelease_list_free(struct zenrelease_list *list);
/* The next instance, fetching the next page where needed; *instance is NULL after the last one, and
 * lives until the next call on this list. Blocks. */
ZENRELEASE_API enum zenrelease_status
zenrelease_list_next(struct zenrelease_list *list, const struct zenrelease_instance **instance,
                     struct zenrelease_error **error);
/* How many there are in all, as the server said with the last page; 0 before the first. */
ZENRELEASE_API int64_t zenrelease_list_total(const struct zenrelease_list *list);
/* The service's clock less the server's, as the last page tells it to the second: 1 with
 * *offset_ms set, 0 when it is not known. */
ZENRELEASE_API int zenrelease_list_clock(const struct zenrelease_list *list, int64_t *offset_ms);

/* ---- info ----------------------------------------------------------------------------------- */

struct zenrelease_server_info {
  const char *version;
  const char *endpoint;
  const char *account_fingerprint; /* "" without credentials */
  const char *credential_source;
  int32_t max_instance_ids;
  int32_t max_batch_size;
  int64_t max_message_bytes;
  int32_t max_concurrent_releases;
  size_t diagnostic_count;  /* what keeps the server from working */
  const void *diagnostics_; /* private: use zenrelease_server_info_diagnostic */
  int journal;              /* it records every release call (zenrelease/journal.h) */
};

/* What the server is. *info is the caller's to free. timeout_ms 0: 10 s; `cancel` may be NULL.
 * Blocks. */
ZENRELEASE_API enum zenrelease_status
zenrelease_server_info_get(struct zenrelease_client *client, int64_t timeout_ms,
                           struct zenrelease_cancel *cancel, struct zenrelease_server_info **info,
                           struct zenrelease_error **error);
ZENRELEASE_API void zenrelease_server_info_free(struct zenrelease_server_info *info);
ZENRELEASE_API const struct zenrelease_diagnostic *
zenrelease_server_info_diagnostic(const struct zenrelease_server_info *info, size_t index);

#ifdef __cplusplus
}
#endif

#endif
