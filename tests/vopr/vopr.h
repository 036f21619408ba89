/*
 * Simulated time: the real engine against a model of the service, of a journal's disk and of
 * callers, on a schedule drawn from a seed. One struct holds a whole run. After every input to the
 * engine and every action of it the judge (judge.h) compares what is said with what is true.
 *
 * docs/simulation.md says what is modelled, and how to run it.
 */
#ifndef ZR_VOPR_H
#define ZR_VOPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/rng.h"
#include "engine/engine.h"
#include "list.h"

enum {
  IDS_MAX = 360,    /* of one product */
  CALLERS_MAX = 96, /* of one schedule, over all crashes */
  CALLS_MAX = 160,  /* in flight, also those that outlived their engine */
  PAST_MAX = 8,     /* states that a machine remembers, for reads that lag */
  DOOMS_MAX = 8,    /* effects that are still to come to one machine */
  SENDS_MAX = 1024, /* releases that named one machine */
  LATE_MS = 29000,  /* an effect comes at most so long after the end of its call */
};
#define NEVER INT64_MAX

enum place { NOWHERE, LIVE, ENTERING, BIN, LEAVING, WEIRD, GONE, PLACE_COUNT_ };
enum { FACT_RENAMED = 1, FACT_KEPT = 2 };

struct state {
  int64_t at;
  enum place place;
  unsigned facts;
};

struct doom {
  int64_t at;
  int32_t sent;   /* of the ledger; -1: not by us */
  bool finishing; /* LEAVING becomes GONE */
};

/* What the last read that was given to the engine said of a machine; the judge's. */
struct shown {
  int64_t at; /* NEVER: nothing yet in this life of the engine */
  enum place place;
  unsigned facts;
  int64_t bin_since_ms;
  struct zr_wall wall;
};

struct machine {
  char id[12];
  struct state past[PAST_MAX]; /* past[0] is now */
  unsigned past_count;
  struct doom dooms[DOOMS_MAX];
  unsigned doom_count;
  bool cursed;    /* refused with a code of its own, whatever its state */
  bool malformed; /* the service does not take an id of this form */
  bool hidden;    /* the account's rights no longer show it */
  bool vanished;  /* … at a read since it was last shown */
  bool flickered; /* the rights changed after a read had missed it */
  bool flapped;
  int64_t bin_since_ms; /* wall time, as the rows tell it; 0: not told */
  int64_t destroyed_at; /* NEVER */
  int32_t destroyed_by; /* of the ledger; -1: not by us */
  /* The judge's: what the engine was told. */
  struct shown shown;
  struct shown before;   /* the last before that which had it in the bin */
  bool dry_named;        /* a dry run reads it too, in this life: whose read was it? */
  bool effect_shown;     /* by the latest read, truthfully */
  bool held;             /* given to settle, and not read since */
  bool left_open;        /* in this spell somebody was told that it is open: accepted or unknown */
  int32_t listed_in;     /* the last call whose 200 named it as not accepted; -1 */
  int64_t bin_shown_at;  /* last good read that had it in the bin */
  int64_t bin_told_at;   /* … of anybody's read */
  int64_t read_at;       /* last good read that spoke for it */
  int64_t unread_at;     /* last read that named it and failed, or was not complete */
  unsigned absences;     /* good reads in a row without it, since the last answer to a release */
  int64_t absent_at;     /* the last of them */
  uint32_t asked_in;     /* the call that named it when the journal was last asked; 0: none did */
  unsigned known_from;   /* sends from here on were made while somebody waited for it */
  unsigned open_intents; /* given to settle: calls that may have left */
  int32_t sends[SENDS_MAX];
  unsigned send_count;
  int64_t spell_began;
  unsigned spell_first; /* sends of the spell now: from the first caller on it to the last */
  unsigned waiting;     /* callers that have not heard, dry runs apart */
  /* The last claim that nothing of ours destroyed it, and the sends that it spoke about. */
  enum zr_outcome claim;
  int64_t claim_at;
  unsigned claim_from;
  unsigned claim_to;
};

