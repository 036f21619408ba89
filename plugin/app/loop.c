#include "app/loop.h"

#include <pthread.h>
#include <sys/random.h>

#include "app/calls.h"
#include "app/version.h"
#include "base/log.h"
#include "base/mem.h"

enum { LONGEST_SLEEP_MS = 60000, LIST_TIMEOUT_MS = 30000 };

/* ---- tasks: the only part that other threads touch ---- */

static enum zr_err s_post(void *self, struct zr_task *task) {
  struct zr_loop *l = self;
  task->next = NULL;
  (void)pthread_mutex_lock(&l->lock);
  bool closed = l->closed;
  bool first = !l->tasks;
  if (!closed) {
    if (first)
      l->tasks = task;
    else
      l->last_task->next = task;
    l->last_task = task;
  }
  (void)pthread_mutex_unlock(&l->lock);
  if (!closed && first)
    zr_http_wakeup(l->http);
  return closed ? ZR_ERR_CLOSED : ZR_ERR_OK;
}

static void s_run_tasks(struct zr_loop *l) {
  (void)pthread_mutex_lock(&l->lock);
  struct zr_task *task = l->tasks;
  l->tasks = l->last_task = NULL;
  (void)pthread_mutex_unlock(&l->lock);
  while (task) {
    struct zr_task *next = task->next; /* run may free it */
    task->run(task);
    task = next;
  }
}

enum turn { TURN_SLEEP, TURN_AGAIN, TURN_OVER };

/* What comes after a turn. A wake-up that came since is still unread, so sleeping is safe. */
static enum turn s_next_turn(struct zr_loop *l) {
  (void)pthread_mutex_lock(&l->lock);
  enum turn next = l->tasks ? TURN_AGAIN : l->closed ? TURN_OVER : TURN_SLEEP;
  (void)pthread_mutex_unlock(&l->lock);
  return next;
}

/* ---- backend: loop thread ---- */

static enum zr_err s_submit(void *self, const struct zr_release_request *request,
                            struct zr_job_sink sink, uint64_t *job) {
  struct zr_loop *l = self;
  if (!l->remote || l->account.is_waiting)
    return ZR_ERR_STATE;
  struct zr_waiter *w = zr_waiter_new(request->product, request->request_id, sink);
  if (!w)
    return ZR_ERR_NOMEM;
  w->dry = request->validate_only;
  enum zr_err e = zr_engine_submit(l->engine, request, zr_loop_now(), job);
  if (e != ZR_ERR_OK) {
    zr_waiter_free(w);
    return e;
  }
  zr_waiter_add(l, w, *job);
  if (l->keeper)
    zr_keeper_joined(l->keeper, w);
  /* What an earlier process left open could not be read before: it may be by now. */
  if (zr_engine_held(l->engine) > 0 && !w->dry)
    zr_settling_begin(l->keeper);
  zr_log(ZR_LOG_INFO, "engine", "release taken", zr_i("job", (int64_t)*job),
         zr_i("ids", (int64_t)request->instance_id_count),
         zr_s("product", zr_product_info(request->product)->name),
         zr_i("validate_only", request->validate_only));
  return ZR_ERR_OK;
}

static void s_cancel(void *self, uint64_t job) {
  struct zr_loop *l = self;
  zr_log(ZR_LOG_INFO, "engine", "cancel", zr_i("job", (int64_t)job));
  zr_engine_cancel(l->engine, job, zr_loop_now());
}

/* A list on its way back through the journal. */
struct s_listing {
  struct zr_loop *loop;
  enum zr_product product;
  struct zr_list_sink sink;
};

static void s_on_list(void *ctx, const struct zr_list_end *end) {
  struct s_listing *g = ctx;
  if (end->call.class_ == ZR_CLASS_OK)
    zr_lookup_listed(g->loop->keeper, g->product, end->rows, end->row_count);
  g->sink.on_done(g->sink.ctx, end);
  zr_free(g);
}

