/* Stands where `app` stands: carries actions out, gives ends back, keeps records, dies, comes back.
 */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

void host_start(struct sim *s) {
  s->life++;
  s->restart_at = NEVER;
  if (s->life > 1)
    s->options.max_ids = 0; /* what has to be settled is not turned away */
  s->options.journal = s->weather.journal;
  s->options.last_batch = s->weather.journal ? disk_last_batch(s) : 0;
  s->options.seed = zr_rng_next(&s->rng);
  s->options.policy = s->has_server_policy ? &s->server_policy : NULL;
  trace_say(s, "an engine starts; the last batch was %u", s->options.last_batch);
  if (zr_engine_new(&s->options, &s->engine) != ZR_ERR_OK)
    abort();
  if (s->weather.journal)
    disk_settle(s);
}

/* ---- calls ---- */

static struct call *s_slot(struct sim *s) {
  for (unsigned i = 0; i < CALLS_MAX; i++) {
    if (s->calls[i].used)
      continue;
    if (i >= s->calls_used)
      s->calls_used = i + 1;
    return &s->calls[i];
  }
  abort();
}

static int64_t s_latency(struct sim *s, int64_t longest) {
  int64_t ms = vopr_between(s, 1, s->weather.latency_ms);
  if (!s->calm && vopr_chance(s, s->weather.slow_calls))
    ms = vopr_between(s, 1, 3000);
  return ms < longest ? ms : longest;
}

static struct call *s_begin(struct sim *s, const struct zr_action *a, enum call_kind kind) {
  struct call *c = s_slot(s);
  c->used = true;
  c->kind = kind;
  c->life = s->life;
  c->op = a->op;
  c->product = a->product;
  c->started_at = s->now;
  c->timeout_ms = a->timeout_ms;
  c->sent = -1;
  c->complete = c->failed_unknown = false;
  c->total = 0;
  c->row_count = c->failed_count = 0;
  c->count = (unsigned)a->id_count;
  for (unsigned i = 0; i < c->count; i++)
    c->ids[i] = (uint16_t)machine_number(s, machine_find(s, a->product, a->ids[i]), a->product);
  int64_t there = s_latency(s, a->timeout_ms / 2);
  c->arrives = s->now + there;
  c->due = c->arrives + s_latency(s, a->timeout_ms - there);
  c->end = (struct zr_call_end){.class_ = ZR_CLASS_OK,
                                .http_status = 200,
                                .code = "",
                                .message = "",
                                .request_id = "R-1",
                                .reason = "",
                                .retry_after_ms = -1};
  return c;
}

static int32_t s_enter(struct sim *s, const struct zr_action *a) {
  if (s->sent_count == s->sent_cap) {
    s->sent_cap = s->sent_cap ? 2 * s->sent_cap : 128;
    s->sent = realloc(s->sent, s->sent_cap * sizeof *s->sent);
    if (!s->sent)
      abort();
  }
  struct sent *x = &s->sent[s->sent_count];
  *x = (struct sent){.product = a->product,
                     .batch = a->batch,
                     .life = s->life,
                     .at = s->now,
                     .answered_at = NEVER,
                     .class_ = ZR_CLASS_UNKNOWN,
                     .depend = a->depend_resource,
                     .first_id = vopr_keep_ids(s, a),
                     .count = (uint32_t)a->id_count};
  for (unsigned i = 0; i < x->count; i++) {
    struct machine *m = &s->machines[a->product][s->ids.at[x->first_id + i]];
    if (m->send_count == SENDS_MAX)
      judge_break(s, "%s was sent %d times", m->id, SENDS_MAX);
    else
      m->sends[m->send_count++] = (int32_t)s->sent_count;
  }
  return (int32_t)s->sent_count++;
}

static void s_release(struct sim *s, const struct zr_action *a) {
  vopr_crash_point(s, CRASH_BEFORE_SEND);
  if (s->crash_now)
    return;
  trace_say(s, "release, batch %u, %zu ids%s", a->batch, a->id_count,
            a->depend_resource ? ", depend_resource" : "");
  judge_release_starts(s, a);
  if (s->problem[0])
    return;
  struct call *c = s_begin(s, a, CALL_RELEASE);
  trace_ids(s, c->product, c->ids, c->count);
  c->sent = s_enter(s, a);
  vopr_crash_point(s, CRASH_SENT);
}

static void s_describe(struct sim *s, const struct zr_action *a) {
  judge_read_starts(s, a);
  if (s->problem[0])
    return;
  trace_say(s, "read, %zu ids", a->id_count);
  struct call *c = s_begin(s, a, CALL_READ);
  trace_ids(s, c->product, c->ids, c->count);
}

/* ---- news ---- */

