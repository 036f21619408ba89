/* Results and diagnostics as the front doors get them, built in the engine's report arena. */
#include "engine/gate.h"

static const char *s_of_answer(const struct zr_answer *a) {
  const char *reason = a ? zr_rstr_text(a->reason) : "";
  return *reason ? reason : "no words were given";
}

/* "403 OPERATION_DENIED_INSTANCE_NOT_RECYCLED", "HTTP 502", or what the transport said. */
static const char *s_said(struct zr_arena *a, const struct zr_answer *answer) {
  if (!answer || answer->http_status == 0)
    return s_of_answer(answer);
  const char *code = zr_rstr_text(answer->code);
  const char *text =
      *code ? zr_arena_printf(a, "%d %s", answer->http_status, code)
            : zr_arena_printf(a, "HTTP %d (%s)", answer->http_status, s_of_answer(answer));
  return text ? text : "";
}

static const char *s_sent_text(struct zr_arena *a, const struct zr_sub *s, const char *then) {
  return zr_arena_printf(
      a, "Instance %s was sent in batch %u (%u call%s); the last answer was %s; %s.",
      zr_rstr_text(s->id), (unsigned)s->batch, (unsigned)s->attempts, s->attempts == 1 ? "" : "s",
      s_said(a, s->answer), then);
}

static const char *s_status(const struct zr_sub *s) {
  const char *text = zr_rstr_text(s->status);
  return *text ? text : "absent";
}

static const char *s_not_attempted(struct zr_arena *a, const struct zr_sub *s) {
  const char *id = zr_rstr_text(s->id);
  if (s->code == ZR_CODE_WOULD_RELEASE)
    return zr_arena_printf(a, "Instance %s is in the recycle bin (%s) and would be released.", id,
                           s_status(s));
  if (s->code == ZR_CODE_DRIFTED || s->code == ZR_CODE_PROTECTED)
    return zr_arena_printf(a, "No release naming instance %s was sent: %s.", id,
                           s->held_why ? zr_rstr_text(s->held_why) : "it is not as planned");
  if (s->code == ZR_CODE_BELT_BROKEN)
    return zr_arena_printf(a, "No release naming instance %s was sent: %s.", id,
                           zr_rstr_text(s->job->guard->why));
  if (s->code == ZR_CODE_CANCELLED || s->code == ZR_CODE_DEADLINE ||
      s->code == ZR_CODE_SHUTTING_DOWN || !s->answer)
    return zr_arena_printf(a, "No release naming instance %s was sent.", id);
  return zr_arena_printf(a, "No release naming instance %s was sent: %s.", id,
                         s_said(a, s->answer));
}

/* One sentence about this very case. */
static const char *s_detail(struct zr_arena *a, const struct zr_sub *s) {
  const char *id = zr_rstr_text(s->id);
  switch (s->outcome) {
  case ZR_OUTCOME_NOT_FOUND:
    if (s->code == ZR_CODE_GROUP_NOT_VISIBLE)
      return zr_arena_printf(a,
                             "Instance %s is absent, and so is all else of its resource group; "
                             "nothing was sent for it.",
                             id);
    return zr_arena_printf(
        a, "Two reads of this account found no instance %s; nothing was sent for it.", id);
  case ZR_OUTCOME_NOT_RECYCLED:
    if (s->attempts == 0)
      return zr_arena_printf(a,
                             "Instance %s is %s, not in the recycle bin; nothing was sent for it.",
                             id, s_status(s));
    return s_sent_text(a, s, zr_arena_printf(a, "it is %s, not in the recycle bin", s_status(s)));
  case ZR_OUTCOME_ACCEPTED:
    return zr_arena_printf(
        a, "The release of instance %s was accepted in batch %u; the last read says %s.", id,
        (unsigned)s->batch, s_status(s));
  case ZR_OUTCOME_REFUSED:
    if (s->code == ZR_CODE_NOT_VISIBLE)
      return s_sent_text(a, s, "this account no longer sees the instance");
    return s_sent_text(a, s, zr_arena_printf(a, "it is still there (%s)", s_status(s)));
  case ZR_OUTCOME_INVALID:
    return zr_arena_printf(a, "The service rejects the id %s: %s.", id, s_said(a, s->answer));
  case ZR_OUTCOME_NOT_ATTEMPTED:
    return s_not_attempted(a, s);
  case ZR_OUTCOME_UNKNOWN:
    return s_sent_text(a, s, "no later read could tell what became of it");
  case ZR_OUTCOME_RELEASED:
    return s_sent_text(a, s, "it is absent now, and so is all else of its resource group");
  case ZR_OUTCOME_NONE:
  case ZR_OUTCOME_ALREADY_GONE:
  case ZR_OUTCOME_COUNT_:
    break;
  }
  return "";
}

