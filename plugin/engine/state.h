/*
 * The engine's private structures. Four kinds of things:
 *
 *   job    one caller's request           owns its subs
 *   sub    one distinct id of one job     points to the item while undecided
 *   item   one id at work, for all jobs   is in a lane's queue, or in one batch
 *   batch  up to 100 items that travel together: read, send, read again
 *
 * An item collects evidence (item.c); verdict.c turns evidence into an outcome; batch.c decides the
 * next call; op.c starts calls and takes their ends.
 */
#ifndef ZR_ENGINE_STATE_H
#define ZR_ENGINE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include <utlist.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/rstr.h"
#include "engine/engine.h"
#include "engine/rate.h"

/* Why each number is what it is: docs/engine.md. Milliseconds. */
enum {
  ZR_FIRST_PROOF_MS = 100, /* from an answer to the first read */
  ZR_CONFIRM_MS = 400,     /* between two reads that must agree */
  ZR_REREAD_MS = 1000,     /* before taking apart a batch whose refusal nothing explains */
  ZR_POLL_MAX_MS = 5000,   /* between reads of what does not change */
  ZR_FRESH_MS = 3000,      /* a read of an id older than this is repeated before it is sent */
  ZR_SETTLE_MS = 10000, /* watch over a call that failed; longer if a late effect is to be feared */
  ZR_SETTLE_REFUSED_MS = 5000, /* watch over a refusal that a read contradicts */
  ZR_LATE_EFFECT_MS = 30000, /* the longest a call without a whole answer may take to have effect */
  ZR_WINDOW_MAX_MS = 1000,   /* longest time in a lane's queue */
  ZR_GIVE_UP_MS = 600000,    /* throttled for this long: report it */
  ZR_LAST_READ_MS = 10000,   /* how long the last read of a watch may take to succeed */
  ZR_OTHER_PAUSE_MS = 1000,  /* after a 429, for the kind of call that did not get it */
  ZR_SHORTEST_CALL_MS = 150, /* no call is started with less time left */
  ZR_RETRY_MS = 500,         /* first back-off; doubles up to ZR_RETRY_MAX_MS, with jitter */
  ZR_RETRY_MAX_MS = 8000,
  ZR_NOMEM_MS = 100, /* before trying again to allocate */
};
enum {
  ZR_TRIES_RECORD = 5,  /* of intents that took the disk longer than a read stays fresh */
  ZR_TRIES_UNSENT = 4,  /* of a call that cannot leave, or a read before any send */
  ZR_TRIES_UNKNOWN = 4, /* release calls naming an id whose answers never were conclusive */
  ZR_EXTRA_CALLS = 20,  /* release calls that taking apart one batch may cost */
  ZR_SKEW_TRIES = 2,
  ZR_FAN_OUT = 10, /* parts of a read that was refused for one of its ids */
};

/* The end of a call that was not an acceptance, kept as evidence; shared by the ids of the call. */
struct zr_answer {
  unsigned refs;
  enum zr_class class_;
  int http_status;
  int64_t retry_after_ms;
  bool late_effect;
  struct zr_rstr *code;
  struct zr_rstr *message;
  struct zr_rstr *request_id;
  struct zr_rstr *reason;
};

struct zr_item;
struct zr_batch;
struct zr_lane;
struct zr_op;
struct zr_held; /* held.h */

/* One distinct id of one job: its result, once decided. */
struct zr_sub {
  struct zr_job *job;
  struct zr_item *item; /* NULL when decided */
  struct zr_sub *prev;  /* in item->subs */
  struct zr_sub *next;
  uint32_t index; /* first mention in the request */
  struct zr_mono joined_at;
  bool other_options;     /* joined a release that was under way with another depend_resource */
  int64_t retry_after_ms; /* of the pause that held it back; -1: none */
  enum zr_outcome outcome;
  enum zr_code code;
  struct zr_rstr *id;
  struct zr_rstr *status;
  struct zr_rstr *name;
  struct zr_rstr *zone;
  struct zr_rstr *release_id;
  struct zr_rstr *read_id[2];
  struct zr_answer *answer;
  uint32_t first_batch;
  uint32_t batch;
  uint32_t attempts;
  struct zr_wall sent_at;
  struct zr_wall decided_at;
  /* guard.c: what its job's guard said of the last row that was read. */
  bool judged;
  enum zr_code held; /* NONE: nothing speaks against a release */
  struct zr_rstr *held_why;
};

