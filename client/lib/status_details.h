/*
 * The details of a gRPC error: the bytes of trailing metadata `grpc-status-details-bin`, a
 * google.rpc.Status. Read with a small reader of the wire format, so that neither the messages of
 * google.rpc nor their descriptors are needed here. Malformed bytes are ignored from where they
 * break.
 */
#ifndef ZR_CLIENT_LIB_STATUS_DETAILS_H
#define ZR_CLIENT_LIB_STATUS_DETAILS_H

#include "error.h"

/* Adds what BadRequest and RetryInfo in `bytes` say to `e`. One thread at a time. */
void zr_status_details_read(struct zr_view bytes, struct zenrelease_error *e);

#endif
