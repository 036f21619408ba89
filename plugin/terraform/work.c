#include "terraform/work.h"

#include <string.h>

enum { HOST_PARALLELISM = 10, WAVES_TOLD = 3 };

/* ---- verdicts ---- */

/* Many results share their texts: the last copy is looked at first. */
static const char *s_keep(struct zr_arena *a, const char *text, const char *last) {
  if (!text || !text[0])
    return "";
  if (last && strcmp(text, last) == 0)
    return last;
  const char *copy = zr_arena_strdup(a, text);
  return copy ? copy : "";
}

static void s_take(struct zr_tf_work *w, struct zr_tf_verdict *v, const struct zr_result *r,
                   const struct zr_tf_verdict *last) {
  struct zr_arena *a = w->op->arena;
  const struct zr_diagnostic *d = &r->diagnostic;
  const char *read_id = r->read_request_ids[1] && r->read_request_ids[1][0]
                            ? r->read_request_ids[1]
                            : r->read_request_ids[0];
  *v = (struct zr_tf_verdict){
      .outcome = r->outcome,
      .code = d->code ? d->code : r->code,
      .status = s_keep(a, r->last_status, last->status),
      .name = s_keep(a, r->name, last->name),
      .detail = s_keep(a, d->detail, last->detail),
      .service_code = s_keep(a, d->service_code, last->service_code),
      .service_message = s_keep(a, d->service_message, last->service_message),
      .request_id =
          s_keep(a, d->request_id && d->request_id[0] ? d->request_id : read_id, last->request_id),
      .release_request_id = s_keep(a, r->release_request_id, last->release_request_id),
      .http_status = d->http_status,
      .sent_at = r->sent_at,
      .decided_at = r->decided_at};
}

static struct zr_tf_verdict s_none(enum zr_code code) {
  return (struct zr_tf_verdict){.outcome = ZR_OUTCOME_NOT_ATTEMPTED,
                                .code = code,
                                .status = "",
                                .name = "",
                                .detail = "",
                                .service_code = "",
                                .service_message = "",
                                .request_id = "",
                                .release_request_id = ""};
}

static void s_refuse(const struct zr_tf_chunk *c, enum zr_code code) {
  for (size_t i = 0; i < c->count; i++)
    c->work->verdicts[c->first + i] = s_none(code);
}

/* A repeated id has one result, at its first mention. */
static void s_fill_repeated(const struct zr_tf_chunk *c) {
  struct zr_tf_work *w = c->work;
  for (size_t i = c->first; i < c->first + c->count; i++) {
    if (w->verdicts[i].outcome != ZR_OUTCOME_NONE)
      continue;
    w->verdicts[i] = s_none(ZR_CODE_INTERNAL);
    for (size_t j = c->first; j < i; j++)
      if (strcmp(w->ids[j], w->ids[i]) == 0)
        w->verdicts[i] = w->verdicts[j];
  }
}

bool zr_tf_work_ok(const struct zr_tf_work *w, size_t i) {
  const struct zr_tf_verdict *v = &w->verdicts[i];
  if (w->validate_only)
    return v->outcome == ZR_OUTCOME_NOT_ATTEMPTED && v->code == ZR_CODE_WOULD_RELEASE;
  return zr_outcome_is_success(v->outcome, w->allow_missing);
}

/* ---- waves ---- */

enum { FULL_WAVE_MS = 2, PATIENCE = 3 };

static struct zr_tf_wave *s_wave(const struct zr_tf_work *w) {
  return &w->op->link->waves[w->validate_only ? 1 : 0];
}

/* How long a batch that is not full waits for more. A wave that is as large as the last one is
 * complete; one that is smaller probably is not, and waits longer. */
static int64_t s_window(const struct zr_tf_work *w) {
  const struct zr_tf_wave *v = s_wave(w);
  unsigned expected = v->peak > v->last ? v->peak : v->last;
  int64_t window = w->op->link->window_ms;
  if (expected <= 1 || v->last == 0)
    return window;
  if (v->sitting >= expected)
    return FULL_WAVE_MS < window ? FULL_WAVE_MS : window;
  return PATIENCE * window;
}

static void s_wave_begins(struct zr_tf_work *w) {
  struct zr_tf_wave *v = s_wave(w);
  w->sitting = true;
  v->sitting++;
  v->running++;
  v->peak = v->running > v->peak ? v->running : v->peak;
  v->ids += w->count;
}

static void s_leaves_queue(struct zr_tf_work *w) {
  s_wave(w)->sitting -= w->sitting;
  w->sitting = false;
}

/* Whether the host's parallelism keeps release calls from filling. */
static void s_tell_of_waves(const struct zr_tf_work *w) {
  struct zr_tf_link *l = w->op->link;
  const struct zr_tf_wave *v = s_wave(w);
  bool ten = v->peak == HOST_PARALLELISM && v->ids < ZR_BATCH_MAX;
  l->waves_of_ten = ten ? l->waves_of_ten + 1 : 0;
  if (l->waves_of_ten < WAVES_TOLD || l->told_of_waves)
    return;
  l->told_of_waves = true;
  zr_tf_diag(&w->op->diags, ZR_TF_WARNING, ZR_TF_WHOLE,
             "Releases arrive ten at a time, and each call could take a hundred",
             "Terraform works on ten resources at once unless told otherwise. Run it with "
             "-parallelism=100, or name more instances in one resource, to release them with fewer "
             "calls.");
}

