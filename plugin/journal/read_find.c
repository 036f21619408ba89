/* What is asked about single ids, and history. */
#include "base/mem.h"
#include "journal/private.h"

/* ---- single ids ---- */

static struct zr_use s_use_id(struct zr_journal *j, enum zr_sql which, const struct zr_entry *i,
                              size_t n) {
  struct zr_use u = zr_db_use(&j->db, which);
  zr_put_int(&u, j->owner);
  zr_put_text(&u, zr_product_info(i->product)->name);
  zr_put_text(&u, i->ids[n]);
  return u;
}

void zr_journal_read_seen(struct zr_journal *j, const struct zr_entry *i) {
  struct zr_wall *first = zr_calloc(i->id_count ? i->id_count : 1, sizeof *first);
  int rc = first ? SQLITE_OK : SQLITE_NOMEM;
  bool sure = !j->doubtful && !j->retained_forgets;
  for (size_t n = 0; rc == SQLITE_OK && n < i->id_count && sure; n++) {
    struct zr_use u = s_use_id(j, ZR_SQL_FIRST_SEEN, i, n);
    int64_t ms = zr_db_next(&u) == SQLITE_ROW ? sqlite3_column_int64(u.stmt, 0) : 0;
    first[n].ms = ms > 0 ? ms : 0;
    rc = zr_db_done(&u);
  }
  i->seen(i->ctx, rc == SQLITE_OK ? first : NULL, i->id_count);
  zr_free(first);
}

void zr_journal_read_known(struct zr_journal *j, const struct zr_entry *i) {
  enum zr_journal_known *known = zr_calloc(i->id_count ? i->id_count : 1, sizeof *known);
  int rc = known ? SQLITE_OK : SQLITE_NOMEM;
  for (size_t n = 0; rc == SQLITE_OK && n < i->id_count; n++) {
    struct zr_use u = s_use_id(j, ZR_SQL_KNOWN, i, n);
    if (zr_db_next(&u) == SQLITE_ROW && sqlite3_column_type(u.stmt, 0) != SQLITE_NULL)
      known[n] = sqlite3_column_int(u.stmt, 0) ? ZR_JOURNAL_GONE : ZR_JOURNAL_ONCE_THERE;
    rc = zr_db_done(&u);
  }
  i->known(i->ctx, rc == SQLITE_OK ? known : NULL, i->id_count);
  zr_free(known);
}

/* ---- history ---- */

static const char s_select[] =
    "SELECT e.entry, e.product, e.instance_id, o.account, o.endpoint, e.call, e.at, "
    "c.answered_at, c.class, c.http_status, c.service_code, c.release_request_id, e.request_id, "
    "e.outcome, e.code, e.decided_at, e.name, e.zone_id, e.open FROM entries e "
    "JOIN owners o USING (owner) LEFT JOIN calls c ON c.number = e.call WHERE e.entry < ?1";

/* The text, with a condition for what is asked for only, so that its index is used. */
static void s_compose(const struct zr_record_query *q, struct zr_buf *sql) {
  (void)zr_buf_text(sql, s_select);
  if (*q->instance_id)
    (void)zr_buf_text(sql, " AND e.instance_id = ?2");
  if (*q->request_id)
    (void)zr_buf_text(sql, " AND e.request_id = ?3 AND e.request_id <> ''");
  if (*q->release_request_id)
    (void)zr_buf_text(sql, " AND c.release_request_id = ?4 AND c.release_request_id <> ''");
  if (!q->any_product)
    (void)zr_buf_text(sql, " AND e.product = ?5");
  if (q->from.ms)
    (void)zr_buf_text(sql, " AND e.at >= ?6");
  if (q->to.ms)
    (void)zr_buf_text(sql, " AND e.at < ?7");
  if (q->outcome != ZR_OUTCOME_NONE)
    (void)zr_buf_text(sql, " AND e.outcome = ?8");
  if (q->open_only)
    (void)zr_buf_text(sql, " AND e.open = 1");
  (void)zr_buf_text(sql, " ORDER BY e.entry DESC LIMIT ?9");
}

static void s_put_at(struct zr_use *u, int at, const char *text, int64_t number) {
  u->at = at - 1;
  if (at > sqlite3_bind_parameter_count(u->stmt))
    return;
  if (text)
    zr_put_text(u, text);
  else
    zr_put_int(u, number);
}

