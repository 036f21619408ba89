/* What plan and apply share: from a teardown file to a plan, through a connected client. */
#ifndef ZR_CLIENT_PLAN_PLAN_LIVE_H
#define ZR_CLIENT_PLAN_PLAN_LIVE_H

#include "cli/connect.h"
#include "cli/exit_code.h"
#include "plan_text.h"

enum { ZR_PLAN_VALID_MS = 72 * 3600 * 1000 };

struct zr_plan_order {
  const struct zr_common_args *common;
  const struct zr_connection *connection;
  const struct zr_teardown *teardown;
  int64_t valid_ms;
  FILE *file;      /* where the plan goes; NULL: nowhere */
  const char *out; /* its name, for people; NULL: not saved */
  bool quiet;      /* on stdout: for apply --json */
};

/* Makes the plan and shows it. ZR_EXIT_OK: everything named would be released; ZR_EXIT_SOME: some
 * is in the way; ZR_EXIT_NONE: all is, or it could not be made (*made is false then). `head` gets
 * what the plan is about; its text lives as long as *info, which the caller frees. */
enum zr_exit zr_plan_live(const struct zr_plan_order *order, struct zr_plan_head *head,
                          struct zenrelease_server_info **info, bool *made);
/* Says what is wrong with a file: ZR_EXIT_USAGE, or ZR_EXIT_NONE where this machine is short of
 * something. */
enum zr_exit zr_tell_problems(const struct zr_common_args *common, const struct zr_problems *p);

#endif