static void s_wave_ends(struct zr_tf_work *w) {
  struct zr_tf_wave *v = s_wave(w);
  s_leaves_queue(w);
  if (--v->running > 0)
    return;
  if (!w->validate_only)
    s_tell_of_waves(w);
  v->last = v->peak;
  v->peak = 0;
  v->ids = 0;
}

/* ---- life ---- */

static void s_link(struct zr_tf_link *l, struct zr_tf_work *w) {
  w->prev = NULL;
  w->next = l->works;
  if (l->works)
    l->works->prev = w;
  l->works = w;
}

static void s_unlink(struct zr_tf_link *l, struct zr_tf_work *w) {
  if (w->next)
    w->next->prev = w->prev;
  *(w->prev ? &w->prev->next : &l->works) = w->next;
}

static void s_end(struct zr_tf_work *w) {
  s_unlink(w->op->link, w);
  s_wave_ends(w);
  w->on_done(w);
}

static void s_on_done(void *ctx, const struct zr_report *report) {
  struct zr_tf_chunk *c = ctx;
  struct zr_tf_work *w = c->work;
  const struct zr_tf_verdict none = s_none(ZR_CODE_NONE);
  const struct zr_tf_verdict *last = &none;
  for (size_t i = 0; i < report->result_count; i++) {
    const struct zr_result *r = &report->results[i];
    if (r->index >= c->count)
      continue;
    struct zr_tf_verdict *v = &w->verdicts[c->first + r->index];
    s_take(w, v, r, last);
    last = v;
  }
  s_fill_repeated(c);
  c->running = false;
  if (--w->left == 0)
    s_end(w);
}

static void s_on_event(void *ctx, const struct zr_event *event) {
  struct zr_tf_chunk *c = ctx;
  s_leaves_queue(c->work);
  if (c->work->on_event)
    c->work->on_event(c->work, event);
}

static enum zr_code s_code_of(enum zr_err e) {
  if (e == ZR_ERR_STATE)
    return ZR_CODE_CREDENTIALS_MISSING;
  return e == ZR_ERR_LIMIT ? ZR_CODE_LIMIT : ZR_CODE_INTERNAL;
}

static void s_submit(struct zr_tf_chunk *c) {
  struct zr_tf_work *w = c->work;
  const struct zr_backend *b = w->op->link->backend;
  const struct zr_release_request request = {
      .product = w->product,
      .instance_ids = w->ids + c->first,
      .instance_id_count = c->count,
      .allow_missing = w->allow_missing,
      .validate_only = w->validate_only,
      .depend_resource = w->depend_resource,
      .wait_ms = w->wait_ms,
      .window_ms = s_window(w),
      .hold_window = true,
      .deadline = w->deadline,
  };
  struct zr_job_sink sink = {.ctx = c, .on_event = s_on_event, .on_done = s_on_done};
  enum zr_err e = ZR_ERR_STATE;
  if (!b->facts(b->self)->credential_problem)
    e = b->submit(b->self, &request, sink, &c->job);
  if (e == ZR_ERR_OK) {
    c->running = true;
    w->left++;
  } else {
    s_refuse(c, s_code_of(e));
  }
}

static bool s_make(struct zr_tf_work *w) {
  struct zr_arena *a = w->op->arena;
  w->chunk_count = (w->count + ZR_JOB_MAX_IDS - 1) / ZR_JOB_MAX_IDS;
  w->verdicts = zr_arena_calloc(a, w->count + 1, sizeof *w->verdicts);
  w->chunks = zr_arena_calloc(a, w->chunk_count + 1, sizeof *w->chunks);
  if (!w->verdicts || !w->chunks)
    return false;
  for (size_t i = 0; i < w->chunk_count; i++) {
    size_t first = i * ZR_JOB_MAX_IDS;
    size_t rest = w->count - first;
    w->chunks[i] = (struct zr_tf_chunk){
        .work = w, .first = first, .count = rest < ZR_JOB_MAX_IDS ? rest : ZR_JOB_MAX_IDS};
  }
  return true;
}

bool zr_tf_work_start(struct zr_tf_work *w) {
  struct zr_tf_link *l = w->op->link;
  if (!s_make(w))
    return false;
  s_link(l, w);
  s_wave_begins(w);
  bool stop = w->op->caller_gone || atomic_load(&l->stopping);
  for (size_t i = 0; i < w->chunk_count; i++) {
    if (stop)
      s_refuse(&w->chunks[i], ZR_CODE_CANCELLED);
    else
      s_submit(&w->chunks[i]);
  }
  if (w->left == 0)
    s_end(w);
  return true;
}

static void s_cancel(struct zr_tf_work *w) {
  const struct zr_backend *b = w->op->link->backend;
  for (size_t i = 0; i < w->chunk_count; i++)
    if (w->chunks[i].running)
      b->cancel(b->self, w->chunks[i].job);
}

void zr_tf_works_cancel_of(struct zr_tf_op *op) {
  for (struct zr_tf_work *w = op->link->works; w; w = w->next)
    if (w->op == op)
      s_cancel(w);
}

void zr_tf_works_cancel(struct zr_tf_link *link) {
  for (struct zr_tf_work *w = link->works; w; w = w->next)
    s_cancel(w);
}