/* One release call, for ever. */
struct sent {
  enum zr_product product;
  uint32_t batch;
  unsigned life;
  int64_t at;
  int64_t answered_at; /* NEVER: not, or not in this life */
  enum zr_class class_;
  bool answered_late; /* the answer said that the effect may still come */
  bool depend;
  bool orphan; /* its engine is gone */
  uint32_t first_id;
  uint32_t count;
};

enum call_kind { CALL_READ, CALL_RELEASE, CALL_COUNT_BIN, CALL_COUNT_GROUP };
enum { GROUPS = 3 };

struct call {
  bool used;
  enum call_kind kind;
  unsigned life;
  uint64_t op;
  enum zr_product product;
  int64_t started_at;
  int64_t timeout_ms;
  int64_t arrives; /* NEVER: it has */
  int64_t due;     /* its end; NEVER: nobody waits */
  int32_t sent;
  struct zr_call_end end;
  bool complete;
  uint64_t total;
  unsigned group; /* of CALL_COUNT_GROUP */
  unsigned count;
  uint16_t ids[ZR_BATCH_MAX];
  unsigned row_count;
  struct {
    uint16_t id;
    struct state is;
    int64_t bin_since_ms;
  } rows[ZR_BATCH_MAX];
  unsigned failed_count;
  uint16_t failed[ZR_BATCH_MAX];
  bool failed_unknown; /* and an id that nobody asked for */
};

struct caller {
  bool used, done, dead; /* dead: its engine is gone */
  bool settle, dry, depend, closing, allow_missing;
  bool has_policy, has_expected, keeps_tag, keeps_name;
  enum zr_product product;
  uint64_t handle;
  unsigned life;
  int64_t at;
  int64_t deadline;
  int64_t wait_ms;
  int64_t cancelled_at; /* NEVER */
  int64_t cancel_due;   /* NEVER */
  uint64_t max_instances, others, settled;
  unsigned max_bin_percent, max_drift_percent;
  int64_t min_bin_ms;
  uint16_t ids[IDS_MAX * 2];
  unsigned id_count;
  uint16_t distinct[IDS_MAX];
  uint16_t first[IDS_MAX]; /* mention */
  unsigned distinct_count;
  uint8_t outcome[IDS_MAX]; /* by machine; as told in events */
  uint8_t code[IDS_MAX];
  bool names[IDS_MAX];
  uint32_t named[IDS_MAX]; /* by machine: the last call of which the journal knows that it is his */
  unsigned told;
  bool gated;
  bool may_be_open; /* the judge's gate */
  bool ceiling_broken;
  bool counted;
  uint64_t bin_total;
};

enum record_kind { RECORD_INTENT, RECORD_ANSWER, RECORD_OUTCOME };

enum record_state { RECORD_QUEUED, RECORD_KEPT, RECORD_FAILED };

struct record {
  enum record_kind kind;
  enum zr_product product;
  bool depend;
  enum record_state state;
  bool acked; /* an intent of which the engine was told */
  uint32_t batch;
  uint64_t op;
  struct zr_wall at;
  struct zr_call_end end;
  enum zr_outcome outcome;
  enum zr_code code;
  uint32_t first_batch;
  uint16_t id;
  uint32_t first_id; /* INTENT: in s->ids */
  uint32_t count;
  uint16_t failed[ZR_BATCH_MAX]; /* ANSWER: listed as not accepted */
};

/* What the seed has chosen. Percentages unless said otherwise. */
struct weather {
  unsigned release_faults;
  uint32_t release_mask;
  unsigned read_faults;
  uint32_t read_mask;
  int64_t lag_ms;
  unsigned flaps;
  unsigned hides; /* reads at which the right to a group comes or goes */
  int64_t latency_ms;
  unsigned slow_calls;
  bool pure; /* everything is in the bin, and stays willing */
  bool refuses_missing;
  bool leaving;                 /* destruction takes its time */
  bool weird_word;              /* … and passes through a word that says nothing */
  int64_t move_every_ms;        /* people and expiry; 0: never */
  int64_t step_every_ms;        /* the wall clock; 0: never */
  int64_t storm_from, storm_to; /* every release is throttled */
  bool storm_reads;
  int64_t retry_after_ms;         /* -1: not told */
  int64_t outage_from, outage_to; /* … fails as outage */
  enum release_fault outage;
  bool journal;
  int64_t flush_ms;
  unsigned flush_slow;
  unsigned flush_fails;
  enum crash_point crash_at[3];
  unsigned crash_after[3]; /* so many such moments */
  unsigned crashes;
  int64_t down_ms;
};

