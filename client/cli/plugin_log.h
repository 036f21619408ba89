/*
 * What the plugin says on stderr: JSON lines. A thread reads them, so that the plugin never blocks;
 * warnings are shown if asked for, and the last lines are kept for when it dies.
 */
#ifndef ZR_CLIENT_CLI_PLUGIN_LOG_H
#define ZR_CLIENT_CLI_PLUGIN_LOG_H

#include <pthread.h>
#include <stdbool.h>

#include "base/buf.h"

enum { ZR_PLUGIN_LOG_LINES = 8 };

struct zr_plugin_log {
  pthread_t thread;
  bool running;
  bool verbose;
  int fd;
  pthread_mutex_t lock; /* of the two below */
  char *last[ZR_PLUGIN_LOG_LINES];
  unsigned next;
};

/* Takes over `fd`. 0, or -1: nothing was started, and fd is closed. */
int zr_plugin_log_start(struct zr_plugin_log *log, int fd, bool verbose);
/* Waits for the end of the stream, which the end of the plugin brings. */
void zr_plugin_log_join(struct zr_plugin_log *log);
/* Appends the last lines, each indented and on its own. Any thread. */
void zr_plugin_log_last(struct zr_plugin_log *log, struct zr_buf *out);
void zr_plugin_log_clean_up(struct zr_plugin_log *log);

/* One line as people read it: "warn: message (key=value)"; the line itself when it is no JSON
 * object. *important: of level warn or error. */
void zr_plugin_log_human(const char *line, struct zr_buf *out, bool *important);

#endif
