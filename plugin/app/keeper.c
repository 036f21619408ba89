#include "app/keeper.h"

#include "app/calls.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- trouble ---- */

static char s_unsaid[] = "out of memory"; /* in place of a sentence */

static void s_set(char **slot, const char *why) {
  if (*slot != s_unsaid)
    zr_free(*slot);
  *slot = why ? zr_strdup(why) : NULL;
  if (why && !*slot)
    *slot = s_unsaid;
}

static void s_say_locked(const struct zr_keeper *k) {
  if (!k->on_trouble)
    return;
  enum zr_code code = k->trouble ? ZR_CODE_NOT_RECORDED : ZR_CODE_UNSETTLED;
  k->on_trouble(k->ctx, code, k->trouble ? k->trouble : k->unsettled);
}

static void s_tell(struct zr_keeper *k, char **slot, const char *why) {
  (void)pthread_mutex_lock(&k->lock);
  s_set(slot, why);
  s_say_locked(k);
  (void)pthread_mutex_unlock(&k->lock);
}

/* Journal thread. */
static void s_on_health(void *ctx, const char *why) {
  struct zr_keeper *k = ctx;
  s_tell(k, &k->trouble, why);
}

void zr_keeper_watch(struct zr_keeper *k, zr_trouble_fn *fn, void *ctx) {
  (void)pthread_mutex_lock(&k->lock);
  k->on_trouble = fn;
  k->ctx = ctx;
  s_say_locked(k);
  (void)pthread_mutex_unlock(&k->lock);
}

void zr_keeper_set_problem(struct zr_keeper *k, const char *why) {
  s_set(&k->problem, why);
  zr_log(ZR_LOG_ERROR, "journal", "nothing is sent", zr_s("reason", why));
  s_tell(k, &k->trouble, why);
}

void zr_keeper_delay(struct zr_keeper *k, const char *why) {
  if (why && !k->delayed)
    zr_log(ZR_LOG_ERROR, "journal",
           "nothing is sent until what an earlier process left open is taken up; it is tried again",
           zr_s("reason", why));
  s_set(&k->delayed, why);
}

/* While a settlement runs, what was told stays; its end will tell. */
static void s_tell_unsettled(struct zr_keeper *k) {
  size_t held = zr_engine_held(k->loop->engine);
  bool any = held > 0 || k->delayed;
  if ((any && k->settling) || (held == k->held_told && any == (k->unsettled != NULL)))
    return;
  struct zr_buf why = ZR_BUF_INIT(2048);
  if (k->delayed)
    (void)zr_buf_printf(&why,
                        "what an earlier process left open could not be taken up: %s; nothing is "
                        "sent until it can",
                        k->delayed);
  else if (any)
    (void)zr_buf_printf(&why,
                        "%zu ids that an earlier process was releasing could not be read; nothing "
                        "of their product is sent until they can",
                        held);
  if (any)
    zr_log(ZR_LOG_WARN, "journal", "what is open cannot be settled",
           zr_s("reason", why.data ? why.data : s_unsaid));
  k->held_told = held;
  s_tell(k, &k->unsettled, !any ? NULL : why.data ? why.data : s_unsaid);
  zr_buf_clean_up(&why);
}

void zr_keeper_step(struct zr_keeper *k) {
  if (!k)
    return;
  s_tell_unsettled(k);
  struct zr_mono now = zr_mono_now();
  if (!k->loop->account.is_waiting && zr_settling_wake(k).ms <= now.ms)
    zr_settling_begin(k);
}

bool zr_keeper_is_open(const struct zr_keeper *k) {
  return k && k->journal && !k->problem && k->loop->remote;
}

/* ---- the file ---- */

static enum zr_err s_open_as(struct zr_keeper *k, bool read_only, struct zr_buf *problem) {
  const struct zr_journal_options o = {.path = k->path,
                                       .account = k->loop->account.credential.fingerprint,
                                       .endpoint = k->loop->endpoint.url,
                                       .keep_days = k->keep_days,
                                       .read_only = read_only,
                                       .on_health = read_only ? NULL : s_on_health,
                                       .ctx = k};
  return zr_journal_open(&o, &k->journal, problem);
}

static void s_log_elsewhere(const struct zr_keeper *k) {
  const struct zr_journal_elsewhere *x = zr_journal_elsewhere(k->journal);
  if (x->entries > 0)
    zr_log(
        ZR_LOG_WARN, "journal",
        "releases of another account or endpoint are open in this journal; they are settled by a "
        "server that works for it",
        zr_i("entries", (int64_t)x->entries), zr_s("account", x->account),
        zr_s("endpoint", x->endpoint));
}

/* What is wrong with the file is the keeper's problem, and it can still be looked at. */
static void s_settle_for_reading(struct zr_keeper *k, const char *why) {
  zr_keeper_set_problem(k, why);
  struct zr_buf ignored = ZR_BUF_INIT(2048);
  if (s_open_as(k, true, &ignored) != ZR_ERR_OK)
    k->journal = NULL;
  zr_buf_clean_up(&ignored);
}

