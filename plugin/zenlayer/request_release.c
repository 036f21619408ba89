#include <string.h>

#include "zenlayer/request.h"
#include "zenlayer/request_ids.h"

static const char s_head[] = "{\"instanceIds\":";

static const char *s_tail(enum zr_product product, bool depend_resource) {
  if (!zr_product_info(product)->has_depend_resource)
    return "}";
  return depend_resource ? ",\"dependResource\":true}" : ",\"dependResource\":false}";
}

enum zr_err zr_request_release(struct zr_buf *out, enum zr_product product, const char *const *ids,
                               size_t count, bool depend_resource) {
  if (!zr_product_info(product))
    return ZR_ERR_INVALID;
  (void)zr_buf_text(out, s_head);
  enum zr_err e = zr_request_ids(out, ids, count);
  if (e != ZR_ERR_OK)
    return e;
  return zr_buf_text(out, s_tail(product, depend_resource));
}

static int s_nibble(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One character of a JSON string below U+0080 that is written with a backslash; -1 for others. */
static int s_escaped(struct zr_view *v) {
  static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  if (v->len < 2)
    return -1;
  const char *at = v->ptr[1] ? strchr(letters, v->ptr[1]) : NULL;
  if (at) {
    *v = (struct zr_view){v->ptr + 2, v->len - 2};
    return meant[at - letters];
  }
  if (v->len < 6 || memcmp(v->ptr, "\\u00", 4) != 0)
    return -1;
  int high = s_nibble(v->ptr[4]), low = s_nibble(v->ptr[5]);
  *v = (struct zr_view){v->ptr + 6, v->len - 6};
  return high < 0 || high > 7 || low < 0 ? -1 : high * 16 + low;
}

/* Takes "id" as it is: letter for letter, and nothing in it that JSON escapes. */
static bool s_take_plain(struct zr_view *v, const char *id) {
  size_t n = strlen(id);
  if (v->len < n + 2 || v->ptr[0] != '"' || v->ptr[n + 1] != '"' ||
      memcmp(v->ptr + 1, id, n) != 0 || memchr(id, '\\', n) || memchr(id, '"', n))
    return false;
  *v = (struct zr_view){v->ptr + n + 2, v->len - n - 2};
  return true;
}

/* Takes the JSON string at the front of *v when it means `id`. */
static bool s_take_id(struct zr_view *v, const char *id) {
  if (s_take_plain(v, id))
    return true;
  if (v->len == 0 || v->ptr[0] != '"')
    return false;
  *v = (struct zr_view){v->ptr + 1, v->len - 1};
  for (; *id; id++) {
    int c = v->len == 0 || v->ptr[0] == '"' ? -1 : (unsigned char)v->ptr[0];
    if (c == '\\')
      c = s_escaped(v);
    else if (c >= 0)
      *v = (struct zr_view){v->ptr + 1, v->len - 1};
    if (c != (unsigned char)*id)
      return false;
  }
  if (v->len == 0 || v->ptr[0] != '"')
    return false;
  *v = (struct zr_view){v->ptr + 1, v->len - 1};
  return true;
}

static bool s_take_char(struct zr_view *v, char c) {
  if (v->len == 0 || v->ptr[0] != c)
    return false;
  *v = (struct zr_view){v->ptr + 1, v->len - 1};
  return true;
}

bool zr_request_release_is_exact(struct zr_view body, enum zr_product product,
                                 const char *const *ids, size_t count, bool depend_resource) {
  if (!zr_view_starts(body, s_head))
    return false;
  struct zr_view v = {body.ptr + sizeof s_head - 1, body.len - (sizeof s_head - 1)};
  for (size_t i = 0; i < count; i++) {
    if (!s_take_char(&v, i ? ',' : '[') || !s_take_id(&v, ids[i]))
      return false;
  }
  return s_take_char(&v, ']') && zr_view_eq_text(v, s_tail(product, depend_resource));
}
