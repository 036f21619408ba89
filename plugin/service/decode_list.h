/* ListInstancesRequest, checked, and what the checks of other requests share with it. */
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

/* A violation unless it is a product; with `required` unset, it may be unspecified, too. */
void zr_decode_product(int product, bool required, struct zr_violations *v);
/* The page size that it stands for. */
unsigned zr_decode_page_size(int32_t size, struct zr_violations *v);
/* The place that a page token holds (see page_token.h), `first` for "". */
uint64_t zr_decode_place(const char *token, uint64_t content, uint64_t max, uint64_t first,
                         struct zr_violations *v);

#endif
