/* A read arrives at the service. Reads may fail, lag, and be incomplete. */
#include "judge.h"

static void s_fail(struct call *c, enum zr_class class_, int status, const char *code) {
  service_end_as(c, class_, status, code);
  c->complete = false;
}

static bool s_fault(struct sim *s, struct call *c, enum read_fault f) {
  switch ((int)f) {
  case READ_CUT:
    s_fail(c, ZR_CLASS_UNKNOWN, 0, "");
    c->end.late_effect = true;
    if (vopr_chance(s, 30))
      c->due = c->started_at + c->timeout_ms;
    break;
  case READ_ERROR:
    s_fail(c, ZR_CLASS_UNKNOWN, 502, "");
    break;
  case READ_THROTTLED:
    s_fail(c, ZR_CLASS_THROTTLED, 429, "REQUEST_LIMIT_EXCEEDED");
    c->end.retry_after_ms = s->weather.retry_after_ms;
    break;
  case READ_NOT_SENT:
    s_fail(c, ZR_CLASS_NOT_SENT, 0, "");
    break;
  case READ_NO_CHANNEL:
    s_fail(c, ZR_CLASS_NO_CHANNEL, 0, "");
    break;
  case READ_REDIRECTED:
    s_fail(c, ZR_CLASS_REDIRECTED, 302, "");
    break;
  case READ_BLOCKED:
    s_fail(c, ZR_CLASS_BLOCKED, 451, "");
    break;
  case READ_UNAUTHORIZED:
    s_fail(c, ZR_CLASS_UNAUTHORIZED, 401, "AUTHFAILURE_UNAUTHORIZED_OPERATION");
    break;
  case READ_SKEWED:
    s_fail(c, ZR_CLASS_SKEWED, 401, "AUTHFAILURE_SIGNATURE_EXPIRED");
    break;
  case READ_DENIED:
    s_fail(c, ZR_CLASS_DENIED, 403, "A_CODE_NOBODY_KNOWS");
    break;
  default:
    return false;
  }
  return true;
}

static enum read_fault s_outage(enum release_fault f) {
  switch ((int)f) {
  case RELEASE_NOT_SENT:
    return READ_NOT_SENT;
  case RELEASE_NO_CHANNEL:
    return READ_NO_CHANNEL;
  case RELEASE_BLOCKED:
    return READ_BLOCKED;
  case RELEASE_UNAUTHORIZED:
    return READ_UNAUTHORIZED;
  case RELEASE_CUT_NO_EFFECT:
    return READ_CUT;
  default:
    return READ_HONEST;
  }
}

static enum read_fault s_pick(struct sim *s) {
  const struct weather *w = &s->weather;
  if (s->calm)
    return READ_HONEST;
  if (s->now >= w->outage_from && s->now < w->outage_to)
    return s_outage(w->outage);
  if (w->storm_reads && s->now >= w->storm_from && s->now < w->storm_to)
    return READ_THROTTLED;
  if (!vopr_chance(s, w->read_faults))
    return READ_HONEST;
  unsigned bit = vopr_bit(s, w->read_mask, READ_REFUSED_MISSING);
  enum read_fault f = (enum read_fault)bit;
  return f == READ_FLAP ? READ_HONEST : f; /* that one has a chance of its own */
}

/* The service may refuse to read at all for one of the ids. */
static enum read_fault s_refused(struct sim *s, struct call *c) {
  for (unsigned i = 0; i < c->count; i++) {
    const struct machine *m = &s->machines[c->product][c->ids[i]];
    enum place p = machine_place(m);
    if (m->malformed) {
      s_fail(c, ZR_CLASS_INPUT, 400, "INVALID_PARAMETER_INSTANCE_ID");
      return READ_REFUSED_INPUT;
    }
    if (s->weather.refuses_missing && (p == GONE || p == NOWHERE)) {
      s_fail(c, ZR_CLASS_MISSING, 404, "INVALID_INSTANCE_NOT_FOUND");
      return READ_REFUSED_MISSING;
    }
  }
  return READ_HONEST;
}

static bool s_flaps(struct sim *s, struct machine *m) {
  if (m->flapped || s->calm || !vopr_chance(s, s->weather.flaps))
    return false;
  m->flapped = true;
  census.read[READ_FLAP]++;
  trace_say(s, "   (the read misses %s)", m->id);
  return true;
}

static void s_rows(struct sim *s, struct call *c) {
  for (unsigned i = 0; i < c->count; i++) {
    struct machine *m = &s->machines[c->product][c->ids[i]];
    int64_t lag = s->calm ? 0 : vopr_between(s, 0, s->weather.lag_ms);
    struct state seen = machine_seen(s, m, lag);
    if (seen.place != machine_place(m))
      MARK(READ_LAGGED);
    bool there = seen.place != GONE && seen.place != NOWHERE && !m->hidden;
    m->vanished = m->vanished || m->hidden;
    if (!there || (!c->complete && vopr_chance(s, 50)) || s_flaps(s, m))
      continue;
    c->rows[c->row_count].id = c->ids[i];
    c->rows[c->row_count].is = seen;
    c->rows[c->row_count++].bin_since_ms = m->bin_since_ms;
  }
}

/* The right to see a group is taken away, or given back. */
static void s_rights(struct sim *s, enum zr_product product) {
  if (s->calm || s->weather.hides == 0 || !vopr_chance(s, s->weather.hides))
    return;
  unsigned group = vopr_below(s, GROUPS);
  bool hidden = vopr_chance(s, 70);
  MARK(GROUP_HIDDEN);
  trace_say(s, "   (the group %s is %s)", machine_group(group), hidden ? "hidden" : "shown");
  for (unsigned i = group; i < s->machine_count[product]; i += GROUPS) {
    struct machine *m = &s->machines[product][i];
    machine_hide(m, hidden);
  }
}

void service_read(struct sim *s, struct call *c) {
  static const char *const names[] = {VOPR_READ_FAULTS(VOPR_NAMED)};
  s_rights(s, c->product);
  enum read_fault f = s_pick(s);
  c->complete = f != READ_INCOMPLETE;
  if (!s_fault(s, c, f)) {
    enum read_fault refused = s_refused(s, c);
    if (refused == READ_HONEST)
      s_rows(s, c);
    else
      f = refused;
  }
  census.read[f]++;
  trace_mix(s, f);
  trace_say(s, "   (read arrives: %s, %u rows)", names[f], c->row_count);
}

void service_count_bin(struct sim *s, struct call *c) {
  enum read_fault f = s_pick(s);
  if (s_fault(s, c, f)) {
    MARK(BIN_COUNT_FAILED);
    return;
  }
  MARK(BIN_COUNTED);
  for (unsigned i = 0; i < s->machine_count[c->product]; i++)
    c->total += machine_place(&s->machines[c->product][i]) == BIN;
}

void service_count_group(struct sim *s, struct call *c) {
  if (s_fault(s, c, s_pick(s)))
    return;
  MARK(GROUP_COUNTED);
  for (unsigned i = c->group; i < s->machine_count[c->product]; i += GROUPS) {
    const struct machine *m = &s->machines[c->product][i];
    enum place p = machine_place(m);
    c->total += !m->hidden && p != GONE && p != NOWHERE;
  }
}
