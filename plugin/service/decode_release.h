/* ReleaseRequest and CancelReleaseRequest, checked. */
#ifndef ZR_SERVICE_DECODE_RELEASE_H
#define ZR_SERVICE_DECODE_RELEASE_H

#include "model/release.h"
#include "service/violation.h"

struct zr_release_order {
  struct zr_release_request request; /* without window and deadline */
  const char *request_id;            /* "": none given */
  int64_t after_sequence;
  uint64_t content; /* a hash of everything but request_id and after_sequence */
};

/* Text points into v->arena. False with violations, or v->nomem. gRPC thread. */
bool zr_decode_release(struct zr_view bytes, const uint64_t hash_key[2],
                       struct zr_release_order *out, struct zr_violations *v) ZR_MUST_CHECK;
/* The request id to cancel, or to forget; NULL with violations, or v->nomem. */
const char *zr_decode_cancel(struct zr_view bytes, bool *forget,
                             struct zr_violations *v) ZR_MUST_CHECK;

#endif
