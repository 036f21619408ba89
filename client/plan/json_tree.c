#include "json_tree.h"

#include <string.h>

enum { DEPTH_MAX = 32, DIGITS_MAX = 18, MEMBERS_MAX = 1000 };

struct reader {
  const char *at;
  const char *end;
  const char *line_start;
  unsigned line;
  struct zr_arena *arena;
  struct zr_problems *problems;
  const char *key; /* of the member whose value comes next */
};

/* ---- where we are ---- */

static void s_mark(const struct reader *r, struct zr_jnode *n) {
  n->line = r->line;
  n->column = (unsigned)(r->at - r->line_start) + 1;
}

/* At the reader's place; the path is that of the object or of the element that is being read. */
static bool s_wrong(struct reader *r, struct zr_jnode *parent, const char *what) {
  struct zr_jnode here = {.parent = NULL};
  if (parent && parent->type == ZR_JOBJECT) {
    here = *parent;
  } else if (parent) {
    here.parent = parent;
    here.index = parent->count;
  }
  s_mark(r, &here);
  zr_problem(r->problems, &here, "%s", what);
  return false;
}

/* As s_wrong; the path is that of `whole`. */
static bool s_wrong_in(struct reader *r, const struct zr_jnode *whole, const char *what) {
  struct zr_jnode here = *whole;
  s_mark(r, &here);
  zr_problem(r->problems, &here, "%s", what);
  return false;
}

static void s_blank(struct reader *r) {
  for (; r->at < r->end; r->at++) {
    if (*r->at == '\n') {
      r->line++;
      r->line_start = r->at + 1;
    } else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r') {
      return;
    }
  }
}

static bool s_take(struct reader *r, char c) {
  if (r->at == r->end || *r->at != c)
    return false;
  r->at++;
  return true;
}

/* ---- texts ---- */

