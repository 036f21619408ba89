/* ListReleaseRecordsRequest, checked. */
#ifndef ZR_SERVICE_DECODE_RECORDS_H
#define ZR_SERVICE_DECODE_RECORDS_H

#include "model/record.h"
#include "service/violation.h"

struct zr_records_order {
  struct zr_record_query query;
  uint64_t content; /* for the next page's token */
};

/* Text points into v->arena. False with violations, or v->nomem. gRPC thread. */
bool zr_decode_records(struct zr_view bytes, struct zr_records_order *out,
                       struct zr_violations *v) ZR_MUST_CHECK;

#endif
