/* How a call ends, in gRPC's numbers. Source: gRPC's list of status codes. */
#ifndef ZR_RPC_STATUS_H
#define ZR_RPC_STATUS_H

#include "base/view.h"

enum zr_rpc_code {
  ZR_RPC_OK = 0,
  ZR_RPC_CANCELLED = 1,
  ZR_RPC_UNKNOWN = 2,
  ZR_RPC_INVALID_ARGUMENT = 3,
  ZR_RPC_DEADLINE_EXCEEDED = 4,
  ZR_RPC_NOT_FOUND = 5,
  ZR_RPC_ALREADY_EXISTS = 6,
  ZR_RPC_PERMISSION_DENIED = 7,
  ZR_RPC_RESOURCE_EXHAUSTED = 8,
  ZR_RPC_FAILED_PRECONDITION = 9,
  ZR_RPC_ABORTED = 10,
  ZR_RPC_OUT_OF_RANGE = 11,
  ZR_RPC_UNIMPLEMENTED = 12,
  ZR_RPC_INTERNAL = 13,
  ZR_RPC_UNAVAILABLE = 14,
  ZR_RPC_DATA_LOSS = 15,
  ZR_RPC_UNAUTHENTICATED = 16
};

/* Everything is copied by the function that takes it. */
struct zr_rpc_status {
  enum zr_rpc_code code;
  const char *message;    /* one line of UTF-8 for people; NULL: none */
  struct zr_view details; /* a serialized google.rpc.Status with the same code and message; empty:
                             none. Peers take 8 kB of metadata: keep it below 5 kB. */
};

#endif
