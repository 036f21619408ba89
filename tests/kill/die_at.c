/*
 * Preloaded into the plugin: kills the process at one chosen step of its journal. A step is a call
 * that changes a file whose path begins with ZR_DIE_PATH, or makes it durable. ZR_DIE_AT is the
 * step's number, from 1; ZR_DIE_HOW is `before`, `after`, or `half` (of the bytes of a write).
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

static atomic_long s_steps;

static void *s_next(const char *name) {
  void *f = dlsym(RTLD_NEXT, name);
  if (!f)
    abort();
  return f;
}

static _Noreturn void s_die(void) {
  (void)kill(getpid(), SIGKILL);
  for (;;)
    (void)pause();
}

static int s_is_ours_path(const char *path) {
  const char *wanted = getenv("ZR_DIE_PATH");
  return wanted && strncmp(path, wanted, strlen(wanted)) == 0;
}

static int s_is_ours(int fd) {
  char link[64];
  char path[4096];
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0)
    return 0;
  path[n] = '\0';
  return s_is_ours_path(path);
}

/* What is to be done at this step: 0 nothing, or the first letter of ZR_DIE_HOW. */
static char s_step(void) {
  long step = atomic_fetch_add(&s_steps, 1) + 1;
  const char *at = getenv("ZR_DIE_AT");
  const char *how = getenv("ZR_DIE_HOW");
  if (!at || !how || strtol(at, NULL, 10) != step)
    return 0;
  if (how[0] == 'b')
    s_die();
  return how[0];
}

/* The C library's headers give their parameters reserved names. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
#define DURABLE(name)                                                                              \
  SHOWN int name(int fd) {                                                                         \
    int (*real)(int) = (int (*)(int))s_next(#name);                                                \
    char how = s_is_ours(fd) ? s_step() : 0;                                                       \
    int r = how == 'h' ? 0 : real(fd);                                                             \
    if (how)                                                                                       \
      s_die();                                                                                     \
    return r;                                                                                      \
  }
DURABLE(fsync)
DURABLE(fdatasync)

#define PWRITE(name)                                                                               \
  SHOWN ssize_t name(int fd, const void *data, size_t size, off_t at) {                            \
    ssize_t (*real)(int, const void *, size_t, off_t) =                                            \
        (ssize_t(*)(int, const void *, size_t, off_t))s_next(#name);                               \
    char how = s_is_ours(fd) ? s_step() : 0;                                                       \
    ssize_t r = real(fd, data, how == 'h' ? size / 2 : size, at);                                  \
    if (how)                                                                                       \
      s_die();                                                                                     \
    return r;                                                                                      \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

SHOWN ssize_t write(int fd, const void *data, size_t size) {
  ssize_t (*real)(int, const void *, size_t) =
      (ssize_t(*)(int, const void *, size_t))s_next("write");
  char how = s_is_ours(fd) ? s_step() : 0;
  ssize_t r = real(fd, data, how == 'h' ? size / 2 : size);
  if (how)
    s_die();
  return r;
}

#define TRUNCATE(name)                                                                             \
  SHOWN int name(int fd, off_t size) {                                                             \
    int (*real)(int, off_t) = (int (*)(int, off_t))s_next(#name);                                  \
    char how = s_is_ours(fd) ? s_step() : 0;                                                       \
    int r = how == 'h' ? 0 : real(fd, size);                                                       \
    if (how)                                                                                       \
      s_die();                                                                                     \
    return r;                                                                                      \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

SHOWN int unlink(const char *path) {
  int (*real)(const char *) = (int (*)(const char *))s_next("unlink");
  char how = s_is_ours_path(path) ? s_step() : 0;
  int r = how == 'h' ? 0 : real(path);
  if (how)
    s_die();
  return r;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
