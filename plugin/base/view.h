/*
 * Borrowed text: a pointer and a length, by value. What comes from a peer is never measured with
 * strlen. A view owns nothing and lives no longer than what it points into. Any thread.
 */
#ifndef ZR_BASE_VIEW_H
#define ZR_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

struct zr_view {
  const char *ptr;
  size_t len;
};

#define ZR_VIEW(literal) ((struct zr_view){(literal), sizeof(literal) - 1})
/* For printf("%.*s", ZR_VIEW_ARG(v)). */
#define ZR_VIEW_ARG(v) (int)(v).len, (v).ptr

/* The view of a C string; NULL gives an empty view. */
struct zr_view zr_view_of(const char *text);
bool zr_view_eq(struct zr_view a, struct zr_view b);
bool zr_view_eq_text(struct zr_view a, const char *text);
/* Equal without regard to the case of ASCII letters. */
bool zr_view_eq_nocase(struct zr_view a, struct zr_view b);
bool zr_view_starts(struct zr_view v, const char *prefix);
/* Without spaces, tabs, CR and LF at both ends. */
struct zr_view zr_view_trim(struct zr_view v);
/* Splits at the first `sep`: returns what is before it and leaves the rest in *v. */
struct zr_view zr_view_split(struct zr_view *v, char sep);
/* Well-formed UTF-8 (no surrogates, no overlong forms, nothing above U+10FFFF) without NUL. */
bool zr_view_is_utf8(struct zr_view v);
/* The bytes of the one well-formed character that v begins with; 0 when there is none. */
size_t zr_view_character(struct zr_view v);
/* A whole decimal number of at most 18 digits, no sign. */
bool zr_view_to_u64(struct zr_view v, unsigned long long *out);

#endif
