/*
 * What the journal has open goes to the engine, in groups; each becomes a job of its own. The
 * journal's thread reads and copies, the loop thread does the rest.
 *
 * One settlement runs at a time, whoever asks and however often he leaves. Who asks meanwhile hears
 * of it too, where it tells him all that there is; otherwise he waits for the next one.
 */
#include <stdio.h>
#include <string.h>

#include "app/calls.h"
#include "base/log.h"
#include "base/mem.h"

enum { AGAIN_MS = 10000 }; /* until the next try, where one has left something unread */

/* Somebody who hears of a settlement. */
struct zr_settle_listener {
  struct zr_settle_sink sink;
  struct zr_settle_listener *prev;
  struct zr_settle_listener *next;
};

/* Who waits for the jobs of one product. */
struct s_share {
  struct zr_settling *settling;
  enum zr_product product;
};

/* One settlement, from the reading of the journal to the last report. */
struct zr_settling {
  struct zr_keeper *keeper;
  struct zr_settle_listener *listeners;
  struct s_share shares[ZR_PRODUCT_COUNT_];
  char account[ZR_FINGERPRINT_CHARS + 1]; /* whose calls these are */
  bool hold;                              /* nothing is sent before this was read */
  bool alone;                             /* nothing was under way as it began */
  bool has_told;                          /* some report */
  uint32_t last_batch;
  unsigned jobs;
  enum zr_err trouble; /* of a group that the engine did not take */
  bool all_read;       /* the journal has told everything */
  struct zr_task last;

  /* Journal thread, until all_read. */
  bool incomplete;
  char *why;
};

/* One group on its way to the loop thread. */
struct s_group {
  struct zr_settling *settling;
  struct zr_arena arena;
  struct zr_open_calls open;
  struct zr_task task;
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
  struct zr_settle_listener *x;
  struct zr_settle_listener *next;
  DL_FOREACH_SAFE(s->listeners, x, next) {
    zr_free(x);
  }
  zr_free(s->why);
  zr_free(s);
}

static void s_tell_end(struct zr_settle_listener *all, const char *why) {
  while (all) {
    struct zr_settle_listener *x = all;
    DL_DELETE(all, x);
    x->sink.on_done(x->sink.ctx, why);
    zr_free(x);
  }
}

static const char *s_why(const struct zr_settling *s) {
  if (s->all_read && s->why) /* until then these two are the journal thread's */
    return s->why;
  if (s->all_read && s->incomplete)
    return zr_err_text(ZR_ERR_NOMEM);
  return s->trouble != ZR_ERR_OK ? zr_err_text(s->trouble) : NULL;
}

/* What must be read first was not even taken up: nothing is sent until a later try has done so. */
static void s_note_trouble(const struct zr_settling *s) {
  const char *why = s_why(s);
  if (why && s->hold)
    zr_keeper_delay(s->keeper, why);
}

static enum zr_err s_begin(struct zr_keeper *k);

/* Those who waited for the next one. */
static void s_go_on(struct zr_keeper *k) {
  struct zr_settle_listener *waiting = k->listeners;
  if (!waiting)
    return;
  k->listeners = NULL;
  enum zr_err e = zr_keeper_is_open(k) ? s_begin(k) : ZR_ERR_STATE;
  if (e == ZR_ERR_OK)
    k->settling->listeners = waiting;
  else
    s_tell_end(waiting, zr_err_text(e));
}

static void s_maybe_over(struct zr_settling *s) {
  struct zr_keeper *k = s->keeper;
  if (!s->all_read || s->jobs > 0)
    return;
  const char *why = s_why(s);
  s_note_trouble(s);
  if (!why) {
    k->taken_up = true;
    zr_keeper_delay(k, NULL);
  }
  k->settling = NULL;
  k->settle_at = zr_mono_add(zr_mono_now(), AGAIN_MS);
  struct zr_settle_listener *listeners = s->listeners;
  s->listeners = NULL;
  s_tell_end(listeners, why);
  s_free(s);
  s_go_on(k);
}

static void s_on_done(void *ctx, const struct zr_report *report) {
  struct s_share *share = ctx;
  struct zr_settling *s = share->settling;
  const unsigned *n = report->counts.by_outcome;
  zr_log(n[ZR_OUTCOME_UNKNOWN] ? ZR_LOG_WARN : ZR_LOG_INFO, "journal",
         "what an earlier process left open is settled", zr_i("total", report->counts.total),
         zr_i("released", n[ZR_OUTCOME_RELEASED]), zr_i("refused", n[ZR_OUTCOME_REFUSED]),
         zr_i("unknown", n[ZR_OUTCOME_UNKNOWN]));
  s->has_told = true;
  struct zr_settle_listener *x;
  DL_FOREACH(s->listeners, x) {
    x->sink.on_report(x->sink.ctx, share->product, report);
  }
  s->jobs--;
  s_maybe_over(s);
}

/* ---- groups ---- */

