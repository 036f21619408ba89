/* A release call arrives at the service: what it does, and what the other side gets to read. */
#include "judge.h"

void service_end_as(struct call *c, enum zr_class class_, int status, const char *code) {
  c->end.class_ = class_;
  c->end.http_status = status;
  c->end.code = code;
  c->end.request_id = status ? "R-refused" : "";
  c->end.late_effect = false;
}

/* No whole answer: the line breaks, or the caller's patience ends. */
static void s_cut(struct sim *s, struct call *c) {
  service_end_as(c, ZR_CLASS_UNKNOWN, 0, "");
  c->end.late_effect = true;
  c->end.reason = "the connection broke";
  if (vopr_chance(s, 50))
    c->due = c->started_at + c->timeout_ms;
}

static void s_effect(struct sim *s, const struct call *c, unsigned percent, int64_t at) {
  for (unsigned i = 0; i < c->count; i++) {
    if (vopr_chance(s, percent))
      machine_doom(s, &s->machines[c->product][c->ids[i]], at, c->sent);
  }
}

/* Behind the end of the call, and not so late that a read which lags could not tell in time. */
static int64_t s_late(struct sim *s, const struct call *c) {
  MARK(LATE_EFFECT);
  int64_t longest = LATE_MS - s->weather.lag_ms;
  return c->due + vopr_between(s, 1, vopr_chance(s, 50) ? 3000 : longest);
}

static void s_throttle(struct sim *s, struct call *c) {
  service_end_as(c, ZR_CLASS_THROTTLED, 429, "REQUEST_LIMIT_EXCEEDED");
  c->end.retry_after_ms = s->weather.retry_after_ms;
}

static void s_refuse(struct sim *s, struct call *c) {
  if (vopr_chance(s, 50))
    service_end_as(c, ZR_CLASS_MISSING, 404, "INVALID_INSTANCE_NOT_FOUND");
  else
    service_end_as(c, ZR_CLASS_STATE, 403, "OPERATION_DENIED_INSTANCE_NOT_RECYCLED");
}

/* The service's own answer: all or nothing. */
static void s_honest(struct sim *s, struct call *c) {
  for (unsigned i = 0; i < c->count; i++) {
    const struct machine *m = &s->machines[c->product][c->ids[i]];
    enum place p = machine_place(m);
    bool gone = p == GONE || p == NOWHERE;
    if (m->hidden)
      service_end_as(c, ZR_CLASS_UNAUTHORIZED, 403, "AUTHFAILURE_UNAUTHORIZED_OPERATION");
    else if (m->malformed || (m->cursed && !gone && c->ids[i] % 3 == 0))
      service_end_as(c, ZR_CLASS_INPUT, 400, "INVALID_PARAMETER_INSTANCE_ID");
    else if (gone)
      service_end_as(c, ZR_CLASS_MISSING, 404, "INVALID_INSTANCE_NOT_FOUND");
    else if (m->cursed)
      service_end_as(c, ZR_CLASS_DENIED, 403, "OPERATION_DENIED_BY_A_RULE");
    else if (p != BIN && !(c->product == ZR_PRODUCT_ZEC && (p == LIVE || p == ENTERING)))
      service_end_as(c, ZR_CLASS_STATE, 403, "OPERATION_DENIED_INSTANCE_NOT_RECYCLED");
    if (c->end.class_ != ZR_CLASS_OK)
      return;
  }
  s_effect(s, c, 100, s->now);
}

static void s_list(struct sim *s, struct call *c) {
  for (unsigned i = 0; i < c->count; i++) {
    bool listed = vopr_chance(s, 40);
    if (listed)
      c->failed[c->failed_count++] = c->ids[i];
    if (!listed || vopr_chance(s, 30))
      machine_doom(s, &s->machines[c->product][c->ids[i]], s->now, c->sent);
  }
  c->failed_unknown = vopr_chance(s, 30);
}

static void s_hide(struct sim *s, struct call *c) {
  service_end_as(c, ZR_CLASS_UNAUTHORIZED, 403, "AUTHFAILURE_UNAUTHORIZED_OPERATION");
  for (unsigned i = 0; i < c->count && c->life == s->life && s->engine; i++) {
    for (unsigned n = c->ids[i] % GROUPS; n < s->machine_count[c->product]; n += GROUPS)
      machine_hide(&s->machines[c->product][n], true); /* rights are those to a group */
  }
}

