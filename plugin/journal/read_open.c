/*
 * What is open, in groups that the engine takes at once: by product and option, and no more ids
 * than a job may have. All calls of an id are in one group.
 */
#include <string.h>

#include "base/mem.h"
#include "journal/private.h"

/* One row: a call and one of its ids. Text is the arena's. */
struct row {
  struct zr_open_call call;
  const char *id;
  bool listed;
};

struct group {
  struct zr_arena arena;
  struct row *rows;
  size_t row_count;
  size_t row_cap;
  struct zr_open_call *calls;
  size_t call_count;
  const char **ids;
  const char **listed;
};

static const char *s_copy(struct group *g, struct zr_use *u, int column) {
  const char *text = zr_column(u, column);
  if (!*text)
    return "";
  char *copy = zr_arena_strdup(&g->arena, text);
  if (!copy)
    u->rc = SQLITE_NOMEM;
  return copy ? copy : "";
}

static void s_take_row(struct group *g, struct zr_use *u) {
  void *rows = g->rows;
  if (zr_grow(&rows, &g->row_cap, g->row_count + 1, sizeof *g->rows) != 0) {
    u->rc = SQLITE_NOMEM;
    return;
  }
  g->rows = rows;
  struct row *r = &g->rows[g->row_count++];
  *r = (struct row){.id = s_copy(g, u, 11), .listed = sqlite3_column_int(u->stmt, 12)};
  r->call.batch = (uint32_t)sqlite3_column_int64(u->stmt, 0);
  r->call.sent_at.ms = sqlite3_column_int64(u->stmt, 1);
  r->call.answered = sqlite3_column_int(u->stmt, 2);
  bool same = g->row_count > 1 && r[-1].call.batch == r->call.batch;
  if (same) {
    r->call = r[-1].call;
    return;
  }
  r->call.end.call = (struct zr_call_end){
      .class_ = zr_class_of_name(zr_column(u, 3)),
      .http_status = sqlite3_column_int(u->stmt, 4),
      .code = s_copy(g, u, 5),
      .message = s_copy(g, u, 6),
      .request_id = s_copy(g, u, 7),
      .reason = s_copy(g, u, 8),
      .retry_after_ms = sqlite3_column_int64(u->stmt, 9),
      .late_effect = sqlite3_column_int(u->stmt, 10),
  };
}

static int s_read_rows(struct zr_journal *j, struct group *g, const char *product, bool depend,
                       const char *after, const char *last) {
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_OPEN_ROWS);
  zr_put_int(&u, j->owner);
  zr_put_text(&u, product);
  zr_put_text(&u, after);
  zr_put_text(&u, last);
  zr_put_int(&u, depend);
  while (zr_db_next(&u) == SQLITE_ROW)
    s_take_row(g, &u);
  return zr_db_done(&u);
}

/* Rows of one call follow each other. */
static int s_fold(struct group *g) {
  size_t n = g->row_count ? g->row_count : 1;
  g->calls = zr_arena_calloc(&g->arena, n, sizeof *g->calls);
  g->ids = zr_arena_calloc(&g->arena, n, sizeof *g->ids);
  g->listed = zr_arena_calloc(&g->arena, n, sizeof *g->listed);
  if (!g->calls || !g->ids || !g->listed)
    return SQLITE_NOMEM;
  size_t listed = 0;
  for (size_t i = 0; i < g->row_count; i++) {
    const struct row *r = &g->rows[i];
    if (i == 0 || r->call.batch != r[-1].call.batch) {
      struct zr_open_call *fresh = &g->calls[g->call_count++];
      *fresh = r->call;
      fresh->ids = &g->ids[i];
      fresh->end.failed_ids = &g->listed[listed];
    }
    struct zr_open_call *c = &g->calls[g->call_count - 1];
    g->ids[i] = r->id;
    c->id_count++;
    if (r->listed) {
      g->listed[listed++] = r->id;
      c->end.failed_count++;
    }
  }
  return SQLITE_OK;
}