struct zr_duplicate {
  uint32_t first;
  uint32_t again;
};

/* One thing to hand out; queued in order. */
struct zr_out {
  struct zr_out *prev;
  struct zr_out *next;
  enum zr_action_kind kind;
  struct zr_job *job;
  struct zr_op *op;
  struct zr_probe *probe;
  struct zr_event event;
  struct zr_answer *answer; /* keeps the event's text alive */
};

struct zr_guard; /* gate.h */
struct zr_probe;

struct zr_job {
  UT_hash_handle hh;
  struct zr_guard *guard; /* NULL: nothing holds its ids back */
  uint64_t handle;
  enum zr_product product;
  bool allow_missing;
  bool depend_resource;
  bool cancelled;
  bool settle; /* of an earlier process's calls (settle.c): wants nothing sent, so cancelled too */
  bool done_queued;
  int64_t wait_ms;
  struct zr_mono deadline;
  struct zr_mono cancelled_at;
  struct zr_sub *subs;
  uint32_t sub_count;
  uint32_t undecided;
  struct zr_duplicate *duplicates;
  uint32_t duplicate_count;
  uint32_t *fresh; /* subs decided and not yet told, as indices into subs */
  uint32_t fresh_count;
  struct zr_out outcomes_out; /* embedded, so that telling an outcome needs no memory */
  struct zr_out done_out;
  bool outcomes_queued;
  /* While an event about a batch is counted (event.c). */
  uint32_t marks;
  struct zr_job *next_marked;
};

/* One id at work, with all the evidence there is of it. */
struct zr_item {
  UT_hash_handle hh;
  enum zr_product product;
  bool hashed;
  unsigned refs; /* its place in lane or batch, and each op that names it */
  struct zr_rstr *id;
  struct zr_lane *lane;
  struct zr_batch *batch;
  struct zr_item *prev; /* in lane->queue */
  struct zr_item *next;
  struct zr_sub *subs; /* undecided ones */

  /* What reads said. */
  enum zr_presence presence;
  bool seen;              /* by any read of this operation, or known from the journal */
  bool recorded_gone;     /* the journal has it released, or gone */
  bool malformed;         /* the service refused to read an id of this form */
  unsigned absent_streak; /* complete reads in a row without it */
  bool read_since_answer;
  struct zr_mono first_read_at;
  struct zr_mono read_at; /* last good read */
  struct zr_rstr *status;
  struct zr_rstr *name;
  struct zr_rstr *zone;
  struct zr_rstr *group; /* resource group */
  bool hidden;           /* vanished with too many others to be believed gone (crowd.c) */
  bool probed;           /* … and nothing of its group is shown either, or it cannot be asked */
  struct zr_mono hidden_at;
  unsigned probes; /* that failed */
  struct zr_rstr *read_id[2];

  /* What was sent, and what came back. The strongest of these decides what absence means. */
  bool in_flight;
  bool accepted;    /* a recognised acceptance */
  bool ambiguous;   /* a send without a conclusive answer */
  bool late_effect; /* … that may still take effect */
  bool disputed;    /* refused as missing or for its state: a read that has it may be behind */
  struct zr_mono disputed_at; /* the last time */
  bool unconfirmed;           /* a 429 says that nothing was done, and no read has said so since */
  bool unauthorized;          /* the last refusal was one of authorisation */
  bool refused;               /* a conclusive refusal of a call that named it */
  bool final;                 /* not to be sent again: singled out, failed list, redirect */
  struct zr_mono look_until;  /* the watch does not end before, and one read comes after it */
  uint32_t attempts;
  uint32_t earlier;      /* of them, those that the journal told of */
  uint32_t replayed[2];  /* by depend_resource: the last of those */
  uint32_t own_from;     /* the first of all others; 0: there are none */
  uint32_t first_batch;  /* what is known of it begins with this call, … */
  uint32_t batch_number; /* … and ends with this one */
  struct zr_wall sent_at;
  struct zr_mono answered_at;
  struct zr_mono late_at; /* the last answer after which an effect may still come */
  struct zr_rstr *release_id;
  struct zr_answer *answer; /* the last that was no acceptance, also of a read that failed */
};

