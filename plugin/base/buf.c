#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static void s_wipe(const struct zr_buf *b) {
  if (b->secret && b->data)
    explicit_bzero(b->data, b->cap);
}

void zr_buf_clean_up(struct zr_buf *b) {
  s_wipe(b);
  zr_free(b->data);
  b->data = NULL;
  b->len = b->cap = 0;
  b->failed = ZR_ERR_OK;
}

void zr_buf_reset(struct zr_buf *b) {
  s_wipe(b);
  b->len = 0;
  b->failed = ZR_ERR_OK;
  if (b->data)
    b->data[0] = '\0';
}

static enum zr_err s_fail(struct zr_buf *b, enum zr_err e) {
  if (b->failed == ZR_ERR_OK)
    b->failed = e;
  return e;
}

/* What realloc moves away from is freed as it is. */
static char *s_grow(const struct zr_buf *b, size_t cap) {
  if (!b->secret)
    return zr_realloc(b->data, cap);
  char *grown = zr_alloc(cap);
  if (grown && b->data) {
    memcpy(grown, b->data, b->len + 1);
    s_wipe(b);
    zr_free(b->data);
  }
  return grown;
}

/* Room for `more` bytes and the terminator. */
static enum zr_err s_reserve(struct zr_buf *b, size_t more) {
  if (b->failed != ZR_ERR_OK)
    return b->failed;
  if (more > b->max || b->len > b->max - more)
    return s_fail(b, ZR_ERR_LIMIT);
  size_t need = b->len + more + 1;
  if (need <= b->cap)
    return ZR_ERR_OK;
  size_t cap = b->cap < 64 ? 64 : b->cap;
  while (cap < need)
    cap *= 2;
  if (cap > b->max + 1)
    cap = b->max + 1;
  char *grown = s_grow(b, cap);
  if (!grown)
    return s_fail(b, ZR_ERR_NOMEM);
  b->data = grown;
  b->cap = cap;
  return ZR_ERR_OK;
}

enum zr_err zr_buf_append(struct zr_buf *b, const void *data, size_t len) {
  enum zr_err e = s_reserve(b, len);
  if (e != ZR_ERR_OK)
    return e;
  if (len)
    memcpy(b->data + b->len, data, len);
  b->len += len;
  b->data[b->len] = '\0';
  return ZR_ERR_OK;
}

enum zr_err zr_buf_text(struct zr_buf *b, const char *text) {
  return zr_buf_append(b, text, strlen(text));
}

enum zr_err zr_buf_view(struct zr_buf *b, struct zr_view v) {
  return zr_buf_append(b, v.ptr, v.len);
}

enum zr_err zr_buf_char(struct zr_buf *b, char c) {
  return zr_buf_append(b, &c, 1);
}

enum zr_err zr_buf_vprintf(struct zr_buf *b, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  enum zr_err e = n < 0 ? s_fail(b, ZR_ERR_INVALID) : s_reserve(b, (size_t)n);
  if (e == ZR_ERR_OK) {
    (void)vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
    b->len += (size_t)n;
  }
  va_end(again);
  return e;
}

enum zr_err zr_buf_printf(struct zr_buf *b, const char *format, ...) {
  va_list args;
  va_start(args, format);
  enum zr_err e = zr_buf_vprintf(b, format, args);
  va_end(args);
  return e;
}

enum zr_err zr_buf_hex(struct zr_buf *b, const uint8_t *bytes, size_t len) {
  static const char digits[] = "0123456789abcdef";
  if (len > b->max)
    return s_fail(b, ZR_ERR_LIMIT);
  enum zr_err e = s_reserve(b, len * 2);
  if (e != ZR_ERR_OK)
    return e;
  for (size_t i = 0; i < len; i++) {
    b->data[b->len++] = digits[bytes[i] >> 4];
    b->data[b->len++] = digits[bytes[i] & 15];
  }
  b->data[b->len] = '\0';
  return ZR_ERR_OK;
}

static void s_json_ascii(struct zr_buf *b, unsigned char c) {
  static const char *const shorthand[0x20] = {
      ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
  if (c == '"' || c == '\\') {
    (void)zr_buf_char(b, '\\');
    (void)zr_buf_char(b, (char)c);
  } else if (c < 0x20 && shorthand[c]) {
    (void)zr_buf_text(b, shorthand[c]);
  } else if (c < 0x20 || c == 0x7F) {
    (void)zr_buf_printf(b, "\\u%04x", (unsigned)c);
  } else {
    (void)zr_buf_char(b, (char)c);
  }
}

enum zr_err zr_buf_json(struct zr_buf *b, struct zr_view v) {
  (void)zr_buf_char(b, '"');
  for (size_t i = 0; i < v.len;) {
    unsigned char c = (unsigned char)v.ptr[i];
    if (c < 0x80) {
      s_json_ascii(b, c);
      i++;
      continue;
    }
    size_t n = zr_view_character((struct zr_view){v.ptr + i, v.len - i});
    (void)zr_buf_append(b, n ? v.ptr + i : "\xEF\xBF\xBD", n ? n : 3);
    i += n ? n : 1;
  }
  (void)zr_buf_char(b, '"');
  return b->failed;
}

char *zr_buf_take(struct zr_buf *b) {
  if (b->failed != ZR_ERR_OK || s_reserve(b, 0) != ZR_ERR_OK) {
    zr_buf_clean_up(b);
    return NULL;
  }
  b->data[b->len] = '\0';
  char *data = b->data;
  b->data = NULL;
  b->len = b->cap = 0;
  return data;
}