/* Calls that end without any answer of the service itself. */
static bool s_no_answer(struct sim *s, struct call *c, enum release_fault f) {
  switch ((int)f) {
  case RELEASE_CUT_NO_EFFECT:
    s_cut(s, c);
    return true;
  case RELEASE_CUT_EFFECT:
    s_cut(s, c);
    s_effect(s, c, 100, s->now);
    return true;
  case RELEASE_CUT_LATE:
    s_cut(s, c);
    s_effect(s, c, 100, s_late(s, c));
    return true;
  case RELEASE_CUT_PARTIAL:
    s_cut(s, c);
    s_effect(s, c, 50, vopr_chance(s, 50) ? s->now : s_late(s, c));
    return true;
  case RELEASE_GATEWAY_LATE:
    service_end_as(c, ZR_CLASS_UNKNOWN, vopr_chance(s, 50) ? 502 : 504, "");
    c->end.late_effect = true;
    s_effect(s, c, 70, s_late(s, c));
    return true;
  case RELEASE_GARBAGE_NO_EFFECT:
  case RELEASE_GARBAGE_EFFECT:
    service_end_as(c, ZR_CLASS_UNKNOWN, vopr_chance(s, 50) ? 200 : 202, "");
    c->end.late_effect = true;
    s_effect(s, c, f == RELEASE_GARBAGE_EFFECT ? 100 : 0, s->now);
    return true;
  case RELEASE_NOT_SENT:
    service_end_as(c, ZR_CLASS_NOT_SENT, 0, "");
    return true;
  case RELEASE_NO_CHANNEL:
    service_end_as(c, ZR_CLASS_NO_CHANNEL, 0, "");
    return true;
  case RELEASE_REDIRECTED:
  case RELEASE_REDIRECTED_EFFECT:
    service_end_as(c, ZR_CLASS_REDIRECTED, 307, "");
    s_effect(s, c, f == RELEASE_REDIRECTED_EFFECT ? 70 : 0, s->now);
    return true;
  case RELEASE_BLOCKED:
    service_end_as(c, ZR_CLASS_BLOCKED, 403, "");
    return true;
  default:
    return false;
  }
}

/* In all that a read which lags may show: or a word of before would agree with the refusal. */
static bool s_was_in_bin(const struct sim *s, const struct machine *m) {
  for (unsigned i = 0; i < m->past_count; i++) {
    if (m->past[i].place != BIN)
      return false;
    if (m->past[i].at <= s->now - s->weather.lag_ms)
      break;
  }
  return true;
}

static void s_answer(struct sim *s, struct call *c, enum release_fault f) {
  switch ((int)f) {
  case RELEASE_ERROR_NO_EFFECT:
  case RELEASE_ERROR_EFFECT:
  case RELEASE_ERROR_PARTIAL:
    service_end_as(c, ZR_CLASS_UNKNOWN, vopr_chance(s, 50) ? 500 : 503, "INTERNAL_SERVER_ERROR");
    s_effect(s, c, f == RELEASE_ERROR_EFFECT ? 100 : f == RELEASE_ERROR_PARTIAL ? 50 : 0, s->now);
    break;
  case RELEASE_ACCEPTED_PARTIAL:
    s_effect(s, c, 50, s->now);
    break;
  case RELEASE_ACCEPTED_SLOW:
    s_effect(s, c, 100, s->now + vopr_between(s, 1, vopr_chance(s, 50) ? 2000 : 20000));
    break;
  case RELEASE_ACCEPTED_LISTED:
    s_list(s, c);
    break;
  case RELEASE_REFUSED_PARTIAL:
    s_refuse(s, c);
    for (unsigned i = 0; i < c->count; i++) {
      struct machine *m = &s->machines[c->product][c->ids[i]];
      if (s_was_in_bin(s, m) && vopr_chance(s, 40))
        machine_doom(s, m, s->now, c->sent);
    }
    break;
  case RELEASE_REFUSED_FALSELY:
    s_refuse(s, c);
    break;
  case RELEASE_REFUSED_NEW_CODE:
    service_end_as(c, ZR_CLASS_DENIED, 403, "A_CODE_NOBODY_KNOWS");
    break;
  case RELEASE_THROTTLED:
    s_throttle(s, c);
    break;
  case RELEASE_THROTTLED_EFFECT:
    s_throttle(s, c);
    s_effect(s, c, 60, s->now);
    break;
  case RELEASE_UNAUTHORIZED:
    service_end_as(c, ZR_CLASS_UNAUTHORIZED, 401, "AUTHFAILURE_UNAUTHORIZED_OPERATION");
    break;
  case RELEASE_UNAUTHORIZED_HIDDEN:
    s_hide(s, c);
    break;
  case RELEASE_SKEWED:
    service_end_as(c, ZR_CLASS_SKEWED, 401, "AUTHFAILURE_SIGNATURE_EXPIRED");
    break;
  default:
    s_honest(s, c);
    break;
  }
}

static enum release_fault s_pick(struct sim *s, const struct call *c) {
  const struct weather *w = &s->weather;
  if (s->calm)
    return RELEASE_HONEST;
  if (s->now >= w->outage_from && s->now < w->outage_to)
    return w->outage;
  if (s->now >= w->storm_from && s->now < w->storm_to)
    return RELEASE_THROTTLED;
  if (!vopr_chance(s, w->release_faults))
    return RELEASE_HONEST;
  unsigned bit = vopr_bit(s, w->release_mask, RELEASE_COUNT_);
  enum release_fault f = (enum release_fault)bit;
  if (f == RELEASE_THROTTLED_EFFECT && w->lag_ms > 0)
    return RELEASE_THROTTLED; /* "not executed" is believed after one read */
  if (f == RELEASE_ACCEPTED_LISTED && c->product != ZR_PRODUCT_ZEC)
    return RELEASE_ACCEPTED_PARTIAL;
  return f;
}

void service_release(struct sim *s, struct call *c) {
  static const char *const names[] = {VOPR_RELEASE_FAULTS(VOPR_NAMED)};
  enum release_fault f = s_pick(s, c);
  census.release[f]++;
  trace_mix(s, f);
  trace_say(s, "   (release of batch %u arrives: %s)", s->sent[c->sent].batch, names[f]);
  if (!s_no_answer(s, c, f))
    s_answer(s, c, f);
}
