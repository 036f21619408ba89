#include "duration.h"

#include <string.h>

#include "base/attr.h"
#include "base/clock.h"

static const int64_t YEAR_MS = 365LL * 24 * 3600 * 1000;

struct unit {
  const char *name;
  int64_t ms;
};

/* From the largest; "ms" before "m", which it begins with, would be the wrong order otherwise. */
static const struct unit s_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

/* The unit that `text` begins with, or -1. */
static int s_unit(const char *text) {
  size_t len = strspn(text, "dhms");
  for (size_t i = 0; i < ZR_COUNT(s_units); i++)
    if (strlen(s_units[i].name) == len && strncmp(text, s_units[i].name, len) == 0)
      return (int)i;
  return -1;
}

bool zr_duration_parse(const char *text, int64_t *ms) {
  int64_t total = 0;
  int last = -1;
  if (strcmp(text, "0") == 0) {
    *ms = 0;
    return true;
  }
  do {
    int64_t value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 12)
      return false;
    for (size_t i = 0; i < digits; i++)
      value = value * 10 + (text[i] - '0');
    text += digits;
    int unit = s_unit(text);
    if (unit <= last || value > YEAR_MS / s_units[unit].ms)
      return false;
    last = unit;
    text += strlen(s_units[unit].name);
    total += value * s_units[unit].ms;
  } while (*text);
  *ms = total;
  return total <= YEAR_MS;
}

bool zr_moment_parse(const char *text, int64_t now_ms, int64_t *ms) {
  struct zr_wall at;
  if (zr_wall_parse(text, &at) == 0) {
    *ms = at.ms;
    return true;
  }
  if (!zr_duration_parse(text, ms))
    return false;
  *ms = now_ms - *ms;
  return true;
}
