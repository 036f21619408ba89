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

/* Rows of the table that are looked through at once, in some milliseconds. In between, what is to
 * be written has its turn. */
enum { SLICE = 20000 };

/* How the rows are found. */
enum way {
  WAY_INDEX,  /* one of those that are selective by themselves */
  WAY_TIME,   /* few are of that time */
  WAY_OPEN,   /* few are open */
  WAY_SLICES, /* by number, from the newest */
};

static const char s_columns[] =
    "SELECT e.entry, e.product, e.instance_id, o.account, o.endpoint, e.call, e.at, "
    "c.answered_at, c.class, c.http_status, c.service_code, c.release_request_id, e.request_id, "
    "e.outcome, e.code, e.decided_at, e.name, e.zone_id, e.open FROM entries e ";

static const char s_joins[] = "JOIN owners o USING (owner) LEFT JOIN calls c ON c.number = e.call ";

/* The text, with a condition for what is asked for only, so that its index is used; "+" keeps the
 * planner from one that is not. */
static void s_compose(const struct zr_record_query *q, enum way way, struct zr_buf *sql) {
  static const char *const by[] = {[WAY_INDEX] = "",
                                   [WAY_TIME] = "INDEXED BY entries_by_time ",
                                   [WAY_OPEN] = "INDEXED BY entries_open ",
                                   [WAY_SLICES] = ""};
  const char *at = way == WAY_TIME ? "e.at" : "+e.at";
  (void)zr_buf_printf(sql, "%s%s%s", s_columns, by[way], s_joins);
  (void)zr_buf_text(sql, way == WAY_SLICES ? "WHERE e.entry < ?1 AND e.entry >= ?10"
                                           : "WHERE +e.entry < ?1");
  if (*q->instance_id)
    (void)zr_buf_text(sql, " AND e.instance_id = ?2");
  if (*q->request_id)
    (void)zr_buf_text(sql, " AND e.request_id = ?3 AND e.request_id <> ''");
  if (*q->release_request_id)
    (void)zr_buf_text(sql, " AND c.release_request_id = ?4 AND c.release_request_id <> ''");
  if (!q->any_product)
    (void)zr_buf_text(sql, " AND +e.product = ?5");
  if (q->from.ms)
    (void)zr_buf_printf(sql, " AND %s >= ?6", at);
  if (q->to.ms)
    (void)zr_buf_printf(sql, " AND %s < ?7", at);
  if (q->outcome != ZR_OUTCOME_NONE)
    (void)zr_buf_text(sql, " AND +e.outcome = ?8");
  if (q->open_only)
    (void)zr_buf_text(sql, way == WAY_OPEN ? " AND e.open = 1" : " AND +e.open = 1");
  (void)zr_buf_text(sql, " ORDER BY e.entry DESC LIMIT ?9");
}

static int64_t s_one_number(struct zr_journal *j, enum zr_sql which, int64_t from, int64_t to,
                            int64_t otherwise) {
  struct zr_use u = zr_db_use(&j->db, which);
  if (which == ZR_SQL_COUNT_OF_TIME) {
    zr_put_int(&u, from);
    zr_put_int(&u, to);
  } else if (which == ZR_SQL_ENTRY_BEFORE) {
    zr_put_int(&u, from);
  }
  int64_t n = zr_db_next(&u) == SQLITE_ROW ? sqlite3_column_int64(u.stmt, 0) : otherwise;
  return zr_db_done(&u) == SQLITE_OK ? n : otherwise;
}

