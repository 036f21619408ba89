#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that systemd handed over with LoadCredential=. Its folder is closed to others; the right
 * to read may be given by an access list, whose mask then shows where a group's bits are. */
static bool s_is_credential(const char *path) {
  const char *folder = getenv("CREDENTIALS_DIRECTORY");
  size_t n = folder ? strlen(folder) : 0;
  return n > 0 && strncmp(path, folder, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}

static enum zr_err s_check(int fd, const char *path, bool private_only) {
  struct stat st;
  if (fstat(fd, &st) != 0)
    return ZR_ERR_IO;
  if (!S_ISREG(st.st_mode))
    return ZR_ERR_INVALID;
  bool ours = st.st_uid == geteuid() || st.st_uid == 0;
  mode_t open_to_others = s_is_credential(path) ? 037 : 077;
  if (private_only && (!ours || (st.st_mode & open_to_others) != 0))
    return ZR_ERR_DENIED;
  return ZR_ERR_OK;
}

static enum zr_err s_slurp(int fd, struct zr_buf *out) {
  char chunk[4096];
  for (;;) {
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return ZR_ERR_IO;
    if (n == 0)
      return ZR_ERR_OK;
    enum zr_err e = zr_buf_append(out, chunk, (size_t)n);
    explicit_bzero(chunk, sizeof chunk);
    if (e != ZR_ERR_OK)
      return e;
  }
}

enum zr_err zr_file_read(const char *path, bool private_only, struct zr_buf *out) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return errno == ENOENT || errno == ENOTDIR ? ZR_ERR_NOT_FOUND
           : errno == EACCES                   ? ZR_ERR_DENIED
                                               : ZR_ERR_IO;
  enum zr_err e = s_check(fd, path, private_only);
  if (e == ZR_ERR_OK)
    e = s_slurp(fd, out);
  (void)close(fd);
  return e;
}