static enum zr_err s_open(struct zr_keeper *k, struct zr_buf *problem) {
  enum zr_err e = s_open_as(k, false, problem);
  if (e == ZR_ERR_EXISTS || e == ZR_ERR_NOT_FOUND || e == ZR_ERR_NOMEM)
    return e;
  if (e == ZR_ERR_OK)
    s_log_elsewhere(k);
  else
    s_settle_for_reading(k, problem->len ? problem->data : zr_err_text(e));
  return ZR_ERR_OK;
}

enum zr_err zr_keeper_new(struct zr_loop *l, const char *path, unsigned keep_days,
                          struct zr_keeper **out, struct zr_buf *problem) {
  struct zr_keeper *k = zr_calloc(1, sizeof *k);
  if (!k)
    return ZR_ERR_NOMEM;
  (void)pthread_mutex_init(&k->lock, NULL);
  k->loop = l;
  k->keep_days = keep_days;
  k->path = zr_strdup(path);
  enum zr_err e = k->path ? s_open(k, problem) : ZR_ERR_NOMEM;
  if (e != ZR_ERR_OK) {
    zr_keeper_destroy(k);
    return e;
  }
  if (!k->problem)
    zr_buf_reset(problem);
  *out = k;
  return ZR_ERR_OK;
}

void zr_keeper_change_account(struct zr_keeper *k) {
  struct zr_buf problem = ZR_BUF_INIT(2048);
  zr_journal_close(k->journal);
  k->journal = NULL;
  s_set(&k->problem, NULL);
  k->taken_up = false;
  zr_keeper_delay(k, NULL);
  s_tell(k, &k->trouble, NULL);
  enum zr_err e = s_open(k, &problem);
  if (e != ZR_ERR_OK)
    zr_keeper_set_problem(k, problem.len ? problem.data : zr_err_text(e));
  zr_buf_clean_up(&problem);
  zr_engine_change_account(k->loop->engine, k->journal ? zr_journal_last_batch(k->journal) : 0);
  zr_settling_begin(k);
}

void zr_keeper_close(struct zr_keeper *k) {
  if (!k)
    return;
  zr_journal_close(k->journal);
  k->journal = NULL;
}

void zr_keeper_destroy(struct zr_keeper *k) {
  if (!k)
    return;
  zr_keeper_close(k);
  zr_settling_clean_up(k);
  zr_lookup_clean_up(k);
  zr_free(k->path);
  s_set(&k->problem, NULL);
  s_set(&k->trouble, NULL);
  s_set(&k->unsettled, NULL);
  s_set(&k->delayed, NULL);
  (void)pthread_mutex_destroy(&k->lock);
  zr_free(k);
}

/* ---- an intent ---- */

struct s_intent {
  struct zr_loop *loop;
  uint64_t op;
  bool kept;
  char *why;
  struct zr_task task;
};

static void s_free_intent(struct s_intent *i) {
  zr_free(i->why);
  zr_free(i);
}

static void s_run_intent(struct zr_task *task) {
  struct s_intent *i = ZR_OWNER(task, struct s_intent, task);
  zr_engine_recorded(i->loop->engine, i->op, i->kept, i->why ? i->why : "the journal is broken",
                     zr_loop_now());
  s_free_intent(i);
}

/* Journal thread. */
static void s_on_kept(void *ctx, const char *why) {
  struct s_intent *i = ctx;
  i->kept = !why;
  i->why = why ? zr_strdup(why) : NULL;
  if (i->loop->backend.post(i->loop, &i->task) != ZR_ERR_OK)
    s_free_intent(i); /* nobody is left who would send it */
}

/* The callers of an intent. Their request ids are the waiters'. */
struct s_callers {
  struct zr_loop *loop;
  struct zr_record_caller *list;
  size_t count;
  size_t cap;
  bool nomem;
};

static void s_add_caller(void *ctx, size_t index, uint64_t job) {
  struct s_callers *c = ctx;
  const struct zr_waiter *w = zr_waiter_of(c->loop, job);
  if (!w || !w->request_id || !*w->request_id)
    return;
  void *list = c->list;
  if (zr_grow(&list, &c->cap, c->count + 1, sizeof *c->list) != 0) {
    c->nomem = true;
    return;
  }
  c->list = list;
  c->list[c->count++] = (struct zr_record_caller){index, w->request_id};
}

