/*
 * Tags: what the core's completion queue hands back. Each is embedded in its owner; dispatch is one
 * indirect call. A tag's journey through the queue is a hand-over (base/handover.h).
 */
#ifndef ZR_RPC_TAG_H
#define ZR_RPC_TAG_H

#include <stdbool.h>

#include "base/handover.h"

struct zr_rpc_tag {
  void (*fn)(struct zr_rpc_tag *tag, bool ok); /* gRPC thread */
};

#endif
