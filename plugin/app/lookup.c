/*
 * What the journal is asked: before the engine hears of a read, whether absent ids were known, and
 * since when the others have been in the bin; and, for people, what happened.
 */
#include <stdatomic.h>
#include <string.h>

#include "app/calls.h"
#include "base/log.h"
#include "base/mem.h"

/* An answer that comes later than that is of no use: the read itself has become old. */
enum { LATE_MS = 1000 };

/* Whoever may read may ask; more at once than that would only wait for each other. */
enum { FINDINGS_MAX = 8 };

/* ---- a read ---- */

struct s_look {
  struct zr_keeper *keeper;
  struct zr_arena arena;
  uint64_t op;
  struct zr_mono begun;
  const char *const *ids; /* all that were asked for */
  size_t id_count;
  struct zr_describe_end end;
  struct zr_instance *rows;
  enum zr_journal_known *known; /* by id; NULL: nothing is known */
  struct zr_wall *first;        /* likewise */
  atomic_uint answers;          /* that are still to come, and one while it is being asked */
  struct zr_task task;
};

static bool s_is_bin(const struct zr_instance *row) {
  return zr_presence_of_status(row->status) == ZR_PRESENCE_BIN;
}

/* What is lost of those that are in the bin only lets a later sighting count, which protects for
 * longer; of those that left, the journal sees to it. */
static void s_sight(struct zr_keeper *k, enum zr_product product, const char *const *ids,
                    size_t count, bool left) {
  enum zr_err e = zr_journal_sight(k->journal, product, ids, count, left, zr_wall_now());
  if (e != ZR_ERR_OK)
    zr_log(ZR_LOG_WARN, "journal", "what was seen cannot be noted", zr_i("left", left),
           zr_s("reason", zr_err_text(e)));
}

void zr_lookup_listed(struct zr_keeper *k, enum zr_product product, const struct zr_instance *rows,
                      size_t count) {
  if (!zr_keeper_is_open(k) || count == 0)
    return;
  const char **ids = zr_calloc(count, sizeof *ids);
  if (!ids)
    zr_journal_doubt(k->journal);
  for (int left = 0; ids && left < 2; left++) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
      if (s_is_bin(&rows[i]) == !left)
        ids[n++] = rows[i].id;
    }
    s_sight(k, product, ids, n, left);
  }
  zr_free(ids);
}

/* Its index, `count` for none. Rows come in the order that was asked for, as a rule: *at is where
 * to look first. */
static size_t s_find_row(const struct zr_instance *rows, size_t count, const char *id, size_t *at) {
  for (size_t n = 0; n < count; n++) {
    size_t i = (*at + n) % count;
    if (strcmp(rows[i].id, id) == 0) {
      *at = (i + 1) % count;
      return i;
    }
  }
  return count;
}

static bool s_all_in_bin(const struct zr_describe_end *end) {
  size_t n = 0;
  while (n < end->row_count && s_is_bin(&end->rows[n]))
    n++;
  return n == end->row_count;
}

/* Whatever a read was for, it ends the time in the bin of ids that are elsewhere, or nowhere. That
 * costs nothing while all are in it, or the journal has sighted none. */
static void s_note_left(struct zr_keeper *k, const struct zr_seen_read *read,
                        const struct zr_describe_end *end) {
  if (s_all_in_bin(end) && (end->row_count == read->id_count || !end->complete))
    return;
  const char **ids = zr_calloc(read->id_count, sizeof *ids);
  size_t n = 0;
  size_t at = 0;
  if (!ids) {
    zr_journal_doubt(k->journal);
    return;
  }
  for (size_t i = 0; i < read->id_count; i++) {
    size_t row = s_find_row(end->rows, end->row_count, read->ids[i], &at);
    if (row < end->row_count ? !s_is_bin(&end->rows[row]) : end->complete)
      ids[n++] = read->ids[i];
  }
  s_sight(k, read->product, ids, n, true);
  zr_free(ids);
}

