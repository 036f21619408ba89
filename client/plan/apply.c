/* Which step runs when. A step is taken when all that it needs is done; one that fails stops only
 * those that need it. */
#include "apply.h"

#include <string.h>

#include "base/mem.h"
#include "cli/interrupt.h"
#include "cli/out.h"
#include "cli/temp_file.h"

enum { LINE_MAX_BYTES = 64 * 1024 * 1024, WHY_MAX_BYTES = 64 * 1024 };

static const char *const s_heads[] = {"STEP", "INSTANCE", "OUTCOME", "STATUS", "WHY"};

struct worker {
  struct zr_apply *apply;
  struct zenrelease_client *client;
  pthread_t thread;
};

bool zr_apply_begin(struct zr_apply *a) {
  (void)pthread_mutex_init(&a->lock, NULL);
  (void)pthread_cond_init(&a->changed, NULL);
  a->line = (struct zr_buf)ZR_BUF_INIT(LINE_MAX_BYTES);
  a->belt_why = (struct zr_buf)ZR_BUF_INIT(WHY_MAX_BYTES);
  zr_table_begin(&a->table, s_heads, ZR_COUNT(s_heads));
  bool results = zr_spool_begin(&a->results);
  return zr_spool_begin(&a->diagnostics) && results;
}

void zr_apply_clean_up(struct zr_apply *a) {
  zr_spool_clean_up(&a->results);
  zr_spool_clean_up(&a->diagnostics);
  zr_table_clean_up(&a->table);
  zr_buf_clean_up(&a->line);
  zr_buf_clean_up(&a->belt_why);
  for (size_t i = 0; i < ZR_STEPS_MAX; i++)
    zr_free(a->steps[i].drift);
  (void)pthread_mutex_destroy(&a->lock);
  (void)pthread_cond_destroy(&a->changed);
}

/* ---- the order ---- */

enum ready { READY_NOT, READY_YES, READY_NEVER };

static enum ready s_ready(const struct zr_apply *a, size_t number) {
  const struct zr_step *s = &a->plan->head.steps.items[number];
  enum ready ready = READY_YES;
  for (size_t i = 0; i < s->need_count; i++) {
    enum zr_step_state state = a->steps[s->needs[i]].state;
    if (state == ZR_STEP_FAILED || state == ZR_STEP_SKIPPED)
      return READY_NEVER;
    if (state != ZR_STEP_DONE)
      ready = READY_NOT;
  }
  return ready;
}

/* Two steps that take from one bin, of which one may take only a share of it: what has left the bin
 * is known for certain only between them, so they run one after the other. */
static bool s_shares_bin(const struct zr_apply *a, size_t number) {
  const struct zr_step *s = &a->plan->head.steps.items[number];
  for (size_t i = 0; i < a->plan->head.steps.count; i++) {
    const struct zr_step *o = &a->plan->head.steps.items[i];
    bool share = s->policy.max_bin_percent > 0 || o->policy.max_bin_percent > 0;
    if (i != number && a->steps[i].state == ZR_STEP_RUNS && o->product == s->product && share)
      return true;
  }
  return false;
}

/* The next step to take up. False when there is none left; waits for those that run. */
static bool s_take(struct zr_apply *a, size_t *number, enum ready *how) {
  for (;;) {
    bool waiting = false;
    for (size_t i = 0; i < a->plan->head.steps.count; i++) {
      if (a->steps[i].state != ZR_STEP_WAITS)
        continue;
      waiting = true;
      *how = s_ready(a, i);
      if (*how == READY_NOT || (*how == READY_YES && s_shares_bin(a, i)))
        continue;
      a->steps[i].state = ZR_STEP_RUNS;
      *number = i;
      return true;
    }
    if (!waiting)
      return false;
    (void)pthread_cond_wait(&a->changed, &a->lock);
  }
}

static const char *s_failed_need(const struct zr_apply *a, size_t number) {
  const struct zr_step *s = &a->plan->head.steps.items[number];
  for (size_t i = 0; i < s->need_count; i++) {
    enum zr_step_state state = a->steps[s->needs[i]].state;
    if (state == ZR_STEP_FAILED || state == ZR_STEP_SKIPPED)
      return a->plan->head.steps.items[s->needs[i]].name;
  }
  return "";
}