/* A bound shared by a batch and the parts it is split into. */
struct zr_budget {
  unsigned refs;
  unsigned left;
};

#define ZR_BATCH_STATES(X)                                                                         \
  X(READ_DUE)  /* wants a read at `due` */                                                         \
  X(READING)   /* one or more describe calls in flight */                                          \
  X(SEND_DUE)  /* wants to send at `due` */                                                        \
  X(RECORDING) /* the intent is on its way to the journal; nothing has left */                     \
  X(SENDING)   /* a release call in flight */                                                      \
  X(OVER)      /* nothing left to do */

enum zr_batch_state {
#define X(name) ZR_BATCH_##name,
  ZR_BATCH_STATES(X)
#undef X
};

struct zr_batch {
  struct zr_batch *prev;
  struct zr_batch *next;
  struct zr_lane *lane;
  enum zr_batch_state state;
  struct zr_mono due;
  struct zr_mono expires; /* when the first sub of it has waited long enough; evaluate again then */
  bool last_read_owed;    /* some watch has ended, and wants a read that says so */
  struct zr_mono started_at;
  struct zr_mono last_read_at;
  struct zr_budget *budget;
  struct zr_item *items[ZR_BATCH_MAX];
  unsigned item_count;
  unsigned number;    /* of the last release call; 0 before */
  unsigned recording; /* of the one whose intent was asked for last; 0: none */
  unsigned sends;
  unsigned read_failures;   /* in a row */
  unsigned unsent_failures; /* in a row: the call could not leave */
  unsigned skews;
  unsigned stale_records;         /* in a row */
  unsigned quiet_reads;           /* reads since anything changed, for the poll interval */
  unsigned reads_open;            /* describe calls in flight or queued, of this round */
  struct zr_answer *read_trouble; /* of this round */
  bool preflight_told;
  bool rejected;      /* the last send was refused and the refusal is not explained yet */
  unsigned last_sent; /* ids in that send */
  struct zr_mono send_not_before;
  struct zr_mono read_not_before;
  bool reread;              /* a second look was taken before splitting */
  struct zr_op *read_queue; /* parts of this round that wait for a slot */
};

struct zr_lane {
  struct zr_lane *prev;
  struct zr_lane *next;
  enum zr_product product;
  bool depend_resource;
  bool dry;
  struct zr_item *queue;
  unsigned queued;
  struct zr_mono first_at;
  struct zr_mono last_at;
  int64_t window_ms;
  bool hold;        /* do not flush on idle while earlier callers are unanswered */
  bool own;         /* of one gated job; freed when its last batch is */
  unsigned batches; /* that refer to it */
  unsigned at_work; /* items of this lane in batches */
};

/* One upstream call. */
struct zr_op {
  UT_hash_handle hh;
  struct zr_op *next; /* in batch->read_queue */
  struct zr_op *prev;
  uint64_t handle;
  bool is_release;
  bool recording; /* a release whose intent is not known to be kept yet */
  struct zr_mono recorded_from;
  bool started;
  struct zr_batch *batch; /* NULL once it is void */
  struct zr_out out;
  int64_t timeout_ms;
  uint32_t number;
  unsigned count;
  struct zr_item *items[ZR_BATCH_MAX];
  const char *ids[ZR_BATCH_MAX];
};

struct zr_engine {
  struct zr_engine_options options;
  struct zr_rng rng;
  struct zr_engine_time now;                /* of the input that is being worked on */
  struct zr_job *jobs;                      /* by handle */
  struct zr_item *items[ZR_PRODUCT_COUNT_]; /* by id; dry runs are not in here */
  struct zr_held *held[ZR_PRODUCT_COUNT_];  /* nothing of the product is sent while there are any */
  struct zr_held *under_way[ZR_PRODUCT_COUNT_]; /* when the journal was asked what is open */
  struct zr_lane *lanes;
  struct zr_batch *batches;
  struct zr_op *ops;
  struct zr_probe *probes;
  struct zr_out *outs;
  uint64_t next_handle;
  uint32_t next_batch;
  unsigned item_total;
  unsigned releases_open;
  unsigned reads_open;
  struct zr_mono read_throttled_since; /* without a call let through; NEVER: not */
  struct zr_mono send_throttled_since;
  bool held_for_good[ZR_PRODUCT_COUNT_]; /* what wants to be sent is reported instead */
  unsigned sends_waiting;                /* batches that are ready to send, counted at each step */
  struct zr_rate read_rate;
  struct zr_rate release_rate;
  struct zr_job *marked;   /* list built by zr_mark_jobs */
  struct zr_job *finished; /* its report was handed out by the last poll */
  struct zr_op *voided;    /* handed out by the last poll as void */
  struct zr_out *handed;   /* an event handed out by the last poll */
  bool starved;            /* memory was out for the report that is next to be handed out */
  struct zr_arena report_arena;
  struct zr_report report;
};

