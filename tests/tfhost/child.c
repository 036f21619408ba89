#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { VARIABLES = 512, WORDS = 8 };

double child_now_ms(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int child_slow(void) {
#ifdef ZR_SANITIZED
  return 8;
#else
  return 2;
#endif
}

static const struct child_setting *s_find(const struct child_setting *settings, const char *entry) {
  for (; settings->name; settings++) {
    size_t len = strlen(settings->name);
    if (strncmp(entry, settings->name, len) == 0 && entry[len] == '=')
      return settings;
  }
  return NULL;
}

/* Texts that we made are freed by s_free_environment; they follow the borrowed ones. */
static size_t s_environment(const struct child_setting *settings, char *out[VARIABLES]) {
  size_t n = 0;
  for (char **e = environ; *e; e++) {
    assert_true(n + 32 < VARIABLES);
    if (!s_find(settings, *e))
      out[n++] = *e;
  }
  size_t borrowed = n;
  for (; settings->name; settings++) {
    if (!settings->value)
      continue;
    size_t room = strlen(settings->name) + strlen(settings->value) + 2;
    out[n] = malloc(room);
    assert_non_null(out[n]);
    (void)snprintf(out[n++], room, "%s=%s", settings->name, settings->value);
  }
  out[n] = NULL;
  return borrowed;
}

static void s_pipe(int ends[2]) {
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

static void s_spawn(struct child *c, char *const *argv, char *const *envp, const int out[2],
                    const int err[2]) {
  posix_spawn_file_actions_t actions;
  assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
  (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  (void)posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  (void)posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  assert_int_equal(posix_spawn(&c->pid, argv[0], &actions, NULL, argv, envp), 0);
  (void)posix_spawn_file_actions_destroy(&actions);
}

void child_start(struct child *c, const char *program, const struct child_setting *settings,
                 const char *const *words) {
  const char *bin = getenv("ZR_BIN");
  assert_non_null(bin);
  char path[4096];
  (void)snprintf(path, sizeof path, "%s/%s", bin, program);
  char room[WORDS][256];
  char *argv[WORDS + 2] = {path, NULL};
  for (size_t i = 0; words && words[i]; i++) {
    assert_true(i < WORDS);
    (void)snprintf(room[i], sizeof room[i], "%s", words[i]);
    argv[i + 1] = room[i];
  }
  char *envp[VARIABLES];
  size_t ours = s_environment(settings, envp);
  int out[2];
  int err[2];
  s_pipe(out);
  s_pipe(err);
  *c = (struct child){.out = out[0], .err = err[0]};
  s_spawn(c, argv, envp, out, err);
  (void)close(out[1]);
  (void)close(err[1]);
  for (; envp[ours]; ours++)
    free(envp[ours]);
}

bool child_read_line(struct child *c) {
  size_t n = 0;
  char byte = 0;
  while (n + 1 < sizeof c->line) {
    ssize_t got = read(c->out, &byte, 1);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0 || byte == '\n')
      break;
    c->line[n++] = byte;
  }
  c->line[n] = '\0';
  return byte == '\n';
}

int child_wait(struct child *c, int ms) {
  int fd = pidfd_open(c->pid, 0);
  struct pollfd p = {.fd = fd, .events = POLLIN};
  int ready = fd < 0 ? 1 : poll(&p, 1, ms * child_slow());
  if (fd >= 0)
    (void)close(fd);
  if (ready <= 0)
    return -1;
  int status = 0;
  assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
  c->pid = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

const char *child_said(struct child *c) {
  static char said[CHILD_SAID];
  size_t n = 0;
  ssize_t got;
  while (n + 1 < sizeof said && (got = read(c->err, said + n, sizeof said - 1 - n)) > 0)
    n += (size_t)got;
  said[n] = '\0';
  return said;
}

void child_close(struct child *c) {
  if (c->pid > 0) {
    (void)kill(c->pid, SIGKILL);
    (void)waitpid(c->pid, NULL, 0);
  }
  (void)close(c->out);
  (void)close(c->err);
  c->pid = 0;
}
