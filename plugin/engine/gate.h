/*
 * What holds a job's ids back: rules about single ids (guard.c) and belts about the whole job
 * (gate.c). Beside state.h, for the files that ask.
 */
#ifndef ZR_ENGINE_GATE_H
#define ZR_ENGINE_GATE_H

#include "engine/state.h"
#include "engine/verdict.h"

/*
 * Rules are about one id, and asked at every read;
 * belts are about the whole job, and asked once, when all its ids were read and none was sent:
 *
 *   CLOSED --all read, belts hold--> OPEN     a guard without belts is open from the start
 *          --a belt breaks---------> BROKEN   nothing of the job is sent
 */
enum zr_gate { ZR_GATE_OPEN, ZR_GATE_CLOSED, ZR_GATE_BROKEN };

struct zr_guard {
  struct zr_arena arena; /* of policy and expected */
  enum zr_gate gate;
  bool dirty; /* something was learnt: look at the gate again */
  bool has_policy;
  bool ceiling_broken;
  struct zr_policy policy;
  const struct zr_policy *server;
  struct zr_expected *expected; /* by number of the sub; NULL: nothing is compared */
  struct zr_rstr *why;          /* it is broken */
  /* The size of the bin, for the belt that is a share of it. */
  struct zr_out count_out;
  uint64_t count_op; /* in flight; 0: none */
  struct zr_mono count_due;
  struct zr_mono count_throttled; /* since when, without a break; NEVER: not */
  unsigned count_failures;
  bool count_wanted;
  bool counted;
  uint64_t bin_total;
};

/* guard.c: rules about one id. */
/* A guard for the job, whose subs are there, or none where nothing is asked. */
enum zr_err zr_guard_new(const struct zr_job *j, const struct zr_release_request *r,
                         const struct zr_policy *server, struct zr_guard **out) ZR_MUST_CHECK;
void zr_guard_free(struct zr_guard *g);
/* Some caller's rules ask how long the item has been in the bin. */
bool zr_guard_asks_age(const struct zr_item *it);
/* A read has this row of the item: each of its callers' guards judges it. */
void zr_guard_note(const struct zr_engine *e, struct zr_item *it, const struct zr_instance *row);
/* What a row means for expectation number `sub` and the rules. `why` gets words when it is not
 * NONE. Pure. */
enum zr_code zr_guard_judge(const struct zr_guard *g, size_t sub, const struct zr_instance *row,
                            struct zr_wall now, struct zr_buf *why);
/* How an outcome reads for a caller who said what to expect: left the bin is drifted, absent is
 * already gone. */
struct zr_verdict zr_guard_adjust(const struct zr_sub *s, struct zr_verdict v);

/* gate.c: belts about a whole job. */
bool zr_gate_clears(const struct zr_sub *s);
/* Its caller wants the item, and nothing holds it back for him. */
bool zr_sub_cleared(const struct zr_sub *s);
/* Somebody wants it and nothing holds it back for him. */
bool zr_item_cleared(const struct zr_item *it);
/* Decides the subs of an unsent item in the bin that their guards hold back for good. */
void zr_gate_hold_back(struct zr_engine *e, struct zr_item *it);
/* Everything in the batch waits for a gate, and for nothing else. */
bool zr_gate_parks(const struct zr_batch *b);
void zr_gates_step(struct zr_engine *e);
struct zr_mono zr_gates_wake(const struct zr_engine *e);

#endif
