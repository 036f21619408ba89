/* The exit codes of `zenrelease release`; docs/exit-codes.md is their page. */
#ifndef ZR_CLIENT_CLI_EXIT_CODE_H
#define ZR_CLIENT_CLI_EXIT_CODE_H

#include <stdbool.h>

#include "zenrelease/zenrelease.h"

enum zr_exit {
  ZR_EXIT_OK = 0,       /* every id is as wished */
  ZR_EXIT_NONE = 1,     /* no id is, or nothing could be started */
  ZR_EXIT_USAGE = 2,    /* the request is malformed; nothing was sent */
  ZR_EXIT_SOME = 3,     /* some are, some are not */
  ZR_EXIT_UNKNOWN = 4,  /* some outcomes are not known */
  ZR_EXIT_STOPPED = 130 /* interrupted */
};

struct zr_exit_facts {
  const struct zenrelease_counts *counts;
  int64_t would_release; /* dry run: results with the diagnostic WOULD_RELEASE */
  bool dry_run;
  bool allow_missing;
  bool interrupted;
  bool undelivered; /* the report could not be written */
};

/* The first that holds of: interrupted, unknown, some or none, all. Pure. */
enum zr_exit zr_exit_code(const struct zr_exit_facts *facts);

#endif
