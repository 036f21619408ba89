#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "plugin.h"

static const char s_program[] = "zenrelease-plugin";

/* `dir`/zenrelease-plugin when that can be run; caller frees. */
static char *s_in(struct zr_view dir) {
  struct zr_buf path = ZR_BUF_INIT(4096);
  (void)zr_buf_view(&path, dir);
  (void)zr_buf_printf(&path, "/%s", s_program);
  char *out = zr_buf_take(&path);
  if (out && access(out, X_OK) == 0)
    return out;
  zr_free(out);
  return NULL;
}

static char *s_beside_us(void) {
  char self[4096];
  ssize_t len = readlink("/proc/self/exe", self, sizeof self);
  const char *slash = len > 0 ? memrchr(self, '/', (size_t)len) : NULL;
  return slash ? s_in((struct zr_view){self, (size_t)(slash - self)}) : NULL;
}

char *zr_plugin_find(void) {
  char *found = s_beside_us();
  struct zr_view path = zr_view_of(getenv("PATH"));
  while (!found && path.len) {
    struct zr_view dir = zr_view_split(&path, ':');
    if (dir.len && dir.ptr[0] == '/') /* never from the working folder */
      found = s_in(dir);
  }
  return found;
}

struct pipes {
  int in[2];
  int out[2];
  int err[2];
};

static void s_close(int *fd) {
  if (*fd >= 0)
    (void)close(*fd);
  *fd = -1;
}

static int s_open_pipes(struct pipes *p) {
  *p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
  if (pipe2(p->in, O_CLOEXEC) != 0 || pipe2(p->out, O_CLOEXEC) != 0 ||
      pipe2(p->err, O_CLOEXEC) != 0)
    return errno;
  return 0;
}

static int s_prepare(posix_spawn_file_actions_t *files, posix_spawnattr_t *attr,
                     const struct pipes *p) {
  sigset_t none;
  sigset_t usual;
  (void)sigemptyset(&none);
  (void)sigemptyset(&usual);
  (void)sigaddset(&usual, SIGINT);
  (void)sigaddset(&usual, SIGTERM);
  (void)sigaddset(&usual, SIGHUP);
  (void)sigaddset(&usual, SIGPIPE);
  (void)sigaddset(&usual, SIGXFSZ);
  int rc = posix_spawn_file_actions_adddup2(files, p->in[0], STDIN_FILENO);
  if (rc == 0)
    rc = posix_spawn_file_actions_adddup2(files, p->out[1], STDOUT_FILENO);
  if (rc == 0)
    rc = posix_spawn_file_actions_adddup2(files, p->err[1], STDERR_FILENO);
  if (rc == 0)
    rc = posix_spawnattr_setsigmask(attr, &none);
  if (rc == 0)
    rc = posix_spawnattr_setsigdefault(attr, &usual);
  if (rc == 0)
    rc = posix_spawnattr_setpgroup(attr, 0);
  if (rc == 0)
    rc = posix_spawnattr_setflags(
        attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
  return rc;
}

/* The plugin's command line. Nothing secret is in it: secrets reach it by file and environment. */
static void s_arguments(const struct zr_plugin *p, const struct zr_common_args *args,
                        const char *listen, const char *argv[16]) {
  size_t n = 0;
  argv[n++] = p->path;
  argv[n++] = "--listen";
  argv[n++] = listen;
  argv[n++] = "--exit-with-parent";
  const char *const flags[][2] = {{"--config", args->config},
                                  {"--profile", args->profile},
                                  {"--endpoint", args->endpoint},
                                  {"--journal", args->journal}};
  for (size_t i = 0; i < ZR_COUNT(flags); i++) {
    if (!flags[i][1])
      continue;
    argv[n++] = flags[i][0];
    argv[n++] = flags[i][1];
  }
  argv[n] = NULL;
}

static int s_spawn(struct zr_plugin *p, const struct zr_common_args *args,
                   const struct pipes *pipes) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
  const char *argv[16];
  char *const *lent = NULL;
  char listen[ZR_PLUGIN_PATH_ROOM + 8];
  const char *const *list = argv;
  (void)snprintf(listen, sizeof listen, "unix:%s", p->socket);
  s_arguments(p, args, listen, argv);
  memcpy(&lent, &list, sizeof lent); /* posix_spawn changes nothing in it */
  (void)posix_spawn_file_actions_init(&files);
  (void)posix_spawnattr_init(&attr);
  int rc = s_prepare(&files, &attr, pipes);
  if (rc == 0)
    rc = posix_spawn(&p->pid, p->path, &files, &attr, lent, environ);
  (void)posix_spawn_file_actions_destroy(&files);
  (void)posix_spawnattr_destroy(&attr);
  return rc;
}

int zr_plugin_spawn(struct zr_plugin *p, const struct zr_common_args *args, int *err_fd) {
  struct pipes pipes;
  int rc = s_open_pipes(&pipes);
  if (rc == 0)
    rc = s_spawn(p, args, &pipes);
  if (rc == 0) {
    p->in = pipes.in[1];
    p->out = pipes.out[0];
    *err_fd = pipes.err[0];
    pipes.in[1] = pipes.out[0] = pipes.err[0] = -1;
  } else {
    p->pid = 0;
  }
  for (int i = 0; i < 2; i++) {
    s_close(&pipes.in[i]);
    s_close(&pipes.out[i]);
    s_close(&pipes.err[i]);
  }
  return rc;
}
