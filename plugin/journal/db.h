/*
 * The SQLite connection: opened with what we rely on, checked, and its statements. One thread at a
 * time. Functions that return int return SQLite's codes.
 */
#ifndef ZR_JOURNAL_DB_H
#define ZR_JOURNAL_DB_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

enum zr_sql {
#define ZR_SQL(name, text) ZR_SQL_##name,
#include "journal/sql.def"
#undef ZR_SQL
  ZR_SQL_COUNT_
};

struct zr_db {
  sqlite3 *handle;
  sqlite3_stmt *stmts[ZR_SQL_COUNT_]; /* prepared when first used, at the latest by zr_db_open */
};

/* A statement in use. The first error stays in `rc`, and what follows does nothing. */
struct zr_use {
  sqlite3_stmt *stmt;
  int rc;
  int at; /* number of the last value that was put */
};

/* Our memory and settings, before SQLite is used for the first time. Any thread. */
void zr_db_prepare_process(void);

/* Opens the file at the canonical path `path`, which exists; empty: a new journal is made in it.
 * Recovers what an earlier process left in mid-commit, checks the file, and, unless read_only,
 * writes to it once. Errors and `problem` as for zr_journal_open. Clean up in any case. */
enum zr_err zr_db_open(struct zr_db *db, const char *path, bool read_only,
                       struct zr_buf *problem) ZR_MUST_CHECK;
void zr_db_clean_up(struct zr_db *db);
/* A sentence on an error of SQLite: what is wrong, and what to do. */
void zr_db_explain(const struct zr_db *db, int rc, struct zr_buf *out);
/* The error as ours; with the sentence, unless `problem` has one already. */
enum zr_err zr_db_problem(const struct zr_db *db, int rc, struct zr_buf *problem) ZR_MUST_CHECK;
/* Writes one row: whether the file takes writes. */
int zr_db_probe(struct zr_db *db);

/* Whether a file that is a journal can be relied on; docs/journal.md says what is looked at. */
int zr_db_check(struct zr_db *db, struct zr_buf *problem);

/* One number; 0 where there is no row. */
int64_t zr_db_number(struct zr_db *db, const char *sql, int *rc);
/* Bytes of the file; -1: not known. */
int64_t zr_db_size(struct zr_db *db);
/* The sentence on a damaged file. */
const char *zr_db_damaged(void);

struct zr_use zr_db_use(struct zr_db *db, enum zr_sql which);
void zr_put_int(struct zr_use *u, int64_t value);
/* Borrowed until the statement is done. NULL is "". */
void zr_put_text(struct zr_use *u, const char *text);
/* SQLITE_ROW, SQLITE_DONE, or the error. */
int zr_db_next(struct zr_use *u);
/* Gives the statement back. SQLITE_OK, or the first error. */
int zr_db_done(struct zr_use *u);
/* Runs a statement without rows and gives it back. */
int zr_db_run(struct zr_use *u);
/* The column's text; "" for NULL, and where memory is out. Valid until the next row. */
const char *zr_column(const struct zr_use *u, int column);
/* Rows that the last statement changed. */
static inline int zr_db_changed(const struct zr_db *db) {
  return sqlite3_changes(db->handle);
}
int zr_db_exec(struct zr_db *db, const char *sql);

#endif