static struct zr_diagnostic s_diagnose(struct zr_arena *a, const struct zr_sub *s) {
  struct zr_diagnostic d = {.code = s->code, .index = (int32_t)s->index, .retry_after_ms = -1};
  if (s->code == ZR_CODE_NONE)
    return d;
  const char *detail = s_detail(a, s);
  d.detail = detail ? detail : "";
  d.instance_id = zr_rstr_text(s->id);
  if (s->answer && s->code != ZR_CODE_CANCELLED && s->code != ZR_CODE_DEADLINE) {
    d.service_code = zr_rstr_text(s->answer->code);
    d.service_message = zr_rstr_text(s->answer->message);
    d.http_status = s->answer->http_status;
    d.request_id = zr_rstr_text(s->answer->request_id);
    d.retry_after_ms = s->answer->retry_after_ms;
  }
  if (s->retry_after_ms >= 0)
    d.retry_after_ms = s->retry_after_ms;
  return d;
}

static struct zr_result s_result(struct zr_arena *a, const struct zr_sub *s) {
  return (struct zr_result){
      .instance_id = zr_rstr_text(s->id),
      .index = s->index,
      .outcome = s->outcome,
      .code = s->code,
      .last_status = zr_rstr_text(s->status),
      .name = zr_rstr_text(s->name),
      .zone_id = zr_rstr_text(s->zone),
      .release_request_id = zr_rstr_text(s->release_id),
      .read_request_ids = {zr_rstr_text(s->read_id[0]), zr_rstr_text(s->read_id[1])},
      .first_batch = s->first_batch,
      .batch = s->batch,
      .attempts = s->attempts,
      .sent_at = s->sent_at,
      .decided_at = s->decided_at,
      .diagnostic = s_diagnose(a, s),
  };
}

static size_t s_other_options(struct zr_arena *a, const struct zr_job *j,
                              struct zr_diagnostic *out) {
  size_t n = 0;
  for (uint32_t i = 0; i < j->sub_count; i++) {
    const struct zr_sub *s = &j->subs[i];
    if (!s->other_options)
      continue;
    const char *detail = zr_arena_printf(
        a,
        "A release of instance %s by another caller was under way, with another depend_resource; "
        "that one counted.",
        zr_rstr_text(s->id));
    out[n++] = (struct zr_diagnostic){.code = ZR_CODE_OTHER_OPTIONS,
                                      .detail = detail ? detail : "",
                                      .instance_id = zr_rstr_text(s->id),
                                      .index = (int32_t)s->index,
                                      .retry_after_ms = -1};
  }
  return n;
}

static size_t s_count_other_options(const struct zr_job *j) {
  size_t n = 0;
  for (uint32_t i = 0; i < j->sub_count; i++)
    n += j->subs[i].other_options;
  return n;
}

/* Out of memory keeps them for the next such event; behind the last one comes the report, which has
 * them all. */
void zr_report_fresh(struct zr_engine *e, struct zr_job *j, struct zr_event *event) {
  struct zr_result *results = zr_arena_calloc(&e->report_arena, j->fresh_count, sizeof *results);
  uint32_t n = results ? j->fresh_count : 0;
  for (uint32_t i = 0; i < n; i++)
    results[i] = s_result(&e->report_arena, &j->subs[j->fresh[i]]);
  event->results = results;
  event->result_count = n;
  j->outcomes_queued = false;
  if (results)
    j->fresh_count = 0;
}

static size_t s_duplicates(struct zr_arena *a, const struct zr_job *j, struct zr_diagnostic *out) {
  for (uint32_t i = 0; i < j->duplicate_count; i++) {
    const struct zr_duplicate *d = &j->duplicates[i];
    const char *id = "";
    /* Subs are in order of first mention, so the one that was mentioned at `first` is found by
     * halves. */
    for (uint32_t low = 0, high = j->sub_count; low < high;) {
      uint32_t mid = low + (high - low) / 2;
      id = zr_rstr_text(j->subs[mid].id);
      if (j->subs[mid].index == d->first)
        break;
      if (j->subs[mid].index < d->first)
        low = mid + 1;
      else
        high = mid;
    }
    const char *detail =
        zr_arena_printf(a, "instance_ids[%u] repeats instance_ids[%u] (%s); it was counted once.",
                        (unsigned)d->again, (unsigned)d->first, id);
    out[i] = (struct zr_diagnostic){.code = ZR_CODE_DUPLICATE_ID,
                                    .detail = detail ? detail : "",
                                    .instance_id = id,
                                    .index = (int32_t)d->again,
                                    .retry_after_ms = -1};
  }
  return j->duplicate_count;
}

bool zr_report_build(struct zr_engine *e, struct zr_job *j) {
  struct zr_arena *a = &e->report_arena;
  struct zr_report *r = &e->report;
  *r = (struct zr_report){.counts = {.total = j->sub_count, .duplicates = j->duplicate_count}};
  struct zr_result *results = zr_arena_calloc(a, j->sub_count, sizeof *results);
  size_t notes = j->duplicate_count + s_count_other_options(j);
  struct zr_diagnostic *d = zr_arena_calloc(a, notes, sizeof *d);
  if (!results || !d)
    return false;
  for (uint32_t i = 0; i < j->sub_count; i++) {
    r->counts.by_outcome[j->subs[i].outcome]++;
    results[i] = s_result(a, &j->subs[i]);
  }
  r->results = results;
  r->result_count = j->sub_count;
  r->diagnostics = d;
  r->diagnostic_count = s_duplicates(a, j, d);
  r->diagnostic_count += s_other_options(a, j, d + r->diagnostic_count);
  return true;
}