/* answer.c */
struct zr_answer *zr_answer_new(const struct zr_call_end *end);
struct zr_answer *zr_answer_acquire(struct zr_answer *a);
void zr_answer_release(struct zr_answer *a);
void zr_answer_set(struct zr_answer **slot, struct zr_answer *a);

/* item.c: the only functions that change an item's evidence. */
struct zr_item *zr_item_new(struct zr_engine *e, enum zr_product product, struct zr_rstr *id);
void zr_item_acquire(struct zr_item *it);
void zr_item_release(struct zr_engine *e, struct zr_item *it);
void zr_item_seen(struct zr_item *it, const struct zr_instance *row, struct zr_rstr *read_id,
                  struct zr_mono now);
void zr_item_absent(struct zr_item *it, struct zr_rstr *read_id, struct zr_mono now);
void zr_item_known(struct zr_item *it, bool gone);
/* A caller says where it was. */
void zr_item_expected(struct zr_item *it, const char *group);
/* Its group is seen: a read that comes after may still show it, and if not it is gone. */
void zr_item_unhidden(struct zr_item *it, struct zr_mono now);
void zr_item_malformed(struct zr_item *it, struct zr_answer *answer, struct zr_mono now);
void zr_item_sent(struct zr_item *it, uint32_t batch, struct zr_wall at);
void zr_item_unsent(struct zr_item *it, uint32_t batch);
void zr_item_accepted(struct zr_item *it, struct zr_rstr *request_id, struct zr_mono now);
void zr_item_answered(struct zr_item *it, struct zr_answer *answer, struct zr_mono now);
/* A 200 names it among those it did not accept: the weakest of refusals, never sent again. */
void zr_item_listed(struct zr_item *it, struct zr_answer *answer, struct zr_mono now);
/* The watch ends after `now`, so that one read more can tell what became of it. */
void zr_item_finalise(struct zr_item *it, struct zr_mono now);
bool zr_item_wanted(const struct zr_item *it);

/* job.c */
/* As zr_engine_submit, with the rules of `server`, for a lane of its own where `own`. */
enum zr_err zr_job_take(struct zr_engine *e, const struct zr_release_request *r,
                        const struct zr_policy *server, bool own,
                        struct zr_job **out) ZR_MUST_CHECK;
void zr_job_decide(struct zr_engine *e, struct zr_sub *s, enum zr_outcome outcome,
                   enum zr_code code);
void zr_job_free(struct zr_engine *e, struct zr_job *j);
void zr_jobs_expire(struct zr_engine *e);
struct zr_mono zr_jobs_wake(const struct zr_engine *e);

/* lane.c */
/* `own`: a new one that nobody else joins. */
struct zr_lane *zr_lane_of(struct zr_engine *e, const struct zr_release_request *r, bool own);
void zr_lane_push(struct zr_engine *e, struct zr_lane *l, struct zr_item *it);
void zr_lane_remove(struct zr_lane *l, struct zr_item *it);
/* More than he asked for is not done for a caller: a lane with depend_resource sends nothing for
 * one without. */
bool zr_lane_fits(const struct zr_lane *l, const struct zr_job *j);
/* Takes out of a batch what only callers want whom its lane does not fit, into the lane that does.
 */
void zr_lane_leave(struct zr_engine *e, struct zr_batch *b);
void zr_lanes_flush(struct zr_engine *e);
struct zr_mono zr_lanes_wake(const struct zr_engine *e);

