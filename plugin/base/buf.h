/*
 * Growing text with a ceiling. Appends return ZR_ERR_LIMIT at the ceiling and ZR_ERR_NOMEM when
 * memory is out; the content is unchanged then and the buffer remembers the first failure, so a
 * chain of appends may be checked once, with zr_buf_failed. `data` is always NUL-terminated once
 * something was appended. Not shared between threads.
 */
#ifndef ZR_BASE_BUF_H
#define ZR_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/view.h"

struct zr_buf {
  char *data;
  size_t len;
  size_t cap;
  size_t max;
  enum zr_err failed;
  bool secret; /* nothing of it stays behind in freed memory */
};

#define ZR_BUF_INIT(ceiling)                                                                       \
  { .max = (ceiling) }
/* For text that is a secret, or has one in it: wiped when it grows, is emptied and is cleaned up.
 */
#define ZR_BUF_SECRET(ceiling)                                                                     \
  { .max = (ceiling), .secret = true }

/* Frees the content; the buffer may be used again. A zeroed buffer is fine. */
void zr_buf_clean_up(struct zr_buf *b);
/* Empties without freeing, and forgets a failure. */
void zr_buf_reset(struct zr_buf *b);
enum zr_err zr_buf_append(struct zr_buf *b, const void *data, size_t len);
enum zr_err zr_buf_text(struct zr_buf *b, const char *text);
enum zr_err zr_buf_view(struct zr_buf *b, struct zr_view v);
enum zr_err zr_buf_char(struct zr_buf *b, char c);
enum zr_err zr_buf_printf(struct zr_buf *b, const char *format, ...) ZR_PRINTF(2, 3);
enum zr_err zr_buf_vprintf(struct zr_buf *b, const char *format, va_list args) ZR_PRINTF(2, 0);
/* Lower-case hexadecimal. */
enum zr_err zr_buf_hex(struct zr_buf *b, const uint8_t *bytes, size_t len);
/* A JSON string with its quotes: control characters escaped, malformed UTF-8 replaced by U+FFFD. */
enum zr_err zr_buf_json(struct zr_buf *b, struct zr_view v);
static inline enum zr_err zr_buf_failed(const struct zr_buf *b) {
  return b->failed;
}
static inline struct zr_view zr_buf_as_view(const struct zr_buf *b) {
  return (struct zr_view){b->data ? b->data : "", b->len};
}
/* Hands the content over (caller frees with zr_free) and leaves the buffer empty; NULL if it
 * failed. */
char *zr_buf_take(struct zr_buf *b);

#endif
