/* What other threads call: opening, closing, and the queue. */
#include "journal/journal.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "journal/private.h"

/* ---- opening ---- */

static int s_find_owner(struct zr_journal *j, const struct zr_journal_options *o) {
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_FIND_OWNER);
  zr_put_text(&u, o->account);
  zr_put_text(&u, o->endpoint);
  j->owner = zr_db_next(&u) == SQLITE_ROW ? sqlite3_column_int64(u.stmt, 0) : 0;
  int rc = zr_db_done(&u);
  if (rc != SQLITE_OK || j->owner > 0 || j->read_only)
    return rc;
  u = zr_db_use(&j->db, ZR_SQL_ADD_OWNER);
  zr_put_text(&u, o->account);
  zr_put_text(&u, o->endpoint);
  rc = zr_db_run(&u);
  j->owner = sqlite3_last_insert_rowid(j->db.handle);
  return rc;
}

static int s_find_elsewhere(struct zr_journal *j) {
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_OPEN_ELSEWHERE);
  zr_put_int(&u, j->owner);
  if (zr_db_next(&u) == SQLITE_ROW) {
    j->elsewhere.entries = (size_t)sqlite3_column_int64(u.stmt, 0);
    j->elsewhere_account = zr_strdup(zr_column(&u, 1));
    j->elsewhere_endpoint = zr_strdup(zr_column(&u, 2));
    j->elsewhere.account = j->elsewhere_account;
    j->elsewhere.endpoint = j->elsewhere_endpoint;
    if (!j->elsewhere_account || !j->elsewhere_endpoint)
      u.rc = SQLITE_NOMEM;
  }
  return zr_db_done(&u);
}

static int s_find_sighted(struct zr_journal *j) {
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_ANY_SEEN);
  zr_put_int(&u, j->owner);
  atomic_store(&j->sighted, zr_db_next(&u) == SQLITE_ROW);
  return zr_db_done(&u);
}

static int s_read_facts(struct zr_journal *j, const struct zr_journal_options *o) {
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_LAST_CALL);
  if (zr_db_next(&u) == SQLITE_ROW)
    j->last_batch = (uint32_t)sqlite3_column_int64(u.stmt, 0);
  int rc = zr_db_done(&u);
  if (rc == SQLITE_OK && o->account && *o->account)
    rc = s_find_owner(j, o);
  if (rc == SQLITE_OK)
    rc = s_find_sighted(j);
  return rc == SQLITE_OK ? s_find_elsewhere(j) : rc;
}

static enum zr_err s_bring_up(struct zr_journal *j, const struct zr_journal_options *o,
                              struct zr_buf *problem) {
  if (j->wake_fd < 0)
    return ZR_ERR_IO;
  enum zr_err e = zr_journal_file_open(&j->file, o->path, o->read_only, problem);
  if (e == ZR_ERR_OK)
    e = zr_db_open(&j->db, j->file.path, o->read_only, problem);
  if (e == ZR_ERR_EXISTS && j->file.claimed) { /* it came in between */
    zr_buf_reset(problem);
    if (!zr_journal_file_is_held(&j->file, problem))
      (void)zr_buf_text(problem, "another process had it just now; try again");
  }
  if (e != ZR_ERR_OK)
    return e;
  int rc = s_read_facts(j, o);
  if (rc != SQLITE_OK)
    return zr_db_problem(&j->db, rc, problem);
  unsigned days = o->keep_days ? o->keep_days : ZR_JOURNAL_KEEP_DAYS;
  if (!o->read_only)
    j->prune_before.ms = zr_wall_now().ms - (int64_t)days * 86400000;
  if (pthread_create(&j->thread, NULL, zr_journal_thread, j) != 0)
    return ZR_ERR_NOMEM;
  j->has_thread = true;
  return ZR_ERR_OK;
}

/* "PATH: " in front of the sentence. */
static void s_name_file(const char *path, enum zr_err e, struct zr_buf *why,
                        struct zr_buf *problem) {
  (void)zr_buf_printf(problem, "the journal %s: %s", path, why->len ? why->data : zr_err_text(e));
}

enum zr_err zr_journal_open(const struct zr_journal_options *options, struct zr_journal **out,
                            struct zr_buf *problem) {
  *out = NULL;
  zr_db_prepare_process();
  struct zr_journal *j = zr_calloc(1, sizeof *j);
  if (!j)
    return ZR_ERR_NOMEM;
  j->file.fd = -1;
  j->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  j->read_only = options->read_only;
  j->on_health = options->on_health;
  j->ctx = options->ctx;
  (void)pthread_mutex_init(&j->lock, NULL);
  struct zr_buf why = ZR_BUF_INIT(2048);
  enum zr_err e = s_bring_up(j, options, &why);
  if (e == ZR_ERR_OK) {
    *out = j;
    zr_log(ZR_LOG_INFO, "journal", "journal opened", zr_s("path", j->file.path),
           zr_i("last_call", j->last_batch), zr_i("read_only", j->read_only));
  } else {
    s_name_file(options->path, e, &why, problem);
    zr_journal_close(j);
  }
  zr_buf_clean_up(&why);
  return e;
}

void zr_journal_close(struct zr_journal *j) {
  if (!j)
    return;
  if (j->has_thread) {
    (void)pthread_mutex_lock(&j->lock);
    j->closing = true;
    (void)pthread_mutex_unlock(&j->lock);
    zr_journal_wake(j);
    (void)pthread_join(j->thread, NULL);
  }
  zr_db_clean_up(&j->db);
  zr_journal_file_clean_up(&j->file);
  zr_free(j->elsewhere_account);
  zr_free(j->elsewhere_endpoint);
  if (j->wake_fd >= 0)
    (void)close(j->wake_fd);
  (void)pthread_mutex_destroy(&j->lock);
  zr_free(j);
}

uint32_t zr_journal_last_batch(const struct zr_journal *j) {
  return j->last_batch;
}

const struct zr_journal_elsewhere *zr_journal_elsewhere(const struct zr_journal *j) {
  return &j->elsewhere;
}
