#include "model/product.h"

#include <stddef.h>

static const struct zr_product_info s_products[ZR_PRODUCT_COUNT_] = {
    [ZR_PRODUCT_VM] = {.name = "vm",
                       .path = "/api/v2/vm",
                       .version = "2026-04-01",
                       .status_field = "instanceStatus",
                       .name_filter = "instanceName"},
    [ZR_PRODUCT_BMC] = {.name = "bmc",
                        .path = "/api/v2/bmc",
                        .version = "2026-02-01",
                        .status_field = "instanceStatus",
                        .name_filter = "instanceName"},
    [ZR_PRODUCT_ZEC] = {.name = "zec",
                        .path = "/api/v2/zec",
                        .version = "2025-09-01",
                        .status_field = "status",
                        .name_filter = "name",
                        .has_depend_resource = true,
                        .releases_live = true,
                        .answers_failed_ids = true},
};

const struct zr_product_info *zr_product_info(enum zr_product p) {
  return p > ZR_PRODUCT_NONE && p < ZR_PRODUCT_COUNT_ ? &s_products[p] : NULL;
}

enum zr_product zr_product_parse(struct zr_view name) {
  for (int p = ZR_PRODUCT_VM; p < ZR_PRODUCT_COUNT_; p++) {
    if (zr_view_eq_text(name, s_products[p].name))
      return (enum zr_product)p;
  }
  return ZR_PRODUCT_NONE;
}