static int s_one_option(struct zr_journal *j, const struct zr_entry *i, enum zr_product product,
                        bool depend, const char *after, const char *last) {
  struct group g = {.rows = NULL};
  zr_arena_init(&g.arena, NULL, 0);
  int rc = s_read_rows(j, &g, zr_product_info(product)->name, depend, after, last);
  if (rc == SQLITE_OK)
    rc = s_fold(&g);
  if (rc == SQLITE_OK && g.call_count > 0) {
    const struct zr_open_calls open = {.product = product,
                                       .depend_resource = depend,
                                       .calls = g.calls,
                                       .call_count = g.call_count};
    i->each(i->ctx, &open, NULL);
  }
  zr_arena_clean_up(&g.arena);
  zr_free(g.rows);
  return rc;
}

/* The last id of the next group behind `after`; "" when there is none. Caller frees. */
static int s_boundary(struct zr_journal *j, const char *product, const char *after, char **last) {
  struct zr_use u = zr_db_use(&j->db, ZR_SQL_OPEN_IDS);
  zr_put_int(&u, j->owner);
  zr_put_text(&u, product);
  zr_put_text(&u, after);
  struct zr_buf id = ZR_BUF_INIT(1 << 20);
  int64_t total = 0;
  while (zr_db_next(&u) == SQLITE_ROW) {
    total += sqlite3_column_int64(u.stmt, 1);
    if (total > ZR_JOB_MAX_IDS && id.len > 0)
      break;
    zr_buf_reset(&id);
    (void)zr_buf_text(&id, zr_column(&u, 0));
  }
  int rc = zr_db_done(&u);
  *last = id.len ? zr_buf_take(&id) : zr_strdup("");
  zr_buf_clean_up(&id);
  if (rc == SQLITE_OK && !*last)
    rc = SQLITE_NOMEM;
  /* An id with a NUL in it is behind itself, again and again. */
  return rc == SQLITE_OK && **last && strcmp(*last, after) <= 0 ? SQLITE_CORRUPT : rc;
}

static int s_one_product(struct zr_journal *j, const struct zr_entry *i, enum zr_product product) {
  char *after = zr_strdup("");
  int rc = after ? SQLITE_OK : SQLITE_NOMEM;
  while (rc == SQLITE_OK) {
    char *last = NULL;
    rc = s_boundary(j, zr_product_info(product)->name, after, &last);
    bool more = rc == SQLITE_OK && *last;
    if (more)
      rc = s_one_option(j, i, product, false, after, last);
    if (more && rc == SQLITE_OK)
      rc = s_one_option(j, i, product, true, after, last);
    zr_free(after);
    after = last;
    if (!more)
      break;
  }
  zr_free(after);
  return rc;
}

/* An answer or an outcome that is known, and not on disk: what would be read is older than that. */
static bool s_is_behind(const struct zr_journal *j) {
  const struct zr_entry *i = j->retained;
  while (i && i->kind != ZR_ENTRY_RECORD)
    i = i->next;
  return i != NULL;
}

void zr_journal_read_open(struct zr_journal *j, const struct zr_entry *i) {
  if (s_is_behind(j)) {
    i->each(i->ctx, NULL,
            "the journal cannot be written, and does not know yet what became of calls");
    return;
  }
  int rc = SQLITE_OK;
  for (int p = ZR_PRODUCT_NONE + 1; p < ZR_PRODUCT_COUNT_ && rc == SQLITE_OK; p++)
    rc = s_one_product(j, i, (enum zr_product)p);
  struct zr_buf why = ZR_BUF_INIT(1024);
  if (rc != SQLITE_OK)
    zr_journal_say(j, rc, &why);
  i->each(i->ctx, NULL,
          rc == SQLITE_OK ? NULL
          : why.data      ? why.data
                          : "the journal cannot be read");
  zr_buf_clean_up(&why);
}
