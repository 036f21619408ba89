/*
 * The journal: one SQLite file that knows of every release call before its first byte leaves, how
 * it was answered, and how each id ended. Also when an id was first seen in the bin. It belongs to
 * one process at a time, and its records to one account at one endpoint.
 *
 * Writes and reads are done, in order, on a thread of its own; what waits is committed together.
 * docs/journal.md has the schema.
 */
#ifndef ZR_JOURNAL_JOURNAL_H
#define ZR_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/record.h"

struct zr_journal;

struct zr_journal_options {
  const char *path;    /* of the file; made with mode 0600 when it is missing */
  const char *account; /* fingerprint; "" without credentials: then only zr_journal_find works */
  const char *endpoint;
  bool read_only;     /* to look at a file that cannot be written or is in part corrupt; no check */
  unsigned keep_days; /* closed entries older than that go, in small steps; 0: 400 */
  /* Whether the file can be written has changed. Journal thread, once per change. `why` says what
   * is wrong and what to do, NULL when it works again; borrowed for the call. */
  void (*on_health)(void *ctx, const char *why);
  void *ctx;
};

/* Opens, locks and checks the file and starts the thread. `problem` gets a sentence that says what
 * to do: ZR_ERR_EXISTS another process has it (the sentence names the holder), ZR_ERR_INVALID it is
 * corrupt, no journal, or of a later version, ZR_ERR_DENIED it cannot be written, or others can
 * write to it, ZR_ERR_NOT_FOUND its folder is missing, ZR_ERR_IO, ZR_ERR_NOMEM. */
enum zr_err zr_journal_open(const struct zr_journal_options *options, struct zr_journal **out,
                            struct zr_buf *problem) ZR_MUST_CHECK;
/* Commits what waits, ends the thread, closes the file. NULL is fine. */
void zr_journal_close(struct zr_journal *j);

/* The highest number of a call in the file, of any account. Constant after open. */
uint32_t zr_journal_last_batch(const struct zr_journal *j);

/* Open entries of other accounts or endpoints, as the file was opened. Text lives as long as j. */
struct zr_journal_elsewhere {
  size_t entries;
  const char *account; /* of one of them; "" when there are none */
  const char *endpoint;
};
const struct zr_journal_elsewhere *zr_journal_elsewhere(const struct zr_journal *j);

/* Runs on the journal thread, exactly once, when the record is on disk (why is NULL) or is known
 * not to be. */
typedef void zr_journal_kept_fn(void *ctx, const char *why);

/* Any thread. Copies the record and queues it. `kept` may be NULL. ZR_ERR_NOMEM: not queued, and
 * `kept` is not called. An intent that cannot be written is reported and forgotten; answers and
 * outcomes are tried again until they are on disk, or too many wait: then they are dropped, and
 * their calls stay open, which is safe. ZR_ERR_STATE: the journal is read-only or without an
 * account. */
enum zr_err zr_journal_append(struct zr_journal *j, const struct zr_record *record,
                              zr_journal_kept_fn *kept, void *ctx) ZR_MUST_CHECK;

/* One group of open calls of this account and endpoint, at most ZR_JOB_MAX_IDS ids in all its
 * calls; all calls that are open for an id are in one group. Journal thread; once for each group,
 * then once with NULL (`why` set where the file could not be read). Borrowed for the call. */
typedef void zr_journal_open_fn(void *ctx, const struct zr_open_calls *open, const char *why);
enum zr_err zr_journal_open_calls(struct zr_journal *j, zr_journal_open_fn *each,
                                  void *ctx) ZR_MUST_CHECK;

/* Ids of a product that are in the bin now (or, with `left`, seen out of it, or nowhere). Keeps
 * when each was first seen, forgets that of those that left. What is lost of `left`, here or later,
 * is as zr_journal_doubt. */
enum zr_err zr_journal_sight(struct zr_journal *j, enum zr_product product, const char *const *ids,
                             size_t count, bool left, struct zr_wall now) ZR_MUST_CHECK;
/* Any thread. Some id may have left the bin, and cannot be named: all that was seen before counts
 * as never seen. */
void zr_journal_doubt(struct zr_journal *j);
/* When each was first seen in the bin; ms 0: never. Behind all that was queued before. NULL: the
 * file could not be read. */
typedef void zr_journal_seen_fn(void *ctx, const struct zr_wall *first, size_t count);
enum zr_err zr_journal_first_seen(struct zr_journal *j, enum zr_product product,
                                  const char *const *ids, size_t count, zr_journal_seen_fn *done,
                                  void *ctx) ZR_MUST_CHECK;

/* What the journal knows of an id: that it was to be released, or sighted in the bin; or that an
 * outcome has it released, or gone. */
enum zr_journal_known { ZR_JOURNAL_UNKNOWN, ZR_JOURNAL_ONCE_THERE, ZR_JOURNAL_GONE };
/* As zr_journal_first_seen. */
typedef void zr_journal_known_fn(void *ctx, const enum zr_journal_known *known, size_t count);
enum zr_err zr_journal_known(struct zr_journal *j, enum zr_product product, const char *const *ids,
                             size_t count, zr_journal_known_fn *done, void *ctx) ZR_MUST_CHECK;

/* What people ask: behind all else that is queued, and in small steps, so that nobody who has
 * something to write waits for it. Journal thread, exactly once. `why` is NULL unless the file
 * could not be read. `more`: there are further entries. Of any account. */
typedef void zr_journal_found_fn(void *ctx, const struct zr_record_entry *entries, size_t count,
                                 bool more, const char *why);
enum zr_err zr_journal_find(struct zr_journal *j, const struct zr_record_query *query,
                            zr_journal_found_fn *done, void *ctx) ZR_MUST_CHECK;

#endif