/* batch.c, isolate.c */
enum zr_err zr_batch_new(struct zr_engine *e, struct zr_lane *l, struct zr_budget *budget,
                         struct zr_batch **out) ZR_MUST_CHECK;
void zr_batch_add(struct zr_batch *b, struct zr_item *it);
void zr_batch_set_state(struct zr_batch *b, enum zr_batch_state state, struct zr_mono due);
void zr_batch_evaluate(struct zr_engine *e, struct zr_batch *b);
void zr_batch_give_up(struct zr_engine *e, struct zr_batch *b, enum zr_code why, bool unsent_only);
/* Reads fail for too long: what wants to be sent again is reported instead. */
void zr_batch_give_up_resend(struct zr_engine *e, struct zr_batch *b);
void zr_batch_free(struct zr_engine *e, struct zr_batch *b);
void zr_batches_step(struct zr_engine *e);
struct zr_mono zr_batches_wake(const struct zr_engine *e);
struct zr_mono zr_batch_deadline(const struct zr_batch *b);
/* The account is refused, blocked or out of reach: nothing unsent will be sent. After a refused
 * release, dry runs go on: they only read. */
void zr_engine_halt(struct zr_engine *e, const struct zr_batch *from, struct zr_answer *answer,
                    bool reads_too);
/* After subs were decided from outside: drops ids nobody waits for. */
void zr_engine_sweep(struct zr_engine *e);
/* The service said 429 to a call of this kind; *since keeps when that began. */
void zr_engine_throttle(struct zr_engine *e, struct zr_rate *rate, struct zr_mono *since,
                        int64_t retry_after_ms);
/* A call of this kind was let through. */
void zr_engine_passed(struct zr_rate *rate, struct zr_mono *since);
/* What a refused batch does next. True: its state is set; false: evaluate goes on. */
bool zr_isolate(struct zr_engine *e, struct zr_batch *b);
unsigned zr_batch_sendable(const struct zr_batch *b, struct zr_item *out[ZR_BATCH_MAX]);

/* op.c */
/* Per call at most call_timeout_ms and a third of the time left; 0: not enough time to start. */
int64_t zr_op_timeout(const struct zr_engine *e, const struct zr_batch *b);
struct zr_op *zr_op_new(struct zr_engine *e, struct zr_batch *b, struct zr_item *const *items,
                        unsigned count, bool is_release);
/* The op that waits for this input; NULL: none does. */
struct zr_op *zr_op_take(struct zr_engine *e, uint64_t handle, bool is_release, bool recording);
bool zr_op_start_read(struct zr_engine *e, struct zr_batch *b);
void zr_op_next_part(struct zr_engine *e, struct zr_batch *b);
/* Forgets parts of a read that have not started; nobody waits for their ids any more. */
void zr_op_drop_parts(struct zr_engine *e, struct zr_batch *b);
void zr_op_free(struct zr_engine *e, struct zr_op *op);
int64_t zr_backoff_ms(struct zr_engine *e, unsigned failures);

/* send.c */
bool zr_op_start_release(struct zr_engine *e, struct zr_batch *b);

/* event.c */
void zr_out_push(struct zr_engine *e, struct zr_out *o);
void zr_event_preflight(struct zr_engine *e, struct zr_batch *b);
void zr_event_sent(struct zr_engine *e, const struct zr_op *op, unsigned attempt);
void zr_event_answered(struct zr_engine *e, const struct zr_op *op, const struct zr_call_end *end);
void zr_event_throttled(struct zr_engine *e, int64_t wait_ms);
void zr_event_split(struct zr_engine *e, const struct zr_batch *b, unsigned parts, unsigned dropped,
                    const char *reason);
/* Counts for each job how many of the given ids it waits for: job->marks, list e->marked. */
void zr_mark_item(struct zr_engine *e, const struct zr_item *it);
void zr_event_verified(struct zr_engine *e, uint32_t batch);
void zr_event_outcomes(struct zr_engine *e, struct zr_job *j);

/* report.c: both fill e->report_arena. */
void zr_report_fresh(struct zr_engine *e, struct zr_job *j, struct zr_event *event);
bool zr_report_build(struct zr_engine *e, struct zr_job *j) ZR_MUST_CHECK;

#endif
