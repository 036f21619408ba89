/*
 * The end of a release: every id that was not released, and why; what to do; how many ended how. Or
 * the same as the last JSON line, written in a stream. And the end of a resumption: every id, with
 * its product.
 */
#ifndef ZR_CLIENT_CLI_SUMMARY_H
#define ZR_CLIENT_CLI_SUMMARY_H

#include <stdbool.h>

#include "zenrelease/zenrelease.h"

/* Ids that a report does not speak for, because a later one does. Sorted by strcmp. */
struct zr_superseded {
  const char *const *ids;
  size_t count;
};

struct zr_summary_facts {
  struct zenrelease_report *const *reports;
  size_t report_count;
  const struct zenrelease_counts *counts;
  const char *request_id;
  bool dry_run;
  bool allow_missing;
  bool colour;
  /* Of a resumption; NULL otherwise. One for each report. */
  const enum zenrelease_product *products;
  const struct zr_superseded *superseded;
  const char *problem; /* what kept some from being settled; NULL or "": nothing */
};

void zr_summary_human(const struct zr_summary_facts *f);
void zr_summary_json(const struct zr_summary_facts *f);
/* Results with the diagnostic WOULD_RELEASE. */
int64_t zr_summary_would_release(const struct zr_summary_facts *f);

#endif
