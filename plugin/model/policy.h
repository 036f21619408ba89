/*
 * What keeps an instance from being released although it sits in the bin: the facts it was chosen
 * by, rules that protect, and belts, which stop a whole request. A rule that cannot be evaluated
 * protects; a belt that cannot be evaluated breaks.
 */
#ifndef ZR_MODEL_POLICY_H
#define ZR_MODEL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/instance.h"

enum {
  ZR_KEEP_MAX = 100,           /* rules in one policy */
  ZR_EXPECTED_TAGS_MAX = 100,  /* tags in the facts of one instance; as many addresses */
  ZR_POLICY_TEXT_MAX = 1024,   /* bytes of a pattern or a fact */
  ZR_POLICY_DRIFT_DEFAULT = 10 /* percent; what the command line puts into its plans */
};

enum zr_keep_kind {
  ZR_KEEP_NAME,  /* text: a pattern as of fnmatch(3): * ? [a-z] */
  ZR_KEEP_TAG,   /* text: the key; value: the value, or NULL for any */
  ZR_KEEP_GROUP, /* text: id of a resource group */
  ZR_KEEP_ZONE,  /* text: id of a zone */
  ZR_KEEP_COUNT_
};

/* An instance that matches is kept. */
struct zr_keep_rule {
  enum zr_keep_kind kind;
  const char *text;
  const char *value; /* ZR_KEEP_TAG only; NULL: any */
};

/* Zero: no such belt. Borrowed like the request it belongs to. */
struct zr_policy {
  uint64_t max_instances;     /* in the set */
  uint64_t other_instances;   /* of the same set, in other requests, not settled yet */
  uint64_t settled_instances; /* taken out of the bin by the same run; counted as still in it */
  unsigned max_bin_percent;   /* share of the bin that the set may take, 1 to 100 */
  unsigned max_drift_percent; /* of the run's ids with expected facts; 0: none may drift */
  uint64_t planned_instances; /* in the whole run; 0: this request is all of it */
  uint64_t drifted_instances; /* in other requests of the run */
  int64_t min_bin_ms;         /* least time in the bin */
  const struct zr_keep_rule *keep;
  size_t keep_count;
};

/* What one instance looked like when it was chosen. Text is "" where the service said nothing. */
struct zr_expected {
  const char *name;
  const char *zone_id;
  const char *resource_group_id;
  const char *charge_type;
  const char *create_time;
  const struct zr_tag *tags; /* in any order */
  size_t tag_count;
  bool has_attachments;          /* the rest is to be compared, too */
  const char *const *public_ips; /* in any order */
  size_t public_ip_count;
  uint32_t undetachable_disk_count;
};

#endif
