/*
 * A plugin of our own: started for one command, on a socket in a private folder, and gone with it.
 * Its stdin is a pipe that we hold: with --exit-with-parent it drains and leaves when that pipe
 * closes, so also when we are killed. It runs in a process group of its own, so that Ctrl-C reaches
 * it through us only.
 */
#ifndef ZR_CLIENT_CLI_PLUGIN_H
#define ZR_CLIENT_CLI_PLUGIN_H

#include <sys/types.h>

#include "args.h"
#include "base/buf.h"
#include "plugin_log.h"

enum { ZR_PLUGIN_PATH_ROOM = 108 };

struct zr_plugin {
  pid_t pid; /* 0: not running */
  int pidfd;
  int in;  /* its stdin */
  int out; /* its stdout */
  char *path;
  char dir[ZR_PLUGIN_PATH_ROOM];
  char socket[ZR_PLUGIN_PATH_ROOM];
  char *address; /* as it said itself */
  struct zr_plugin_log log;
};

/* Starts it and waits until it is ready. False with a sentence in `why`, "" when `cancel` was
 * raised; nothing is left running then. */
bool zr_plugin_start(struct zr_plugin *p, const struct zr_common_args *args,
                     const struct zenrelease_cancel *cancel, struct zr_buf *why);
/* Asks it to leave, makes it leave after a while, removes the folder. A zeroed plugin is fine. */
void zr_plugin_stop(struct zr_plugin *p);

/* The program: beside ours, then on PATH. Caller frees with zr_free; NULL when there is none. */
char *zr_plugin_find(void);
/* Starts p->path with pipes; 0, or an errno. *err_fd is the reading end of its stderr. */
int zr_plugin_spawn(struct zr_plugin *p, const struct zr_common_args *args, int *err_fd);

#endif
