#include "desk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/log.h"
#include "base/view.h"

enum { MOST = 64 };

void desk_init(struct desk *d) {
  zr_log_set_level(ZR_LOG_OFF);
  *d = (struct desk){.account = "account-1"};
  d->problem = d->said = d->why = d->health = (struct zr_buf)ZR_BUF_INIT(1 << 20);
  /* In memory, where flushing is free; what is tested is the order of things, not the disk. */
  bool shm = access("/dev/shm", W_OK) == 0;
  (void)snprintf(d->folder, sizeof d->folder, "%s/zr-journal-XXXXXX", shm ? "/dev/shm" : "/tmp");
  assert_non_null(mkdtemp(d->folder));
  (void)snprintf(d->path, sizeof d->path, "%s/journal.db", d->folder);
  (void)sem_init(&d->told, 0, 0);
  (void)sem_init(&d->health_told, 0, 0);
}

static int s_by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *desk_files(const struct desk *d) {
  static char text[4096];
  char *names[MOST];
  int n = 0;
  DIR *dir = opendir(d->folder);
  assert_non_null(dir);
  for (struct dirent *e = readdir(dir); e && n < MOST; e = readdir(dir)) {
    if (e->d_name[0] != '.')
      names[n++] = strdup(e->d_name);
  }
  (void)closedir(dir);
  qsort(names, (size_t)n, sizeof names[0], s_by_name);
  text[0] = '\0';
  for (int i = 0; i < n; i++) {
    size_t len = strlen(text);
    (void)snprintf(text + len, sizeof text - len, "%s ", names[i]);
    free(names[i]);
  }
  return text;
}

void desk_clean_up(struct desk *d) {
  desk_close(d);
  char names[4096];
  (void)snprintf(names, sizeof names, "%s", desk_files(d));
  struct zr_view rest = zr_view_of(names);
  while (rest.len) {
    char path[512];
    struct zr_view name = zr_view_split(&rest, ' ');
    (void)snprintf(path, sizeof path, "%s/%.*s", d->folder, ZR_VIEW_ARG(name));
    (void)unlink(path);
  }
  assert_int_equal(rmdir(d->folder), 0);
  zr_buf_clean_up(&d->problem);
  zr_buf_clean_up(&d->said);
  zr_buf_clean_up(&d->why);
  zr_buf_clean_up(&d->health);
  (void)sem_destroy(&d->told);
  (void)sem_destroy(&d->health_told);
}

static void s_on_health(void *ctx, const char *why) {
  struct desk *d = ctx;
  (void)zr_buf_text(&d->health, why ? "broken;" : "well;");
  (void)sem_post(&d->health_told);
}

enum zr_err desk_try(struct desk *d) {
  const struct zr_journal_options options = {.path = d->path,
                                             .account = d->account,
                                             .endpoint = "https://example.test",
                                             .read_only = d->read_only,
                                             .keep_days = d->keep_days ? d->keep_days : 100000,
                                             .on_health = s_on_health,
                                             .ctx = d};
  zr_buf_reset(&d->problem);
  return zr_journal_open(&options, &d->j, &d->problem);
}

void desk_open(struct desk *d) {
  enum zr_err e = desk_try(d);
  if (e != ZR_ERR_OK)
    fail_msg("open: %d %s", e, d->problem.data);
}

void desk_close(struct desk *d) {
  zr_journal_close(d->j);
  d->j = NULL;
}

