/*
 * From evidence to an outcome. Pure functions of one item, so that every rule of docs/outcomes.md
 * can be tested by writing down the evidence.
 */
#include "engine/verdict.h"

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
  if (it->hidden)
    return it->probed ? s_end(ZR_OUTCOME_NOT_FOUND, ZR_CODE_GROUP_NOT_VISIBLE) : s_wait;
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
  case ZR_PRESENCE_OTHER:
    return s_end(ZR_OUTCOME_NOT_RECYCLED, ZR_CODE_NOT_RECYCLED);
  case ZR_PRESENCE_UNSEEN:
    break;
  }
  return s_wait;
}

static struct zr_verdict s_gone_after_send(const struct zr_item *it) {
  if (it->absent_streak < 2)
    return s_wait;
  if (it->accepted && !it->unauthorized)
    return s_end(ZR_OUTCOME_RELEASED, ZR_CODE_NONE);
  if (it->unauthorized && !it->ambiguous) /* gone, or hidden since the rights changed */
    return s_end(ZR_OUTCOME_REFUSED, ZR_CODE_NOT_VISIBLE);
  if (it->hidden && !it->probed)
    return s_wait;
  if (it->hidden && it->unauthorized && it->group) /* likewise, or gone by an earlier call */
    return s_end(ZR_OUTCOME_UNKNOWN, ZR_CODE_UNKNOWN_OUTCOME);
  if (it->ambiguous)
    return s_end(ZR_OUTCOME_RELEASED, it->hidden ? ZR_CODE_GROUP_NOT_SEEN : ZR_CODE_NONE);
  if (it->hidden)
    return s_end(ZR_OUTCOME_REFUSED, ZR_CODE_NOT_VISIBLE);
  return s_end(ZR_OUTCOME_ALREADY_GONE, ZR_CODE_NONE);
}

bool zr_verdict_lag_possible(const struct zr_item *it) {
  return s_class(it) == ZR_CLASS_MISSING || s_class(it) == ZR_CLASS_STATE;
}

static struct zr_verdict s_still_in_bin(const struct zr_item *it) {
  if (it->accepted)
    return s_wait;
  if (it->ambiguous)
    return it->final || it->attempts - it->earlier >= ZR_TRIES_UNKNOWN ? s_wait : s_send;
  if (it->unauthorized)
    return it->disputed ? s_wait : s_end(ZR_OUTCOME_REFUSED, zr_verdict_code_of(it->answer));
  /* Refused for good and still there: reads may lag, so look on for a while before saying so. */
  return it->final ? s_wait : s_send;
}

/* Out of the bin after a send. Only a conclusive refusal makes that the end of it at once. */
static struct zr_verdict s_out_of_bin(const struct zr_item *it) {
  if (it->accepted || it->ambiguous || it->presence == ZR_PRESENCE_OTHER)
    return s_wait;
  return s_end(ZR_OUTCOME_NOT_RECYCLED,
               it->presence == ZR_PRESENCE_LIVE ? ZR_CODE_NOT_RECYCLED : ZR_CODE_IN_TRANSITION);
}

/* The last answer says that the order was not carried out, so what was read before it still stands.
 */
static bool s_not_executed(const struct zr_item *it) {
  return s_class(it) == ZR_CLASS_THROTTLED || s_class(it) == ZR_CLASS_SKEWED;
}

