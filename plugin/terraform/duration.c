#include "terraform/duration.h"

#include <stddef.h>
#include <string.h>

enum { WEEK_MS = 7 * 24 * 60 * 60 * 1000, DIGITS_MAX = 9 };

static bool s_unit(const char **at, int64_t *ms) {
  static const struct {
    const char *name;
    int64_t ms;
  } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    size_t len = strlen(units[i].name);
    if (strncmp(*at, units[i].name, len) == 0) {
      *at += len;
      *ms = units[i].ms;
      return true;
    }
  }
  return false;
}

/* Digits into *value, their count into *digits. */
static bool s_digits(const char **at, int64_t *value, unsigned *digits) {
  *digits = 0;
  *value = 0;
  for (; **at >= '0' && **at <= '9'; (*at)++) {
    if (++*digits > DIGITS_MAX)
      return false;
    *value = *value * 10 + (**at - '0');
  }
  return true;
}

static bool s_part(const char **at, int64_t *ms) {
  int64_t whole = 0;
  int64_t fraction = 0;
  int64_t unit = 0;
  unsigned digits = 0;
  unsigned fraction_digits = 0;
  if (!s_digits(at, &whole, &digits))
    return false;
  if (**at == '.') {
    (*at)++;
    if (!s_digits(at, &fraction, &fraction_digits))
      return false;
  }
  if (digits + fraction_digits == 0 || !s_unit(at, &unit))
    return false;
  int64_t scale = 1;
  for (unsigned i = 0; i < fraction_digits; i++)
    scale *= 10;
  *ms += whole * unit + fraction * unit / scale;
  return true;
}

bool zr_tf_duration(const char *text, int64_t *ms) {
  const char *at = text;
  *ms = 0;
  if (strcmp(text, "0") == 0)
    return true;
  if (!*at)
    return false;
  while (*at)
    if (!s_part(&at, ms) || *ms > WEEK_MS)
      return false;
  return true;
}
