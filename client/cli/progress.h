/*
 * What is going on, for people, on stderr: on a terminal one live line, redrawn at most ten times a
 * second; elsewhere a plain line for each event that matters.
 */
#ifndef ZR_CLIENT_CLI_PROGRESS_H
#define ZR_CLIENT_CLI_PROGRESS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "zenrelease/zenrelease.h"

enum { ZR_PROGRESS_REDRAW_MS = 100 };

struct zr_progress {
  bool live;
  bool stopping;
  int64_t total;
  int64_t done;
  int64_t read; /* of the live state, and how many of those are in the bin */
  int64_t eligible;
  struct zr_mono started;
  struct zr_mono drawn;
  int64_t throttled_until_ms; /* wall time; 0: not */
  struct zr_buf what;         /* the last thing that happened */
};

void zr_progress_begin(struct zr_progress *p, bool live, struct zr_mono now);
void zr_progress_event(struct zr_progress *p, const struct zenrelease_event *ev);
/* Removes the live line. */
void zr_progress_end(struct zr_progress *p);

/* The live line at `now`, at most `width` columns. */
void zr_progress_line(const struct zr_progress *p, struct zr_mono now, int64_t wall_ms,
                      unsigned width, struct zr_buf *out);
/* One event as a sentence; empty when it does not matter enough for a line of its own. Reads of the
 * live state are summed up in p, and told once, when all are done. */
void zr_progress_sentence(const struct zr_progress *p, const struct zenrelease_event *ev,
                          struct zr_buf *out);

#endif
