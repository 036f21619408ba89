/*
 * The journal's thread. What is queued while a commit is under way goes into the next one, so the
 * cost of a flush is shared by all who wait. What the disk does not take is told to those who must
 * know (intents), and kept for another try (all else).
 */
#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "journal/private.h"

void zr_journal_say(const struct zr_journal *j, int rc, struct zr_buf *out) {
  (void)zr_buf_printf(out, "the journal %s: ", j->file.path);
  zr_db_explain(&j->db, rc, out);
}

static int s_run(struct zr_journal *j, enum zr_sql which) {
  struct zr_use u = zr_db_use(&j->db, which);
  return zr_db_run(&u);
}

/* ---- one transaction ---- */

/* A record that the schema refuses stays out, and the others are kept. */
static bool s_is_refusal(int rc) {
  int primary = rc & 0xff;
  return primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH || primary == SQLITE_TOOBIG ||
         primary == SQLITE_RANGE;
}

static int s_write_one(struct zr_journal *j, struct zr_entry *i) {
  i->refused = false;
  int rc = s_run(j, ZR_SQL_SAVE);
  if (rc == SQLITE_OK)
    rc = zr_journal_write(j, i);
  if (s_is_refusal(rc)) {
    zr_log(ZR_LOG_ERROR, "journal", "a record contradicts the journal and is left out",
           zr_i("batch", i->record.batch), zr_s("reason", sqlite3_errmsg(j->db.handle)));
    i->refused = true;
    j->doubtful = j->doubtful || zr_entry_forgets(i);
    rc = s_run(j, ZR_SQL_UNDO);
  }
  return rc == SQLITE_OK ? s_run(j, ZR_SQL_KEEP) : rc;
}

/* `why` is said before the rollback, which forgets the system's error. */
static int s_commit(struct zr_journal *j, struct zr_entry *items, struct zr_buf *why) {
  int rc = s_run(j, ZR_SQL_BEGIN);
  for (struct zr_entry *i = items; i && rc == SQLITE_OK; i = i->next)
    rc = s_write_one(j, i);
  if (rc == SQLITE_OK)
    rc = s_run(j, ZR_SQL_COMMIT);
  if (rc == SQLITE_OK)
    return rc;
  zr_journal_say(j, rc, why);
  if (!sqlite3_get_autocommit(j->db.handle))
    (void)s_run(j, ZR_SQL_ROLLBACK); /* where it fails, the next try plays back first */
  return rc;
}

/* ---- what became of it ---- */

/* `why` is NULL when all is well. */
static void s_set_health(struct zr_journal *j, const char *why) {
  bool broken = why;
  int64_t twice = 2 * j->retry_ms;
  j->retry_ms = !broken || twice == 0             ? ZR_JOURNAL_RETRY_MS
                : twice < ZR_JOURNAL_RETRY_MAX_MS ? twice
                                                  : ZR_JOURNAL_RETRY_MAX_MS;
  j->retry_at = zr_mono_add(zr_mono_now(), j->retry_ms);
  if (broken == j->broken)
    return;
  j->broken = broken;
  j->dropping = j->dropping && broken;
  zr_log(broken ? ZR_LOG_ERROR : ZR_LOG_INFO, "journal",
         broken ? "the journal cannot be written; nothing is sent until it can"
                : "the journal can be written again",
         zr_s("reason", why));
  if (j->on_health)
    j->on_health(j->ctx, why);
}

static void s_tell(const struct zr_entry *i, const char *why) {
  if (i->kind == ZR_ENTRY_RECORD && i->kept)
    i->kept(i->ctx, why);
}

static void s_all_kept(struct zr_entry *items) {
  while (items) {
    struct zr_entry *i = items;
    items = i->next;
    s_tell(i, i->refused ? "this record contradicts what the journal has" : NULL);
    zr_entry_free(i);
  }
}

