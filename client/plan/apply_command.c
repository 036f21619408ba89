/* zenrelease apply FILE, and zenrelease apply --plan PLAN. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agree.h"
#include "apply.h"
#include "apply_journal.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/out.h"
#include "cli/temp_file.h"
#include "plan_live.h"

enum { KEY_PLAN = 0x200, KEY_DIGEST, KEY_APPROVE, KEY_REPORT };

struct apply_args {
  struct zr_common_args *common;
  const char *file;
  const char *plan;
  const char *digest;
  const char *report;
  struct zr_beside report_file; /* open before anything is started */
  bool approve;
};

/* ---- flags ---- */

static bool s_is_digest(const char *text) {
  return strlen(text) == ZR_DIGEST_ROOM - 1 &&
         strspn(text, "0123456789abcdef") == ZR_DIGEST_ROOM - 1;
}

static int s_end(struct apply_args *a) {
  if (!a->file == !a->plan)
    return zr_args_fail(a->common, "give either a teardown file or --plan");
  if (a->digest && !a->plan)
    return zr_args_fail(a->common, "--expect-digest is for --plan");
  if (a->digest && !s_is_digest(a->digest))
    return zr_args_fail(a->common, "--expect-digest must be 64 hexadecimal digits in lower case");
  return 0;
}

