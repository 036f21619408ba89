#include "base/view.h"

#include <string.h>
#include <strings.h>

struct zr_view zr_view_of(const char *text) {
  return (struct zr_view){text ? text : "", text ? strlen(text) : 0};
}

bool zr_view_eq(struct zr_view a, struct zr_view b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool zr_view_eq_text(struct zr_view a, const char *text) {
  return zr_view_eq(a, zr_view_of(text));
}

bool zr_view_eq_nocase(struct zr_view a, struct zr_view b) {
  return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

bool zr_view_starts(struct zr_view v, const char *prefix) {
  size_t n = strlen(prefix);
  return v.len >= n && memcmp(v.ptr, prefix, n) == 0;
}

static bool s_is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct zr_view zr_view_trim(struct zr_view v) {
  while (v.len && s_is_space(v.ptr[0])) {
    v.ptr++;
    v.len--;
  }
  while (v.len && s_is_space(v.ptr[v.len - 1]))
    v.len--;
  return v;
}

struct zr_view zr_view_split(struct zr_view *v, char sep) {
  const char *at = v->len ? memchr(v->ptr, sep, v->len) : NULL;
  struct zr_view head = *v;
  if (!at) {
    v->ptr += v->len;
    v->len = 0;
    return head;
  }
  head.len = (size_t)(at - v->ptr);
  v->ptr = at + 1;
  v->len -= head.len + 1;
  return head;
}

/* What the first byte of a character says: its length, its own bits, and the smallest code point
 * that may be written in that length. Length 0: no character starts with it. */
struct lead {
  size_t len;
  unsigned bits;
  unsigned min;
};

static struct lead s_lead(unsigned char c) {
  if (c < 0x80)
    return (struct lead){1, c, 0};
  if ((c & 0xE0) == 0xC0)
    return (struct lead){2, c & 0x1FU, 0x80};
  if ((c & 0xF0) == 0xE0)
    return (struct lead){3, c & 0x0FU, 0x800};
  if ((c & 0xF8) == 0xF0)
    return (struct lead){4, c & 0x07U, 0x10000};
  return (struct lead){0, 0, 0};
}

bool zr_view_is_utf8(struct zr_view v) {
  for (size_t i = 0; i < v.len;) {
    struct lead lead = s_lead((unsigned char)v.ptr[i]);
    unsigned code = lead.bits;
    if (lead.len == 0 || lead.len > v.len - i || v.ptr[i] == '\0')
      return false;
    for (size_t k = 1; k < lead.len; k++) {
      unsigned char c = (unsigned char)v.ptr[i + k];
      if ((c & 0xC0) != 0x80)
        return false;
      code = (code << 6) | (c & 0x3FU);
    }
    if (code < lead.min || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
      return false;
    i += lead.len;
  }
  return true;
}

size_t zr_view_character(struct zr_view v) {
  for (size_t n = 1; n <= 4 && n <= v.len; n++) {
    if (zr_view_is_utf8((struct zr_view){v.ptr, n}))
      return n;
  }
  return 0;
}

bool zr_view_to_u64(struct zr_view v, unsigned long long *out) {
  if (v.len == 0 || v.len > 18)
    return false;
  unsigned long long value = 0;
  for (size_t i = 0; i < v.len; i++) {
    if (v.ptr[i] < '0' || v.ptr[i] > '9')
      return false;
    value = value * 10 + (unsigned long long)(v.ptr[i] - '0');
  }
  *out = value;
  return true;
}
