/* A plugin process as its host has it: started with an environment of its own, watched, ended. */
#ifndef ZR_TFHOST_CHILD_H
#define ZR_TFHOST_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

enum { CHILD_LINE = 8192, CHILD_SAID = 65536 };

struct child {
  pid_t pid;
  int out;               /* its stdout */
  int err;               /* its stderr */
  char line[CHILD_LINE]; /* the first line of stdout, without its end */
};

/* What a host puts into the environment. NULL: not there. */
struct child_setting {
  const char *name;
  const char *value;
};

/* Starts ZR_BIN/`program` with the environment of this process, changed by `settings` (ended by a
 * NULL name), and with `words` (ended by NULL; NULL: none) as its arguments. Asserts. */
void child_start(struct child *c, const char *program, const struct child_setting *settings,
                 const char *const *words);
/* Reads the first line of stdout; false at the end of the file. */
bool child_read_line(struct child *c);
/* Waits for the end: the exit status, or -1 when it still runs after `ms`; -2 for a signal. */
int child_wait(struct child *c, int ms);
/* What it wrote to stderr until its end. After child_wait. */
const char *child_said(struct child *c);
/* Kills what is left, closes, forgets. */
void child_close(struct child *c);
/* Milliseconds of a steady clock. */
double child_now_ms(void);
/* Longer than on a quiet machine with an optimised build: a factor. */
int child_slow(void);

#endif