static void s_event(struct sim *s, struct caller *c, const struct zr_event *e) {
  if (e->kind == ZR_EVENT_BATCH_SPLIT && e->parts > 1)
    MARK(BATCH_SPLIT);
  if (e->kind != ZR_EVENT_OUTCOMES)
    return;
  for (size_t i = 0; i < e->result_count; i++) {
    const struct zr_result *r = &e->results[i];
    trace_say(s, "caller %u is told: %s %s %s", (unsigned)(c - s->callers), r->instance_id,
              zr_outcome_name(r->outcome), zr_code_info(r->code)->name);
    judge_outcome(s, c, r);
    if (s->problem[0])
      return;
    const struct machine *m = machine_find(s, c->product, r->instance_id);
    if (!c->dry)
      disk_outcome(s, c->product, machine_number(s, m, c->product), r);
  }
  vopr_crash_point(s, CRASH_TOLD);
}

void host_act(struct sim *s, const struct zr_action *a) {
  trace_mix(s, (uint64_t)a->kind);
  struct caller *c = NULL;
  if (a->kind == ZR_ACTION_EVENT || a->kind == ZR_ACTION_DONE) {
    c = caller_of(s, a->job);
    if (!c || c->done) {
      judge_break(s, "a caller that is done, or none, was told something");
      return;
    }
  }
  switch (a->kind) {
  case ZR_ACTION_DESCRIBE:
    s_describe(s, a);
    break;
  case ZR_ACTION_RELEASE:
    s_release(s, a);
    break;
  case ZR_ACTION_EVENT:
    s_event(s, c, a->event);
    break;
  case ZR_ACTION_DONE:
    trace_say(s, "caller %u is done", (unsigned)(c - s->callers));
    judge_report(s, c, a->report);
    c->done = true;
    break;
  case ZR_ACTION_COUNT_GROUP:
    trace_say(s, "count the group %s", a->group);
    s_begin(s, a, CALL_COUNT_GROUP)->group = (unsigned)(a->group[1] - '0');
    break;
  case ZR_ACTION_COUNT_BIN:
    trace_say(s, "count the bin");
    (void)s_begin(s, a, CALL_COUNT_BIN);
    break;
  case ZR_ACTION_RECORD:
    trace_say(s, "keep the intent of batch %u, %zu ids", a->batch, a->id_count);
    judge_intent_asked(s, a);
    disk_intent(s, a);
    vopr_crash_point(s, CRASH_INTENT_ASKED);
    break;
  case ZR_ACTION_VOID:
    MARK(INTENT_VOID);
    trace_say(s, "batch %u will not leave", a->batch);
    judge_void(s, a);
    disk_answer(s, a->batch, a->product, &(struct zr_call_end){.class_ = ZR_CLASS_NOT_SENT}, NULL,
                0);
    break;
  }
}

/* ---- ends ---- */

static void s_deliver_read(struct sim *s, struct call *c) {
  static const struct zr_tag keep = {"keep", "yes"};
  struct zr_instance rows[ZR_BATCH_MAX];
  memset(rows, 0, c->row_count * sizeof *rows);
  for (unsigned i = 0; i < c->row_count; i++) {
    const struct state *is = &c->rows[i].is;
    rows[i].id = s->machines[c->product][c->rows[i].id].id;
    rows[i].status = machine_word(c->product, c->rows[i].id, is->place);
    rows[i].name = is->facts & FACT_RENAMED ? "renamed" : "n";
    rows[i].zone_id = "z";
    rows[i].resource_group_id = machine_group(c->rows[i].id);
    rows[i].charge_type = rows[i].create_time = "";
    rows[i].tags = &keep;
    rows[i].tag_count = (is->facts & FACT_KEPT) != 0;
    rows[i].tags_told = true;
    rows[i].bin_since_ms = c->rows[i].bin_since_ms;
  }
  trace_rows(s, c);
  census.read_class[c->end.class_]++;
  judge_read_told(s, c);
  struct zr_describe_end end = {
      .call = c->end, .complete = c->complete, .rows = rows, .row_count = c->row_count};
  zr_engine_described(s->engine, c->op, &end, vopr_time(s));
}

static void s_deliver_release(struct sim *s, struct call *c) {
  const char *failed[ZR_BATCH_MAX + 1];
  size_t n = 0;
  for (unsigned i = 0; i < c->failed_count; i++)
    failed[n++] = s->machines[c->product][c->failed[i]].id;
  if (c->failed_unknown)
    failed[n++] = "nobody-asked-for-this";
  census.release_class[c->end.class_]++;
  judge_release_told(s, c);
  disk_answer(s, s->sent[c->sent].batch, c->product, &c->end, c->failed, c->failed_count);
  struct zr_release_end end = {c->end, failed, n};
  zr_engine_released(s->engine, c->op, &end, vopr_time(s));
  vopr_crash_point(s, CRASH_ANSWERED);
}