static int s_hex4(const char *p) {
  int value = 0;
  for (int i = 0; i < 4; i++) {
    char c = p[i];
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

static char *s_utf8(char *to, unsigned c) {
  if (c < 0x80) {
    *to++ = (char)c;
  } else if (c < 0x800) {
    *to++ = (char)(0xC0 | c >> 6);
    *to++ = (char)(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *to++ = (char)(0xE0 | c >> 12);
    *to++ = (char)(0x80 | (c >> 6 & 0x3F));
    *to++ = (char)(0x80 | (c & 0x3F));
  } else {
    *to++ = (char)(0xF0 | c >> 18);
    *to++ = (char)(0x80 | (c >> 12 & 0x3F));
    *to++ = (char)(0x80 | (c >> 6 & 0x3F));
    *to++ = (char)(0x80 | (c & 0x3F));
  }
  return to;
}

/* \uXXXX, of which a surrogate needs its other half; r->at is behind the u. */
static char *s_escape_u(struct reader *r, char *to) {
  int high = r->end - r->at >= 4 ? s_hex4(r->at) : -1;
  if (high <= 0 || (high >= 0xDC00 && high < 0xE000))
    return NULL;
  r->at += 4;
  if (high < 0xD800 || high >= 0xE000)
    return s_utf8(to, (unsigned)high);
  int low = r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u' ? s_hex4(r->at + 2) : -1;
  if (low < 0xDC00 || low >= 0xE000)
    return NULL;
  r->at += 6;
  return s_utf8(to, 0x10000U + ((unsigned)(high - 0xD800) << 10) + (unsigned)(low - 0xDC00));
}

static char *s_escape(struct reader *r, char *to) {
  static const char from[] = "\"\\/bfnrt";
  static const char into[] = "\"\\/\b\f\n\r\t";
  if (r->at == r->end)
    return NULL;
  char c = *r->at++;
  if (c == 'u')
    return s_escape_u(r, to);
  const char *known = c ? strchr(from, c) : NULL;
  if (!known)
    return NULL;
  *to++ = into[known - from];
  return to;
}

/* The text whose opening quote is at r->at; NULL with a problem told. */
static const char *s_text(struct reader *r, const struct zr_jnode *whole) {
  const char *close = r->at + 1;
  while (close < r->end && *close != '"')
    close += *close == '\\' && close + 1 < r->end ? 2 : 1;
  char *text = zr_arena_alloc(r->arena, (size_t)(close - r->at) + 1);
  char *to = text;
  if (!text) {
    r->problems->nomem = true;
    return NULL;
  }
  r->at++;
  while (r->at < r->end && *r->at != '"') {
    char c = *r->at;
    if ((unsigned char)c < 0x20) {
      (void)s_wrong_in(r, whole, "a text has a control character in it");
      return NULL;
    }
    r->at++;
    if (c == '\\')
      to = s_escape(r, to);
    else
      *to++ = c;
    if (!to) {
      (void)s_wrong_in(r, whole, "a text has an escape in it that JSON does not know");
      return NULL;
    }
  }
  if (!s_take(r, '"')) {
    (void)s_wrong_in(r, whole, "a text does not end");
    return NULL;
  }
  *to = '\0';
  return text;
}

/* ---- values ---- */

static struct zr_jnode *s_value(struct reader *r, struct zr_jnode *parent, unsigned depth);

static struct zr_jnode *s_new(struct reader *r, struct zr_jnode *parent, enum zr_jtype type) {
  struct zr_jnode *n = zr_arena_calloc(r->arena, 1, sizeof *n);
  if (!n) {
    r->problems->nomem = true;
    return NULL;
  }
  n->type = type;
  n->parent = parent;
  n->key = r->key;
  n->index = parent ? parent->count : 0;
  r->key = NULL;
  s_mark(r, n);
  return n;
}

static bool s_word(struct reader *r, const char *word) {
  size_t len = strlen(word);
  if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
    return false;
  r->at += len;
  return true;
}

static bool s_is_digit(const struct reader *r) {
  return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static bool s_digits(struct reader *r) {
  const char *start = r->at;
  while (s_is_digit(r))
    r->at++;
  return r->at > start;
}

/* What may follow the digits of a whole number. */
static bool s_fraction(struct reader *r, struct zr_jnode *n) {
  if (s_take(r, '.')) {
    n->fraction = true;
    if (!s_digits(r))
      return false;
  }
  if (s_take(r, 'e') || s_take(r, 'E')) {
    n->fraction = true;
    if (!s_take(r, '+'))
      (void)s_take(r, '-');
    return s_digits(r);
  }
  return true;
}

static struct zr_jnode *s_number(struct reader *r, struct zr_jnode *parent) {
  struct zr_jnode *n = s_new(r, parent, ZR_JNUMBER);
  if (!n)
    return NULL;
  bool negative = s_take(r, '-');
  const char *start = r->at;
  for (; s_is_digit(r); r->at++)
    if (r->at - start < DIGITS_MAX)
      n->number = n->number * 10 + (*r->at - '0');
  size_t digits = (size_t)(r->at - start);
  n->fraction = digits > DIGITS_MAX;
  if (digits == 0 || (*start == '0' && digits > 1) || !s_fraction(r, n)) {
    (void)s_wrong_in(r, n, "is no JSON value");
    return NULL;
  }
  n->number = n->fraction ? 0 : negative ? -n->number : n->number;
  return n;
}

static struct zr_jnode *s_scalar(struct reader *r, struct zr_jnode *parent) {
  struct zr_jnode *n = NULL;
  if (*r->at == '"') {
    n = s_new(r, parent, ZR_JTEXT);
    if (n)
      n->text = s_text(r, n);
    return n && n->text ? n : NULL;
  }
  if (*r->at == '-' || s_is_digit(r))
    return s_number(r, parent);
  n = s_new(r, parent, ZR_JNULL);
  if (!n || s_word(r, "null"))
    return n;
  n->type = ZR_JBOOL;
  n->truth = s_word(r, "true");
  if (n->truth || s_word(r, "false"))
    return n;
  (void)s_wrong_in(r, n, "is no JSON value");
  return NULL;
}

static void s_append(struct zr_jnode *parent, struct zr_jnode **last, struct zr_jnode *n) {
  if (*last)
    (*last)->next = n;
  else
    parent->first = n;
  *last = n;
  n->index = parent->count++;
}

static bool s_member(struct reader *r, struct zr_jnode *object, struct zr_jnode **last,
                     unsigned depth) {
  struct zr_jnode place = {.parent = NULL};
  s_mark(r, &place);
  if (object->count == MEMBERS_MAX)
    return s_wrong_in(r, object, "has more than 1000 members");
  if (r->at == r->end || *r->at != '"')
    return s_wrong_in(r, object, "the name of a member is missing");
  const char *key = s_text(r, object);
  s_blank(r);
  if (!key)
    return false;
  if (!s_take(r, ':'))
    return s_wrong_in(r, object, "a colon is missing");
  s_blank(r);
  r->key = key;
  struct zr_jnode *n = s_value(r, object, depth);
  r->key = NULL;
  if (!n)
    return false;
  if (zr_jget(object, key)) {
    n->line = place.line;
    n->column = place.column;
    zr_problem(r->problems, n, "is there twice");
  }
  s_append(object, last, n);
  return true;
}

static bool s_element(struct reader *r, struct zr_jnode *list, struct zr_jnode **last,
                      unsigned depth) {
  struct zr_jnode *n = s_value(r, list, depth);
  if (n)
    s_append(list, last, n);
  return n != NULL;
}

static struct zr_jnode *s_compound(struct reader *r, struct zr_jnode *parent, unsigned depth) {
  bool object = *r->at == '{';
  char close = object ? '}' : ']';
  struct zr_jnode *n = s_new(r, parent, object ? ZR_JOBJECT : ZR_JLIST);
  struct zr_jnode *last = NULL;
  if (!n)
    return NULL;
  if (depth >= DEPTH_MAX) {
    (void)s_wrong(r, parent, "is nested too deeply");
    return NULL;
  }
  r->at++;
  s_blank(r);
  if (s_take(r, close))
    return n;
  for (;;) {
    if (!(object ? s_member : s_element)(r, n, &last, depth + 1))
      return NULL;
    s_blank(r);
    if (s_take(r, close))
      return n;
    if (!s_take(r, ',')) {
      (void)s_wrong_in(r, n, object ? "a comma or } is missing" : "a comma or ] is missing");
      return NULL;
    }
    s_blank(r);
  }
}

static struct zr_jnode *s_value(struct reader *r, struct zr_jnode *parent, unsigned depth) {
  if (r->at == r->end) {
    (void)s_wrong_in(r, parent ? parent : &(struct zr_jnode){0}, "ends too early");
    return NULL;
  }
  return *r->at == '{' || *r->at == '[' ? s_compound(r, parent, depth) : s_scalar(r, parent);
}

/* Told at the first byte that is in no character. */
static void s_not_utf8(struct reader *r) {
  struct zr_jnode here = {.parent = NULL};
  while (r->at < r->end) {
    unsigned char c = (unsigned char)*r->at;
    size_t left = (size_t)(r->end - r->at);
    size_t len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (len > left || !zr_view_is_utf8((struct zr_view){r->at, len}))
      break;
    r->at += len;
    if (c == '\n') {
      r->line++;
      r->line_start = r->at;
    }
  }
  s_mark(r, &here);
  zr_problem(r->problems, &here, "is not well-formed UTF-8, or has a NUL in it");
}

struct zr_jnode *zr_json_tree(struct zr_view text, unsigned first_line, struct zr_arena *arena,
                              struct zr_problems *p) {
  struct reader r = {text.ptr, text.ptr + text.len, text.ptr, first_line, arena, p, NULL};
  if (!zr_view_is_utf8(text)) {
    s_not_utf8(&r);
    return NULL;
  }
  s_blank(&r);
  struct zr_jnode *root = s_value(&r, NULL, 0);
  if (!root)
    return NULL;
  s_blank(&r);
  if (r.at < r.end) {
    (void)s_wrong(&r, NULL, "something stands behind the end of the value");
    return NULL;
  }
  return p->nomem ? NULL : root;
}

struct zr_jnode *zr_jget(const struct zr_jnode *object, const char *name) {
  if (!object || object->type != ZR_JOBJECT)
    return NULL;
  for (struct zr_jnode *n = object->first; n; n = n->next)
    if (n->key && strcmp(n->key, name) == 0)
      return n;
  return NULL;
}