static error_t s_parse(int key, char *arg, struct argp_state *state) {
  struct apply_args *a = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = a->common;
    return 0;
  case KEY_PLAN:
    return zr_args_once(a->common, &a->plan, "plan", arg);
  case KEY_DIGEST:
    return zr_args_once(a->common, &a->digest, "expect-digest", arg);
  case KEY_REPORT:
    return zr_args_once(a->common, &a->report, "report", arg);
  case KEY_APPROVE:
    a->approve = true;
    return 0;
  case ARGP_KEY_ARG:
    if (a->file)
      return zr_args_fail(a->common, "one teardown file at a time; %s is one too many", arg);
    a->file = arg;
    return 0;
  case ARGP_KEY_END:
    return s_end(a);
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_option s_options[] = {
    {"plan", KEY_PLAN, "PLAN", 0, "Run exactly this saved plan, or nothing", 1},
    {"expect-digest", KEY_DIGEST, "HEX", 0, "Refuse a plan with another digest", 1},
    {"auto-approve", KEY_APPROVE, 0, 0, "Do not ask", 1},
    {"report", KEY_REPORT, "FILE", 0, "Write every outcome with its evidence into this JSON file",
     1},
    {0},
};

static const struct argp s_argp = {
    .options = s_options,
    .parser = s_parse,
    .args_doc = "FILE\n--plan PLAN",
    .doc = "Releases what a teardown file names, for good, after showing the plan and asking; or "
           "exactly what a saved plan says.\v"
           "Exit codes: 0 everything is gone; 1 nothing is; 2 usage, a faulty file or a plan that "
           "is refused, nothing sent; 3 some is gone, some is not; 4 some outcomes unknown; "
           "130 interrupted.",
    .children = zr_common_children,
};

/* ---- is this plan for us, now? ---- */

static bool s_refuse(const struct zr_common_args *common, const char *format, ...) ZR_PRINTF(2, 3);

static bool s_refuse(const struct zr_common_args *common, const char *format, ...) {
  struct zr_buf b = ZR_BUF_INIT(8192);
  va_list args;
  va_start(args, format);
  (void)zr_buf_vprintf(&b, format, args);
  va_end(args);
  zr_complain(common->json, "failed_precondition", "the plan is refused: %s", b.data ? b.data : "");
  zr_note("zenrelease: nothing was sent");
  zr_buf_clean_up(&b);
  return false;
}

static bool s_is_timely(const struct zr_common_args *common, const struct zr_plan_head *h) {
  char stamp[ZR_STAMP_ROOM];
  int64_t now = zr_wall_now().ms;
  zr_wall_format((struct zr_wall){h->expires_ms}, stamp);
  if (h->expires_ms <= now)
    return s_refuse(common, "it expired at %s", stamp);
  zr_wall_format((struct zr_wall){h->created_ms}, stamp);
  if (h->created_ms > now + 300000)
    return s_refuse(common, "it was made at %s, which is in the future of this machine's clock",
                    stamp);
  return true;
}

static enum zr_exit s_is_ours(const struct apply_args *args, const struct zr_connection *c,
                              const struct zr_plan_head *h) {
  struct zenrelease_server_info *info = NULL;
  struct zenrelease_error *error = NULL;
  if (zenrelease_server_info_get(c->client, 0, c->cancel, &info, &error) != ZENRELEASE_OK) {
    zr_tell_error(args->common->json, error, NULL);
    zr_note("zenrelease: nothing was sent");
    zenrelease_error_free(error);
    return ZR_EXIT_NONE;
  }
  bool fine = true;
  if (strcmp(info->account_fingerprint, h->account) != 0)
    fine = s_refuse(args->common, "it is for the account %s, and the credentials are those of %s",
                    h->account, *info->account_fingerprint ? info->account_fingerprint : "none");
  else if (strcmp(info->endpoint, h->endpoint) != 0)
    fine = s_refuse(args->common, "it is for the endpoint %s, and the server works with %s",
                    h->endpoint, info->endpoint);
  zenrelease_server_info_free(info);
  return fine ? ZR_EXIT_OK : ZR_EXIT_USAGE;
}

/* ---- running ---- */

static enum zr_exit s_run(struct apply_args *args, const struct zr_connection *c,
                          const struct zr_plan *plan) {
  struct zr_apply a = {.common = args->common,
                       .connection = c,
                       .plan = plan,
                       .report = args->report ? &args->report_file : NULL,
                       .started_ms = zr_wall_now().ms};
  enum zr_exit code = ZR_EXIT_NONE;
  if (zr_apply_begin(&a)) {
    zr_apply_run(&a);
    code = zr_apply_end(&a);
  } else {
    zr_complain(args->common->json, "resource_exhausted",
                "outcomes cannot be written down in %s: %s; nothing was sent", zr_temp_folder(),
                strerror(errno));
  }
  zr_apply_clean_up(&a);
  return code;
}

/* Nobody is asked to agree to a plan that is not shown. */
static bool s_may_ask(const struct apply_args *args) {
  if (args->approve || (!args->common->json && isatty(STDIN_FILENO) && zr_err_is_terminal()))
    return true;
  if (args->common->json)
    zr_complain(true, "failed_precondition",
                "with --json no plan is shown that could be agreed to; --auto-approve goes on "
                "without asking");
  else
    zr_complain(false, "failed_precondition",
                "there is no terminal to ask on; --auto-approve goes on without asking");
  zr_note("zenrelease: nothing was sent");
  return false;
}

/* A report that cannot be written is worth no release, so this is found out first. */
static bool s_report_opens(struct apply_args *args) {
  if (!args->report)
    return true;
  if (!zr_output_is_free(args->common, "report", args->report,
                         args->plan ? args->plan : args->file))
    return false;
  if (zr_beside_open(&args->report_file, args->report))
    return true;
  zr_complain(args->common->json, "invalid_argument", "--report %s: %s", args->report,
              strerror(errno));
  zr_note("zenrelease: nothing was sent");
  return false;
}

/* What is asked about is shown where it is asked. */
static enum zr_exit s_plan(const struct apply_args *args, const struct zr_plan_order *order,
                           struct zr_plan_head *head, struct zenrelease_server_info **info,
                           bool *made) {
  zr_out_divert(!args->approve && !isatty(STDOUT_FILENO));
  enum zr_exit code = zr_plan_live(order, head, info, made);
  zr_out_divert(false);
  return code;
}

/* Plans into an unnamed file, and runs what is in it. */
static enum zr_exit s_plan_and_run(struct apply_args *args, const struct zr_connection *c,
                                   const struct zr_teardown *t) {
  struct zenrelease_server_info *info = NULL;
  struct zr_plan_head head;
  struct zr_plan plan = {0};
  struct zr_problems problems;
  bool made = false;
  FILE *file = zr_temp_file();
  struct zr_plan_order order = {.common = args->common,
                                .connection = c,
                                .teardown = t,
                                .valid_ms = ZR_PLAN_VALID_MS,
                                .file = file,
                                .quiet = args->common->json};
  zr_problems_init(&problems, "plan");
  enum zr_exit code = ZR_EXIT_NONE;
  if (!file)
    zr_complain(args->common->json, "resource_exhausted", "no room for the plan in %s: %s",
                zr_temp_folder(), strerror(errno));
  else
    code = s_plan(args, &order, &head, &info, &made);
  if (made) {
    rewind(file);
    if (!zr_plan_open_file(&plan, file, &problems))
      code = zr_tell_problems(args->common, &problems);
    else if (args->approve || plan.instances == 0 || zr_agreed(&plan, c->cancel))
      code = s_run(args, c, &plan);
    else
      code = ZR_EXIT_NONE;
  }
  if (file)
    (void)fclose(file);
  zr_plan_clean_up(&plan);
  zr_problems_clean_up(&problems);
  zenrelease_server_info_free(info);
  return code;
}

static enum zr_exit s_apply_file(struct apply_args *args) {
  struct zr_teardown t;
  struct zr_problems problems;
  struct zr_connection c;
  if (!s_may_ask(args))
    return ZR_EXIT_USAGE;
  zr_problems_init(&problems, args->file);
  enum zr_exit code = ZR_EXIT_USAGE;
  if (!zr_teardown_read(&t, args->file, &problems)) {
    code = zr_tell_problems(args->common, &problems);
  } else if (s_report_opens(args)) {
    code = zr_connect(&c, args->common);
    if (code == ZR_EXIT_OK)
      code = s_plan_and_run(args, &c, &t);
    zr_disconnect(&c);
  }
  zr_teardown_clean_up(&t);
  zr_problems_clean_up(&problems);
  return zr_interrupted() ? ZR_EXIT_STOPPED : code;
}

static bool s_open(const struct apply_args *args, struct zr_plan *plan, enum zr_exit *code) {
  struct zr_problems problems;
  zr_problems_init(&problems, args->plan);
  bool fine = zr_plan_open(plan, args->plan, &problems);
  if (!fine) {
    *code = zr_tell_problems(args->common, &problems);
    zr_note("zenrelease: the plan is refused; nothing was sent");
  }
  zr_problems_clean_up(&problems);
  if (!fine)
    return false;
  if (args->digest && strcmp(args->digest, plan->digest) != 0)
    return s_refuse(args->common, "its digest is %s, and %s was expected", plan->digest,
                    args->digest);
  return s_is_timely(args->common, &plan->head);
}

static void s_tell_plan(const struct apply_args *args, const struct zr_plan *plan) {
  zr_note("zenrelease: running the plan %s, digest %s: %llu instances of account %s at %s",
          args->plan, plan->digest, (unsigned long long)plan->instances, plan->head.account,
          plan->head.endpoint);
}

static enum zr_exit s_apply_plan(struct apply_args *args) {
  struct zr_plan plan = {0};
  struct zr_connection c;
  struct zr_buf journal = ZR_BUF_INIT(PATH_MAX + 16);
  enum zr_exit code = ZR_EXIT_USAGE;
  if (s_open(args, &plan, &code) && zr_journal_beside(args->common, args->plan, &journal) &&
      s_report_opens(args)) {
    code = zr_connect(&c, args->common);
    if (code == ZR_EXIT_OK)
      code = s_is_ours(args, &c, &plan.head);
    if (code == ZR_EXIT_OK) {
      s_tell_plan(args, &plan);
      code = s_run(args, &c, &plan);
    }
    zr_disconnect(&c);
  }
  zr_plan_clean_up(&plan);
  zr_buf_clean_up(&journal);
  return zr_interrupted() ? ZR_EXIT_STOPPED : code;
}

enum zr_exit zr_command_apply(struct zr_common_args *common, int argc, char **argv) {
  struct apply_args args = {.common = common};
  if (!zr_args_parse(&s_argp, common, &args, argc, argv))
    return zr_args_usage(common, "apply");
  zr_interrupt_advice("Apply the same again: it reads first.");
  enum zr_exit code = args.plan ? s_apply_plan(&args) : s_apply_file(&args);
  zr_beside_clean_up(&args.report_file);
  return code;
}