static void s_drop(struct zr_journal *j, struct zr_entry *i, const char *why) {
  if (i->kind == ZR_ENTRY_RECORD && !zr_entry_is_intent(i) && !j->dropping) {
    zr_log(ZR_LOG_ERROR, "journal", "too much waits for the disk; further records are dropped",
           zr_i("ids", (int64_t)j->retained_weight));
    j->dropping = true;
  }
  j->doubtful = j->doubtful || zr_entry_forgets(i);
  s_tell(i, why);
  zr_entry_free(i);
}

/* Keeps what can wait. Beyond the ceiling it is dropped: its calls stay open, and are read again at
 * the next start. Reads go on while nothing is sent, so what they see must not take up the room. */
static void s_retain(struct zr_journal *j, struct zr_entry **tail, struct zr_entry *i,
                     const char *why) {
  size_t most = i->kind == ZR_ENTRY_SIGHT ? ZR_JOURNAL_SIGHTS_MAX : ZR_JOURNAL_RETAINED_MAX;
  if (zr_entry_is_intent(i) || j->retained_weight + i->weight > most) {
    s_drop(j, i, why);
    return;
  }
  i->next = NULL;
  j->retained_weight += i->weight;
  j->retained_forgets = j->retained_forgets || zr_entry_forgets(i);
  if (*tail)
    (*tail)->next = i;
  else
    j->retained = i;
  *tail = i;
}

static void s_not_kept(struct zr_journal *j, struct zr_entry *items, const char *why) {
  struct zr_entry *tail = NULL;
  while (items) {
    struct zr_entry *i = items;
    items = i->next;
    s_retain(j, &tail, i, why);
  }
}

/* What was retained comes first. */
static void s_flush(struct zr_journal *j, struct zr_entry *items) {
  struct zr_entry **end = &j->retained;
  while (*end)
    end = &(*end)->next;
  *end = items;
  items = j->retained;
  j->retained = NULL;
  j->retained_weight = 0;
  j->retained_forgets = false;
  if (!items && !j->broken)
    return;
  struct zr_buf why = ZR_BUF_INIT(1024);
  int rc = items ? s_commit(j, items, &why) : zr_db_probe(&j->db);
  if (rc != SQLITE_OK && why.len == 0)
    zr_journal_say(j, rc, &why);
  const char *sentence = rc == SQLITE_OK ? NULL
                         : why.len       ? why.data
                                         : "the journal cannot be written: out of memory";
  s_set_health(j, sentence);
  if (rc == SQLITE_OK)
    s_all_kept(items);
  else
    s_not_kept(j, items, sentence);
  zr_buf_clean_up(&why);
}

/* Behind all that was queued before the doubt arose; from then on sightings count again. */
static void s_end_doubt(struct zr_journal *j) {
  if (!j->doubtful || j->retained || j->broken)
    return;
  struct zr_buf why = ZR_BUF_INIT(1024);
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_FORGET_ALL);
  zr_put_int(&u, j->owner);
  int rc = zr_db_run(&u);
  if (rc != SQLITE_OK)
    zr_journal_say(j, rc, &why);
  j->doubtful = rc != SQLITE_OK;
  zr_log(ZR_LOG_WARN, "journal", "what was seen in the bin may have left it; its time begins anew",
         zr_i("written", rc == SQLITE_OK));
  if (rc != SQLITE_OK)
    s_set_health(j, why.len ? why.data : "the journal cannot be written: out of memory");
  zr_buf_clean_up(&why);
}

/* ---- the thread ---- */

static void s_append(struct zr_entry **list, struct zr_entry *i) {
  while (*list)
    list = &(*list)->next;
  i->next = NULL;
  *list = i;
}

/* A step for the one who waits longest. */
static void s_find(struct zr_journal *j) {
  struct zr_entry *i = j->finds;
  if (!i)
    return;
  j->finds = i->next;
  if (zr_journal_read_found(j, i))
    zr_entry_free(i);
  else
    s_append(&j->finds, i);
}

static void s_drop_finds(struct zr_journal *j) {
  while (j->finds) {
    struct zr_entry *i = j->finds;
    j->finds = i->next;
    i->found(i->ctx, NULL, 0, false, "the journal was closed before it was read");
    zr_entry_free(i);
  }
}

