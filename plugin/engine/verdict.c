/*
 * From evidence to an outcome. Pure functions of one item, so that every rule of docs/outcomes.md
 * can be tested by writing down the evidence.
 */
#include "engine/state.h"

static const struct zr_verdict s_wait = {.next = ZR_NEXT_WAIT};
static const struct zr_verdict s_send = {.next = ZR_NEXT_SEND};

static struct zr_verdict s_end(enum zr_outcome outcome, enum zr_code code) {
  return (struct zr_verdict){ZR_NEXT_DECIDED, outcome, code};
}

static enum zr_class s_class(const struct zr_item *it) {
  return it->answer ? it->answer->class_ : ZR_CLASS_UNKNOWN;
}

enum zr_code zr_verdict_code_of(const struct zr_answer *a) {
  static const enum zr_code codes[ZR_CLASS_COUNT_] = {
      [ZR_CLASS_OK] = ZR_CODE_SERVICE_ERROR,
      [ZR_CLASS_NOT_SENT] = ZR_CODE_UNREACHABLE,
      [ZR_CLASS_NO_CHANNEL] = ZR_CODE_CONNECTION_REFUSED_BY_POLICY,
      [ZR_CLASS_UNKNOWN] = ZR_CODE_SERVICE_ERROR,
      [ZR_CLASS_REDIRECTED] = ZR_CODE_REDIRECTED,
      [ZR_CLASS_THROTTLED] = ZR_CODE_THROTTLED,
      [ZR_CLASS_MISSING] = ZR_CODE_REFUSED,
      [ZR_CLASS_STATE] = ZR_CODE_REFUSED,
      [ZR_CLASS_INPUT] = ZR_CODE_REFUSED,
      [ZR_CLASS_DENIED] = ZR_CODE_REFUSED,
      [ZR_CLASS_UNAUTHORIZED] = ZR_CODE_CREDENTIALS_REJECTED,
      [ZR_CLASS_SKEWED] = ZR_CODE_CLOCK_SKEW,
      [ZR_CLASS_BLOCKED] = ZR_CODE_BLOCKED,
  };
  if (!a)
    return ZR_CODE_SERVICE_ERROR;
  if (a->class_ == ZR_CLASS_UNAUTHORIZED &&
      zr_view_eq_text(zr_view_of(zr_rstr_text(a->code)), "AUTHFAILURE_SIGNATURE_EXPIRED"))
    return ZR_CODE_CLOCK_SKEW;
  return codes[a->class_];
}

/* Two reads in a row, both complete, did not have it; no release naming it was ever answered. */
static struct zr_verdict s_gone_before_send(const struct zr_item *it) {
  if (it->absent_streak < 2)
    return s_wait;
  return it->seen ? s_end(ZR_OUTCOME_ALREADY_GONE, ZR_CODE_NONE)
                  : s_end(ZR_OUTCOME_NOT_FOUND, ZR_CODE_NOT_FOUND);
}

static struct zr_verdict s_never_sent(const struct zr_item *it, bool dry) {
  if (it->malformed)
    return s_end(ZR_OUTCOME_INVALID, ZR_CODE_INVALID_ID);
  switch (it->presence) {
  case ZR_PRESENCE_BIN:
    return dry ? s_end(ZR_OUTCOME_NOT_ATTEMPTED, ZR_CODE_WOULD_RELEASE) : s_send;
  case ZR_PRESENCE_ABSENT:
    return s_gone_before_send(it);
  case ZR_PRESENCE_LEAVING: /* somebody else's release: watch it go */
    return dry ? s_end(ZR_OUTCOME_NOT_RECYCLED, ZR_CODE_IN_TRANSITION) : s_wait;
  case ZR_PRESENCE_ENTERING:
    return s_end(ZR_OUTCOME_NOT_RECYCLED, ZR_CODE_IN_TRANSITION);
  case ZR_PRESENCE_LIVE:
    return s_end(ZR_OUTCOME_NOT_RECYCLED, ZR_CODE_NOT_RECYCLED);
  case ZR_PRESENCE_UNSEEN:
    break;
  }
  return s_wait;
}

