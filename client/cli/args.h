/*
 * The command line. Flags are long, exact and given once: abbreviations, unknown words and values
 * that would have to be guessed are errors, found before anything is started. No flag takes a
 * secret.
 */
#ifndef ZR_CLIENT_CLI_ARGS_H
#define ZR_CLIENT_CLI_ARGS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "exit_code.h"
#include "zenrelease/zenrelease.h"

/* What every command takes. Text is borrowed from argv. */
struct zr_common_args {
  const char *config;
  const char *profile;
  const char *endpoint;
  const char *journal;
  const char *server; /* NULL: start the plugin */
  const char *tls_ca;
  const char *tls_cert;
  const char *tls_key;
  const char *tls_server_name;
  bool json;
  bool verbose;
  const char *command; /* as typed; NULL: none */
  int command_index;   /* of it in argv */
  char error[512];     /* "": none */
};

/* For argp: the flags of struct zr_common_args, the child parser of every command. */
extern const struct argp_child zr_common_children[];
/* The parser of a command that has neither flags of its own nor arguments; its input is the struct
 * zr_common_args. */
error_t zr_args_parse_none(int key, char *arg, struct argp_state *state);

/* Reads what comes before the command, and the command's name. False with args->error set. */
bool zr_args_parse_top(struct zr_common_args *args, int argc, char **argv);
/* Reads the flags of one command, argv[0] being its name. False with common->error set; exits after
 * --help and --version. */
bool zr_args_parse(const struct argp *argp, struct zr_common_args *common, void *input, int argc,
                   char **argv);

/* For parsers: remembers the first error, and returns EINVAL. */
int zr_args_fail(struct zr_common_args *args, const char *format, ...) ZR_PRINTF(2, 3);
/* Sets a flag that may be given once. 0 or EINVAL. */
int zr_args_once(struct zr_common_args *args, const char **slot, const char *flag,
                 const char *value);
/* "vm", "bmc", "zec". 0 or EINVAL. */
int zr_args_product(struct zr_common_args *args, const char *value, enum zenrelease_product *out);

/* A time like "10m", given once. 0 or EINVAL. */
int zr_args_duration(struct zr_common_args *args, const char **slot, const char *flag,
                     const char *value, int64_t *ms);
/* --limit: a number from 1, given once. 0 or EINVAL. */
int zr_args_limit(struct zr_common_args *args, const char **slot, const char *value,
                  unsigned long long *limit);

/* False, and told, when what is to be written at `path` is a file that is read: `input` (may be
 * NULL), or one of the common flags. */
bool zr_output_is_free(const struct zr_common_args *args, const char *flag, const char *path,
                       const char *input);

/* Tells args->error, and how to learn more about `command` (NULL: all of them). ZR_EXIT_USAGE. */
enum zr_exit zr_args_usage(const struct zr_common_args *args, const char *command);

/* Whether --json is among argv: asked before anything is parsed, to know how errors are told. */
bool zr_args_want_json(int argc, char *const *argv);

#endif