void desk_sql(const struct desk *d, const char *sql) {
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(d->path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void s_wait(sem_t *s) {
  while (sem_wait(s) != 0 && errno == EINTR) {
  }
}

/* ---- records ---- */

/* "a b c" into ids; returns how many. Borrows `text`, which is cut up. */
static size_t s_words(char *text, const char **ids) {
  size_t n = 0;
  for (char *at = text; at && *at && n < MOST;) {
    ids[n++] = at;
    at = strchr(at, ' ');
    if (at)
      *at++ = '\0';
  }
  return n;
}

static void s_kept(void *ctx, const char *why) {
  struct desk *d = ctx;
  zr_buf_reset(&d->why);
  if (why)
    (void)zr_buf_text(&d->why, why);
  (void)sem_post(&d->told);
}

static const char *s_append(struct desk *d, const struct zr_record *r) {
  enum zr_err e = zr_journal_append(d->j, r, s_kept, d);
  if (e != ZR_ERR_OK)
    return zr_err_text(e);
  s_wait(&d->told);
  return d->why.len ? d->why.data : NULL;
}

static struct zr_wall s_at(uint32_t batch) {
  return (struct zr_wall){(DESK_EPOCH_S + (int64_t)batch) * 1000};
}

/* Cuts "id:r1:r2" up. */
static size_t s_callers(char *word, size_t index, struct zr_record_caller *out) {
  size_t n = 0;
  for (char *at = strchr(word, ':'); at && n < MOST; at = strchr(at, ':')) {
    *at++ = '\0';
    out[n++] = (struct zr_record_caller){index, at};
  }
  return n;
}

const char *desk_intent(struct desk *d, uint32_t batch, const char *ids) {
  char text[2048];
  const char *list[MOST];
  (void)snprintf(text, sizeof text, "%s", ids);
  size_t count = s_words(text, list);
  struct zr_record_caller callers[2 * MOST];
  size_t caller_count = 0;
  for (size_t i = 0; i < count && caller_count < MOST; i++)
    caller_count += s_callers(text + (list[i] - text), i, callers + caller_count);
  const struct zr_record r = {.kind = ZR_RECORD_INTENT,
                              .product = batch >= 1000 ? ZR_PRODUCT_ZEC : ZR_PRODUCT_VM,
                              .depend_resource = batch >= 1000,
                              .at = s_at(batch),
                              .batch = batch,
                              .id_count = count,
                              .ids = list,
                              .callers = callers,
                              .caller_count = caller_count};
  return s_append(d, &r);
}

const char *desk_joined(struct desk *d, uint32_t batch, const char *ids, const char *request_id) {
  char text[2048];
  const char *list[MOST];
  struct zr_result results[MOST];
  (void)snprintf(text, sizeof text, "%s", ids);
  size_t count = s_words(text, list);
  for (size_t i = 0; i < count; i++)
    results[i] = (struct zr_result){.instance_id = list[i], .batch = batch};
  const struct zr_record r = {.kind = ZR_RECORD_JOINED,
                              .at = s_at(batch),
                              .request_id = request_id,
                              .results = results,
                              .result_count = count};
  return s_append(d, &r);
}

const char *desk_answer(struct desk *d, uint32_t batch, enum zr_class c, const char *request_id,
                        const char *listed) {
  char text[2048];
  const char *list[MOST];
  (void)snprintf(text, sizeof text, "%s", listed);
  const struct zr_release_end end = {.call = {.class_ = c,
                                              .http_status = c == ZR_CLASS_OK ? 200 : 403,
                                              .code = c == ZR_CLASS_OK ? "" : "SOME_CODE",
                                              .message = "words",
                                              .request_id = request_id,
                                              .reason = "",
                                              .retry_after_ms = -1},
                                     .failed_count = s_words(text, list),
                                     .failed_ids = list};
  const struct zr_record r = {
      .kind = ZR_RECORD_ANSWER, .at = s_at(batch), .batch = batch, .end = &end};
  return s_append(d, &r);
}

static const char *s_outcome(struct desk *d, uint32_t batch, const char *id, enum zr_outcome o,
                             const char *request_id, bool wait) {
  const struct zr_result result = {.instance_id = id,
                                   .outcome = o,
                                   .code =
                                       o == ZR_OUTCOME_REFUSED ? ZR_CODE_INTERNAL : ZR_CODE_NONE,
                                   .name = "name",
                                   .zone_id = "zone",
                                   .first_batch = d->counts_from ? d->counts_from : 1,
                                   .batch = batch,
                                   .decided_at = s_at(batch + 1)};
  const struct zr_record r = {.kind = ZR_RECORD_OUTCOMES,
                              .product = batch >= 1000 ? ZR_PRODUCT_ZEC : ZR_PRODUCT_VM,
                              .at = s_at(batch + 1),
                              .request_id = request_id,
                              .results = &result,
                              .result_count = 1};
  if (wait)
    return s_append(d, &r);
  assert_int_equal(zr_journal_append(d->j, &r, NULL, NULL), ZR_ERR_OK);
  return NULL;
}

const char *desk_outcome(struct desk *d, uint32_t batch, const char *id, enum zr_outcome outcome,
                         const char *request_id) {
  return s_outcome(d, batch, id, outcome, request_id, true);
}

void desk_outcome_later(struct desk *d, uint32_t batch, const char *id, enum zr_outcome outcome) {
  (void)s_outcome(d, batch, id, outcome, "", false);
}

/* ---- questions ---- */

static bool s_is_listed(const struct zr_open_call *c, const char *id) {
  for (size_t i = 0; i < c->end.failed_count; i++) {
    if (strcmp(c->end.failed_ids[i], id) == 0)
      return true;
  }
  return false;
}

static void s_call_text(struct zr_buf *b, const struct zr_open_call *c) {
  (void)zr_buf_printf(b, " %u", c->batch);
  if (c->answered)
    (void)zr_buf_printf(b, "=%s", zr_class_name(c->end.call.class_));
  for (size_t i = 0; i < c->id_count; i++)
    (void)zr_buf_printf(b, "%s%s%s", i ? " " : "(", s_is_listed(c, c->ids[i]) ? "!" : "",
                        c->ids[i]);
  (void)zr_buf_char(b, ')');
}

static void s_open(void *ctx, const struct zr_open_calls *open, const char *why) {
  struct desk *d = ctx;
  if (!open) {
    if (why)
      (void)zr_buf_printf(&d->said, "cannot be read: %s", why);
    (void)sem_post(&d->told);
    return;
  }
  (void)zr_buf_printf(&d->said, "%s%s%s:", d->said.len ? "; " : "",
                      zr_product_info(open->product)->name, open->depend_resource ? "+" : "");
  for (size_t i = 0; i < open->call_count; i++)
    s_call_text(&d->said, &open->calls[i]);
}

static const char *s_said(struct desk *d, enum zr_err e) {
  if (e == ZR_ERR_NOMEM) /* which a test has ordered */
    return "out of memory";
  assert_int_equal(e, ZR_ERR_OK);
  s_wait(&d->told);
  return d->said.len ? d->said.data : "";
}

const char *desk_open_calls(struct desk *d) {
  zr_buf_reset(&d->said);
  return s_said(d, zr_journal_open_calls(d->j, s_open, d));
}

static void s_found(void *ctx, const struct zr_record_entry *entries, size_t count, bool more,
                    const char *why) {
  struct desk *d = ctx;
  for (size_t i = 0; i < count; i++) {
    const struct zr_record_entry *e = &entries[i];
    (void)zr_buf_printf(&d->said, "%s%s %s %u%s%s%s", i ? "; " : "", e->instance_id,
                        e->outcome == ZR_OUTCOME_NONE ? "-" : zr_outcome_name(e->outcome), e->batch,
                        e->open ? " open" : "", *e->request_id ? " " : "", e->request_id);
  }
  if (more)
    (void)zr_buf_printf(&d->said, " ... %lld", (long long)entries[count - 1].number);
  if (why)
    (void)zr_buf_printf(&d->said, "cannot be read: %s", why);
  (void)sem_post(&d->told);
}

void desk_fill(struct desk *d, unsigned count) {
  sqlite3 *db = NULL;
  char sql[512];
  (void)snprintf(
      sql, sizeof sql,
      "INSERT INTO entries (owner, product, instance_id, call, intent, open, at, outcome, "
      "decided_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
      "i < %u) SELECT 1, 'vm', 'i' || (i IN (1, %u)), 0, 0, 0, i, "
      "iif(i IN (1, %u), 'invalid', 'released'), i FROM n",
      count, count, count);
  assert_int_equal(sqlite3_open(d->path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

struct zr_record_query desk_any(void) {
  return (struct zr_record_query){.instance_id = "",
                                  .request_id = "",
                                  .release_request_id = "",
                                  .any_product = true,
                                  .limit = 1000};
}

const char *desk_history(struct desk *d, const struct zr_record_query *q) {
  zr_buf_reset(&d->said);
  return s_said(d, zr_journal_find(d->j, q, s_found, d));
}

static void s_seen(void *ctx, const struct zr_wall *first, size_t count) {
  struct desk *d = ctx;
  for (size_t i = 0; first && i < count; i++) {
    if (first[i].ms)
      (void)zr_buf_printf(&d->said, "%s%lld", i ? " " : "", (long long)first[i].ms);
    else
      (void)zr_buf_printf(&d->said, "%s-", i ? " " : "");
  }
  (void)sem_post(&d->told);
}

const char *desk_seen(struct desk *d, const char *ids) {
  char text[2048];
  const char *list[MOST];
  (void)snprintf(text, sizeof text, "%s", ids);
  size_t n = s_words(text, list);
  zr_buf_reset(&d->said);
  return s_said(d, zr_journal_first_seen(d->j, ZR_PRODUCT_VM, list, n, s_seen, d));
}

static void s_known(void *ctx, const enum zr_journal_known *known, size_t count) {
  static const char *const words[] = {"no", "yes", "gone"};
  struct desk *d = ctx;
  for (size_t i = 0; known && i < count; i++)
    (void)zr_buf_printf(&d->said, "%s%s", i ? " " : "", words[known[i]]);
  (void)sem_post(&d->told);
}

const char *desk_known(struct desk *d, const char *ids) {
  char text[2048];
  const char *list[MOST];
  (void)snprintf(text, sizeof text, "%s", ids);
  size_t n = s_words(text, list);
  zr_buf_reset(&d->said);
  return s_said(d, zr_journal_known(d->j, ZR_PRODUCT_VM, list, n, s_known, d));
}

void desk_sight(struct desk *d, const char *ids, bool left, int64_t at) {
  char text[2048];
  const char *list[MOST];
  (void)snprintf(text, sizeof text, "%s", ids);
  size_t n = s_words(text, list);
  assert_int_equal(zr_journal_sight(d->j, ZR_PRODUCT_VM, list, n, left, (struct zr_wall){at}),
                   ZR_ERR_OK);
}
