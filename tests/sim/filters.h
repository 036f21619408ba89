/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FILTERS_H
#define SIM_FILTERS_H

#include "params.h"

/* The filters of DescribeInstances: one table of names, products and what each compares. */
#define SIM_MAX_FILTERS 32

typedef bool(sim_filter_fn)(const struct sim_instance *instance, const cJSON *value);

struct sim_filters {
  struct {
    sim_filter_fn *accepts;
    const cJSON *value;
  } list[SIM_MAX_FILTERS];
  size_t count;
  bool by_status;
  enum sim_status status; /* compared with what a lagging read sees, so not one of the list */
  const cJSON *ids;       /* NULL: all */
};

/* Borrows from params. old_version: without what only the current version of the product knows. */
bool sim_filters_read(struct sim_filters *filters, enum sim_product product, bool old_version,
                      const cJSON *params, struct sim_refusal *refusal);
bool sim_filters_accept(const struct sim_filters *filters, const struct sim_instance *instance,
                        enum sim_status status);

#endif
