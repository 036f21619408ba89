/*
 * Applying a plan: its steps in the order of their dependencies, independent ones together, each in
 * requests of at most 10,000 instances. Outcomes are written down as they come, so that memory does
 * not grow with their number.
 *
 *   apply.c       which step runs when, in which thread
 *   apply_step.c  one step, request by request
 *   apply_note.c  what is heard: counts, progress, the written-down results
 *   apply_end.c   the table, the JSON, the report file
 */
#ifndef ZR_CLIENT_PLAN_APPLY_H
#define ZR_CLIENT_PLAN_APPLY_H

#include <pthread.h>

#include "cli/beside.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/spool.h"
#include "cli/table.h"
#include "plan_file.h"

enum {
  ZR_APPLY_IDS = 10000,             /* in one request */
  ZR_APPLY_BYTES = 2 * 1024 * 1024, /* of their facts; the request stays below 4 MiB */
  ZR_APPLY_THREADS = 4,
  ZR_APPLY_ROWS = 200 /* shown in the final table */
};

enum zr_step_state { ZR_STEP_WAITS, ZR_STEP_RUNS, ZR_STEP_DONE, ZR_STEP_FAILED, ZR_STEP_SKIPPED };

struct zr_apply_step {
  enum zr_step_state state;
  uint64_t gone;   /* as the check before the run saw it */
  uint32_t *drift; /* in each of its requests: the most that the check or the run saw */
  size_t drift_cap;
  struct zenrelease_counts counts;
};

/* Everything below `lock` is guarded by it while threads run. */
struct zr_apply {
  const struct zr_common_args *common;
  const struct zr_connection *connection;
  const struct zr_plan *plan;
  struct zr_beside *report; /* NULL: none */
  int64_t started_ms;
  bool checking; /* the pass that sends nothing */

  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct zr_apply_step steps[ZR_STEPS_MAX];
  struct zenrelease_counts counts;
  struct zr_progress progress;
  struct zr_buf line;
  struct zr_spool results;
  struct zr_spool diagnostics;
  struct zr_table table;
  uint64_t rows;
  uint64_t drifted; /* the sum of all steps' `drift` */
  bool belt_broken;
  struct zr_buf belt_why; /* as the check heard it last, when it had seen most */
  bool failed;            /* the server could not be asked */
};

/* Runs the plan. Everything in *a up to `lock` is filled in before. */
void zr_apply_run(struct zr_apply *a);
bool zr_apply_begin(struct zr_apply *a);
void zr_apply_clean_up(struct zr_apply *a);

/* apply_step.c. Thread of the step. True when every instance of it is gone. */
bool zr_apply_step(struct zr_apply *a, struct zenrelease_client *client, size_t number);
/* Every instance of a step that is not run, with this reason. */
void zr_apply_skip(struct zr_apply *a, size_t number, const char *code, const char *summary,
                   const char *detail);

/* apply_note.c. Any thread; takes the lock. */
void zr_apply_note_event(struct zr_apply *a, size_t number, const struct zenrelease_event *ev);
/* One outcome that the client itself decides: an instance that is not sent. */
struct zr_unsent {
  const char *id;
  const char *code;
  const char *summary;
  const char *detail;
};
void zr_apply_note_unsent(struct zr_apply *a, size_t number, const struct zr_unsent *u);
/* A line of JSON about a step, for --json. */
void zr_apply_note_step(struct zr_apply *a, size_t number, const char *type);
/* Whether all that was heard is written down. NULL; otherwise why not, and nothing more is to be
 * sent: what cannot be told must not be done. */
const char *zr_apply_unwritten(struct zr_apply *a);
/* Forgets what the check has written down. */
void zr_apply_note_reset(struct zr_apply *a);

/* apply_end.c: shows and writes what came of it. */
enum zr_exit zr_apply_end(struct zr_apply *a);

#endif
