/* What other threads hand over. */
#include <sys/eventfd.h>

#include "base/log.h"
#include "journal/private.h"

void zr_journal_wake(const struct zr_journal *j) {
  (void)eventfd_write(j->wake_fd, 1);
}

static enum zr_err s_queue(struct zr_journal *j, struct zr_entry *i, bool copied) {
  if (!copied) {
    zr_entry_free(i);
    return ZR_ERR_NOMEM;
  }
  (void)pthread_mutex_lock(&j->lock);
  if (j->last)
    j->last->next = i;
  else
    j->queue = i;
  j->last = i;
  (void)pthread_mutex_unlock(&j->lock);
  zr_journal_wake(j);
  return ZR_ERR_OK;
}

static bool s_takes_records(const struct zr_journal *j) {
  return !j->read_only && j->owner > 0;
}

enum zr_err zr_journal_append(struct zr_journal *j, const struct zr_record *record,
                              zr_journal_kept_fn *kept, void *ctx) {
  if (!s_takes_records(j))
    return ZR_ERR_STATE;
  struct zr_entry *i = zr_entry_new(ZR_ENTRY_RECORD);
  if (!i)
    return ZR_ERR_NOMEM;
  i->kept = kept;
  i->ctx = ctx;
  return s_queue(j, i, zr_entry_copy_record(i, record));
}

enum zr_err zr_journal_open_calls(struct zr_journal *j, zr_journal_open_fn *each, void *ctx) {
  if (!s_takes_records(j))
    return ZR_ERR_STATE;
  struct zr_entry *i = zr_entry_new(ZR_ENTRY_OPEN_CALLS);
  if (!i)
    return ZR_ERR_NOMEM;
  i->each = each;
  i->ctx = ctx;
  return s_queue(j, i, true);
}

enum zr_err zr_journal_sight(struct zr_journal *j, enum zr_product product, const char *const *ids,
                             size_t count, bool left, struct zr_wall now) {
  if (!s_takes_records(j))
    return ZR_ERR_STATE;
  if (!left && count > 0)
    atomic_store(&j->sighted, true);
  if (count == 0 || !atomic_load(&j->sighted))
    return ZR_ERR_OK;
  enum zr_err e = ZR_ERR_NOMEM;
  struct zr_entry *i = zr_entry_new(ZR_ENTRY_SIGHT);
  if (i) {
    i->product = product;
    i->left = left;
    i->now = now;
    e = s_queue(j, i, zr_entry_copy_ids(i, ids, count));
  }
  if (e != ZR_ERR_OK && left)
    zr_journal_doubt(j);
  return e;
}

void zr_journal_doubt(struct zr_journal *j) {
  (void)pthread_mutex_lock(&j->lock);
  j->doubt = true;
  (void)pthread_mutex_unlock(&j->lock);
  zr_journal_wake(j);
}

enum zr_err zr_journal_first_seen(struct zr_journal *j, enum zr_product product,
                                  const char *const *ids, size_t count, zr_journal_seen_fn *done,
                                  void *ctx) {
  if (!s_takes_records(j))
    return ZR_ERR_STATE;
  struct zr_entry *i = zr_entry_new(ZR_ENTRY_FIRST_SEEN);
  if (!i)
    return ZR_ERR_NOMEM;
  i->product = product;
  i->seen = done;
  i->ctx = ctx;
  return s_queue(j, i, zr_entry_copy_ids(i, ids, count));
}

enum zr_err zr_journal_known(struct zr_journal *j, enum zr_product product, const char *const *ids,
                             size_t count, zr_journal_known_fn *done, void *ctx) {
  if (!s_takes_records(j))
    return ZR_ERR_STATE;
  struct zr_entry *i = zr_entry_new(ZR_ENTRY_KNOWN);
  if (!i)
    return ZR_ERR_NOMEM;
  i->product = product;
  i->known = done;
  i->ctx = ctx;
  return s_queue(j, i, zr_entry_copy_ids(i, ids, count));
}

enum zr_err zr_journal_find(struct zr_journal *j, const struct zr_record_query *query,
                            zr_journal_found_fn *done, void *ctx) {
  struct zr_entry *i = zr_entry_new(ZR_ENTRY_FIND);
  if (!i)
    return ZR_ERR_NOMEM;
  i->found = done;
  i->ctx = ctx;
  return s_queue(j, i, zr_entry_copy_query(i, query));
}