static enum zr_err s_list(void *self, const struct zr_list_query *query, struct zr_mono deadline,
                          struct zr_list_sink sink) {
  struct zr_loop *l = self;
  if (!l->remote)
    return ZR_ERR_STATE;
  int64_t left = zr_mono_until(deadline, zr_mono_now());
  int64_t timeout = left < LIST_TIMEOUT_MS ? left : LIST_TIMEOUT_MS;
  struct s_listing *g = zr_calloc(1, sizeof *g);
  if (!g)
    return ZR_ERR_NOMEM;
  *g = (struct s_listing){l, query->product, sink};
  enum zr_err e = zr_remote_list(l->remote, query, timeout > 0 ? timeout : 1, s_on_list, g);
  if (e != ZR_ERR_OK)
    zr_free(g);
  return e;
}

static enum zr_err s_find_records(void *self, const struct zr_record_query *query,
                                  struct zr_records_sink sink) {
  struct zr_loop *l = self;
  return zr_lookup_find(l->keeper, query, sink);
}

static enum zr_err s_settle(void *self, struct zr_settle_sink sink) {
  struct zr_loop *l = self;
  return l->account.is_waiting ? ZR_ERR_LIMIT : zr_settling_start(l->keeper, sink);
}

static void s_forget(void *self, void *ctx) {
  struct zr_loop *l = self;
  if (!l->keeper)
    return;
  zr_settling_forget(l->keeper, ctx);
  zr_lookup_forget(l->keeper, ctx);
}

static const struct zr_server_facts *s_facts(void *self) {
  struct zr_loop *l = self;
  return &atomic_load(&l->account.told)->facts;
}

/* ---- the thread ---- */

static void *s_thread(void *arg) {
  struct zr_loop *l = arg;
  for (;;) {
    s_run_tasks(l);
    zr_calls_carry_out(l);
    zr_account_step(l);
    zr_keeper_step(l->keeper);
    enum turn next = s_next_turn(l);
    if (next == TURN_OVER)
      return NULL;
    if (next == TURN_AGAIN)
      continue;
    struct zr_mono now = zr_mono_now();
    struct zr_mono at = zr_mono_min(zr_engine_wake(l->engine, now), zr_settling_wake(l->keeper));
    int64_t sleep = zr_mono_until(at, now);
    zr_http_run(l->http, sleep < LONGEST_SLEEP_MS ? sleep : LONGEST_SLEEP_MS);
  }
}

static uint64_t s_seed(void) {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
    seed = (uint64_t)zr_wall_now().ms;
  return seed;
}

static enum zr_err s_new_account(struct zr_loop *l, const struct zr_config *config,
                                 const struct zr_app_options *options, struct zr_buf *problem) {
  struct zr_buf why = ZR_BUF_INIT(1024);
  struct zr_credential credential;
  enum zr_err e = zr_config_credential(config, options, &credential, &why);
  const char *missing = e == ZR_ERR_OK ? NULL : why.len ? why.data : zr_err_text(e);
  if (e != ZR_ERR_NOMEM) {
    e = zr_account_begin(l, &credential, missing);
    if (e != ZR_ERR_OK)
      (void)zr_buf_printf(problem, "the API client cannot be set up: %s", zr_err_text(e));
  }
  zr_credential_clean_up(&credential);
  zr_buf_clean_up(&why);
  return e;
}

/* Settings do not outlive the start everywhere. */
static enum zr_err s_keep_path(struct zr_loop *l, const char *path) {
  l->journal_path = path ? zr_strdup(path) : NULL;
  return path && !l->journal_path ? ZR_ERR_NOMEM : ZR_ERR_OK;
}

static enum zr_err s_new_engine(struct zr_loop *l, struct zr_config *config) {
  const struct zr_keeper *k = l->keeper;
  const struct zr_engine_options o = {
      .seed = s_seed(),
      .calls_per_second = config->calls_per_second,
      .call_timeout_ms = config->call_timeout_ms,
      .policy = zr_config_policy(config),
      .journal = k != NULL,
      .last_batch = k && k->journal ? zr_journal_last_batch(k->journal) : 0,
  };
  enum zr_err e = zr_engine_new(&o, &l->engine);
  if (e == ZR_ERR_OK && k)
    zr_settling_begin(l->keeper);
  return e;
}

