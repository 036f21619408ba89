/*
 * What can still be said when the server cannot be asked any more: outcomes that it had decided
 * stand, the others are unknown. Nothing that was released is reported as failed, and nothing is
 * guessed.
 */
#ifndef ZR_CLIENT_LIB_LOST_H
#define ZR_CLIENT_LIB_LOST_H

#include "report.h"

/* The outcomes that a stream has told so far; final by contract. Pointers into some arena. */
struct zr_decided {
  const struct zenrelease_result **results;
  size_t count;
  size_t cap;
};
int zr_decided_add(struct zr_decided *d, const struct zenrelease_result *result) ZR_MUST_CHECK;
void zr_decided_clean_up(struct zr_decided *d);

/* Writes a report for `ids` (repeated ones are collapsed): what is in `decided`, and `v` for the
 * rest. `decided` may be NULL; it is sorted. Ids and decided results must live as long as r. */
int zr_report_lost(struct zenrelease_report *r, const char *const *ids, size_t count,
                   struct zr_origin origin, struct zr_decided *decided,
                   const struct zr_verdict *v) ZR_MUST_CHECK;

/* A report that came after the stream was taken up again: a server that lost its memory in between
 * sees a released instance as missing. What had been decided as a success stays one. */
void zr_report_keep_decided(struct zenrelease_report *r, struct zr_decided *decided);

#endif
