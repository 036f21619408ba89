/*
 * What the journal has open goes to the engine, in groups; each becomes a job of its own. The
 * journal's thread reads and copies, the loop thread does the rest.
 */
#include "app/calls.h"
#include "base/log.h"
#include "base/mem.h"

/* One settlement, from the reading of the journal to the last report. */
struct zr_settling {
  struct zr_keeper *keeper;
  struct zr_settle_sink sink; /* ctx NULL: nobody is told */
  unsigned jobs;
  enum zr_err trouble; /* of a group that the engine did not take */
  bool all_read;       /* the journal has told everything */
  struct zr_task last;

  /* Journal thread, until all_read. */
  bool incomplete;
  char *why;
  struct zr_settling *prev;
  struct zr_settling *next;
};

/* One group on its way to the loop thread. */
struct s_group {
  struct zr_settling *settling;
  struct zr_arena arena;
  struct zr_open_calls open;
  struct zr_task task;
};

/* Who waits for one job. */
struct s_job {
  struct zr_settling *settling;
  enum zr_product product;
};

/* ---- copies ---- */

static bool s_copy_open(struct zr_arena *a, const struct zr_open_calls *from,
                        struct zr_open_calls *to) {
  bool ok = true;
  struct zr_open_call *calls = zr_arena_calloc(a, from->call_count, sizeof *calls);
  *to = *from;
  to->calls = calls;
  for (size_t i = 0; calls && i < from->call_count; i++) {
    const struct zr_open_call *c = &from->calls[i];
    calls[i] = *c;
    calls[i].ids = zr_arena_copy_list(a, c->ids, c->id_count, &ok);
    calls[i].end.failed_ids = zr_arena_copy_list(a, c->end.failed_ids, c->end.failed_count, &ok);
    zr_call_end_copy(a, &c->end.call, &calls[i].end.call, &ok);
  }
  return ok && calls;
}

static void s_free_group(struct s_group *g) {
  zr_arena_clean_up(&g->arena);
  zr_free(g);
}

/* ---- the end ---- */

static void s_free(struct zr_settling *s) {
  DL_DELETE(s->keeper->settlings, s);
  zr_free(s->why);
  zr_free(s);
}

static void s_maybe_over(struct zr_settling *s) {
  if (!s->all_read || s->jobs > 0)
    return;
  const char *why = s->why;
  if (!why && s->incomplete)
    why = zr_err_text(ZR_ERR_NOMEM);
  if (!why && s->trouble != ZR_ERR_OK)
    why = zr_err_text(s->trouble);
  if (why && !s->sink.ctx)
    zr_keeper_set_problem(s->keeper, why);
  struct zr_settle_sink sink = s->sink;
  if (sink.ctx)
    sink.on_done(sink.ctx, why);
  s_free(s);
}

static void s_on_done(void *ctx, const struct zr_report *report) {
  struct s_job *j = ctx;
  struct zr_settling *s = j->settling;
  const unsigned *n = report->counts.by_outcome;
  zr_log(n[ZR_OUTCOME_UNKNOWN] ? ZR_LOG_WARN : ZR_LOG_INFO, "journal",
         "what an earlier process left open is settled", zr_i("total", report->counts.total),
         zr_i("released", n[ZR_OUTCOME_RELEASED]), zr_i("refused", n[ZR_OUTCOME_REFUSED]),
         zr_i("unknown", n[ZR_OUTCOME_UNKNOWN]));
  if (s->sink.ctx)
    s->sink.on_report(s->sink.ctx, j->product, report);
  zr_free(j);
  s->jobs--;
  s_maybe_over(s);
}

/* ---- groups ---- */

