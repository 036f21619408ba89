/*
 * What keeps instances from being released: part of zenrelease.h, which includes it. All text and
 * lists are borrowed from the caller for the time of the call that they are given to.
 */
#ifndef ZENRELEASE_POLICY_H
#define ZENRELEASE_POLICY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct zenrelease_tag {
  const char *key;
  const char *value;
};

/* What an instance looked like when it was chosen. The server leaves one that differs alone
 * (not_attempted, DRIFTED), and calls one that is absent already gone. NULL reads as "". */
struct zenrelease_expected {
  const char *name;
  const char *zone_id;
  const char *resource_group_id;
  const char *charge_type;
  const char *create_time;
  const struct zenrelease_tag *tags; /* in any order, at most 100 */
  size_t tag_count;
  int has_attachments;                    /* compare the rest, too */
  const char *const *public_ip_addresses; /* in any order, at most 100 */
  size_t public_ip_address_count;
  int32_t undetachable_disk_count;
};

/* A rule that keeps instances: exactly one member is set. */
struct zenrelease_keep {
  const char *name_pattern; /* as a shell's: * ? [a-z] */
  const char *tag;          /* "KEY" or "KEY=VALUE" */
  const char *resource_group_id;
  const char *zone_id;
};

/* Rules protect single instances (not_attempted, PROTECTED); belts stop the whole request before
 * its first release (not_attempted, BELT_BROKEN). Evaluated by the server. 0: no such belt. */
struct zenrelease_policy {
  size_t size;
  int64_t max_instances;
  int64_t other_instances;   /* of the same set, in other requests, not settled yet */
  int64_t settled_instances; /* taken out of the bin by the same run; counted as still in it */
  int32_t max_bin_percent;   /* share of the bin that the set may take */
  int32_t max_drift_percent; /* of the run, with expected facts; 0: none may drift */
  int64_t min_bin_time_ms;   /* least time since the server first saw it in the bin */
  const struct zenrelease_keep *keep;
  size_t keep_count;
  int64_t planned_instances; /* in the whole run, this request included; 0: it is all of it */
  int64_t drifted_instances; /* known to have drifted, in other requests of the run */
};

static inline void zenrelease_policy_init(struct zenrelease_policy *policy) {
  memset(policy, 0, sizeof *policy);
  policy->size = sizeof *policy;
}

#endif
