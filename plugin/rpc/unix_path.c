/* Socket files: a stale one is replaced, a live one is respected. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rpc/private.h"

/* True when somebody accepts connections at the path, or may. */
static bool s_is_served(const struct zr_rpc_address *a) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return true;
  int rc = connect(fd, &a->at.any, a->len);
  bool refused = rc != 0 && (errno == ECONNREFUSED || errno == ENOENT);
  close(fd);
  return !refused;
}

enum zr_err zr_rpc_path_clear(const struct zr_rpc_address *a, struct zr_buf *problem) {
  const char *path = a->at.path.sun_path;
  struct stat st;
  if (lstat(path, &st) != 0) {
    if (errno == ENOENT)
      return ZR_ERR_OK;
    (void)zr_buf_printf(problem, "%s: %s", path, strerror(errno));
    return ZR_ERR_IO;
  }
  if (!S_ISSOCK(st.st_mode)) {
    (void)zr_buf_printf(problem, "%s is there already and is no socket", path);
    return ZR_ERR_EXISTS;
  }
  if (s_is_served(a)) {
    (void)zr_buf_printf(problem, "another server listens at %s", path);
    return ZR_ERR_EXISTS;
  }
  if (unlink(path) != 0 && errno != ENOENT) {
    (void)zr_buf_printf(problem, "cannot remove the stale socket %s: %s", path, strerror(errno));
    return ZR_ERR_IO;
  }
  return ZR_ERR_OK;
}
