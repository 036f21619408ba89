#include "plugin.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "interrupt.h"

enum { READY_MS = 15 * 1000, LEAVE_MS = 5 * 1000, READY_LINE_MAX = 4096 };

/* ---- the private folder ---- */

static bool s_try_dir(struct zr_plugin *p, const char *base) {
  if (!base || base[0] != '/')
    return false;
  int n = snprintf(p->dir, sizeof p->dir, "%s/zenrelease-XXXXXX", base);
  /* The socket's path must fit into a socket address, terminator included. */
  if (n < 0 || (size_t)n + 3 > sizeof p->socket || !mkdtemp(p->dir)) {
    p->dir[0] = '\0';
    return false;
  }
  (void)snprintf(p->socket, sizeof p->socket, "%.*s/s", n, p->dir);
  return true;
}

static bool s_make_dir(struct zr_plugin *p) {
  return s_try_dir(p, getenv("XDG_RUNTIME_DIR")) || s_try_dir(p, getenv("TMPDIR")) ||
         s_try_dir(p, "/tmp");
}

/* ---- the end of the process ---- */

/* Waits for the plugin to end; false when `ms` have passed. */
static bool s_wait_end(const struct zr_plugin *p, int64_t ms) {
  struct zr_mono until = zr_mono_add(zr_mono_now(), ms);
  struct pollfd fd = {p->pidfd, POLLIN, 0};
  for (;;) {
    int n = poll(&fd, 1, (int)zr_mono_until(until, zr_mono_now()));
    if (n > 0 || (n < 0 && errno != EINTR))
      return true;
    if (zr_mono_until(until, zr_mono_now()) == 0)
      return false;
  }
}

static void s_close(int *fd) {
  if (*fd >= 0)
    (void)close(*fd);
  *fd = -1;
}

/* Collects the ended process; what it ended with. */
static int s_reap(struct zr_plugin *p) {
  int status = 0;
  while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
    continue;
  zr_interrupt_owns(0, NULL, NULL);
  p->pid = 0;
  zr_plugin_log_join(&p->log);
  return status;
}

void zr_plugin_stop(struct zr_plugin *p) {
  if (!p->path)
    return;
  if (p->pid > 0) {
    (void)kill(p->pid, SIGTERM);
    if (!s_wait_end(p, LEAVE_MS))
      (void)kill(p->pid, SIGKILL);
    (void)s_reap(p);
  }
  s_close(&p->in);
  s_close(&p->out);
  s_close(&p->pidfd);
  if (p->dir[0]) {
    (void)unlink(p->socket);
    (void)rmdir(p->dir);
  }
  zr_plugin_log_clean_up(&p->log);
  zr_free(p->address);
  zr_free(p->path);
  *p = (struct zr_plugin){0};
}

/* ---- the ready line ---- */

static char *s_address(const char *line) {
  cJSON *object = cJSON_Parse(line);
  const cJSON *address = cJSON_GetObjectItemCaseSensitive(object, "address");
  char *out = cJSON_IsString(address) ? zr_strdup(address->valuestring) : NULL;
  cJSON_Delete(object);
  return out;
}

enum ready { READY_MORE, READY_LINE, READY_ENDED, READY_CANCELLED, READY_LATE };

/* Reads what there is of the line. */
static enum ready s_read_some(struct zr_plugin *p, struct zr_buf *line) {
  char bytes[512];
  ssize_t n = read(p->out, bytes, sizeof bytes);
  if (n < 0)
    return errno == EINTR ? READY_MORE : READY_ENDED;
  if (n == 0 || zr_buf_append(line, bytes, (size_t)n) != ZR_ERR_OK)
    return READY_ENDED;
  char *end = memchr(line->data, '\n', line->len);
  if (!end)
    return READY_MORE;
  *end = '\0';
  return READY_LINE;
}