static struct zr_verdict s_gone_after_send(const struct zr_item *it) {
  if (it->absent_streak < 2)
    return s_wait;
  if (it->accepted || it->ambiguous)
    return s_end(ZR_OUTCOME_RELEASED, ZR_CODE_NONE);
  if (it->unauthorized)
    return s_end(ZR_OUTCOME_REFUSED, ZR_CODE_NOT_VISIBLE);
  return s_end(ZR_OUTCOME_ALREADY_GONE, ZR_CODE_NONE);
}

bool zr_verdict_lag_possible(const struct zr_item *it) {
  return s_class(it) == ZR_CLASS_MISSING || s_class(it) == ZR_CLASS_STATE;
}

/* Refused for good, and a read after the refusal has it in the bin. */
static struct zr_verdict s_refused(const struct zr_item *it) {
  if (zr_verdict_lag_possible(it))
    return s_wait; /* look on for a while */
  if (s_class(it) == ZR_CLASS_INPUT)
    return s_end(ZR_OUTCOME_INVALID, ZR_CODE_INVALID_ID);
  return s_end(ZR_OUTCOME_REFUSED, zr_verdict_code_of(it->answer));
}

static struct zr_verdict s_still_in_bin(const struct zr_item *it) {
  if (it->accepted)
    return s_wait;
  if (it->ambiguous)
    return it->final || it->attempts >= ZR_TRIES_UNKNOWN ? s_wait : s_send;
  if (it->unauthorized)
    return s_end(ZR_OUTCOME_REFUSED, zr_verdict_code_of(it->answer));
  return it->final ? s_refused(it) : s_send;
}

struct zr_verdict zr_verdict_of(const struct zr_item *it, bool dry) {
  if (it->in_flight)
    return s_wait;
  if (it->attempts == 0)
    return s_never_sent(it, dry);
  if (!it->read_since_answer)
    return s_wait;
  switch (it->presence) {
  case ZR_PRESENCE_ABSENT:
    return s_gone_after_send(it);
  case ZR_PRESENCE_BIN:
    return s_still_in_bin(it);
  case ZR_PRESENCE_ENTERING:
  case ZR_PRESENCE_LIVE:
    if (it->accepted || it->late_effect)
      return s_wait;
    return s_end(ZR_OUTCOME_NOT_RECYCLED,
                 it->presence == ZR_PRESENCE_LIVE ? ZR_CODE_NOT_RECYCLED : ZR_CODE_IN_TRANSITION);
  case ZR_PRESENCE_LEAVING:
  case ZR_PRESENCE_UNSEEN:
    break;
  }
  return s_wait;
}

static struct zr_verdict s_final_unsent(const struct zr_item *it, enum zr_code why, bool settled) {
  if (settled && it->presence == ZR_PRESENCE_LEAVING)
    return s_end(ZR_OUTCOME_NOT_RECYCLED, ZR_CODE_IN_TRANSITION);
  return s_end(ZR_OUTCOME_NOT_ATTEMPTED, why);
}

/* Ambiguous: only a read that came late enough after the last answer can still say that nothing
 * happened. */
static struct zr_verdict s_final_ambiguous(const struct zr_item *it, bool settled) {
  if (settled && it->presence == ZR_PRESENCE_BIN) {
    bool redirected = s_class(it) == ZR_CLASS_REDIRECTED;
    return s_end(ZR_OUTCOME_REFUSED, redirected ? ZR_CODE_REDIRECTED : ZR_CODE_STILL_IN_BIN);
  }
  if (settled && (it->presence == ZR_PRESENCE_LIVE || it->presence == ZR_PRESENCE_ENTERING))
    return s_end(ZR_OUTCOME_NOT_RECYCLED, ZR_CODE_NOT_RECYCLED);
  return s_end(ZR_OUTCOME_UNKNOWN, ZR_CODE_UNKNOWN_OUTCOME);
}