static enum zr_err s_give(struct zr_settling *s, const struct zr_open_calls *open) {
  struct zr_loop *l = s->keeper->loop;
  if (strcmp(s->account, l->account.credential.fingerprint) != 0)
    return ZR_ERR_STATE; /* its ids say nothing when another account reads them */
  struct s_share *share = &s->shares[open->product];
  *share = (struct s_share){s, open->product};
  uint64_t job = 0;
  struct zr_waiter *w =
      zr_waiter_new(open->product, NULL, (struct zr_job_sink){.ctx = share, .on_done = s_on_done});
  enum zr_err e =
      w ? zr_engine_settle(l->engine, open, s->hold, zr_loop_now(), &job) : ZR_ERR_NOMEM;
  if (e != ZR_ERR_OK || job == 0) {
    zr_waiter_free(w);
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
  zr_log(e == ZR_ERR_OK ? ZR_LOG_INFO : ZR_LOG_WARN, "journal",
         "releases are open in the journal; they are read first",
         zr_s("product", zr_product_info(g->open.product)->name),
         zr_i("calls", (int64_t)g->open.call_count), zr_s("trouble", e ? zr_err_text(e) : ""));
  s->trouble = e != ZR_ERR_OK ? e : s->trouble;
  s_note_trouble(s);
  s_free_group(g);
}

static void s_run_last(struct zr_task *task) {
  struct zr_settling *s = ZR_OWNER(task, struct zr_settling, last);
  s->all_read = true;
  s_note_trouble(s);
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

static enum zr_err s_begin(struct zr_keeper *k) {
  struct zr_loop *l = k->loop;
  struct zr_settling *s = zr_calloc(1, sizeof *s);
  if (!s)
    return ZR_ERR_NOMEM;
  *s = (struct zr_settling){.keeper = k,
                            .hold = !k->taken_up,
                            .alone = zr_engine_is_idle(l->engine),
                            .last_batch = zr_engine_last_batch(l->engine),
                            .last.run = s_run_last};
  (void)snprintf(s->account, sizeof s->account, "%s", l->account.credential.fingerprint);
  enum zr_err e = zr_engine_asks_journal(l->engine);
  if (e == ZR_ERR_OK)
    e = zr_journal_open_calls(k->journal, s_each, s);
  if (e != ZR_ERR_OK) {
    zr_free(s);
    return e;
  }
  k->settling = s;
  return ZR_ERR_OK;
}

/* Whether it tells of every call that is open now. */
static bool s_tells_all(const struct zr_settling *s) {
  return s->alone && !s->has_told && s->last_batch == zr_engine_last_batch(s->keeper->loop->engine);
}

enum zr_err zr_settling_start(struct zr_keeper *k, struct zr_settle_sink sink) {
  if (!zr_keeper_is_open(k))
    return !k ? ZR_ERR_STATE : k->loop->remote ? ZR_ERR_IO : ZR_ERR_DENIED;
  struct zr_settle_listener *x = zr_calloc(1, sizeof *x);
  if (!x)
    return ZR_ERR_NOMEM;
  x->sink = sink;
  if (k->settling && !s_tells_all(k->settling)) {
    DL_APPEND(k->listeners, x);
    return ZR_ERR_OK;
  }
  enum zr_err e = k->settling ? ZR_ERR_OK : s_begin(k);
  if (e == ZR_ERR_OK)
    DL_APPEND(k->settling->listeners, x);
  else
    zr_free(x);
  return e;
}

void zr_settling_begin(struct zr_keeper *k) {
  if (!zr_keeper_is_open(k) || k->settling)
    return;
  enum zr_err e = s_begin(k);
  k->settle_at = zr_mono_add(zr_mono_now(), AGAIN_MS);
  if (e != ZR_ERR_OK && !k->taken_up)
    zr_keeper_delay(k, zr_err_text(e));
}

bool zr_settling_runs(const struct zr_keeper *k) {
  return k && k->settling;
}

/* A refusal by the service is not answered by asking again: whoever calls next is the next to ask.
 */
struct zr_mono zr_settling_wake(const struct zr_keeper *k) {
  bool wanted = zr_keeper_is_open(k) && !k->settling &&
                (k->delayed || (zr_engine_held(k->loop->engine) > 0 && !k->loop->refused));
  return wanted ? k->settle_at : ZR_MONO_NEVER;
}

static void s_forget_in(struct zr_settle_listener **list, const void *ctx) {
  struct zr_settle_listener *x;
  struct zr_settle_listener *next;
  DL_FOREACH_SAFE(*list, x, next) {
    if (x->sink.ctx != ctx)
      continue;
    DL_DELETE(*list, x);
    zr_free(x);
    return; /* nobody asks twice with one context */
  }
}

void zr_settling_forget(struct zr_keeper *k, const void *ctx) {
  s_forget_in(&k->listeners, ctx);
  if (k->settling)
    s_forget_in(&k->settling->listeners, ctx);
}

void zr_settling_clean_up(struct zr_keeper *k) {
  while (k->listeners) {
    struct zr_settle_listener *x = k->listeners;
    DL_DELETE(k->listeners, x);
    zr_free(x);
  }
  if (k->settling)
    s_free(k->settling);
  k->settling = NULL;
}