static enum ready s_await(struct zr_plugin *p, const struct zenrelease_cancel *cancel,
                          struct zr_buf *line) {
  struct zr_mono until = zr_mono_add(zr_mono_now(), READY_MS);
  enum ready state = READY_MORE;
  while (state == READY_MORE) {
    struct pollfd fds[] = {{p->out, POLLIN, 0}, {zenrelease_cancel_fd(cancel), POLLIN, 0}};
    int n = poll(fds, ZR_COUNT(fds), (int)zr_mono_until(until, zr_mono_now()));
    if (n < 0 && errno == EINTR)
      continue;
    if (fds[1].revents)
      return READY_CANCELLED;
    if (fds[0].revents)
      state = s_read_some(p, line);
    else if (zr_mono_until(until, zr_mono_now()) == 0)
      return READY_LATE;
  }
  return state;
}

static void s_tell_end(struct zr_plugin *p, struct zr_buf *why) {
  if (!s_wait_end(p, LEAVE_MS))
    (void)kill(p->pid, SIGKILL);
  int status = s_reap(p);
  if (WIFSIGNALED(status))
    (void)zr_buf_printf(why, "%s was ended by signal %d before it was ready", p->path,
                        WTERMSIG(status));
  else
    (void)zr_buf_printf(why, "%s ended with code %d before it was ready", p->path,
                        WEXITSTATUS(status));
  zr_plugin_log_last(&p->log, why);
}

static bool s_become_ready(struct zr_plugin *p, const struct zenrelease_cancel *cancel,
                           struct zr_buf *why) {
  struct zr_buf line = ZR_BUF_INIT(READY_LINE_MAX);
  enum ready state = s_await(p, cancel, &line);
  switch (state) {
  case READY_LINE:
    p->address = s_address(line.data);
    if (!p->address) {
      (void)zr_buf_printf(why, "%s did not say its address, but: ", p->path);
      (void)zr_buf_json(why, zr_view_of(line.data));
    }
    break;
  case READY_ENDED:
    s_tell_end(p, why);
    break;
  case READY_LATE:
    (void)zr_buf_printf(why, "%s was not ready after %d s", p->path, READY_MS / 1000);
    zr_plugin_log_last(&p->log, why);
    break;
  case READY_CANCELLED:
  case READY_MORE:
  default:
    break;
  }
  zr_buf_clean_up(&line);
  return p->address != NULL;
}

/* ---- start ---- */

static bool s_launch(struct zr_plugin *p, const struct zr_common_args *args, struct zr_buf *why) {
  int err_fd = -1;
  int rc = zr_plugin_spawn(p, args, &err_fd);
  if (rc != 0) {
    (void)zr_buf_printf(why, "cannot start %s: %s", p->path, strerror(rc));
    return false;
  }
  zr_interrupt_owns(p->pid, p->dir, p->socket);
  p->pidfd = pidfd_open(p->pid, 0);
  if (p->pidfd < 0 || zr_plugin_log_start(&p->log, err_fd, args->verbose) != 0) {
    (void)zr_buf_printf(why, "cannot watch %s: %s", p->path, strerror(errno));
    (void)kill(p->pid, SIGKILL);
    return false;
  }
  return true;
}

bool zr_plugin_start(struct zr_plugin *p, const struct zr_common_args *args,
                     const struct zenrelease_cancel *cancel, struct zr_buf *why) {
  *p = (struct zr_plugin){.pidfd = -1, .in = -1, .out = -1};
  p->path = zr_plugin_find();
  if (!p->path) {
    (void)zr_buf_text(why, "zenrelease-plugin is neither beside this program nor on PATH; install "
                           "it, or name a running server with --server");
    return false;
  }
  if (!s_make_dir(p))
    (void)zr_buf_printf(why, "cannot make a private folder: %s", strerror(errno));
  else if (s_launch(p, args, why) && s_become_ready(p, cancel, why))
    return true;
  zr_plugin_stop(p);
  return false;
}