static enum zr_step_state s_run_one(struct zr_apply *a, struct zenrelease_client *client,
                                    size_t number, enum ready how) {
  if (how == READY_NEVER) {
    struct zr_buf why = ZR_BUF_INIT(1024);
    (void)zr_buf_printf(&why, "It depends on the step %s, which did not succeed.",
                        s_failed_need(a, number));
    zr_apply_note_step(a, number, "step_skipped");
    zr_apply_skip(a, number, "DEPENDENCY_FAILED", "A step that it depends on did not succeed",
                  why.data ? why.data : "");
    zr_buf_clean_up(&why);
    return ZR_STEP_SKIPPED;
  }
  zr_apply_note_step(a, number, "step_started");
  bool done = zr_apply_step(a, client, number);
  zr_apply_note_step(a, number, done ? "step_done" : "step_failed");
  return done ? ZR_STEP_DONE : ZR_STEP_FAILED;
}

static void *s_work(void *arg) {
  struct worker *w = arg;
  struct zr_apply *a = w->apply;
  size_t number = 0;
  enum ready how = READY_NOT;
  (void)pthread_mutex_lock(&a->lock);
  while (s_take(a, &number, &how)) {
    (void)pthread_mutex_unlock(&a->lock);
    enum zr_step_state state = s_run_one(a, w->client, number, how);
    (void)pthread_mutex_lock(&a->lock);
    a->steps[number].state = state;
    (void)pthread_cond_broadcast(&a->changed);
  }
  (void)pthread_mutex_unlock(&a->lock);
  return NULL;
}

/* The first worker is this thread; as many others as can be had help it. */
static void s_run_steps(struct zr_apply *a) {
  struct worker workers[ZR_APPLY_THREADS] = {{a, a->connection->client, pthread_self()}};
  size_t count = 1;
  size_t wanted = a->plan->head.steps.count;
  wanted = wanted < ZR_APPLY_THREADS ? wanted : ZR_APPLY_THREADS;
  for (size_t i = 1; i < wanted; i++) {
    workers[i].apply = a;
    if (zr_connect_client(a->connection, a->common, &workers[i].client) != ZR_EXIT_OK)
      wanted = i;
  }
  while (count < wanted &&
         pthread_create(&workers[count].thread, NULL, s_work, &workers[count]) == 0)
    count++;
  (void)s_work(&workers[0]);
  for (size_t i = 1; i < count; i++)
    (void)pthread_join(workers[i].thread, NULL);
#ifdef ZR_SANITIZED
  for (size_t i = 1; i < ZR_APPLY_THREADS; i++)
    zenrelease_client_free(workers[i].client);
#endif
}

/* ---- the check before the run ---- */

/* Looks at every instance of the plan again and sends nothing. The server judges each request and
 * is told what it found in those before, so too much drift in all of them breaks the last one's
 * belt at the latest. Also for one small step: the size of its facts may split it. */
static bool s_check(struct zr_apply *a) {
  const struct zr_plan *plan = a->plan;
  a->checking = true;
  for (size_t i = 0; i < plan->head.steps.count; i++)
    (void)zr_apply_step(a, a->connection->client, i);
  a->checking = false;
  if (a->belt_broken)
    zr_note("zenrelease: the check of the plan stopped the run before its first call: %s",
            a->belt_why.data ? a->belt_why.data : "");
  const char *unwritten = zr_apply_unwritten(a);
  if (unwritten)
    zr_note("zenrelease: outcomes cannot be written down in %s, so nothing is sent: %s",
            zr_temp_folder(), unwritten);
  if (a->belt_broken || a->failed || unwritten || zr_interrupted())
    return false;
  zr_apply_note_reset(a);
  return true;
}

void zr_apply_run(struct zr_apply *a) {
  struct zenrelease_event started = {.type = ZENRELEASE_EVENT_STARTED,
                                     .instances = (int64_t)(a->plan->instances + a->plan->blocked)};
  bool live = !a->common->json && zr_err_is_terminal();
  zr_progress_begin(&a->progress, live, zr_mono_now());
  zr_progress_event(&a->progress, &started);
  if (s_check(a)) {
    a->progress.started = zr_mono_now(); /* the rate is that of the releases */
    a->progress.read = a->progress.eligible = 0;
    s_run_steps(a);
  }
  zr_progress_end(&a->progress);
}