void host_deliver(struct sim *s, struct call *c) {
  trace_mix(s, (uint64_t)c->end.class_);
  trace_say(s, "the %s ends: %s%s",
            c->kind == CALL_RELEASE ? "release"
            : c->kind == CALL_READ  ? "read"
                                    : "count",
            zr_class_name(c->end.class_), c->end.late_effect ? ", may still take effect" : "");
  c->used = false;
  if (c->kind == CALL_READ) {
    s_deliver_read(s, c);
  } else if (c->kind == CALL_RELEASE) {
    s_deliver_release(s, c);
  } else {
    struct caller *x = NULL;
    for (unsigned i = 0; c->kind == CALL_COUNT_BIN && i < s->caller_count; i++) {
      x = &s->callers[i];
      if (x->life == s->life && x->product == c->product && c->end.class_ == ZR_CLASS_OK &&
          x->max_bin_percent > 0) {
        x->counted = true;
        x->bin_total = c->total > x->bin_total ? c->total : x->bin_total;
      }
    }
    judge_gates(s, c->product);
    zr_engine_counted(s->engine, c->op, &c->end, c->total, vopr_time(s));
  }
}

/* ---- the end of a process ---- */

/* The line is cut now: what has not left is lost, what has may still take effect. */
static void s_orphan(struct sim *s, struct call *c) {
  struct sent *x = &s->sent[c->sent];
  x->orphan = true;
  if (c->arrives == NEVER) {
    c->used = false;
  } else if (vopr_chance(s, 30)) {
    MARK(CRASH_CALL_DROPPED);
    x->class_ = ZR_CLASS_NOT_SENT;
    c->used = false;
  } else {
    c->due = s->now;
    if (c->arrives > s->now + 20000)
      c->arrives = s->now + 20000;
  }
}

static void s_cap_dooms(struct sim *s, struct machine *m) {
  for (unsigned k = 0; k < m->doom_count; k++) {
    struct doom *d = &m->dooms[k];
    if (!d->finishing && d->at > s->now + LATE_MS - s->weather.lag_ms)
      d->at = s->now + vopr_between(s, 1, LATE_MS - s->weather.lag_ms);
    if (d->at < s->next_doom)
      s->next_doom = d->at;
  }
}

static void s_forget(struct machine *m) {
  m->shown.at = NEVER;
  m->bin_shown_at = m->bin_told_at = m->read_at = m->unread_at = INT64_MIN / 2;
  m->absences = 0;
  m->vanished = m->flickered = false;
  m->effect_shown = m->held = false;
  m->dry_named = m->left_open = false;
  m->hidden = false; /* or the next process, which may not know of the refusal, could not tell */
  m->waiting = m->open_intents = m->asked_in = 0;
  m->known_from = m->send_count;
  m->spell_first = m->send_count;
}

void host_stop(struct sim *s) {
  zr_engine_destroy(s->engine);
  s->engine = NULL;
  for (unsigned i = 0; i < s->caller_count; i++)
    s->callers[i].dead = s->callers[i].dead || !s->callers[i].done;
  for (unsigned i = 0; i < s->calls_used; i++) {
    struct call *c = &s->calls[i];
    if (c->used && c->life == s->life && c->kind == CALL_RELEASE)
      s_orphan(s, c);
    else if (c->used && c->life == s->life)
      c->used = false;
  }
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++) {
    for (unsigned i = 0; i < s->machine_count[p]; i++) {
      s_cap_dooms(s, &s->machines[p][i]);
      s_forget(&s->machines[p][i]);
    }
  }
  s->releases_open = s->reads_open = 0;
  s->release_pause_until = s->read_pause_until = INT64_MIN;
  memset(s->held_count, 0, sizeof s->held_count);
  s->crash_now = s->shutting_down = false;
  disk_crash(s);
  s->restart_at = s->now + vopr_between(s, 0, s->weather.down_ms);
  if (vopr_chance(s, 25)) {
    MARK(REBOOTED);
    s->booted_at = s->now - vopr_between(s, 0, 20000);
  }
}

void host_crash(struct sim *s) {
  static const char *const names[] = {VOPR_CRASHES(VOPR_NAMED)};
  census.crash[s->crashed_at]++;
  trace_say(s, "CRASH (%s)", names[s->crashed_at]);
  host_stop(s);
}

void host_shut_down(struct sim *s) {
  MARK(SHUT_DOWN);
  trace_say(s, "the process is told to end");
  s->shutting_down = true;
  s->shutdown_at = NEVER;
  s->callers_to_come = 0;
  for (unsigned i = 0; i < s->caller_count; i++) {
    struct caller *c = &s->callers[i];
    if (c->life == s->life && !c->done && c->cancelled_at == NEVER)
      callers_cancel(s, c);
  }
}