static struct zr_verdict s_final_refused(const struct zr_item *it) {
  bool absent = it->read_since_answer && it->presence == ZR_PRESENCE_ABSENT;
  if (it->unauthorized)
    return s_end(ZR_OUTCOME_REFUSED, absent ? ZR_CODE_NOT_VISIBLE : zr_verdict_code_of(it->answer));
  bool unread_block = s_class(it) == ZR_CLASS_BLOCKED && !it->read_since_answer;
  bool leaving = it->read_since_answer && it->presence == ZR_PRESENCE_LEAVING;
  if (absent || leaving || unread_block)
    return s_end(ZR_OUTCOME_UNKNOWN, ZR_CODE_UNKNOWN_OUTCOME);
  if (s_class(it) == ZR_CLASS_INPUT && it->final)
    return s_end(ZR_OUTCOME_INVALID, ZR_CODE_INVALID_ID);
  return s_end(ZR_OUTCOME_REFUSED, zr_verdict_code_of(it->answer));
}

struct zr_verdict zr_verdict_final(const struct zr_item *it, enum zr_code why, bool settled) {
  if (it->attempts == 0)
    return s_final_unsent(it, why, settled);
  if (it->accepted)
    return s_end(ZR_OUTCOME_ACCEPTED, ZR_CODE_ACCEPTED_UNVERIFIED);
  if (it->in_flight)
    return s_end(ZR_OUTCOME_UNKNOWN, ZR_CODE_UNKNOWN_OUTCOME);
  if (it->ambiguous)
    return s_final_ambiguous(it, settled && it->read_since_answer);
  return s_final_refused(it);
}

bool zr_verdict_settled_early(const struct zr_item *it) {
  return it->attempts > 0 && !it->late_effect &&
         it->read_at.ms - it->answered_at.ms >= ZR_SETTLE_MIN_MS;
}

bool zr_verdict_wants_last_read(const struct zr_item *it, struct zr_mono expiry) {
  return it->attempts > 0 && !it->accepted && it->read_at.ms < expiry.ms;
}

static int64_t s_at_least(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static int64_t s_clamp(int64_t ms) {
  return ms < ZR_SETTLE_MIN_MS ? ZR_SETTLE_MIN_MS : ms > ZR_SETTLE_MAX_MS ? ZR_SETTLE_MAX_MS : ms;
}

/* How long to watch an item that gives no reason to do anything else. */
static int64_t s_watch_ms(const struct zr_item *it, int64_t wait_ms) {
  if (it->accepted || it->attempts == 0)
    return wait_ms;
  if (it->ambiguous && it->late_effect)
    return s_at_least(wait_ms, ZR_SETTLE_MAX_MS);
  if (!it->ambiguous && s_class(it) == ZR_CLASS_MISSING)
    return s_at_least(wait_ms, ZR_SETTLE_MAX_MS);
  return s_clamp(wait_ms);
}

struct zr_mono zr_verdict_expiry(const struct zr_item *it, const struct zr_sub *sub) {
  if (it->in_flight)
    return ZR_MONO_NEVER;
  struct zr_mono from = it->answered_at;
  if (it->attempts == 0) {
    if (it->presence != ZR_PRESENCE_LEAVING)
      return ZR_MONO_NEVER;
    from = it->first_read_at;
  }
  if (sub->joined_at.ms > from.ms)
    from = sub->joined_at;
  struct zr_mono at = zr_mono_add(from, s_watch_ms(it, sub->job->wait_ms));
  if (sub->job->cancelled) {
    if (sub->job->cancelled_at.ms > from.ms)
      from = sub->job->cancelled_at;
    at = zr_mono_min(at, zr_mono_add(from, ZR_SETTLE_MAX_MS));
  }
  return at;
}
