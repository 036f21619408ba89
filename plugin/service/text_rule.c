#include "service/text_rule.h"

#include <stdbool.h>
#include <stdint.h>

#include "model/release.h"

_Static_assert(ZR_ID_MAX_BYTES == 128, "the sentence below says so");
_Static_assert(ZR_FILTER_MAX == 256 && ZR_REQUEST_ID_MAX == 128, "the sentences below say so");

/* Decodes the character at *at; the text is well-formed. */
static uint32_t s_next(const unsigned char **at) {
  const unsigned char *p = *at;
  unsigned more = p[0] < 0x80 ? 0 : p[0] < 0xE0 ? 1 : p[0] < 0xF0 ? 2 : 3;
  static const unsigned char mask[] = {0x7F, 0x1F, 0x0F, 0x07};
  uint32_t c = p[0] & mask[more];
  for (unsigned i = 1; i <= more; i++)
    c = c << 6 | (p[i] & 0x3F);
  *at = p + more + 1;
  return c;
}

static bool s_is_control(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* Unicode's White_Space, and characters that cannot be seen. */
static bool s_is_blank(uint32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x2060 || c == 0x3000 || c == 0xFEFF;
}

struct s_seen {
  bool visible;
  bool blank_first;
  bool blank_last;
};

static struct s_seen s_look(struct zr_view text) {
  struct s_seen seen = {.visible = false};
  const unsigned char *at = (const unsigned char *)text.ptr;
  const unsigned char *end = at + text.len;
  bool first = true;
  while (at < end) {
    uint32_t c = s_next(&at);
    bool blank = s_is_blank(c);
    seen.visible = seen.visible || !blank;
    seen.blank_first = seen.blank_first || (first && blank);
    seen.blank_last = blank;
    first = false;
  }
  return seen;
}

static bool s_is_plain(struct zr_view text) {
  for (size_t i = 0; i < text.len; i++)
    if (text.ptr[i] <= ' ' || text.ptr[i] == 0x7F) /* bytes above 0x7F are negative or large */
      return false;
  return true;
}

static bool s_is_ascii(struct zr_view text) {
  unsigned char all = 0;
  for (size_t i = 0; i < text.len; i++)
    all |= (unsigned char)text.ptr[i];
  return all < 0x80;
}

/* White space within, other than a plain space, is a control character for our purposes. */
static bool s_has_control(struct zr_view text) {
  const unsigned char *at = (const unsigned char *)text.ptr;
  const unsigned char *end = at + text.len;
  while (at < end)
    if (s_is_control(s_next(&at)))
      return true;
  return false;
}

const char *zr_id_problem(struct zr_view id) {
  if (id.len == 0)
    return "is empty";
  if (id.len > ZR_ID_MAX_BYTES)
    return "is longer than 128 bytes";
  if (s_is_ascii(id) && s_is_plain(id))
    return NULL;
  struct s_seen seen = s_look(id);
  if (!seen.visible)
    return "is blank";
  if (seen.blank_first || seen.blank_last)
    return "has white space at its beginning or end";
  if (s_has_control(id))
    return "contains a control character";
  return NULL;
}

const char *zr_request_id_problem(struct zr_view id) {
  if (id.len > ZR_REQUEST_ID_MAX)
    return "is longer than 128 characters";
  for (size_t i = 0; i < id.len; i++)
    if (id.ptr[i] < 0x20 || id.ptr[i] > 0x7E)
      return "must be printable ASCII";
  return NULL;
}

const char *zr_filter_problem(struct zr_view text) {
  if (text.len > ZR_FILTER_MAX)
    return "is longer than 256 bytes";
  return s_has_control(text) ? "contains a control character" : NULL;
}