static void s_read(struct zr_journal *j, struct zr_entry *i) {
  switch (i->kind) {
  case ZR_ENTRY_OPEN_CALLS:
    zr_journal_read_open(j, i);
    break;
  case ZR_ENTRY_FIRST_SEEN:
    zr_journal_read_seen(j, i);
    break;
  case ZR_ENTRY_KNOWN:
    zr_journal_read_known(j, i);
    break;
  case ZR_ENTRY_FIND:
    s_append(&j->finds, i);
    return;
  case ZR_ENTRY_RECORD:
  case ZR_ENTRY_SIGHT:
    break;
  }
  zr_entry_free(i);
}

/* Writes up to the next read go together; a read sees all that was queued before it. */
static void s_work(struct zr_journal *j, struct zr_entry *items) {
  while (items) {
    struct zr_entry *first = items;
    struct zr_entry *last = NULL;
    for (; items && zr_entry_writes(items); items = items->next)
      last = items;
    if (last) {
      last->next = NULL;
      s_flush(j, first);
    }
    if (items) {
      struct zr_entry *read = items;
      items = read->next;
      s_read(j, read);
    }
  }
}

static bool s_is_due(const struct zr_journal *j) {
  return (j->retained || j->broken) && zr_mono_until(j->retry_at, zr_mono_now()) == 0;
}

static void s_wait(const struct zr_journal *j) {
  bool retry = j->retained || j->broken;
  int64_t ms = retry ? zr_mono_until(j->retry_at, zr_mono_now()) : -1;
  struct pollfd wake = {.fd = j->wake_fd, .events = POLLIN};
  uint64_t drop = 0;
  if (poll(&wake, 1, (int)ms) > 0 && read(j->wake_fd, &drop, sizeof drop) < 0) {
    /* Nobody else reads it, and a turn too many does no harm. */
  }
}

/* What is queued; waits until there is something to do. False when the journal closes and nothing
 * is queued any more. */
static bool s_take(struct zr_journal *j, struct zr_entry **items) {
  for (;;) {
    (void)pthread_mutex_lock(&j->lock);
    *items = j->queue;
    j->queue = j->last = NULL;
    j->doubtful = j->doubtful || j->doubt;
    j->doubt = false;
    bool closing = j->closing;
    (void)pthread_mutex_unlock(&j->lock);
    if (*items || closing)
      return *items;
    if (j->finds || j->prune_before.ms || s_is_due(j) ||
        (j->doubtful && !j->retained && !j->broken))
      return true;
    s_wait(j);
  }
}

/* Nothing waits: a step of the house-keeping. Where it fails, it waits for the next start. */
static void s_prune(struct zr_journal *j) {
  bool more = false;
  int rc = s_run(j, ZR_SQL_BEGIN);
  if (rc == SQLITE_OK)
    rc = zr_journal_prune(j, &more);
  if (rc == SQLITE_OK)
    rc = s_run(j, ZR_SQL_COMMIT);
  if (rc != SQLITE_OK) {
    zr_log(ZR_LOG_WARN, "journal", "what is old cannot be removed",
           zr_s("reason", sqlite3_errstr(rc)));
    if (!sqlite3_get_autocommit(j->db.handle))
      (void)s_run(j, ZR_SQL_ROLLBACK);
  }
  if (!more)
    j->prune_before.ms = 0;
}

static void s_drop_retained(struct zr_journal *j) {
  while (j->retained) {
    struct zr_entry *i = j->retained;
    j->retained = i->next;
    s_tell(i, "the journal was closed before it could be written");
    zr_entry_free(i);
  }
}

void *zr_journal_thread(void *journal) {
  struct zr_journal *j = journal;
  struct zr_entry *items = NULL;
  while (s_take(j, &items)) {
    if (items)
      s_work(j, items);
    else if (s_is_due(j))
      s_flush(j, NULL);
    else if (j->prune_before.ms && !j->finds)
      s_prune(j);
    s_end_doubt(j);
    s_find(j);
  }
  s_flush(j, NULL);
  s_end_doubt(j);
  s_drop_retained(j);
  s_drop_finds(j);
  return NULL;
}