static enum zr_err s_give(struct zr_settling *s, const struct zr_open_calls *open) {
  struct zr_loop *l = s->keeper->loop;
  struct s_job *j = zr_calloc(1, sizeof *j);
  if (!j)
    return ZR_ERR_NOMEM;
  *j = (struct s_job){s, open->product};
  uint64_t job = 0;
  struct zr_waiter *w =
      zr_waiter_new(open->product, NULL, (struct zr_job_sink){.ctx = j, .on_done = s_on_done});
  enum zr_err e = w ? zr_engine_settle(l->engine, open, zr_loop_now(), &job) : ZR_ERR_NOMEM;
  if (e != ZR_ERR_OK) {
    zr_waiter_free(w);
    zr_free(j);
    return e;
  }
  zr_waiter_add(l, w, job);
  s->jobs++;
  return ZR_ERR_OK;
}

static void s_run_group(struct zr_task *task) {
  struct s_group *g = ZR_OWNER(task, struct s_group, task);
  struct zr_settling *s = g->settling;
  enum zr_err e = s_give(s, &g->open);
  zr_log(ZR_LOG_INFO, "journal", "releases are open in the journal; they are read first",
         zr_s("product", zr_product_info(g->open.product)->name),
         zr_i("calls", (int64_t)g->open.call_count), zr_s("trouble", e ? zr_err_text(e) : ""));
  s->trouble = e != ZR_ERR_OK ? e : s->trouble;
  s_free_group(g);
}

static void s_run_last(struct zr_task *task) {
  struct zr_settling *s = ZR_OWNER(task, struct zr_settling, last);
  s->all_read = true;
  s_maybe_over(s);
}

/* Journal thread. After the loop has closed nobody is left to settle anything. */
static void s_each(void *ctx, const struct zr_open_calls *open, const char *why) {
  struct zr_settling *s = ctx;
  struct zr_loop *l = s->keeper->loop;
  if (!open) {
    if (why && !s->why)
      s->why = zr_strdup(why);
    s->incomplete = s->incomplete || why;
    if (l->backend.post(l, &s->last) != ZR_ERR_OK)
      return; /* freed with the keeper */
    return;
  }
  struct s_group *g = zr_calloc(1, sizeof *g);
  if (!g) {
    s->incomplete = true;
    return;
  }
  zr_arena_init(&g->arena, NULL, 0);
  g->settling = s;
  g->task.run = s_run_group;
  bool copied = s_copy_open(&g->arena, open, &g->open);
  s->incomplete = s->incomplete || !copied;
  if (!copied || l->backend.post(l, &g->task) != ZR_ERR_OK)
    s_free_group(g);
}

/* ---- the beginning ---- */

enum zr_err zr_settling_start(struct zr_keeper *k, struct zr_settle_sink sink) {
  if (!zr_keeper_is_open(k))
    return !k ? ZR_ERR_STATE : k->loop->remote ? ZR_ERR_IO : ZR_ERR_DENIED;
  struct zr_settling *s = zr_calloc(1, sizeof *s);
  if (!s)
    return ZR_ERR_NOMEM;
  *s = (struct zr_settling){.keeper = k, .sink = sink, .last.run = s_run_last};
  enum zr_err e = zr_journal_open_calls(k->journal, s_each, s);
  if (e != ZR_ERR_OK) {
    zr_free(s);
    return e;
  }
  DL_APPEND(k->settlings, s);
  return ZR_ERR_OK;
}

void zr_settling_begin(struct zr_keeper *k) {
  if (!zr_keeper_is_open(k))
    return;
  enum zr_err e = zr_settling_start(k, (struct zr_settle_sink){.ctx = NULL});
  if (e != ZR_ERR_OK)
    zr_keeper_set_problem(k, zr_err_text(e));
}

bool zr_settling_runs(const struct zr_keeper *k) {
  return k->settlings != NULL;
}

void zr_settling_forget(struct zr_keeper *k, const void *ctx) {
  struct zr_settling *s;
  DL_FOREACH(k->settlings, s) {
    if (s->sink.ctx == ctx)
      s->sink.ctx = NULL;
  }
}

void zr_settling_clean_up(struct zr_keeper *k) {
  while (k->settlings)
    s_free(k->settlings);
}