/* Numbers of machines, of calls and records; they only grow. */
struct ids {
  uint16_t *at;
  size_t count;
  size_t cap;
};

struct sim {
  uint64_t seed;
  struct zr_rng rng;
  FILE *trace;        /* NULL: nobody reads it */
  uint64_t hash;      /* of everything that happened */
  int64_t restart_at; /* the process is down until then; NEVER: it is up */
  int64_t shutdown_at;
  struct weather weather;
  bool calm; /* the faults have ceased */
  int64_t now;
  int64_t booted_at;
  int64_t wall_offset;
  struct zr_engine *engine;
  struct zr_engine_options options;
  struct zr_policy server_policy;
  bool has_server_policy;
  unsigned life;
  uint64_t steps;
  bool crash_now;
  bool shutting_down;
  enum crash_point crashed_at;
  unsigned crash_next;

  struct machine machines[ZR_PRODUCT_COUNT_][IDS_MAX];
  unsigned machine_count[ZR_PRODUCT_COUNT_];
  int64_t next_doom;
  int64_t next_move;
  int64_t next_step;

  struct call calls[CALLS_MAX];
  unsigned calls_used; /* no call beyond this index */
  struct sent *sent;
  size_t sent_count, sent_cap;
  struct ids ids;

  struct caller callers[CALLERS_MAX];
  unsigned caller_count;
  unsigned callers_to_come;
  int64_t next_caller;

  struct record *records;
  size_t record_count, record_cap;
  size_t flushing;   /* the flush under way reaches to here; 0: none */
  int64_t flush_due; /* NEVER: none */
  size_t unacked;    /* intents from here on may wait for their answer */
  int64_t life_began;
  int64_t settled_at; /* open calls were last given to the engine */
  bool asking;        /* what is open; */
  size_t asked;       /* records before this one are in the answer */
  int64_t next_ask;
  unsigned asks_to_come;

  /* The judge's. */
  unsigned releases_open, reads_open;
  int64_t release_pause_until, read_pause_until;
  int64_t denied_at;  /* a read was last refused without a reason in its ids */
  int64_t stopped_at; /* the account, or the way to it, was last found shut */
  size_t held_count[ZR_PRODUCT_COUNT_];
  char problem[320]; /* the first broken invariant */
  int64_t problem_at;
};

/* ---- run.c ---- */
/* Draws the schedule of `seed` and runs it. False: an invariant broke, and s->problem says which.
 */
bool vopr_run(struct sim *s, uint64_t seed, FILE *trace);
void vopr_clean_up(struct sim *s);
struct zr_engine_time vopr_time(const struct sim *s);
bool vopr_chance(struct sim *s, unsigned percent);
/* One of the bits of the mask that are below `kinds`; 0 when there is none. */
unsigned vopr_bit(struct sim *s, uint32_t mask, unsigned kinds);
/* 0 … bound - 1, and low … high. */
unsigned vopr_below(struct sim *s, unsigned bound);
int64_t vopr_between(struct sim *s, int64_t low, int64_t high);
/* The process dies here if the schedule says so; the run sees to it after the step. */
void vopr_crash_point(struct sim *s, enum crash_point at);

/* Puts the numbers of an action's ids at the end of s->ids; returns where they begin. */
uint32_t vopr_keep_ids(struct sim *s, const struct zr_action *a);

/* ---- schedule.c ---- */
void schedule_draw(struct sim *s);