static void s_annotate(struct s_look *l) {
  const char **known = zr_arena_calloc(&l->arena, l->id_count, sizeof *known);
  bool *gone = zr_arena_calloc(&l->arena, l->id_count, sizeof *gone);
  size_t n = 0;
  size_t at = 0;
  for (size_t i = 0; i < l->id_count; i++) {
    size_t found = s_find_row(l->rows, l->end.row_count, l->ids[i], &at);
    struct zr_instance *row = found < l->end.row_count ? &l->rows[found] : NULL;
    if (row && l->first)
      row->bin_since_ms = s_is_bin(row) ? l->first[i].ms : 0;
    if (row || !l->known || l->known[i] == ZR_JOURNAL_UNKNOWN || !known || !gone)
      continue;
    gone[n] = l->known[i] == ZR_JOURNAL_GONE;
    known[n++] = l->ids[i];
  }
  l->end.known_ids = known;
  l->end.known_gone = gone;
  l->end.known_count = n;
}

static void s_free_look(struct s_look *l) {
  zr_arena_clean_up(&l->arena);
  zr_free(l);
}

static void s_run_look(struct zr_task *task) {
  struct s_look *l = ZR_OWNER(task, struct s_look, task);
  struct zr_engine_time now = zr_loop_now();
  s_annotate(l);
  if (now.mono.ms - l->begun.ms > LATE_MS) {
    l->end.call.class_ = ZR_CLASS_UNKNOWN;
    l->end.call.reason = "the journal took too long to say what it knows of these instances";
  }
  zr_engine_described(l->keeper->loop->engine, l->op, &l->end, now);
  s_free_look(l);
}

static void s_answered(struct s_look *l) {
  if (atomic_fetch_sub(&l->answers, 1) > 1)
    return;
  struct zr_loop *loop = l->keeper->loop;
  if (loop->backend.post(loop, &l->task) != ZR_ERR_OK)
    s_free_look(l);
}

/* Journal thread, these two. */
static void s_on_known(void *ctx, const enum zr_journal_known *known, size_t count) {
  struct s_look *l = ctx;
  if (known)
    memcpy(l->known, known, count * sizeof *known);
  s_answered(l);
}

static void s_on_seen(void *ctx, const struct zr_wall *first, size_t count) {
  struct s_look *l = ctx;
  if (first)
    memcpy(l->first, first, count * sizeof *first);
  s_answered(l);
}

static bool s_copy_end(struct s_look *l, const struct zr_describe_end *from) {
  bool ok = true;
  l->end = *from;
  zr_call_end_copy(&l->arena, &from->call, &l->end.call, &ok);
  l->rows = zr_arena_calloc(&l->arena, from->row_count ? from->row_count : 1, sizeof *l->rows);
  for (size_t i = 0; l->rows && i < from->row_count; i++)
    ok = zr_instance_copy(&l->arena, &from->rows[i], &l->rows[i]) && ok;
  l->end.rows = l->rows;
  return ok && l->rows;
}

static struct s_look *s_new(struct zr_keeper *k, const struct zr_seen_read *read,
                            const struct zr_describe_end *end) {
  struct s_look *l = zr_calloc(1, sizeof *l);
  if (!l)
    return NULL;
  zr_arena_init(&l->arena, NULL, 0);
  l->keeper = k;
  l->op = read->op;
  l->begun = zr_mono_now();
  l->ids = read->ids;
  l->id_count = read->id_count;
  l->task.run = s_run_look;
  atomic_store(&l->answers, 1);
  l->known = zr_arena_calloc(&l->arena, read->id_count, sizeof *l->known);
  l->first = zr_arena_calloc(&l->arena, read->id_count, sizeof *l->first);
  if (l->known && l->first && s_copy_end(l, end))
    return l;
  s_free_look(l);
  return NULL;
}

/* What cannot be asked stays unknown: missing ids are reported missing, and rules protect. */
static void s_ask(struct s_look *l, const struct zr_seen_read *read, bool absent) {
  struct zr_journal *j = l->keeper->journal;
  atomic_fetch_add(&l->answers, 2);
  if (!absent ||
      zr_journal_known(j, read->product, read->ids, read->id_count, s_on_known, l) != ZR_ERR_OK)
    s_answered(l);
  if (!read->wants_first_seen ||
      zr_journal_first_seen(j, read->product, read->ids, read->id_count, s_on_seen, l) != ZR_ERR_OK)
    s_answered(l);
  s_answered(l);
}

