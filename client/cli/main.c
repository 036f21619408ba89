#include <argp.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/stdfd.h"
#include "cli/commands.h"
#include "cli/out.h"

struct command {
  const char *name;
  char full_name[32]; /* how argp speaks of it */
  enum zr_exit (*run)(struct zr_common_args *common, int argc, char **argv);
};

static struct command s_commands[] = {
    {"release", "zenrelease release", zr_command_release},
    {"list", "zenrelease list", zr_command_list},
    {"info", "zenrelease info", zr_command_info},
    {"validate", "zenrelease validate", zr_command_validate},
    {"plan", "zenrelease plan", zr_command_plan},
    {"apply", "zenrelease apply", zr_command_apply},
    {"explain", "zenrelease explain", zr_command_explain},
    {"history", "zenrelease history", zr_command_history},
    {"resume", "zenrelease resume", zr_command_resume},
    {"doctor", "zenrelease doctor", zr_command_doctor},
};

static enum zr_exit s_run(int argc, char **argv) {
  struct zr_common_args args = {.json = zr_args_want_json(argc, argv)};
  if (!zr_args_parse_top(&args, argc, argv))
    return zr_args_usage(&args, NULL);
  for (size_t i = 0; i < ZR_COUNT(s_commands); i++) {
    if (strcmp(args.command, s_commands[i].name) != 0)
      continue;
    argv[args.command_index] = s_commands[i].full_name;
    return s_commands[i].run(&args, argc - args.command_index, argv + args.command_index);
  }
  (void)zr_args_fail(&args, "unknown command %s; zenrelease --help names them all", args.command);
  return zr_args_usage(&args, NULL);
}

ZR_STDFD_FIRST

int main(int argc, char **argv) {
  zr_stdfd_open();
  zr_secret_close_process();            /* credentials pass through the environment */
  (void)setlocale(LC_CTYPE, "C.UTF-8"); /* else: zr_pattern_is_unsure */
  argp_program_version = "zenrelease " ZR_VERSION;
  argp_err_exit_status = ZR_EXIT_USAGE;
  zr_out_watch_exit();
  enum zr_exit code = s_run(argc, argv);
  (void)zr_out_flush(NULL);
#ifdef ZR_SANITIZED
  return (int)code; /* the leak check runs at exit */
#else
  _exit((int)code); /* gRPC's own threads are not waited for */
#endif
}
