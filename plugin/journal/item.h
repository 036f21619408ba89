/* One thing that the journal's thread is to do, with copies of all it needs. */
#ifndef ZR_JOURNAL_ITEM_H
#define ZR_JOURNAL_ITEM_H

#include "base/arena.h"
#include "journal/journal.h"

enum zr_item_kind {
  ZR_ITEM_RECORD,
  ZR_ITEM_SIGHT,
  /* From here on: reads. */
  ZR_ITEM_OPEN_CALLS,
  ZR_ITEM_FIRST_SEEN,
  ZR_ITEM_KNOWN,
  ZR_ITEM_FIND,
};

struct zr_item {
  enum zr_item_kind kind;
  struct zr_item *next;
  struct zr_arena arena;
  size_t weight; /* ids in it */
  struct zr_record record;
  zr_journal_kept_fn *kept;
  enum zr_product product;
  const char *const *ids; /* SIGHT, FIRST_SEEN, KNOWN */
  size_t id_count;
  bool left;
  struct zr_wall now;
  zr_journal_open_fn *each;
  zr_journal_seen_fn *seen;
  zr_journal_known_fn *known;
  struct zr_record_query query;
  zr_journal_found_fn *found;
  void *ctx;
  bool refused; /* it cannot be written whatever the disk does */
};

static inline bool zr_item_writes(const struct zr_item *i) {
  return i->kind < ZR_ITEM_OPEN_CALLS;
}
static inline bool zr_item_is_intent(const struct zr_item *i) {
  return i->kind == ZR_ITEM_RECORD && i->record.kind == ZR_RECORD_INTENT;
}

/* NULL when out of memory. zr_item_free takes it back. */
struct zr_item *zr_item_new(enum zr_item_kind kind) ZR_MUST_CHECK;
void zr_item_free(struct zr_item *i);
/* Deep copies into the item. False when out of memory. */
bool zr_item_copy_record(struct zr_item *i, const struct zr_record *from) ZR_MUST_CHECK;
bool zr_item_copy_ids(struct zr_item *i, const char *const *ids, size_t count) ZR_MUST_CHECK;
bool zr_item_copy_query(struct zr_item *i, const struct zr_record_query *from) ZR_MUST_CHECK;

#endif
