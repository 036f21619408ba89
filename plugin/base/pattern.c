#include "base/pattern.h"

#include <stdlib.h>
#include <string.h>

static const char s_unclosed[] = "has a [ that no ] closes";

static bool s_is_class(struct zr_view name) {
  static const char *const known[] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph",
                                      "lower", "print", "punct", "space", "upper", "xdigit"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (zr_view_eq_text(name, known[i]))
      return true;
  return false;
}

static char s_at(struct zr_view v, size_t i) {
  return i < v.len ? v.ptr[i] : '\0';
}

/* At the [ of "[:name:]"; moves behind its ]. */
static const char *s_class(struct zr_view v, size_t *at) {
  size_t from = *at + 2;
  size_t end = from;
  while (end < v.len && !(v.ptr[end] == ':' && s_at(v, end + 1) == ']'))
    end++;
  if (end >= v.len || !s_is_class((struct zr_view){v.ptr + from, end - from}))
    return "has an unknown character class";
  *at = end + 2;
  return NULL;
}

/* One character, perhaps behind a backslash; moves behind it. */
static const char *s_char(struct zr_view v, size_t *at, struct zr_view *out) {
  if (s_at(v, *at) == '\\')
    ++*at;
  if (*at >= v.len)
    return s_unclosed;
  size_t from = (*at)++;
  while (((unsigned char)s_at(v, *at) & 0xc0U) == 0x80U)
    ++*at;
  *out = (struct zr_view){v.ptr + from, *at - from};
  return NULL;
}

/* Bytes of UTF-8 have the order of the characters. */
static bool s_is_above(struct zr_view a, struct zr_view b) {
  size_t both = a.len < b.len ? a.len : b.len;
  int order = memcmp(a.ptr, b.ptr, both);
  return order > 0 || (order == 0 && a.len > b.len);
}

/* A character, a range or a class; moves behind it. */
static const char *s_member(struct zr_view v, size_t *at) {
  struct zr_view low = {0};
  struct zr_view high = {0};
  char next = s_at(v, *at + 1);
  if (s_at(v, *at) == '[' && next == ':')
    return s_class(v, at);
  if (s_at(v, *at) == '[' && (next == '.' || next == '='))
    return "has a collating element ([. or [=), which is not supported";
  const char *fault = s_char(v, at, &low);
  if (fault || s_at(v, *at) != '-' || s_at(v, *at + 1) == ']')
    return fault;
  ++*at;
  if (s_at(v, *at) == '[' && s_at(v, *at + 1) != '\0' && strchr(":.=", s_at(v, *at + 1)))
    return "has a range that does not end in a character";
  fault = s_char(v, at, &high);
  return !fault && s_is_above(low, high) ? "has a range whose end is before its start" : fault;
}

/* At the [; moves behind the ] that closes it. */
static const char *s_bracket(struct zr_view v, size_t *at) {
  ++*at;
  if (s_at(v, *at) == '!' || s_at(v, *at) == '^')
    ++*at;
  const char *fault = NULL;
  do { /* a ] that comes first is a member */
    fault = s_member(v, at);
  } while (!fault && *at < v.len && v.ptr[*at] != ']');
  if (fault)
    return fault;
  if (*at >= v.len)
    return s_unclosed;
  ++*at;
  return NULL;
}

const char *zr_pattern_fault(struct zr_view pattern) {
  const char *fault = NULL;
  size_t at = 0;
  while (!fault && at < pattern.len) {
    if (pattern.ptr[at] == '[') {
      fault = s_bracket(pattern, &at);
    } else if (pattern.ptr[at] == '\\') {
      if (at + 1 == pattern.len)
        fault = "ends in a backslash that escapes nothing";
      at += 2;
    } else {
      at++;
    }
  }
  return fault;
}

bool zr_pattern_is_unsure(const char *pattern, const char *name) {
  if (MB_CUR_MAX > 1 || !strpbrk(pattern, "?["))
    return false;
  while (*name && (unsigned char)*name < 0x80U)
    name++;
  return *name != '\0';
}
