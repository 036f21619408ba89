#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t s_read(clockid_t id) {
  struct timespec t;
  if (clock_gettime(id, &t) != 0)
    return 0;
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct zr_mono zr_mono_now(void) {
  return (struct zr_mono){s_read(CLOCK_BOOTTIME)};
}

struct zr_wall zr_wall_now(void) {
  return (struct zr_wall){s_read(CLOCK_REALTIME)};
}

void zr_wall_format(struct zr_wall t, char out[32]) {
  time_t seconds = (time_t)(t.ms / 1000);
  struct tm parts;
  if (!gmtime_r(&seconds, &parts)) {
    (void)snprintf(out, 32, "-");
    return;
  }
  char stamp[24];
  (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
  (void)snprintf(out, 32, "%s.%03dZ", stamp, (int)(t.ms % 1000));
}

/* `text` has the form: a digit for each 0, anything else as it stands. */
static bool s_has_form(const char *text, const char *form) {
  for (; *form; form++, text++)
    if (*form == '0' ? *text < '0' || *text > '9' : *text != *form)
      return false;
  return true;
}

static int s_number(const char *text, int digits) {
  int value = 0;
  for (int i = 0; i < digits; i++)
    value = value * 10 + (text[i] - '0');
  return value;
}

/* ".789" as milliseconds; *text moves behind it. -1 for a point without a digit. */
static int s_fraction(const char **text) {
  int ms = 0;
  int unit = 100;
  if (**text != '.')
    return 0;
  if (!s_has_form(++*text, "0"))
    return -1;
  for (; s_has_form(*text, "0"); ++*text, unit /= 10)
    ms += (**text - '0') * unit;
  return ms;
}

/* "Z" or "+02:00" as minutes before UTC; false for anything else. */
static bool s_offset(const char *text, int *minutes) {
  *minutes = 0;
  if (strcmp(text, "Z") == 0)
    return true;
  if ((*text != '+' && *text != '-') || !s_has_form(text + 1, "00:00") || text[6] != '\0')
    return false;
  int hours = s_number(text + 1, 2);
  int rest = s_number(text + 4, 2);
  *minutes = (*text == '-' ? -1 : 1) * (hours * 60 + rest);
  return hours < 24 && rest < 60;
}

int zr_wall_parse(const char *text, struct zr_wall *out) {
  if (!s_has_form(text, "0000-00-00T00:00:00"))
    return -1;
  struct tm given = {.tm_year = s_number(text, 4) - 1900,
                     .tm_mon = s_number(text + 5, 2) - 1,
                     .tm_mday = s_number(text + 8, 2),
                     .tm_hour = s_number(text + 11, 2),
                     .tm_min = s_number(text + 14, 2),
                     .tm_sec = s_number(text + 17, 2)};
  struct tm parts = given;
  int64_t seconds = (int64_t)timegm(&parts);
  if (parts.tm_mon != given.tm_mon || parts.tm_mday != given.tm_mday ||
      parts.tm_hour != given.tm_hour || parts.tm_min != given.tm_min ||
      parts.tm_sec != given.tm_sec)
    return -1; /* a 31st of February */
  const char *rest = text + 19;
  int offset = 0;
  int fraction = s_fraction(&rest);
  if (fraction < 0 || !s_offset(rest, &offset))
    return -1;
  int64_t ms = (seconds - (int64_t)offset * 60) * 1000 + fraction;
  if (ms < 0)
    return -1;
  out->ms = ms;
  return 0;
}

int zr_wall_parse_http(const char *text, struct zr_wall *out) {
  struct tm parts;
  memset(&parts, 0, sizeof parts);
  const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (!end || *end != '\0')
    return -1;
  out->ms = (int64_t)timegm(&parts) * 1000;
  return 0;
}