/* ---- machines.c: what is true ---- */
struct machine *machine_find(struct sim *s, enum zr_product product, const char *id);
unsigned machine_number(struct sim *s, const struct machine *m, enum zr_product product);
enum place machine_place(const struct machine *m);
/* What a read sees that looks `lag_ms` back. */
struct state machine_seen(const struct sim *s, const struct machine *m, int64_t lag_ms);
void machine_put(struct sim *s, struct machine *m, enum place place, unsigned facts);
/* The release `sent` takes hold of it at `at`. */
void machine_doom(struct sim *s, struct machine *m, int64_t at, int32_t sent);
/* What is due by now: effects, people, expiry. */
void machines_pass(struct sim *s);
/* The right to see it goes, or comes back. */
void machine_hide(struct machine *m, bool hidden);
/* Its resource group. */
const char *machine_group(unsigned number);
const char *machine_word(enum zr_product product, unsigned number, enum place place);

/* ---- service_release.c, service_read.c: a call arrives, and its end is made ---- */
void service_release(struct sim *s, struct call *c);
void service_read(struct sim *s, struct call *c);
void service_count_bin(struct sim *s, struct call *c);
void service_count_group(struct sim *s, struct call *c);
void service_end_as(struct call *c, enum zr_class class_, int status, const char *code);

/* ---- host.c: stands where `app` stands ---- */
void host_start(struct sim *s);
void host_act(struct sim *s, const struct zr_action *a);
void host_deliver(struct sim *s, struct call *c);
void host_crash(struct sim *s);
/* Cancels everybody; the process ends when all were answered. */
void host_shut_down(struct sim *s);
void host_stop(struct sim *s);

/* ---- disk.c: the journal as a queue of which a crash keeps a flushed prefix ---- */
void disk_intent(struct sim *s, const struct zr_action *a);
/* `failed`: numbers of machines that the answer lists as not accepted. */
void disk_answer(struct sim *s, uint32_t batch, enum zr_product product,
                 const struct zr_call_end *end, const uint16_t *failed, unsigned failed_count);
void disk_outcome(struct sim *s, enum zr_product product, unsigned id, const struct zr_result *r);
/* The flush under way ends. */
void disk_flushed(struct sim *s);
/* When the engine is to be told of an intent; NEVER: of none. disk_tell does it, for one. */
int64_t disk_tell_at(struct sim *s);
void disk_tell(struct sim *s);
void disk_crash(struct sim *s);
/* The intent of a batch that is on disk, or NULL. */
const struct record *disk_find(const struct sim *s, uint32_t batch);
uint32_t disk_last_batch(const struct sim *s);
/* Gives the engine what an earlier process left open. */
void disk_settle(struct sim *s);
/* Somebody asks what is open; when its answer is there (NEVER: it is not), the engine gets it. */
void disk_ask(struct sim *s);
int64_t disk_give_at(struct sim *s);
void disk_give(struct sim *s);

/* ---- callers.c ---- */
void callers_submit(struct sim *s);
void callers_close(struct sim *s, enum zr_product product);
void callers_cancel(struct sim *s, struct caller *c);
struct caller *caller_of(struct sim *s, uint64_t handle);
/* Enters a caller whose ids are filled in; finds the distinct ones. */
void caller_begin(struct sim *s, struct caller *c);
struct caller *caller_new(struct sim *s, enum zr_product product);

/* ---- trace.c ---- */
void trace_say(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void trace_mix(struct sim *s, uint64_t value);
void trace_rows(struct sim *s, const struct call *c);
void trace_ids(struct sim *s, enum zr_product product, const uint16_t *ids, unsigned count);

/* ---- census.c ---- */
struct census {
  uint64_t release[RELEASE_COUNT_];
  uint64_t read[READ_COUNT_];
  uint64_t crash[CRASH_COUNT_];
  uint64_t mark[MARK_COUNT_];
  uint64_t outcome[ZR_OUTCOME_COUNT_];
  uint64_t code[ZR_CODE_COUNT_];
  uint64_t release_class[ZR_CLASS_COUNT_];
  uint64_t read_class[ZR_CLASS_COUNT_];
  uint64_t virtual_ms;
  uint64_t steps;
};
extern struct census census; /* of this process */
void census_add(struct census *to, const struct census *from);
/* Prints all of it, or only what is zero and ought not to be; how many those are. Of a short run
 * (not `judged`) nothing is asked. */
unsigned census_print(const struct census *c, bool all, bool judged);
#define MARK(name) (census.mark[MARK_##name]++)

#endif
