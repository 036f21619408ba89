#include "service/text_rule.h"

#include <stdint.h>
#include <string.h>

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

/* Eight characters at once: each from 0x21 to 0x7E. */
static bool s_word_is_plain(const char *at) {
  const uint64_t ones = 0x0101010101010101;
  const uint64_t tops = 0x8080808080808080;
  uint64_t x;
  memcpy(&x, at, sizeof x);
  return (x & tops) == 0 && (((x | tops) - 0x21 * ones) & tops) == tops && ((x + ones) & tops) == 0;
}

bool zr_text_is_plain(struct zr_view text) {
  if (text.len < sizeof(uint64_t)) {
    for (size_t i = 0; i < text.len; i++)
      if (text.ptr[i] < '!' || text.ptr[i] > '~')
        return false;
    return true;
  }
  for (size_t i = 0; i + sizeof(uint64_t) < text.len; i += sizeof(uint64_t))
    if (!s_word_is_plain(text.ptr + i))
      return false;
  return s_word_is_plain(text.ptr + text.len - sizeof(uint64_t)); /* may overlap the one before */
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

const char *zr_id_problem(struct zr_view id, bool plain) {
  if (id.len == 0)
    return "is empty";
  if (id.len > ZR_ID_MAX_BYTES)
    return "is longer than 128 bytes";
  if (plain)
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
