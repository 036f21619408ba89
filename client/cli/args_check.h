/* What getopt would forgive: abbreviated, misspelt and misplaced flags. */
#ifndef ZR_CLIENT_CLI_ARGS_CHECK_H
#define ZR_CLIENT_CLI_ARGS_CHECK_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

/* Checks argv[1…] against the flags of `argp` and its children, exactly. With `in_order`, stops at
 * the first word that is no flag. False with a sentence in `why`. */
bool zr_args_check(const struct argp *argp, int argc, char *const *argv, bool in_order, char *why,
                   size_t why_size);

#endif
