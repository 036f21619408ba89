#include "spool.h"

#include <errno.h>
#include <unistd.h>

#include "temp_file.h"

enum { BLOCK = 64 * 1024, HELD_MAX = 64 * 1024 * 1024 };

bool zr_spool_begin(struct zr_spool *s) {
  *s = (struct zr_spool){.fd = zr_temp_fd(), .held = ZR_BUF_INIT(HELD_MAX)};
  return s->fd >= 0;
}

static void s_failed(struct zr_spool *s, int error) {
  if (!s->error)
    s->error = error ? error : EIO;
}

/* All of it or, seen from `whole`, nothing. */
static void s_write_out(struct zr_spool *s) {
  size_t done = 0;
  while (done < s->held.len && !s->error) {
    ssize_t n = pwrite(s->fd, s->held.data + done, s->held.len - done, s->whole + (off_t)done);
    if (n > 0)
      done += (size_t)n;
    else if (n == 0 || errno != EINTR)
      s_failed(s, n == 0 ? ENOSPC : errno);
  }
  if (s->error)
    return;
  s->whole += (off_t)done;
  zr_buf_reset(&s->held);
}

void zr_spool_add(struct zr_spool *s, struct zr_buf *object) {
  size_t before = s->held.len;
  bool fine = zr_buf_failed(object) == ZR_ERR_OK &&
              (s->count == 0 || zr_buf_char(&s->held, ',') == ZR_ERR_OK) &&
              zr_buf_view(&s->held, zr_buf_as_view(object)) == ZR_ERR_OK;
  if (fine) {
    s->count++;
  } else {
    s->lost++;
    s_failed(s, ENOMEM);
    s->held.len = before; /* without the comma */
    s->held.failed = ZR_ERR_OK;
  }
  zr_buf_reset(object);
  if (s->held.len >= BLOCK)
    s_write_out(s);
}

bool zr_spool_settle(struct zr_spool *s) {
  s_write_out(s);
  return !s->error;
}

bool zr_spool_reset(struct zr_spool *s) {
  zr_buf_reset(&s->held);
  s->whole = 0;
  s->count = s->lost = 0;
  s->error = 0;
  if (ftruncate(s->fd, 0) != 0)
    s_failed(s, errno);
  return !s->error;
}

bool zr_spool_copy(const struct zr_spool *s, bool (*put)(void *ctx, const char *bytes, size_t len),
                   void *ctx) {
  char block[BLOCK];
  off_t at = 0;
  while (at < s->whole) {
    off_t left = s->whole - at;
    ssize_t n = pread(s->fd, block, left < BLOCK ? (size_t)left : BLOCK, at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n == 0)
      errno = EIO;
    if (n <= 0 || !put(ctx, block, (size_t)n))
      return false;
    at += n;
  }
  return s->held.len == 0 || put(ctx, s->held.data, s->held.len);
}

void zr_spool_clean_up(struct zr_spool *s) {
  if (s->fd >= 0)
    (void)close(s->fd);
  zr_buf_clean_up(&s->held);
  *s = (struct zr_spool){.fd = -1};
}
