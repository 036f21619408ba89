/*
 * The loop's journal. What the engine wants recorded goes to it, and what the journal says comes
 * back to the loop thread as tasks. settling.c gives the engine what an earlier process left open,
 * lookup.c asks about ids and about the past.
 *
 * A journal that another process has is an error of the start. One that cannot be read or written
 * is not: the server runs, says so, and sends nothing.
 */
#ifndef ZR_APP_KEEPER_H
#define ZR_APP_KEEPER_H

#include <pthread.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/engine.h"
#include "journal/journal.h"
#include "model/backend.h"

struct zr_loop;
struct zr_settling;
struct zr_settle_listener;
struct zr_finding;
struct zr_waiter;

/* Any thread, from then on at each change: what keeps releases, all or some of them, from being
 * sent; `why` NULL: nothing. The code is NOT_RECORDED or UNSETTLED. */
typedef void zr_trouble_fn(void *ctx, enum zr_code code, const char *why);

/* Loop thread, but for what is under the lock. */
struct zr_keeper {
  struct zr_loop *loop;
  char *path;
  unsigned keep_days;
  struct zr_journal *journal;   /* read-only while there is a problem; NULL: not even that */
  char *problem;                /* it could not be opened */
  struct zr_settling *settling; /* NULL: none runs */
  struct zr_settle_listener *listeners; /* of the next one */
  bool taken_up; /* what earlier processes left open is in the engine's hands, or settled */
  char *delayed; /* why it is not yet, though tried; nothing is sent then */
  struct zr_mono settle_at; /* not before then, unless somebody asks */
  size_t held_told;         /* the ids of which `unsettled` speaks */
  struct zr_finding *findings;

  pthread_mutex_t lock;
  char *trouble;   /* of the journal, as last told */
  char *unsettled; /* of what it has open, as last told */
  zr_trouble_fn *on_trouble;
  void *ctx;
};

/* Before the loop's thread, when the account is known. ZR_ERR_EXISTS, ZR_ERR_NOT_FOUND and
 * ZR_ERR_NOMEM, with a sentence in `problem`; other troubles become the keeper's. */
enum zr_err zr_keeper_new(struct zr_loop *l, const char *path, unsigned keep_days,
                          struct zr_keeper **out, struct zr_buf *problem) ZR_MUST_CHECK;
/* After the loop's thread: commits what waits and closes the file. NULL is fine. Once is enough. */
void zr_keeper_close(struct zr_keeper *k);
void zr_keeper_destroy(struct zr_keeper *k);
/* The loop works for another account from now on; the engine is idle. */
void zr_keeper_change_account(struct zr_keeper *k);
/* The journal can be written, as far as is known, and has this account's records. */
bool zr_keeper_is_open(const struct zr_keeper *k);
void zr_keeper_set_problem(struct zr_keeper *k, const char *why);
/* What must be read before anything is sent could not be taken up, for now; NULL: it was. */
void zr_keeper_delay(struct zr_keeper *k, const char *why);
/* Each turn of the loop: tells what has changed, and tries again what is due. */
void zr_keeper_step(struct zr_keeper *k);
/* Any thread. Calls `fn` at once with what is the matter now. */
void zr_keeper_watch(struct zr_keeper *k, zr_trouble_fn *fn, void *ctx);

/* ---- records ---- */
/* ZR_ACTION_RECORD: ends in zr_engine_recorded, now or later. */
void zr_keeper_intent(struct zr_keeper *k, const struct zr_action *a);
/* The end of a call; before the engine hears of it. An answer that is not kept leaves its call
 * open, which is safe. */
void zr_keeper_answer(struct zr_keeper *k, enum zr_product product, uint32_t batch,
                      const struct zr_release_end *end);
/* ZR_ACTION_VOID. */
void zr_keeper_void(struct zr_keeper *k, const struct zr_action *a);
/* A caller who waits for ids of calls that have left, or are about to: his request finds them. */
void zr_keeper_joined(struct zr_keeper *k, const struct zr_waiter *w);
void zr_keeper_outcomes(struct zr_keeper *k, enum zr_product product, const char *request_id,
                        const struct zr_event *event);

/* ---- settling.c ---- */
/* Has the engine settle what the journal has open of this account, for nobody in particular; not
 * while a settlement runs. Trouble delays what is sent, and it is tried again. */
void zr_settling_begin(struct zr_keeper *k);
/* When it should be tried again. */
struct zr_mono zr_settling_wake(const struct zr_keeper *k);
/* zr_backend.settle. */
enum zr_err zr_settling_start(struct zr_keeper *k, struct zr_settle_sink sink) ZR_MUST_CHECK;
bool zr_settling_runs(const struct zr_keeper *k);
void zr_settling_forget(struct zr_keeper *k, const void *ctx);
void zr_settling_clean_up(struct zr_keeper *k);

/* ---- lookup.c ---- */
/* One read of which the engine is about to hear. */
struct zr_seen_read {
  uint64_t op;
  enum zr_product product;
  const char *const *ids; /* the engine's, until it hears of the end */
  size_t id_count;
  bool wants_known;
  bool wants_first_seen;
};
/* Notes what the read says of the bin. True when the journal is asked first; the engine hears of
 * the end later. */
bool zr_lookup_first(struct zr_keeper *k, const struct zr_seen_read *read,
                     const struct zr_describe_end *end) ZR_MUST_CHECK;
/* A page that was listed tells what is in the bin. */
void zr_lookup_listed(struct zr_keeper *k, enum zr_product product, const struct zr_instance *rows,
                      size_t count);
/* zr_backend.find_records. */
enum zr_err zr_lookup_find(struct zr_keeper *k, const struct zr_record_query *query,
                           struct zr_records_sink sink) ZR_MUST_CHECK;
void zr_lookup_forget(struct zr_keeper *k, const void *ctx);
void zr_lookup_clean_up(struct zr_keeper *k);

#endif
