#include "journal/db.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "journal/schema.h"

static const char *const s_text[] = {
#define ZR_SQL(name, text) [ZR_SQL_##name] = (text),
#include "journal/sql.def"
#undef ZR_SQL
};

_Static_assert(ZR_COUNT(s_text) == ZR_SQL_COUNT_, "one text for each statement");

/* ---- statements ---- */

struct zr_use zr_db_use(struct zr_db *db, enum zr_sql which) {
  struct zr_use u = {.rc = SQLITE_OK};
  if (!db->stmts[which])
    u.rc = sqlite3_prepare_v3(db->handle, s_text[which], -1, SQLITE_PREPARE_PERSISTENT,
                              &db->stmts[which], NULL);
  u.stmt = db->stmts[which];
  return u;
}

void zr_put_int(struct zr_use *u, int64_t value) {
  if (u->rc == SQLITE_OK)
    u->rc = sqlite3_bind_int64(u->stmt, ++u->at, value);
}

void zr_put_text(struct zr_use *u, const char *text) {
  if (u->rc == SQLITE_OK)
    u->rc = sqlite3_bind_text(u->stmt, ++u->at, text ? text : "", -1, SQLITE_STATIC);
}

int zr_db_next(struct zr_use *u) {
  if (u->rc != SQLITE_OK)
    return u->rc;
  int rc = sqlite3_step(u->stmt);
  if (rc != SQLITE_ROW && rc != SQLITE_DONE)
    u->rc = rc;
  return rc;
}

int zr_db_done(struct zr_use *u) {
  if (u->stmt) {
    (void)sqlite3_reset(u->stmt); /* tells again what the last step told */
    (void)sqlite3_clear_bindings(u->stmt);
  }
  return u->rc;
}

int zr_db_run(struct zr_use *u) {
  while (zr_db_next(u) == SQLITE_ROW) {
  }
  return zr_db_done(u);
}

const char *zr_column(const struct zr_use *u, int column) {
  const unsigned char *text = sqlite3_column_text(u->stmt, column);
  return text ? (const char *)text : "";
}

int zr_db_exec(struct zr_db *db, const char *sql) {
  return sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
}

int64_t zr_db_number(struct zr_db *db, const char *sql, int *rc) {
  struct zr_use u = {.rc = sqlite3_prepare_v2(db->handle, sql, -1, &u.stmt, NULL)};
  int64_t n = zr_db_next(&u) == SQLITE_ROW ? sqlite3_column_int64(u.stmt, 0) : 0;
  *rc = u.rc;
  (void)sqlite3_finalize(u.stmt);
  return n;
}

int zr_db_probe(struct zr_db *db) {
  struct zr_use u = zr_db_use(db, ZR_SQL_PROBE);
  zr_put_int(&u, zr_wall_now().ms);
  zr_put_int(&u, getpid());
  return zr_db_run(&u);
}

/* ---- errors ---- */

const char *zr_db_damaged(void) {
  return "it is damaged; stop what uses it, move it aside, begin a new one, and settle what was "
         "under way with the ids of its history (docs/journal.md says how)";
}

void zr_db_explain(const struct zr_db *db, int rc, struct zr_buf *out) {
  int system = db->handle ? sqlite3_system_errno(db->handle) : 0;
  switch (rc & 0xff) {
  case SQLITE_FULL:
    (void)zr_buf_text(out, "the disk is full; make room");
    return;
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_PERM:
    (void)zr_buf_printf(out, "it cannot be written%s%s; its folder must be writable too",
                        system ? ": " : "", system ? strerror(system) : "");
    return;
  case SQLITE_IOERR:
    (void)zr_buf_printf(out, "the disk reports an error%s%s", system ? ": " : "",
                        system ? strerror(system) : "");
    return;
  case SQLITE_CORRUPT:
  case SQLITE_FORMAT:
  case SQLITE_ERROR: /* our statements are constant: the schema has been changed */
    (void)zr_buf_text(out, zr_db_damaged());
    return;
  case SQLITE_NOTADB:
    (void)zr_buf_text(out, "it is no journal of zenrelease, or it is damaged; name another file");
    return;
  default:
    (void)zr_buf_text(out, sqlite3_errstr(rc));
  }
}

static enum zr_err s_err(int rc) {
  switch (rc & 0xff) {
  case SQLITE_OK:
    return ZR_ERR_OK;
  case SQLITE_NOMEM:
    return ZR_ERR_NOMEM;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_FORMAT:
  case SQLITE_ERROR:
  case SQLITE_CONSTRAINT:
    return ZR_ERR_INVALID;
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
  case SQLITE_PERM:
    return ZR_ERR_DENIED;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return ZR_ERR_EXISTS;
  default:
    return ZR_ERR_IO;
  }
}

enum zr_err zr_db_problem(const struct zr_db *db, int rc, struct zr_buf *problem) {
  if (rc != SQLITE_OK && problem->len == 0)
    zr_db_explain(db, rc, problem);
  return s_err(rc);
}

/* ---- opening ---- */

enum { LOCK_WAIT_MS = 2000 };

/* The rollback journal costs 0.6 ms a commit where a write-ahead log costs 0.4, and keeps all that
 * was committed in one file, whose pages the check at the start covers. With the lock held, SQLite
 * empties the rollback journal at a commit and takes it away when it closes. */
