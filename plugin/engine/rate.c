#include "engine/rate.h"

enum { BURST = 4, FORGET_MS = 60000, LONGEST_PAUSE_S = 30 };

void zr_rate_init(struct zr_rate *r, double calls_per_second) {
  *r = (struct zr_rate){.configured = calls_per_second,
                        .ceiling = calls_per_second,
                        .tokens = BURST,
                        .throttled_at = {INT64_MIN / 2}};
}

/* A minute without a 429 lifts the ceiling again. */
static void s_forget(struct zr_rate *r, struct zr_mono now) {
  if (r->ceiling > r->configured || r->configured <= 0) {
    if (now.ms - r->throttled_at.ms > FORGET_MS)
      r->ceiling = r->configured;
  }
}

static void s_refill(struct zr_rate *r, struct zr_mono now) {
  if (now.ms <= r->refilled_at.ms)
    return;
  double seconds = (double)(now.ms - r->refilled_at.ms) / 1000.0;
  r->refilled_at = now;
  r->tokens += seconds * r->ceiling;
  if (r->tokens > BURST)
    r->tokens = BURST;
  double limit = r->configured > 0 ? r->configured : r->ceiling + seconds * 0.5;
  if (r->ceiling < limit)
    r->ceiling = r->ceiling + seconds * 0.5 < limit ? r->ceiling + seconds * 0.5 : limit;
}

static void s_count(struct zr_rate *r, struct zr_mono now) {
  if (now.ms - r->window_at.ms >= 1000) {
    r->last_second = now.ms - r->window_at.ms < 2000 ? r->recent : 0;
    r->window_at = now;
    r->recent = 0;
  }
  r->recent++;
}

bool zr_rate_take(struct zr_rate *r, struct zr_mono now) {
  if (now.ms < r->paused_until.ms)
    return false;
  s_forget(r, now);
  if (r->ceiling > 0) {
    s_refill(r, now);
    if (r->tokens < 1)
      return false;
    r->tokens -= 1;
  }
  s_count(r, now);
  return true;
}

struct zr_mono zr_rate_ready(const struct zr_rate *r, struct zr_mono now) {
  if (now.ms < r->paused_until.ms)
    return r->paused_until;
  if (r->ceiling <= 0)
    return now;
  double had = r->tokens + (double)(now.ms - r->refilled_at.ms) / 1000.0 * r->ceiling;
  if (had >= 1)
    return now;
  return zr_mono_add(now, (int64_t)((1 - had) / r->ceiling * 1000.0) + 1);
}

static void s_lower(struct zr_rate *r, struct zr_mono now) {
  unsigned seen = r->recent > r->last_second ? r->recent : r->last_second;
  double base = r->ceiling > 0 ? r->ceiling : (double)seen;
  r->ceiling = base / 2 > 0.5 ? base / 2 : 0.5;
  r->tokens = r->tokens < 1 ? r->tokens : 1;
  r->refilled_at = now;
}

int64_t zr_rate_throttled(struct zr_rate *r, int64_t retry_after_ms, struct zr_rng *rng,
                          struct zr_mono now) {
  /* Calls that left together come back together: one storm lowers the ceiling once. */
  if (now.ms - r->throttled_at.ms > 500 || now.ms >= r->paused_until.ms) {
    s_lower(r, now);
    r->throttles++;
  } else if (r->throttles == 0) {
    r->throttles = 1;
  }
  r->throttled_at = now;
  int64_t pause = retry_after_ms;
  if (pause < 0) {
    int64_t seconds = r->throttles >= 6 ? LONGEST_PAUSE_S : (int64_t)1 << (r->throttles - 1);
    pause = (seconds < LONGEST_PAUSE_S ? seconds : LONGEST_PAUSE_S) * 1000;
  }
  pause += (int64_t)zr_rng_below(rng, (uint64_t)(pause / 4 + 100));
  zr_rate_pause(r, zr_mono_add(now, pause));
  return zr_mono_until(r->paused_until, now);
}

void zr_rate_pause(struct zr_rate *r, struct zr_mono until) {
  if (until.ms > r->paused_until.ms)
    r->paused_until = until;
}

void zr_rate_passed(struct zr_rate *r) {
  r->throttles = 0;
}