static enum zr_err s_append_intent(struct zr_keeper *k, const struct zr_action *a,
                                   struct s_intent *i) {
  struct s_callers callers = {.loop = k->loop};
  zr_engine_callers(k->loop->engine, a->op, s_add_caller, &callers);
  const struct zr_record record = {.kind = ZR_RECORD_INTENT,
                                   .product = a->product,
                                   .at = zr_wall_now(),
                                   .batch = a->batch,
                                   .ids = a->ids,
                                   .id_count = a->id_count,
                                   .depend_resource = a->depend_resource,
                                   .callers = callers.list,
                                   .caller_count = callers.count};
  enum zr_err e =
      callers.nomem ? ZR_ERR_NOMEM : zr_journal_append(k->journal, &record, s_on_kept, i);
  zr_free(callers.list);
  return e;
}

static enum zr_err s_record(struct zr_keeper *k, const struct zr_action *a) {
  struct s_intent *i = zr_calloc(1, sizeof *i);
  if (!i)
    return ZR_ERR_NOMEM;
  i->loop = k->loop;
  i->op = a->op;
  i->task.run = s_run_intent;
  enum zr_err e = s_append_intent(k, a, i);
  if (e != ZR_ERR_OK)
    s_free_intent(i);
  return e;
}

void zr_keeper_intent(struct zr_keeper *k, const struct zr_action *a) {
  const char *why = k->problem ? k->problem : k->delayed ? k->delayed : "the journal is not open";
  if (zr_keeper_is_open(k) && !k->delayed) {
    enum zr_err e = s_record(k, a);
    if (e == ZR_ERR_OK)
      return;
    why = zr_err_text(e);
  }
  zr_engine_recorded(k->loop->engine, a->op, false, why, zr_loop_now());
}

/* ---- what needs no answer ---- */

/* Also while there is a problem, for what left before. */
static void s_append(struct zr_keeper *k, const struct zr_record *record) {
  enum zr_err e = k->journal ? zr_journal_append(k->journal, record, NULL, NULL) : ZR_ERR_STATE;
  if (e != ZR_ERR_OK)
    zr_log(ZR_LOG_WARN, "journal", "a record is not kept; its releases stay open in the journal",
           zr_i("batch", record->batch), zr_i("ids", (int64_t)record->result_count),
           zr_s("reason", k->problem ? k->problem : zr_err_text(e)));
}

void zr_keeper_answer(struct zr_keeper *k, enum zr_product product, uint32_t batch,
                      const struct zr_release_end *end) {
  const struct zr_record record = {.kind = ZR_RECORD_ANSWER,
                                   .product = product,
                                   .at = zr_wall_now(),
                                   .batch = batch,
                                   .end = end};
  s_append(k, &record);
}

void zr_keeper_void(struct zr_keeper *k, const struct zr_action *a) {
  const struct zr_release_end end = {
      .call = {.class_ = ZR_CLASS_NOT_SENT,
               .code = "",
               .message = "",
               .request_id = "",
               .reason = "not sent: its instances were given up, or had to be read again",
               .retry_after_ms = -1}};
  zr_keeper_answer(k, a->product, a->batch, &end);
}

struct s_joined {
  struct zr_result *list;
  size_t count;
  size_t cap;
  bool nomem;
};

static void s_add_joined(void *ctx, const char *id, uint32_t batch) {
  struct s_joined *j = ctx;
  void *list = j->list;
  if (zr_grow(&list, &j->cap, j->count + 1, sizeof *j->list) != 0) {
    j->nomem = true;
    return;
  }
  j->list = list;
  j->list[j->count++] = (struct zr_result){.instance_id = id, .batch = batch};
}

void zr_keeper_joined(struct zr_keeper *k, const struct zr_waiter *w) {
  if (!zr_keeper_is_open(k) || w->dry || !w->request_id || !*w->request_id)
    return;
  struct s_joined joined = {.list = NULL};
  zr_engine_joined(k->loop->engine, w->job, s_add_joined, &joined);
  const struct zr_record record = {.kind = ZR_RECORD_JOINED,
                                   .product = w->product,
                                   .at = zr_wall_now(),
                                   .request_id = w->request_id,
                                   .results = joined.list,
                                   .result_count = joined.count};
  enum zr_err e = joined.nomem        ? ZR_ERR_NOMEM
                  : joined.count == 0 ? ZR_ERR_OK
                                      : zr_journal_append(k->journal, &record, NULL, NULL);
  if (e != ZR_ERR_OK)
    zr_log(ZR_LOG_WARN, "journal", "that a request waits for calls under way is not kept",
           zr_i("job", (int64_t)w->job), zr_s("reason", zr_err_text(e)));
  zr_free(joined.list);
}

void zr_keeper_outcomes(struct zr_keeper *k, enum zr_product product, const char *request_id,
                        const struct zr_event *event) {
  const struct zr_record record = {.kind = ZR_RECORD_OUTCOMES,
                                   .product = product,
                                   .at = zr_wall_now(),
                                   .request_id = request_id ? request_id : "",
                                   .results = event->results,
                                   .result_count = event->result_count};
  if (event->result_count > 0)
    s_append(k, &record);
}
