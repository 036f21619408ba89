/* The flags of `zenrelease release`. */
#ifndef ZR_CLIENT_CLI_RELEASE_ARGS_H
#define ZR_CLIENT_CLI_RELEASE_ARGS_H

#include "args.h"
#include "ids.h"

struct zr_release_args {
  struct zr_common_args *common;
  enum zenrelease_product product;
  bool dry_run;
  bool allow_missing;
  bool depend_resource;
  const char *from; /* "-": standard input */
  const char *request_id;
  const char *wait_text;
  const char *timeout_text;
  int64_t wait_ms;
  int64_t timeout_ms; /* 0: none */
  struct zr_ids ids;
};

/* Reads argv (from "release" on), without opening --from. False with common->error set. Clean up
 * args->ids in any case. */
bool zr_release_args_parse(struct zr_release_args *args, struct zr_common_args *common, int argc,
                           char **argv);

#endif
