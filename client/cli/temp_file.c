#include "temp_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

const char *zr_temp_folder(void) {
  const char *named = getenv("TMPDIR");
  return named && *named ? named : "/tmp";
}

static int s_named(const char *begin, char **name) {
  struct zr_buf path = ZR_BUF_INIT(PATH_MAX);
  (void)zr_buf_printf(&path, "%s/%sXXXXXX", zr_temp_folder(), begin);
  enum zr_err failed = zr_buf_failed(&path);
  *name = zr_buf_take(&path);
  if (!*name)
    errno = failed == ZR_ERR_LIMIT ? ENAMETOOLONG : ENOMEM;
  return *name ? mkostemp(*name, O_CLOEXEC) : -1;
}

int zr_temp_fd(void) {
  char *name = NULL;
  int fd = open(zr_temp_folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
    return fd;
  fd = s_named("zenrelease-", &name); /* this file system has no files without a name */
  if (fd >= 0)
    (void)unlink(name);
  zr_free(name);
  return fd;
}

static FILE *s_stream(int fd) {
  FILE *file = fd >= 0 ? fdopen(fd, "w+") : NULL;
  if (!file && fd >= 0) {
    int error = errno;
    (void)close(fd);
    errno = error;
  }
  return file;
}

FILE *zr_temp_file(void) {
  return s_stream(zr_temp_fd());
}

char *zr_temp_named(const char *begin, FILE **file) {
  char *name = NULL;
  int fd = s_named(begin, &name);
  *file = s_stream(fd);
  if (*file)
    return name;
  if (fd >= 0)
    (void)unlink(name);
  zr_free(name);
  return NULL;
}
