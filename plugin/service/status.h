/* Ends calls with a status that programs can read: google.rpc.Status and its details. */
#ifndef ZR_SERVICE_STATUS_H
#define ZR_SERVICE_STATUS_H

#include <stdint.h>

#include "rpc/call.h"
#include "service/violation.h"

/* What goes beside code and message. Zero is nothing. */
struct zr_details {
  const struct zr_violations *violations; /* BadRequest */
  int64_t retry_ms;                       /* RetryInfo; 0: none */
  const char *reason;                     /* ErrorInfo, of the domain zenrelease.v1; NULL: none */
  const char *service_code;               /* ErrorInfo.metadata; NULL or "": none */
  const char *service_request_id;
  int http_status;
};

/* Takes the caller's reference to the call, as zr_rpc_fail. `message` is one line for people; NULL
 * stands for "out of memory". Uses the call's arena. */
void zr_fail(struct zr_rpc_call *call, enum zr_rpc_code code, const char *message,
             const struct zr_details *details);
/* RESOURCE_EXHAUSTED: out of memory, nothing was sent. */
void zr_fail_nomem(struct zr_rpc_call *call);

#endif