struct zr_verdict zr_verdict_of(const struct zr_item *it, bool dry) {
  if (it->in_flight)
    return s_wait;
  if (it->attempts == 0)
    return s_never_sent(it, dry);
  if (!it->read_since_answer)
    return s_not_executed(it) && it->presence == ZR_PRESENCE_BIN ? s_still_in_bin(it) : s_wait;
  switch (it->presence) {
  case ZR_PRESENCE_ABSENT:
    return s_gone_after_send(it);
  case ZR_PRESENCE_BIN:
    return s_still_in_bin(it);
  case ZR_PRESENCE_ENTERING:
  case ZR_PRESENCE_LIVE:
  case ZR_PRESENCE_OTHER:
    return s_out_of_bin(it);
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

static struct zr_verdict s_unknown(void) {
  return s_end(ZR_OUTCOME_UNKNOWN, ZR_CODE_UNKNOWN_OUTCOME);
}

/* Sent, and the last read has it in the bin: the last answer is the reason, where it is one. */
static enum zr_code s_code_in_bin(const struct zr_item *it) {
  enum zr_class c = s_class(it);
  return c == ZR_CLASS_UNKNOWN ? ZR_CODE_STILL_IN_BIN : zr_verdict_code_of(it->answer);
}

/* Ambiguous: only a read that came late enough after the last answer can still say that nothing
 * happened. RELEASING says that something did. */
static struct zr_verdict s_final_ambiguous(const struct zr_item *it, bool settled) {
  if (it->read_since_answer && it->presence == ZR_PRESENCE_LEAVING)
    return s_end(ZR_OUTCOME_ACCEPTED, ZR_CODE_ACCEPTED_UNVERIFIED);
  bool late = it->late_effect && it->read_at.ms - it->late_at.ms < ZR_LATE_EFFECT_MS;
  if (!settled || late)
    return s_unknown();
  if (it->presence == ZR_PRESENCE_BIN)
    return s_end(ZR_OUTCOME_REFUSED, s_code_in_bin(it));
  if (it->presence == ZR_PRESENCE_LIVE || it->presence == ZR_PRESENCE_ENTERING)
    return s_end(ZR_OUTCOME_NOT_RECYCLED, ZR_CODE_NOT_RECYCLED);
  return s_unknown();
}

/* Refused: without a later read even a refusal is not believed, it may have had effect in part. A
 * refusal of authorisation is: nothing of ours was looked at. What the service and the read do not
 * agree about, or a word that may be a step of a release, wants the whole watch. */
static struct zr_verdict s_final_refused(const struct zr_item *it, bool settled) {
  bool doubt =
      !settled && it->disputed && it->read_at.ms - it->disputed_at.ms < ZR_SETTLE_REFUSED_MS;
  bool absent = it->read_since_answer && it->presence == ZR_PRESENCE_ABSENT;
  /* A word that may be a step of a release, and a call before that may have ordered it. */
  bool under_way = !settled && it->presence == ZR_PRESENCE_OTHER && it->attempts > 1;
  if (it->unauthorized && it->presence != ZR_PRESENCE_LEAVING && !under_way &&
      (absent || !(doubt || it->unconfirmed)))
    return s_end(ZR_OUTCOME_REFUSED, absent ? ZR_CODE_NOT_VISIBLE : zr_verdict_code_of(it->answer));
  if (!it->read_since_answer)
    return s_unknown();
  if ((doubt && it->presence != ZR_PRESENCE_LIVE) ||
      (!settled && it->presence == ZR_PRESENCE_OTHER))
    return s_unknown();
  bool denies_bin = it->presence == ZR_PRESENCE_OTHER && s_class(it) == ZR_CLASS_STATE;
  if (denies_bin || it->presence == ZR_PRESENCE_LIVE)
    return s_end(ZR_OUTCOME_NOT_RECYCLED, ZR_CODE_NOT_RECYCLED);
  if (it->presence != ZR_PRESENCE_BIN)
    return s_unknown();
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
  return s_final_refused(it, settled);
}

bool zr_verdict_settled_early(const struct zr_item *it) {
  return it->attempts > 0 && !it->late_effect &&
         it->read_at.ms - it->answered_at.ms >= ZR_SETTLE_REFUSED_MS;
}

bool zr_verdict_wants_last_read(const struct zr_item *it, struct zr_mono expiry) {
  return it->attempts > 0 && !it->accepted && it->read_at.ms < expiry.ms;
}

static int64_t s_at_least(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* How long to watch an item that gives no reason to do anything else. */
static int64_t s_watch_ms(const struct zr_item *it, int64_t wait_ms) {
  if (it->accepted || it->attempts == 0)
    return wait_ms;
  bool may_still_come = it->ambiguous && it->late_effect;
  if (may_still_come || (!it->ambiguous && s_class(it) == ZR_CLASS_MISSING))
    return s_at_least(wait_ms, ZR_SETTLE_MS);
  return it->ambiguous ? ZR_SETTLE_MS : ZR_SETTLE_REFUSED_MS;
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
  if (it->attempts > 0 && it->look_until.ms > at.ms)
    at = it->look_until;
  if (it->hidden && !it->probed && !sub->job->cancelled)
    return ZR_MONO_NEVER; /* until its group is asked for, which has an end */
  if (sub->job->cancelled && !sub->job->settle) {
    if (sub->job->cancelled_at.ms > from.ms)
      from = sub->job->cancelled_at;
    at = zr_mono_min(at, zr_mono_add(from, ZR_SETTLE_MS));
  }
  return at;
}