bool zr_lookup_first(struct zr_keeper *k, const struct zr_seen_read *read,
                     const struct zr_describe_end *end) {
  bool absent = read->wants_known && end->complete && end->row_count < read->id_count;
  bool wanted = absent || (read->wants_first_seen && end->row_count > 0);
  if (!zr_keeper_is_open(k) || end->call.class_ != ZR_CLASS_OK)
    return false;
  s_note_left(k, read, end);
  if (!wanted)
    return false;
  struct s_look *l = s_new(k, read, end);
  if (!l)
    return false;
  if (read->wants_first_seen)
    zr_lookup_listed(k, read->product, l->rows, end->row_count);
  s_ask(l, read, absent);
  return true;
}

/* ---- history ---- */

struct zr_finding {
  struct zr_keeper *keeper;
  struct zr_records_sink sink; /* ctx NULL: nobody is told */
  struct zr_arena arena;
  struct zr_record_entry *entries;
  size_t count;
  bool more;
  const char *why;
  struct zr_task task;
  struct zr_finding *prev;
  struct zr_finding *next;
};

static void s_free_finding(struct zr_finding *f) {
  DL_DELETE(f->keeper->findings, f);
  zr_arena_clean_up(&f->arena);
  zr_free(f);
}

static void s_run_finding(struct zr_task *task) {
  struct zr_finding *f = ZR_OWNER(task, struct zr_finding, task);
  if (f->sink.ctx)
    f->sink.on_done(f->sink.ctx, f->entries, f->count, f->more, f->why);
  s_free_finding(f);
}

static bool s_copy_entry(struct zr_arena *a, const struct zr_record_entry *from,
                         struct zr_record_entry *to) {
  static const size_t texts[] = {
#define TEXT(member) offsetof(struct zr_record_entry, member)
      TEXT(instance_id),  TEXT(account),    TEXT(endpoint), TEXT(service_code),
      TEXT(answer_class), TEXT(request_id), TEXT(name),     TEXT(release_request_id),
      TEXT(zone_id),
#undef TEXT
  };
  bool ok = true;
  *to = *from;
  for (size_t i = 0; i < ZR_COUNT(texts); i++) {
    const char **text = (const char **)(void *)((char *)to + texts[i]);
    *text = zr_arena_copy(a, *text, &ok);
  }
  return ok;
}

/* Journal thread. */
static void s_on_found(void *ctx, const struct zr_record_entry *entries, size_t count, bool more,
                       const char *why) {
  struct zr_finding *f = ctx;
  bool ok = true;
  f->entries = zr_arena_calloc(&f->arena, count ? count : 1, sizeof *f->entries);
  for (size_t i = 0; f->entries && i < count; i++)
    ok = s_copy_entry(&f->arena, &entries[i], &f->entries[i]) && ok;
  if (f->entries && ok) {
    f->count = count;
    f->more = more;
  }
  f->why = why ? zr_arena_copy(&f->arena, why, &ok) : NULL;
  if (!f->entries || !ok)
    f->why = zr_err_text(ZR_ERR_NOMEM);
  struct zr_loop *l = f->keeper->loop;
  if (l->backend.post(l, &f->task) != ZR_ERR_OK)
    return; /* freed with the keeper */
}

enum zr_err zr_lookup_find(struct zr_keeper *k, const struct zr_record_query *query,
                           struct zr_records_sink sink) {
  if (!k)
    return ZR_ERR_STATE;
  if (!k->journal)
    return ZR_ERR_IO;
  struct zr_finding *f = NULL;
  unsigned under_way = 0;
  DL_COUNT(k->findings, f, under_way);
  if (under_way >= FINDINGS_MAX)
    return ZR_ERR_LIMIT;
  f = zr_calloc(1, sizeof *f);
  if (!f)
    return ZR_ERR_NOMEM;
  f->keeper = k;
  f->sink = sink;
  f->task.run = s_run_finding;
  zr_arena_init(&f->arena, NULL, 0);
  DL_APPEND(k->findings, f);
  enum zr_err e = zr_journal_find(k->journal, query, s_on_found, f);
  if (e != ZR_ERR_OK)
    s_free_finding(f);
  return e;
}

void zr_lookup_forget(struct zr_keeper *k, const void *ctx) {
  struct zr_finding *f;
  DL_FOREACH(k->findings, f) {
    if (f->sink.ctx == ctx)
      f->sink.ctx = NULL;
  }
}

void zr_lookup_clean_up(struct zr_keeper *k) {
  while (k->findings)
    s_free_finding(k->findings);
}
