/*
 * Whether the file of an earlier process can be relied on. Page by page, each table against its
 * indices; then that it is built like a journal, since any other table, index or trigger may make
 * the same statements mean something else; then that nothing open is out of reach.
 */
#include <string.h>

#include "journal/db.h"
#include "journal/schema.h"

enum { WHOLE_CHECK_PAGES = 16384 /* 64 MiB: about a second */, QUICK_CHECK_PAGES = 262144 };

static int s_found(struct zr_buf *problem, const char *what) {
  (void)zr_buf_printf(problem, "%s (found: %s)", zr_db_damaged(), what);
  return SQLITE_CORRUPT;
}

/* Compares tables and indices up to 64 MiB, looks at the pages alone up to 1 GiB. */
static int s_pages(struct zr_db *db, struct zr_buf *problem) {
  int rc = SQLITE_OK;
  int64_t pages = zr_db_number(db, "PRAGMA page_count", &rc);
  int64_t page = rc ? 0 : zr_db_number(db, "PRAGMA page_size", &rc);
  if (rc == SQLITE_OK && zr_db_size(db) != pages * page)
    return SQLITE_CORRUPT;
  if (rc != SQLITE_OK || pages > QUICK_CHECK_PAGES)
    return rc;
  const char *sql =
      pages > WHOLE_CHECK_PAGES ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)";
  struct zr_use u = {.rc = sqlite3_prepare_v2(db->handle, sql, -1, &u.stmt, NULL)};
  if (zr_db_next(&u) == SQLITE_ROW && strcmp(zr_column(&u, 0), "ok") != 0)
    u.rc = s_found(problem, zr_column(&u, 0));
  rc = u.rc;
  (void)sqlite3_finalize(u.stmt);
  return rc;
}

/* ---- how it is built ---- */

/* Which of the schema's statements this is, as a bit; 0: none. SQLite keeps them as they were. */
static uint64_t s_statement(const char *sql) {
  static const char schema[] = ZR_SCHEMA;
  size_t len = strlen(sql);
  uint64_t bit = 1;
  for (const char *at = schema; *at; at = strchr(at, ';') + 1) {
    if (strncmp(at, sql, len) == 0 && at[len] == ';')
      return bit;
    if (strncmp(at, "CREATE ", 7) == 0)
      bit <<= 1;
  }
  return 0;
}

/* All of the schema's tables, indices and views are there, and nothing else. */
static int s_structure(struct zr_db *db, struct zr_buf *problem) {
  static const char parts[] = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL";
  struct zr_use u = {.rc = sqlite3_prepare_v2(db->handle, parts, -1, &u.stmt, NULL)};
  uint64_t found = 0;
  bool same = true;
  while (zr_db_next(&u) == SQLITE_ROW) {
    uint64_t one = s_statement(zr_column(&u, 0));
    same = same && one && !(found & one);
    found |= one;
  }
  int rc = u.rc;
  (void)sqlite3_finalize(u.stmt);
  uint64_t all = (UINT64_C(1) << ZR_SCHEMA_PARTS) - 1;
  return rc == SQLITE_OK && (!same || found != all)
             ? s_found(problem, "its tables are not those of a journal")
             : rc;
}

/* ---- what is open ---- */

/* Open for a call or an account that is not there, or under an id that no text can name. */
static const char s_lost[] =
    "SELECT count(*) FROM entries e WHERE e.open = 1 AND (instr(e.instance_id, char(0)) > 0 OR "
    "NOT EXISTS (SELECT 1 FROM calls c JOIN owners o USING (owner) WHERE c.number = e.call AND "
    "c.owner = e.owner AND c.product = e.product))";

static int s_reach(struct zr_db *db, struct zr_buf *problem) {
  int rc = SQLITE_OK;
  int64_t lost = zr_db_number(db, s_lost, &rc);
  return rc == SQLITE_OK && lost > 0 ? s_found(problem, "an open entry that cannot be reached")
                                     : rc;
}

int zr_db_check(struct zr_db *db, struct zr_buf *problem) {
  int rc = s_pages(db, problem);
  if (rc == SQLITE_OK)
    rc = s_structure(db, problem);
  return rc == SQLITE_OK ? s_reach(db, problem) : rc;
}
