/*
 * The invariants. Written from the promises of the project (README, docs/outcomes.md), not from the
 * engine: the judge knows what the callers asked for, what the engine was told, and what is true.
 */
#ifndef ZR_VOPR_JUDGE_H
#define ZR_VOPR_JUDGE_H

#include "vopr.h"

/* The first broken invariant is kept. */
void judge_break(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* judge_wire.c: before a call leaves, and after its end was given to the engine. */
void judge_read_starts(struct sim *s, const struct zr_action *a);
void judge_release_starts(struct sim *s, const struct zr_action *a);
void judge_intent_asked(struct sim *s, const struct zr_action *a);
/* A caller has come: what is under way for his ids already. */
void judge_joined(struct sim *s, struct caller *c);
void judge_void(struct sim *s, const struct zr_action *a);
void judge_read_told(struct sim *s, const struct call *c);
void judge_release_told(struct sim *s, const struct call *c);
/* A release took hold of a machine: was it said to be safe? */
void judge_destroyed(struct sim *s, struct machine *m, int32_t sent);
/* After every step. */
void judge_step(struct sim *s);
/* When nobody waits for anything. */
void judge_rest(struct sim *s);
/* No byte of the call left. */
bool judge_never_left(const struct sent *x);

/* Whether the caller wants the id, and his rules allow a call with these options. */
bool judge_wants(struct sim *s, const struct caller *c, const struct machine *m, bool depend);

/* judge_callers.c: whether a request is found by its calls. */
/* The intent of this action names everybody who has a right to find it. */
void judge_callers_named(struct sim *s, const struct zr_action *a);
/* So does what was added since, as the call leaves. */
void judge_callers_known(struct sim *s, const struct zr_action *a);

/* judge_guard.c: policy, facts, belts. */
void judge_guard_begin(struct sim *s, struct caller *c);
/* Something was learnt: gates that may be open now. */
void judge_gates(struct sim *s, enum zr_product product);
bool judge_allows(struct sim *s, const struct caller *c, const struct machine *m);
/* Whether the facts and rules of the caller hold the machine back, as the last read showed it. */
bool judge_holds_back(const struct sim *s, const struct caller *c, const struct machine *m);

/* judge_report.c */
void judge_outcome(struct sim *s, struct caller *c, const struct zr_result *r);
void judge_report(struct sim *s, struct caller *c, const struct zr_report *r);
void judge_caller_begins(struct sim *s, struct caller *c);
/* The journal is asked what is open, and the engine gets its answer: whether the end of the last
 * call is missing in it; and that the item is about its open calls from now on. */
void judge_asks(struct sim *s);
bool judge_outdated(const struct sim *s, const struct machine *m);
void judge_settles(struct sim *s, struct machine *m);
/* Nobody waits, and nothing is under way: what is known of it is forgotten. */
void judge_forgets(const struct sim *s, struct machine *m);
/* All that is left after the faults have ceased. */
void judge_closing(struct sim *s, const struct caller *c);

#endif
