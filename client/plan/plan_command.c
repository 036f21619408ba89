/* zenrelease validate FILE, and zenrelease plan FILE [--out PLAN]. */
#include <errno.h>
#include <string.h>

#include "cli/beside.h"
#include "cli/commands.h"
#include "cli/duration.h"
#include "cli/interrupt.h"
#include "cli/out.h"
#include "plan_live.h"

enum { KEY_OUT = 0x200, KEY_VALID_FOR };

struct plan_args {
  struct zr_common_args *common;
  const char *file;
  const char *out;
  const char *valid_text;
  int64_t valid_ms;
};

/* ---- flags ---- */

static int s_file(struct plan_args *a, const char *arg) {
  if (a->file)
    return zr_args_fail(a->common, "one teardown file at a time; %s is one too many", arg);
  a->file = arg;
  return 0;
}

static int s_valid(struct plan_args *a, const char *arg) {
  int rc = zr_args_once(a->common, &a->valid_text, "valid-for", arg);
  if (rc == 0 && (!zr_duration_parse(arg, &a->valid_ms) || a->valid_ms < 1000))
    rc = zr_args_fail(a->common, "--valid-for must be a time like 30m or 72h, not %s", arg);
  return rc;
}

static error_t s_parse(int key, char *arg, struct argp_state *state) {
  struct plan_args *a = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = a->common;
    return 0;
  case KEY_OUT:
    return zr_args_once(a->common, &a->out, "out", arg);
  case KEY_VALID_FOR:
    return s_valid(a, arg);
  case ARGP_KEY_ARG:
    return s_file(a, arg);
  case ARGP_KEY_NO_ARGS:
    return zr_args_fail(a->common, "name a teardown file");
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_option s_options[] = {
    {"out", KEY_OUT, "PLAN", 0, "Save the plan in this file", 1},
    {"valid-for", KEY_VALID_FOR, "TIME", 0, "How long it may be applied (default 72h)", 1},
    {0},
};

static const struct argp s_plan_argp = {
    .options = s_options,
    .parser = s_parse,
    .args_doc = "FILE",
    .doc = "Reads the live state, and shows what applying the teardown file would release, what is "
           "in the way, and what dies with it. Changes nothing. FILE may be - for standard "
           "input.\v"
           "Exit codes: 0 nothing is in the way; 1 all of it is, a belt stops it, or it failed; "
           "2 usage, or a faulty file; 3 some is in the way; 130 interrupted.",
    .children = zr_common_children,
};

static const struct argp s_validate_argp = {
    .parser = s_parse,
    .args_doc = "FILE",
    .doc = "Checks a teardown file without asking anybody, and names every fault with its line, "
           "column and path.\v"
           "Exit codes: 0 nothing is wrong with it; 2 something is, or usage.",
    .children = zr_common_children,
};

/* ---- validate ---- */

enum zr_exit zr_command_validate(struct zr_common_args *common, int argc, char **argv) {
  struct plan_args args = {.common = common};
  struct zr_teardown t;
  struct zr_problems problems;
  if (!zr_args_parse(&s_validate_argp, common, &args, argc, argv))
    return zr_args_usage(common, "validate");
  zr_problems_init(&problems, args.file);
  enum zr_exit code = ZR_EXIT_OK;
  if (!zr_teardown_read(&t, args.file, &problems))
    code = zr_tell_problems(common, &problems);
  else if (common->json)
    zr_out_text("{\"type\":\"result\",\"valid\":true,\"steps\":%zu}\n", t.steps.count);
  else
    zr_out_text("%s: nothing is wrong with it; %zu step%s\n", args.file, t.steps.count,
                t.steps.count == 1 ? "" : "s");
  zr_teardown_clean_up(&t);
  zr_problems_clean_up(&problems);
  return zr_out_written("answer") || code == ZR_EXIT_USAGE ? code : ZR_EXIT_NONE;
}

/* ---- plan ---- */

static enum zr_exit s_install(const struct plan_args *args, struct zr_beside *to,
                              enum zr_exit code) {
  if (zr_beside_install(to))
    return code;
  zr_complain(args->common->json, "unknown", "%s: %s", args->out, strerror(errno));
  return ZR_EXIT_NONE;
}

static enum zr_exit s_plan(const struct plan_args *args, const struct zr_teardown *t,
                           const struct zr_connection *connection, struct zr_beside *to) {
  struct zenrelease_server_info *info = NULL;
  struct zr_plan_head head;
  bool made = false;
  struct zr_plan_order order = {.common = args->common,
                                .connection = connection,
                                .teardown = t,
                                .valid_ms = args->valid_ms,
                                .file = to->file,
                                .out = args->out};
  enum zr_exit code = zr_plan_live(&order, &head, &info, &made);
  if (made && args->out)
    code = s_install(args, to, code);
  zenrelease_server_info_free(info);
  return code;
}

enum zr_exit zr_command_plan(struct zr_common_args *common, int argc, char **argv) {
  struct plan_args args = {.common = common, .valid_ms = ZR_PLAN_VALID_MS};
  struct zr_teardown t;
  struct zr_problems problems;
  struct zr_connection connection;
  struct zr_beside to = {0};
  if (!zr_args_parse(&s_plan_argp, common, &args, argc, argv))
    return zr_args_usage(common, "plan");
  zr_problems_init(&problems, args.file);
  enum zr_exit code = ZR_EXIT_OK;
  if (!zr_teardown_read(&t, args.file, &problems)) {
    code = zr_tell_problems(common, &problems);
  } else if (args.out && !zr_output_is_free(common, "out", args.out, args.file)) {
    code = ZR_EXIT_USAGE;
  } else if (args.out && !zr_beside_open(&to, args.out)) {
    zr_complain(common->json, "invalid_argument", "--out %s: %s", args.out, strerror(errno));
    code = ZR_EXIT_USAGE;
  } else {
    code = zr_connect(&connection, common);
    if (code == ZR_EXIT_OK)
      code = s_plan(&args, &t, &connection, &to);
    zr_disconnect(&connection);
    if (zr_interrupted())
      code = ZR_EXIT_STOPPED;
  }
  zr_beside_clean_up(&to);
  zr_teardown_clean_up(&t);
  zr_problems_clean_up(&problems);
  return code;
}
