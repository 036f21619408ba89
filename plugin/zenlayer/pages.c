#include "zenlayer/pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* An instance that nobody asked for: counted, so that totals can be compared. */
struct stranger {
  UT_hash_handle hh;
  char id[];
};

struct zr_pages {
  struct zr_arena *arena;
  const char **ids; /* sorted */
  size_t count;
  struct zr_instance **row_of; /* by index into ids; NULL: not seen */
  struct zr_instance *rows;
  size_t row_count;
  struct stranger *strangers;
  size_t stranger_count;
  uint64_t total;
  unsigned pages;
  bool total_changed;
  bool last_added;
};

static int s_order(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct zr_pages *zr_pages_new(struct zr_arena *arena, const char *const *ids, size_t count) {
  struct zr_pages *p = zr_arena_calloc(arena, 1, sizeof *p);
  if (!p)
    return NULL;
  p->arena = arena;
  p->count = count;
  p->ids = zr_arena_calloc(arena, count, sizeof *p->ids);
  p->row_of = zr_arena_calloc(arena, count, sizeof(struct zr_instance *));
  p->rows = zr_arena_calloc(arena, count, sizeof *p->rows);
  if (!p->ids || !p->row_of || !p->rows)
    return NULL;
  for (size_t i = 0; i < count; i++) {
    p->ids[i] = zr_arena_strdup(arena, ids[i]);
    if (!p->ids[i])
      return NULL;
  }
  qsort(p->ids, count, sizeof *p->ids, s_order);
  return p;
}

void zr_pages_clean_up(struct zr_pages *p) {
  if (!p)
    return;
  struct stranger *s, *next;
  HASH_ITER(hh, p->strangers, s, next) {
    HASH_DEL(p->strangers, s);
    zr_free(s);
  }
}

static enum zr_err s_add_stranger(struct zr_pages *p, const char *id) {
  struct stranger *s = NULL;
  HASH_FIND_STR(p->strangers, id, s);
  if (s)
    return ZR_ERR_OK;
  size_t n = strlen(id) + 1;
  s = zr_calloc(1, sizeof *s + n);
  if (!s)
    return ZR_ERR_NOMEM;
  memcpy(s->id, id, n);
  HASH_ADD_STR(p->strangers, id, s);
  if (!s->hh.tbl) {
    zr_free(s);
    return ZR_ERR_NOMEM;
  }
  p->stranger_count++;
  p->last_added = true;
  return ZR_ERR_OK;
}

static bool s_copy_text(struct zr_arena *a, const char **text) {
  *text = zr_arena_strdup(a, *text);
  return *text != NULL;
}

static bool s_copy_texts(struct zr_arena *a, const char *const **texts, size_t count) {
  const char **copy = zr_arena_calloc(a, count, sizeof *copy);
  for (size_t i = 0; copy && i < count; i++) {
    copy[i] = (*texts)[i];
    if (!s_copy_text(a, &copy[i]))
      return false;
  }
  *texts = copy;
  return copy != NULL;
}

static bool s_copy_tags(struct zr_arena *a, struct zr_instance *row) {
  struct zr_tag *copy = zr_arena_calloc(a, row->tag_count, sizeof *copy);
  for (size_t i = 0; copy && i < row->tag_count; i++) {
    copy[i] = row->tags[i];
    if (!s_copy_text(a, &copy[i].key) || !s_copy_text(a, &copy[i].value))
      return false;
  }
  row->tags = copy;
  return copy != NULL;
}

/* Into the arena: the tree it came from goes away with its page. */
static enum zr_err s_copy(struct zr_arena *a, const struct zr_instance *from,
                          struct zr_instance *to) {
  *to = *from;
  const char **texts[] = {&to->id,
                          &to->status,
                          &to->name,
                          &to->zone_id,
                          &to->instance_type,
                          &to->image_id,
                          &to->charge_type,
                          &to->create_time,
                          &to->expired_time,
                          &to->resource_group_id,
                          &to->resource_group_name};
  for (size_t i = 0; i < ZR_COUNT(texts); i++) {
    if (!s_copy_text(a, texts[i]))
      return ZR_ERR_NOMEM;
  }
  bool ok = s_copy_texts(a, &to->public_ips, to->public_ip_count) &&
            s_copy_texts(a, &to->private_ips, to->private_ip_count) && s_copy_tags(a, to);
  return ok ? ZR_ERR_OK : ZR_ERR_NOMEM;
}

/* Seen twice with two states: the one that is not in the bin, because nothing is sent for it. */
static enum zr_err s_merge(struct zr_pages *p, struct zr_instance *old,
                           const struct zr_instance *row) {
  bool old_in_bin = zr_presence_of_status(old->status) == ZR_PRESENCE_BIN;
  bool new_in_bin = zr_presence_of_status(row->status) == ZR_PRESENCE_BIN;
  return old_in_bin && !new_in_bin ? s_copy(p->arena, row, old) : ZR_ERR_OK;
}

static enum zr_err s_add_row(struct zr_pages *p, const struct zr_instance *row) {
  const char **at = bsearch(&row->id, p->ids, p->count, sizeof *p->ids, s_order);
  if (!at)
    return s_add_stranger(p, row->id);
  size_t i = (size_t)(at - p->ids);
  if (p->row_of[i])
    return s_merge(p, p->row_of[i], row);
  enum zr_err e = s_copy(p->arena, row, &p->rows[p->row_count]);
  if (e != ZR_ERR_OK)
    return e;
  p->row_of[i] = &p->rows[p->row_count++];
  p->last_added = true;
  return ZR_ERR_OK;
}

enum zr_err zr_pages_add(struct zr_pages *p, const struct zr_rows *page) {
  if (p->pages && page->total != p->total)
    p->total_changed = true;
  p->total = page->total;
  p->pages++;
  p->last_added = false;
  for (size_t i = 0; i < page->count; i++) {
    enum zr_err e = s_add_row(p, &page->rows[i]);
    if (e != ZR_ERR_OK)
      return e;
  }
  return ZR_ERR_OK;
}

static uint64_t s_distinct(const struct zr_pages *p) {
  return (uint64_t)p->row_count + p->stranger_count;
}

bool zr_pages_want_more(const struct zr_pages *p) {
  return s_distinct(p) < p->total && p->last_added && !p->total_changed && p->pages < ZR_PAGES_MAX;
}

unsigned zr_pages_next(const struct zr_pages *p) {
  return p->pages + 1;
}

bool zr_pages_are_complete(const struct zr_pages *p) {
  return p->pages && !p->total_changed && s_distinct(p) == p->total;
}

const struct zr_instance *zr_pages_rows(const struct zr_pages *p, size_t *count) {
  *count = p->row_count;
  return p->rows;
}

const char *const *zr_pages_ids(const struct zr_pages *p, size_t *count) {
  *count = p->count;
  return p->ids;
}