static enum zr_err s_build(struct zr_loop *l, struct zr_config *config,
                           const struct zr_app_options *options, struct zr_buf *problem) {
  enum zr_err e = zr_config_endpoint(config, options, &l->endpoint, problem);
  if (e == ZR_ERR_OK)
    e = s_keep_path(l, options->journal ? options->journal : config->journal);
  if (e != ZR_ERR_OK)
    return e;
  l->facts = (struct zr_server_facts){.version = ZR_VERSION,
                                      .endpoint = l->endpoint.url,
                                      .max_ids = ZR_JOB_MAX_IDS,
                                      .max_batch = ZR_BATCH_MAX,
                                      .journal = l->journal_path};
  const struct zr_http_options http = {.ca_file = config->ca_file,
                                       .proxy = config->proxy,
                                       .user_agent = "zenrelease/" ZR_VERSION,
                                       .http1_only = config->http1_only};
  e = zr_http_new(&http, &l->http, problem);
  if (e != ZR_ERR_OK)
    return e;
  e = s_new_account(l, config, options, problem);
  if (e == ZR_ERR_OK && l->journal_path)
    e = zr_keeper_new(l, l->journal_path, config->journal_keep_days, &l->keeper, problem);
  return e == ZR_ERR_OK ? s_new_engine(l, config) : e;
}

enum zr_err zr_loop_new(struct zr_config *config, const struct zr_app_options *options,
                        struct zr_loop **out, struct zr_buf *problem) {
  struct zr_loop *l = zr_calloc(1, sizeof *l);
  if (!l)
    return ZR_ERR_NOMEM;
  (void)pthread_mutex_init(&l->lock, NULL);
  l->backend = (struct zr_backend){.self = l,
                                   .post = s_post,
                                   .submit = s_submit,
                                   .cancel = s_cancel,
                                   .list = s_list,
                                   .find_records = s_find_records,
                                   .settle = s_settle,
                                   .forget = s_forget,
                                   .facts = s_facts};
  enum zr_err e = s_build(l, config, options, problem);
  if (e == ZR_ERR_OK && pthread_create(&l->thread, NULL, s_thread, l) != 0)
    e = ZR_ERR_NOMEM;
  if (e != ZR_ERR_OK) {
    zr_loop_destroy(l);
    return e;
  }
  *out = l;
  return ZR_ERR_OK;
}

const struct zr_backend *zr_loop_backend(struct zr_loop *l) {
  return &l->backend;
}

enum zr_err zr_loop_offer_credential(struct zr_loop *l, struct zr_credential *credential) {
  return zr_account_offer(l, credential);
}

bool zr_loop_take_refused(struct zr_loop *l) {
  return atomic_exchange(&l->account.refused, false);
}

void zr_loop_stop(struct zr_loop *l) {
  (void)pthread_mutex_lock(&l->lock);
  l->closed = true;
  (void)pthread_mutex_unlock(&l->lock);
  zr_http_wakeup(l->http);
  (void)pthread_join(l->thread, NULL);
  zr_keeper_close(l->keeper);
}

void zr_loop_watch_trouble(struct zr_loop *l, zr_trouble_fn *fn, void *ctx) {
  if (l->keeper)
    zr_keeper_watch(l->keeper, fn, ctx);
}

void zr_loop_destroy(struct zr_loop *l) {
  if (!l)
    return;
  zr_account_end(l);
  zr_keeper_destroy(l->keeper);
  zr_calls_forget(l);
  zr_http_destroy(l->http);
  zr_engine_destroy(l->engine);
  (void)pthread_mutex_destroy(&l->lock);
  zr_free(l->journal_path);
  zr_free(l);
}