static int s_settings(struct zr_db *db, bool read_only) {
  static const struct {
    int which;
    int on;
  } switches[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                  {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                  {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, /* the schema has none, */
                  {SQLITE_DBCONFIG_ENABLE_VIEW, 0}};   /* and its view is for people */
  int rc = SQLITE_OK;
  for (size_t i = 0; i < ZR_COUNT(switches) && rc == SQLITE_OK; i++)
    rc = sqlite3_db_config(db->handle, switches[i].which, switches[i].on, NULL);
  if (rc == SQLITE_OK)
    rc = zr_db_exec(db, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; "
                        "PRAGMA synchronous = FULL;");
  if (rc == SQLITE_OK && !read_only)
    rc = zr_db_exec(db, "PRAGMA locking_mode = EXCLUSIVE;");
  return rc;
}

/* Says which form the file is of, and with `schema` makes it so. */
static int s_stamp(struct zr_db *db, const char *schema) {
  char pragmas[96];
  (void)sqlite3_snprintf(sizeof pragmas, pragmas,
                         "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                         ZR_SCHEMA_APPLICATION, ZR_SCHEMA_VERSION);
  int rc = zr_db_exec(db, "BEGIN IMMEDIATE");
  if (rc == SQLITE_OK)
    rc = zr_db_exec(db, pragmas);
  if (rc == SQLITE_OK)
    rc = zr_db_exec(db, schema);
  if (rc == SQLITE_OK)
    rc = zr_db_exec(db, "COMMIT");
  if (rc != SQLITE_OK)
    (void)zr_db_exec(db, "ROLLBACK");
  return rc;
}

int64_t zr_db_size(struct zr_db *db) {
  struct stat st;
  return stat(sqlite3_db_filename(db->handle, "main"), &st) == 0 ? st.st_size : -1;
}

/* Reading the first page plays back what an earlier process left in mid-commit. */
static int s_recognise(struct zr_db *db, bool *fresh, bool *older, struct zr_buf *problem) {
  int rc = SQLITE_OK;
  int64_t tables = zr_db_number(db, "SELECT count(*) FROM sqlite_schema", &rc);
  int64_t application = rc ? 0 : zr_db_number(db, "PRAGMA application_id", &rc);
  int64_t version = rc ? 0 : zr_db_number(db, "PRAGMA user_version", &rc);
  *older = version < ZR_SCHEMA_VERSION;
  /* SQLite takes a file that is cut within its first page for an empty one. */
  *fresh = tables == 0 && application == 0 && zr_db_size(db) == 0;
  if (rc != SQLITE_OK || *fresh)
    return rc;
  if (application != ZR_SCHEMA_APPLICATION) {
    (void)zr_buf_text(problem, "it is no journal of zenrelease; name another file");
    return SQLITE_NOTADB;
  }
  if (version > ZR_SCHEMA_VERSION) {
    (void)zr_buf_printf(problem, "it was written by a later version of zenrelease (format %lld)",
                        (long long)version);
    return SQLITE_NOTADB;
  }
  return version < ZR_SCHEMA_FIRST ? SQLITE_CORRUPT : SQLITE_OK;
}

/* All of them now: none is to fail for the first time when its turn comes. */
static int s_prepare(struct zr_db *db) {
  int rc = SQLITE_OK;
  for (int i = 0; i < ZR_SQL_COUNT_ && rc == SQLITE_OK; i++)
    rc = zr_db_use(db, (enum zr_sql)i).rc;
  return rc;
}

static int s_bring_up(struct zr_db *db, bool read_only, struct zr_buf *problem) {
  bool fresh = false;
  bool older = false;
  int rc = s_settings(db, read_only);
  if (rc == SQLITE_OK)
    rc = s_recognise(db, &fresh, &older, problem);
  if (rc != SQLITE_OK || (read_only && !fresh))
    return rc;
  if (read_only) {
    (void)zr_buf_text(problem, "it is empty");
    return SQLITE_NOTADB;
  }
  rc = zr_db_exec(db, "PRAGMA journal_mode = DELETE");
  if (rc == SQLITE_OK)
    rc = fresh ? s_stamp(db, ZR_SCHEMA) : zr_db_check(db, problem);
  if (rc == SQLITE_OK && older && !fresh)
    rc = s_stamp(db, "");
  if (rc == SQLITE_OK)
    rc = s_prepare(db);
  return rc == SQLITE_OK ? zr_db_probe(db) : rc;
}

enum zr_err zr_db_open(struct zr_db *db, const char *path, bool read_only, struct zr_buf *problem) {
  *db = (struct zr_db){.handle = NULL};
  int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX |
              SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW;
  int rc = sqlite3_open_v2(path, &db->handle, flags, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_extended_result_codes(db->handle, 1);
  if (rc == SQLITE_OK)
    rc = sqlite3_busy_timeout(db->handle, LOCK_WAIT_MS); /* for one who only reads */
  if (rc == SQLITE_OK)
    rc = s_bring_up(db, read_only, problem);
  return zr_db_problem(db, rc, problem);
}

void zr_db_clean_up(struct zr_db *db) {
  for (size_t i = 0; i < ZR_COUNT(db->stmts); i++)
    (void)sqlite3_finalize(db->stmts[i]);
  (void)sqlite3_close(db->handle);
  *db = (struct zr_db){.handle = NULL};
}
