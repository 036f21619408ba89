/*
 * How fast calls may leave: a token bucket that knows no ceiling until the first 429, then adapts
 * (halve on a 429, grow slowly), and a pause for as long as the service asked. Time is an argument.
 */
#ifndef ZR_ENGINE_RATE_H
#define ZR_ENGINE_RATE_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/rng.h"

struct zr_rate {
  double configured; /* calls per second; 0: none */
  double ceiling;    /* the one in force; 0: none */
  double tokens;
  struct zr_mono refilled_at;
  struct zr_mono paused_until;
  struct zr_mono throttled_at; /* last 429 */
  struct zr_mono window_at;    /* start of the second that `recent` counts */
  unsigned recent;
  unsigned last_second;
  unsigned throttles; /* in a row */
};

void zr_rate_init(struct zr_rate *r, double calls_per_second);
/* Takes a token if one is there and no pause is on. */
bool zr_rate_take(struct zr_rate *r, struct zr_mono now);
/* When zr_rate_take may succeed; `now` if it would at once. */
struct zr_mono zr_rate_ready(const struct zr_rate *r, struct zr_mono now);
/* A 429: lowers the ceiling and pauses for retry_after_ms, or, when that is -1, for 1, 2, 4, … up
 * to 30 s; always with positive jitter. Returns the length of the pause in ms. */
int64_t zr_rate_throttled(struct zr_rate *r, int64_t retry_after_ms, struct zr_rng *rng,
                          struct zr_mono now);
/* A pause that another bucket of the same account earned. */
void zr_rate_pause(struct zr_rate *r, struct zr_mono until);
/* A call was let through. */
void zr_rate_passed(struct zr_rate *r);

#endif
