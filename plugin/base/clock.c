#include "base/clock.h"

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

int zr_wall_parse_http(const char *text, struct zr_wall *out) {
  struct tm parts;
  memset(&parts, 0, sizeof parts);
  const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (!end || *end != '\0')
    return -1;
  out->ms = (int64_t)timegm(&parts) * 1000;
  return 0;
}
