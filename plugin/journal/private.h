/* Inside of the journal: what its files share. */
#ifndef ZR_JOURNAL_PRIVATE_H
#define ZR_JOURNAL_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "journal/db.h"
#include "journal/file.h"
#include "journal/item.h"
#include "journal/journal.h"

enum {
  ZR_JOURNAL_KEEP_DAYS = 400,
  ZR_JOURNAL_RETAINED_MAX = 200000, /* ids in records that wait for a disk that fails */
  ZR_JOURNAL_SIGHTS_MAX = 50000,    /* likewise; from then on no sightings are kept */
  ZR_JOURNAL_RETRY_MS = 10,         /* doubled each time, up to: */
  ZR_JOURNAL_RETRY_MAX_MS = 1000,
  ZR_JOURNAL_PRUNE_STEP = 500
};

struct zr_journal {
  /* Constant after open. */
  struct zr_journal_file file;
  int64_t owner; /* 0: without an account */
  bool read_only;
  uint32_t last_batch;
  struct zr_journal_elsewhere elsewhere;
  char *elsewhere_account;
  char *elsewhere_endpoint;
  void (*on_health)(void *ctx, const char *why);
  void *ctx;
  pthread_t thread;
  bool has_thread;
  int wake_fd; /* an eventfd */

  atomic_bool sighted; /* there is, or will be, an id in the bin for FORGET to find */

  /* Journal thread only. */
  struct zr_db db;
  struct zr_entry *finds;    /* what people ask waits for all else, and takes turns */
  struct zr_entry *retained; /* in order, to be tried again */
  size_t retained_weight;
  bool retained_forgets; /* one of them at least */
  bool broken;
  bool dropping; /* said once */
  bool doubtful; /* of every first sighting in the file, until that is written there */
  struct zr_mono retry_at;
  int64_t retry_ms;
  struct zr_wall prune_before; /* ms 0: nothing left to prune */

  /* Under the lock. */
  pthread_mutex_t lock;
  struct zr_entry *queue;
  struct zr_entry *last;
  bool doubt; /* on its way to `doubtful` */
  bool closing;
};

/* Any thread: there is something to do. */
void zr_journal_wake(const struct zr_journal *j);

/* The thread: takes what is queued, commits it together, and answers. */
void *zr_journal_thread(void *journal);

/* Writes one record, or one sighting, inside of the transaction that is open. */
int zr_journal_write(struct zr_journal *j, const struct zr_entry *i);
/* One small step; *more: call again. In a transaction of its own. */
int zr_journal_prune(struct zr_journal *j, bool *more);

/* Reads, and tells whom the item names. */
void zr_journal_read_open(struct zr_journal *j, const struct zr_entry *i);
void zr_journal_read_seen(struct zr_journal *j, const struct zr_entry *i);
void zr_journal_read_known(struct zr_journal *j, const struct zr_entry *i);
/* One step of it; false: there is more to do. */
bool zr_journal_read_found(struct zr_journal *j, struct zr_entry *i);

/* "the journal PATH: why" into `out`. */
void zr_journal_say(const struct zr_journal *j, int rc, struct zr_buf *out);

#endif
