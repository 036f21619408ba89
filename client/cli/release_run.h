/*
 * A release while it runs, told as it goes: progress for people, or an event a line. Keeps the
 * reports for the end. One after the other, several releases may share it.
 */
#ifndef ZR_CLIENT_CLI_RELEASE_RUN_H
#define ZR_CLIENT_CLI_RELEASE_RUN_H

#include "connect.h"
#include "progress.h"

struct zr_release_run {
  bool json;
  struct zr_progress progress;
  struct zr_buf line;
  struct zenrelease_report **reports; /* one of each request */
  size_t report_count;
  size_t report_cap;
  bool short_of_memory; /* a report is missing */
};

void zr_release_run_begin(struct zr_release_run *run, bool json);
void zr_release_run_clean_up(struct zr_release_run *run);
/* Runs zenrelease_release with `o`, in which what concerns events, cancellation and the connection
 * is filled in here. */
enum zenrelease_status zr_release_run(struct zr_release_run *run, const struct zr_connection *c,
                                      struct zenrelease_release_options *o,
                                      struct zenrelease_summary *summary,
                                      struct zenrelease_error **error);

#endif
