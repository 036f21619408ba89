/* A journal in a folder of its own, asked and answered in one go, for its tests. */
#ifndef TESTS_JOURNAL_DESK_H
#define TESTS_JOURNAL_DESK_H

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "journal/journal.h"

struct desk {
  struct zr_journal *j;
  char folder[64];
  char path[96];
  const char *account;
  unsigned keep_days;
  bool read_only;
  uint32_t counts_from; /* the first call that outcomes speak of; 0: 1 */
  struct zr_buf problem;
  sem_t told;
  struct zr_buf said; /* what the last question brought, as text */
  struct zr_buf why;  /* of the last record that was not kept; empty: kept */
  sem_t health_told;
  struct zr_buf health; /* "broken;" and "well;" in the order they came */
};

/* Makes the folder. */
void desk_init(struct desk *d);
/* Closes, and takes the folder away with all that is in it. */
void desk_clean_up(struct desk *d);
enum zr_err desk_try(struct desk *d);
void desk_open(struct desk *d);
void desk_close(struct desk *d);
/* Does this to the file, past the journal, which is closed. */
void desk_sql(const struct desk *d, const char *sql);
/* The names of the files in the folder, sorted, one blank behind each. Static. */
const char *desk_files(const struct desk *d);

/* Each waits for the answer, and returns NULL, or why the record was not kept. */
/* `ids`: "a b:r1:r2", each id with the request ids of its callers. */
const char *desk_intent(struct desk *d, uint32_t batch, const char *ids);
const char *desk_joined(struct desk *d, uint32_t batch, const char *ids, const char *request_id);
const char *desk_answer(struct desk *d, uint32_t batch, enum zr_class c, const char *request_id,
                        const char *listed);
const char *desk_outcome(struct desk *d, uint32_t batch, const char *id, enum zr_outcome outcome,
                         const char *request_id);
/* Does not wait, nor ask for an answer. */
void desk_outcome_later(struct desk *d, uint32_t batch, const char *id, enum zr_outcome outcome);
/* "vm: 5(a b) 6=ok(c !d); zec+: 7(e)": calls, their answers, their ids, and those listed. */
const char *desk_open_calls(struct desk *d);
/* "a released 5 r1; b open 5": id, outcome, call and the caller's request id, newest first. */
const char *desk_history(struct desk *d, const struct zr_record_query *q);
struct zr_record_query desk_any(void);
/* `count` entries of the past, by SQL, while it is closed; the first and the last of another id and
 * outcome. */
void desk_fill(struct desk *d, unsigned count);
/* First sightings as numbers, one blank between; "-" for never. */
const char *desk_seen(struct desk *d, const char *ids);
/* "yes" and "no", one blank between. */
const char *desk_known(struct desk *d, const char *ids);
void desk_sight(struct desk *d, const char *ids, bool left, int64_t at);

/* The time of every record: a second a call. */
enum { DESK_EPOCH_S = 1700000000 };

#endif
