#include "beside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "interrupt.h"

/* What is there already must be a file that may be written to. */
static bool s_may_replace(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0)
    return errno == ENOENT;
  if (S_ISDIR(info.st_mode))
    errno = EISDIR;
  else if (!S_ISREG(info.st_mode))
    errno = EINVAL;
  else
    return access(path, W_OK) == 0;
  return false;
}

/* A link stays one: what it leads to is replaced. False with errno. */
static bool s_resolve(struct zr_beside *b) {
  struct stat info;
  bool link = lstat(b->path, &info) == 0 && S_ISLNK(info.st_mode);
  char real[PATH_MAX];
  if (link && !realpath(b->path, real))
    return false;
  b->target = zr_strdup(link ? real : b->path);
  return b->target != NULL;
}

/* Whoever could read the old one can read the new one. */
static bool s_keep_mode(const struct zr_beside *b) {
  struct stat info;
  return stat(b->target, &info) != 0 || fchmod(fileno(b->file), info.st_mode & 0777) == 0;
}

bool zr_beside_open(struct zr_beside *b, const char *path) {
  struct zr_buf name = ZR_BUF_INIT(PATH_MAX);
  *b = (struct zr_beside){.path = path};
  if (!s_may_replace(path) || !s_resolve(b))
    return false;
  (void)zr_buf_printf(&name, "%s.XXXXXX", b->target);
  bool fits = zr_buf_failed(&name) == ZR_ERR_OK;
  b->name = zr_buf_take(&name);
  if (!fits || !b->name) {
    errno = fits ? ENOMEM : ENAMETOOLONG;
    zr_free(b->name);
    b->name = NULL;
    return false;
  }
  int fd = mkostemp(b->name, O_CLOEXEC);
  b->file = fd >= 0 ? fdopen(fd, "w") : NULL;
  if (fd < 0) {
    zr_free(b->name);
    b->name = NULL;
  } else if (!b->file) {
    (void)close(fd);
  }
  zr_interrupt_removes(b->name);
  return b->file && s_keep_mode(b);
}

bool zr_beside_close(struct zr_beside *b) {
  bool fine = fflush(b->file) == 0 && fsync(fileno(b->file)) == 0;
  int error = errno;
  bool closed = fclose(b->file) == 0;
  b->file = NULL;
  if (!fine)
    errno = error;
  return fine && closed;
}

/* The file is no longer this one's to remove. */
static void s_let_go(struct zr_beside *b) {
  zr_interrupt_removes(NULL);
  zr_free(b->name);
  b->name = NULL;
}

bool zr_beside_install(struct zr_beside *b) {
  if ((b->file && !zr_beside_close(b)) || rename(b->name, b->target) != 0)
    return false;
  s_let_go(b);
  return true;
}

void zr_beside_keep(struct zr_beside *b) {
  if (b->file)
    (void)fclose(b->file);
  b->file = NULL;
  s_let_go(b);
}

void zr_beside_clean_up(struct zr_beside *b) {
  if (b->file)
    (void)fclose(b->file);
  if (b->name)
    (void)unlink(b->name);
  if (b->name)
    zr_interrupt_removes(NULL);
  zr_free(b->name);
  zr_free(b->target);
  *b = (struct zr_beside){0};
}

bool zr_same_file(const char *a, const char *b) {
  struct stat left;
  struct stat right;
  if (!a || !b)
    return false;
  if (strcmp(a, b) == 0)
    return true;
  if (stat(a, &left) != 0)
    return false;
  int rc = strcmp(b, "-") == 0 ? fstat(STDIN_FILENO, &right) : stat(b, &right);
  return rc == 0 && left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}
