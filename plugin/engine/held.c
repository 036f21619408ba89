#include "engine/held.h"

/* ---- one table ---- */

static struct zr_held *s_find(struct zr_held *table, const char *id) {
  struct zr_held *h = NULL;
  HASH_FIND(hh, table, id, strlen(id), h);
  return h;
}

/* NULL when out of memory. It is not in there yet. */
static struct zr_held *s_put(struct zr_held **table, const char *id) {
  size_t len = strlen(id);
  struct zr_held *h = zr_calloc(1, sizeof *h + len + 1);
  if (!h)
    return NULL;
  memcpy(h->id, id, len);
  HASH_ADD_KEYPTR(hh, *table, h->id, len, h);
  if (h->hh.tbl)
    return h;
  zr_free(h);
  return NULL;
}

static void s_forget(struct zr_held **table, struct zr_held *h) {
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): h is in the table, so there is one */
  HASH_DEL(*table, h);
  zr_free(h);
}

static void s_empty(struct zr_held **tables) {
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++) {
    struct zr_held *h;
    struct zr_held *next;
    HASH_ITER(hh, tables[p], h, next) {
      s_forget(&tables[p], h);
    }
  }
}

void zr_held_clean_up(struct zr_engine *e) {
  s_empty(e->held);
  s_empty(e->under_way);
}

/* ---- ids that must be read before anything of their product is sent ---- */

size_t zr_held_of(const struct zr_engine *e, enum zr_product product) {
  return HASH_COUNT(e->held[product]);
}

size_t zr_engine_held(const struct zr_engine *e) {
  size_t n = 0;
  for (int p = 0; p < ZR_PRODUCT_COUNT_; p++)
    n += zr_held_of(e, (enum zr_product)p);
  return n;
}

static struct zr_item *s_item(const struct zr_engine *e, enum zr_product product, const char *id) {
  struct zr_item *it = NULL;
  HASH_FIND(hh, e->items[product], id, strlen(id), it);
  return it;
}

bool zr_held_for_good(const struct zr_engine *e, enum zr_product product) {
  for (const struct zr_held *h = e->held[product]; h; h = h->hh.next) {
    if (!s_item(e, product, h->id))
      return true;
  }
  return false;
}

bool zr_held_has(const struct zr_engine *e, const struct zr_item *it) {
  return s_find(e->held[it->product], zr_rstr_text(it->id)) != NULL;
}

void zr_held_clear(struct zr_engine *e, const struct zr_item *it) {
  struct zr_held *h = s_find(e->held[it->product], zr_rstr_text(it->id));
  if (h)
    s_forget(&e->held[it->product], h);
}

enum zr_err zr_held_add(struct zr_engine *e, enum zr_product product, const char *id,
                        struct zr_held **added) {
  if (s_find(e->held[product], id) || s_item(e, product, id))
    return ZR_ERR_OK;
  struct zr_held *h = s_put(&e->held[product], id);
  if (!h)
    return ZR_ERR_NOMEM;
  LL_PREPEND(*added, h);
  return ZR_ERR_OK;
}

void zr_held_undo(struct zr_engine *e, enum zr_product product, struct zr_held *added) {
  while (added) {
    struct zr_held *h = added;
    added = h->next;
    s_forget(&e->held[product], h);
  }
}

/* ---- ids under way ---- */

uint32_t zr_under_way(const struct zr_engine *e, enum zr_product product, const char *id) {
  const struct zr_held *h = s_find(e->under_way[product], id);
  return h ? h->number : 0;
}

static bool s_note_call(struct zr_engine *e, const struct zr_op *op) {
  for (unsigned i = 0; i < op->count; i++) {
    enum zr_product p = op->items[i]->product;
    struct zr_held *h = s_find(e->under_way[p], op->ids[i]);
    if (!h)
      h = s_put(&e->under_way[p], op->ids[i]);
    if (!h)
      return false;
    h->number = op->number > h->number ? op->number : h->number;
  }
  return true;
}

enum zr_err zr_engine_asks_journal(struct zr_engine *e) {
  s_empty(e->under_way);
  for (const struct zr_op *op = e->ops; op; op = op->hh.next) {
    if (op->is_release && !s_note_call(e, op)) {
      s_empty(e->under_way);
      return ZR_ERR_NOMEM;
    }
  }
  return ZR_ERR_OK;
}

/* ---- another account ---- */

void zr_engine_change_account(struct zr_engine *e, uint32_t last_batch) {
  zr_held_clean_up(e);
  if (last_batch > e->next_batch)
    e->next_batch = last_batch;
}
