/* The commands. Each takes argv from its own name on, the flags that came before it, and returns
 * the exit code. A new command is a row in main.c and a file of its own. */
#ifndef ZR_CLIENT_CLI_COMMANDS_H
#define ZR_CLIENT_CLI_COMMANDS_H

#include "args.h"
#include "exit_code.h"

enum zr_exit zr_command_release(struct zr_common_args *common, int argc, char **argv);
enum zr_exit zr_command_list(struct zr_common_args *common, int argc, char **argv);
enum zr_exit zr_command_info(struct zr_common_args *common, int argc, char **argv);
enum zr_exit zr_command_validate(struct zr_common_args *common, int argc, char **argv);
enum zr_exit zr_command_plan(struct zr_common_args *common, int argc, char **argv);
enum zr_exit zr_command_apply(struct zr_common_args *common, int argc, char **argv);
enum zr_exit zr_command_explain(struct zr_common_args *common, int argc, char **argv);
enum zr_exit zr_command_history(struct zr_common_args *common, int argc, char **argv);
enum zr_exit zr_command_resume(struct zr_common_args *common, int argc, char **argv);
enum zr_exit zr_command_doctor(struct zr_common_args *common, int argc, char **argv);

#endif
