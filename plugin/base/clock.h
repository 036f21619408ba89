/*
 * The only place that asks the system for the time. Monotonic time is for waits and deadlines, wall
 * time for signing and records; two types, so that they cannot be subtracted from each other.
 */
#ifndef ZR_BASE_CLOCK_H
#define ZR_BASE_CLOCK_H

#include <stdint.h>

struct zr_mono {
  int64_t ms;
};
struct zr_wall {
  int64_t ms; /* since 1970-01-01T00:00:00Z */
};

#define ZR_MONO_NEVER ((struct zr_mono){INT64_MAX})

/* Any thread. Counts through suspend (CLOCK_BOOTTIME), so a deadline does not stretch. */
struct zr_mono zr_mono_now(void);
struct zr_wall zr_wall_now(void);

static inline struct zr_mono zr_mono_add(struct zr_mono t, int64_t ms) {
  if (ms > 0 && t.ms > INT64_MAX - ms)
    return ZR_MONO_NEVER;
  return (struct zr_mono){t.ms + ms};
}
static inline struct zr_mono zr_mono_min(struct zr_mono a, struct zr_mono b) {
  return a.ms < b.ms ? a : b;
}
/* Milliseconds from `now` to `t`, never negative; INT64_MAX for never. */
static inline int64_t zr_mono_until(struct zr_mono t, struct zr_mono now) {
  if (t.ms == INT64_MAX)
    return INT64_MAX;
  return t.ms > now.ms ? t.ms - now.ms : 0;
}

/* "2026-01-31T12:34:56.789Z" into out (at least 25 bytes). */
void zr_wall_format(struct zr_wall t, char out[32]);
/* Reads a time of RFC 3339 as it is defined, upper case, from 1970 on ("2026-01-31T12:34:56.789Z",
 * "2026-01-31T14:34:56+02:00"), without leap seconds; what is below a millisecond is cut off.
 * Returns 0, or -1 when it is none. */
int zr_wall_parse(const char *text, struct zr_wall *out);
/* Reads an HTTP date ("Sun, 06 Nov 1994 08:49:37 GMT"); returns 0, or -1 when it is none. */
int zr_wall_parse_http(const char *text, struct zr_wall *out);

#endif
