/* ListInstancesRequest, checked. */
#ifndef ZR_SERVICE_DECODE_LIST_H
#define ZR_SERVICE_DECODE_LIST_H

#include "model/call.h"
#include "service/violation.h"

enum {
  ZR_LIST_IDS_MAX = 100,
  ZR_LIST_TAGS_MAX = 20,
  ZR_LIST_PAGE_MAX = 1000,
  ZR_LIST_PAGE_DEFAULT = 100
};

struct zr_list_order {
  struct zr_list_query query;
  uint64_t content; /* for the next page's token */
};

/* Text points into v->arena. `account` is part of what a page token belongs to. False with
 * violations, or v->nomem. gRPC thread. */
bool zr_decode_list(struct zr_view bytes, const char *account, struct zr_list_order *out,
                    struct zr_violations *v) ZR_MUST_CHECK;

#endif
