/*
 * The products whose instances can be released, and what differs between them on the API.
 * Source: Zenlayer Cloud API 2.0, ReleaseInstances and DescribeInstances of vm, bmc and zec.
 */
#ifndef ZR_MODEL_PRODUCT_H
#define ZR_MODEL_PRODUCT_H

#include <stdbool.h>

#include "base/view.h"

enum zr_product {
  ZR_PRODUCT_NONE,
  ZR_PRODUCT_VM,
  ZR_PRODUCT_BMC,
  ZR_PRODUCT_ZEC,
  ZR_PRODUCT_COUNT_
};

struct zr_product_info {
  const char *name;         /* "vm": as in the path and in every message */
  const char *path;         /* "/api/v2/vm" */
  const char *version;      /* X-ZC-Version */
  const char *status_field; /* in rows and as a filter of DescribeInstances */
  const char *name_filter;  /* the filter field for the instance name */
  bool has_depend_resource; /* ReleaseInstances takes dependResource; always sent then */
  bool releases_live;       /* the service does not insist on the bin: only we do */
  bool answers_failed_ids;  /* a 200 may carry the ids that were not accepted */
};

/* Never NULL for a real product; NULL for NONE and out of range. Any thread. */
const struct zr_product_info *zr_product_info(enum zr_product p);
/* "vm", "bmc", "zec"; ZR_PRODUCT_NONE for any other text. */
enum zr_product zr_product_parse(struct zr_view name);

#endif
