/*
 * Shell patterns as of fnmatch(3), before they are matched: fnmatch takes a broken one literally or
 * matches nothing with it, and a rule that matches nothing protects nothing. Any thread.
 */
#ifndef ZR_BASE_PATTERN_H
#define ZR_BASE_PATTERN_H

#include <stdbool.h>

#include "base/view.h"

/* What is wrong with a pattern; NULL when nothing is. A constant. */
const char *zr_pattern_fault(struct zr_view pattern);
/* Whether matching would count bytes for characters: the name is not ASCII, the pattern has a ? or
 * a [, and the locale (LC_CTYPE) has one byte per character. */
bool zr_pattern_is_unsure(const char *pattern, const char *name);

#endif