static void s_bind(struct zr_use *u, const struct zr_record_query *q) {
  const struct zr_product_info *product = zr_product_info(q->product);
  s_put_at(u, 1, NULL, q->after > 0 ? q->after : INT64_MAX);
  s_put_at(u, 2, q->instance_id, 0);
  s_put_at(u, 3, q->request_id, 0);
  s_put_at(u, 4, q->release_request_id, 0);
  s_put_at(u, 5, product ? product->name : "", 0);
  s_put_at(u, 6, NULL, q->from.ms);
  s_put_at(u, 7, NULL, q->to.ms);
  s_put_at(u, 8, zr_outcome_name(q->outcome), 0);
  s_put_at(u, 9, NULL, (int64_t)q->limit + 1);
}

struct page {
  struct zr_arena arena;
  struct zr_record_entry *entries;
  size_t count;
};

static const char *s_text(struct page *p, struct zr_use *u, int column) {
  const char *text = zr_column(u, column);
  char *copy = *text ? zr_arena_strdup(&p->arena, text) : NULL;
  if (*text && !copy)
    u->rc = SQLITE_NOMEM;
  return copy ? copy : "";
}

static void s_take(struct page *p, struct zr_use *u) {
  struct zr_record_entry *e = &p->entries[p->count++];
  *e = (struct zr_record_entry){
      .number = sqlite3_column_int64(u->stmt, 0),
      .product = zr_product_parse(zr_view_of(zr_column(u, 1))),
      .instance_id = s_text(p, u, 2),
      .account = s_text(p, u, 3),
      .endpoint = s_text(p, u, 4),
      .batch = (uint32_t)sqlite3_column_int64(u->stmt, 5),
      .answered_at = {sqlite3_column_int64(u->stmt, 7)},
      .answer_class = s_text(p, u, 8),
      .http_status = sqlite3_column_int(u->stmt, 9),
      .service_code = s_text(p, u, 10),
      .release_request_id = s_text(p, u, 11),
      .request_id = s_text(p, u, 12),
      .outcome = zr_outcome_of_name(zr_column(u, 13)),
      .code = zr_code_of_name(zr_column(u, 14)),
      .decided_at = {sqlite3_column_int64(u->stmt, 15)},
      .name = s_text(p, u, 16),
      .zone_id = s_text(p, u, 17),
      .open = sqlite3_column_int(u->stmt, 18),
  };
  if (e->batch > 0)
    e->sent_at.ms = sqlite3_column_int64(u->stmt, 6);
}

static int s_read(struct zr_journal *j, const struct zr_record_query *q, struct page *p,
                  bool *more) {
  struct zr_buf sql = ZR_BUF_INIT(4096);
  s_compose(q, &sql);
  p->entries = zr_arena_calloc(&p->arena, (size_t)q->limit + 1, sizeof *p->entries);
  struct zr_use u = {.rc = zr_buf_failed(&sql) != ZR_ERR_OK || !p->entries ? SQLITE_NOMEM
                                                                           : SQLITE_OK};
  if (u.rc == SQLITE_OK)
    u.rc = sqlite3_prepare_v2(j->db.handle, sql.data, -1, &u.stmt, NULL);
  if (u.rc == SQLITE_OK)
    s_bind(&u, q);
  while (zr_db_next(&u) == SQLITE_ROW)
    s_take(p, &u);
  int rc = u.rc;
  (void)sqlite3_finalize(u.stmt);
  zr_buf_clean_up(&sql);
  *more = rc == SQLITE_OK && p->count > q->limit;
  if (*more)
    p->count = q->limit;
  return rc;
}

/* Of a damaged file what could be read goes out, with the reason why there is no more. */
void zr_journal_read_found(struct zr_journal *j, const struct zr_entry *i) {
  struct page p = {.entries = NULL};
  bool more = false;
  zr_arena_init(&p.arena, NULL, 0);
  int rc = s_read(j, &i->query, &p, &more);
  struct zr_buf why = ZR_BUF_INIT(1024);
  if (rc != SQLITE_OK)
    zr_journal_say(j, rc, &why);
  i->found(i->ctx, p.entries, p.entries ? p.count : 0, more,
           rc == SQLITE_OK ? NULL
           : why.data      ? why.data
                           : "the journal cannot be read");
  zr_buf_clean_up(&why);
  zr_arena_clean_up(&p.arena);
}
