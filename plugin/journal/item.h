/* One thing that the journal's thread is to do, with copies of all it needs. */
#ifndef ZR_JOURNAL_ITEM_H
#define ZR_JOURNAL_ITEM_H

#include "base/arena.h"
#include "journal/journal.h"

enum zr_entry_kind {
  ZR_ENTRY_RECORD,
  ZR_ENTRY_SIGHT,
  /* From here on: reads. */
  ZR_ENTRY_OPEN_CALLS,
  ZR_ENTRY_FIRST_SEEN,
  ZR_ENTRY_KNOWN,
  ZR_ENTRY_FIND,
};

struct zr_entry {
  enum zr_entry_kind kind;
  struct zr_entry *next;
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
  struct zr_record_entry *rows; /* FIND, as far as it has come; then query.after goes down */
  size_t row_count;
  int way;        /* read_find.c's */
  int64_t bottom; /* the first entry */
  void *ctx;
  bool refused; /* it cannot be written whatever the disk does */
};

static inline bool zr_entry_writes(const struct zr_entry *i) {
  return i->kind < ZR_ENTRY_OPEN_CALLS;
}
/* Without it, something would seem to have been in the bin for longer. */
static inline bool zr_entry_forgets(const struct zr_entry *i) {
  return i->kind == ZR_ENTRY_SIGHT && i->left;
}
static inline bool zr_entry_is_intent(const struct zr_entry *i) {
  return i->kind == ZR_ENTRY_RECORD && i->record.kind == ZR_RECORD_INTENT;
}

/* NULL when out of memory. zr_entry_free takes it back. */
struct zr_entry *zr_entry_new(enum zr_entry_kind kind) ZR_MUST_CHECK;
void zr_entry_free(struct zr_entry *i);
/* Deep copies into the item. False when out of memory. */
bool zr_entry_copy_record(struct zr_entry *i, const struct zr_record *from) ZR_MUST_CHECK;
bool zr_entry_copy_ids(struct zr_entry *i, const char *const *ids, size_t count) ZR_MUST_CHECK;
bool zr_entry_copy_query(struct zr_entry *i, const struct zr_record_query *from) ZR_MUST_CHECK;

#endif
