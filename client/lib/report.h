/*
 * Reports: the server's, and those that the client has to write itself when the server can no
 * longer be asked, or never was.
 */
#ifndef ZR_CLIENT_LIB_REPORT_H
#define ZR_CLIENT_LIB_REPORT_H

#include <stdatomic.h>

#include "convert.h"

struct zenrelease_report {
  atomic_int refs;
  struct zr_arena arena; /* everything below, and the messages that its text is borrowed from */
  struct zenrelease_result *results;
  size_t result_count;
  struct zenrelease_diagnostic *diagnostics;
  size_t diagnostic_count;
  size_t diagnostic_cap;
  struct zenrelease_counts counts;
  const char *request_id;
};

/* An empty report with one reference; NULL when memory is out. Its arena may be filled with
 * messages for the functions below. */
struct zenrelease_report *zr_report_new(void);

/* The messages that a report is made of, which must lie in the report's arena. */
struct zr_report_parts {
  Zenrelease__V1__InstanceResult **results;
  size_t result_count;
  Zenrelease__V1__Diagnostic **diagnostics;
  size_t diagnostic_count;
  const Zenrelease__V1__Counts *counts;
};
int zr_report_fill_parts(struct zenrelease_report *r, const struct zr_report_parts *from,
                         struct zr_origin origin) ZR_MUST_CHECK;
/* The same from the server's response. */
int zr_report_fill(struct zenrelease_report *r, const Zenrelease__V1__ReleaseResponse *from,
                   struct zr_origin origin) ZR_MUST_CHECK;

/* Room for `count` results; used by whoever writes them. */
int zr_report_reserve(struct zenrelease_report *r, size_t count) ZR_MUST_CHECK;
/* Adds a diagnostic; its text must live in the arena or forever. */
int zr_report_add(struct zenrelease_report *r, const struct zenrelease_diagnostic *d) ZR_MUST_CHECK;
/* Counts the results anew. */
void zr_report_count(struct zenrelease_report *r);

/* Why the client itself has to say how ids ended. */
struct zr_verdict {
  enum zenrelease_outcome outcome;
  const char *code;
  const char *summary;
  const char *detail; /* copied */
  const char *hint;
};
/* One result with this verdict at results[index], and its diagnostic. `id` must live in the arena
 * or as long as the report. */
int zr_report_judge(struct zenrelease_report *r, size_t index, const char *id, uint32_t position,
                    const struct zr_verdict *v) ZR_MUST_CHECK;

void zr_counts_add(struct zenrelease_counts *to, const struct zenrelease_counts *more);

#endif