static enum way s_way(struct zr_journal *j, const struct zr_record_query *q) {
  if (*q->instance_id || *q->request_id || *q->release_request_id)
    return WAY_INDEX;
  int64_t to = q->to.ms ? q->to.ms : INT64_MAX;
  bool timed = q->from.ms || q->to.ms;
  if (timed && s_one_number(j, ZR_SQL_COUNT_OF_TIME, q->from.ms, to, INT64_MAX) <= SLICE)
    return WAY_TIME;
  if (q->open_only && s_one_number(j, ZR_SQL_COUNT_OPEN, 0, 0, INT64_MAX) <= SLICE)
    return WAY_OPEN;
  return WAY_SLICES;
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

static void s_bind(struct zr_use *u, const struct zr_record_query *q, int64_t floor, size_t room) {
  const struct zr_product_info *product = zr_product_info(q->product);
  s_put_at(u, 1, NULL, q->after > 0 ? q->after : INT64_MAX);
  s_put_at(u, 2, q->instance_id, 0);
  s_put_at(u, 3, q->request_id, 0);
  s_put_at(u, 4, q->release_request_id, 0);
  s_put_at(u, 5, product ? product->name : "", 0);
  s_put_at(u, 6, NULL, q->from.ms);
  s_put_at(u, 7, NULL, q->to.ms);
  s_put_at(u, 8, zr_outcome_name(q->outcome), 0);
  s_put_at(u, 9, NULL, (int64_t)room);
  s_put_at(u, 10, NULL, floor);
}

static const char *s_text(struct zr_entry *i, struct zr_use *u, int column) {
  const char *text = zr_column(u, column);
  char *copy = *text ? zr_arena_strdup(&i->arena, text) : NULL;
  if (*text && !copy)
    u->rc = SQLITE_NOMEM;
  return copy ? copy : "";
}

static void s_take(struct zr_entry *i, struct zr_use *u) {
  struct zr_record_entry *e = &i->rows[i->row_count++];
  *e = (struct zr_record_entry){
      .number = sqlite3_column_int64(u->stmt, 0),
      .product = zr_product_parse(zr_view_of(zr_column(u, 1))),
      .instance_id = s_text(i, u, 2),
      .account = s_text(i, u, 3),
      .endpoint = s_text(i, u, 4),
      .batch = (uint32_t)sqlite3_column_int64(u->stmt, 5),
      .answered_at = {sqlite3_column_int64(u->stmt, 7)},
      .answer_class = s_text(i, u, 8),
      .http_status = sqlite3_column_int(u->stmt, 9),
      .service_code = s_text(i, u, 10),
      .release_request_id = s_text(i, u, 11),
      .request_id = s_text(i, u, 12),
      .outcome = zr_outcome_of_name(zr_column(u, 13)),
      .code = zr_code_of_name(zr_column(u, 14)),
      .decided_at = {sqlite3_column_int64(u->stmt, 15)},
      .name = s_text(i, u, 16),
      .zone_id = s_text(i, u, 17),
      .open = sqlite3_column_int(u->stmt, 18),
  };
  if (e->batch > 0)
    e->sent_at.ms = sqlite3_column_int64(u->stmt, 6);
}

/* The rows from `floor` on, of those that are wanted still. */
static int s_read(struct zr_journal *j, struct zr_entry *i, enum way way, int64_t floor) {
  const struct zr_record_query *q = &i->query;
  struct zr_buf sql = ZR_BUF_INIT(4096);
  s_compose(q, way, &sql);
  struct zr_use u = {.rc = zr_buf_failed(&sql) == ZR_ERR_OK ? SQLITE_OK : SQLITE_NOMEM};
  if (u.rc == SQLITE_OK)
    u.rc = sqlite3_prepare_v2(j->db.handle, sql.data, -1, &u.stmt, NULL);
  if (u.rc == SQLITE_OK)
    s_bind(&u, q, floor, (size_t)q->limit + 1 - i->row_count);
  while (zr_db_next(&u) == SQLITE_ROW)
    s_take(i, &u);
  (void)sqlite3_finalize(u.stmt);
  zr_buf_clean_up(&sql);
  return u.rc;
}

static int s_begin(struct zr_journal *j, struct zr_entry *i) {
  i->rows = zr_arena_calloc(&i->arena, (size_t)i->query.limit + 1, sizeof *i->rows);
  enum way way = s_way(j, &i->query);
  i->way = (int)way;
  if (i->way != WAY_SLICES)
    return i->rows ? SQLITE_OK : SQLITE_NOMEM;
  /* Of a damaged file, as far as it can be read. */
  int64_t top = s_one_number(j, ZR_SQL_LAST_ENTRY, 0, 0, INT64_MAX - 1) + 1;
  i->bottom = s_one_number(j, ZR_SQL_FIRST_ENTRY, 0, 0, 0);
  if (i->query.after <= 0 || i->query.after > top)
    i->query.after = top;
  return i->rows ? SQLITE_OK : SQLITE_NOMEM;
}

/* Of a damaged file what could be read goes out, with the reason why there is no more. */
static void s_end(struct zr_journal *j, struct zr_entry *i, int rc) {
  struct zr_buf why = ZR_BUF_INIT(1024);
  if (rc != SQLITE_OK)
    zr_journal_say(j, rc, &why);
  bool more = rc == SQLITE_OK && i->row_count > i->query.limit;
  i->found(i->ctx, i->rows, more ? i->query.limit : i->row_count, more,
           rc == SQLITE_OK ? NULL
           : why.data      ? why.data
                           : "the journal cannot be read");
  zr_buf_clean_up(&why);
}

bool zr_journal_read_found(struct zr_journal *j, struct zr_entry *i) {
  int rc = i->rows ? SQLITE_OK : s_begin(j, i);
  int64_t floor = 0;
  if (rc == SQLITE_OK && i->way == WAY_SLICES) /* not through numbers that nobody has */
    i->query.after =
        1 + s_one_number(j, ZR_SQL_ENTRY_BEFORE, i->query.after, 0, i->query.after - 1);
  if (rc == SQLITE_OK && i->way == WAY_SLICES && i->query.after > i->bottom)
    floor = i->query.after - i->bottom > SLICE ? i->query.after - SLICE : i->bottom;
  if (rc == SQLITE_OK)
    rc = s_read(j, i, (enum way)i->way, floor);
  bool full = i->row_count > i->query.limit;
  if (rc == SQLITE_OK && !full && i->way == WAY_SLICES && floor > i->bottom) {
    i->query.after = floor;
    return false;
  }
  s_end(j, i, rc);
  return true;
}
