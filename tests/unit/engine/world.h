/*
 * A model of the service on virtual time, for tests of the engine. It knows nothing of HTTP: a call
 * is a set of ids, its end a class. Faults come from a seed or are set by the test. Its ledger says
 * what was really destroyed, and when; check.c holds a finished job against it.
 */
#ifndef ZR_TEST_WORLD_H
#define ZR_TEST_WORLD_H

#include "base/rng.h"
#include "engine/engine.h"

enum { WORLD_MAX = 1200, WORLD_CALLS = 64, WORLD_JOBS = 8, WORLD_BATCHES = 4096 };

enum place { PLACE_NOWHERE, PLACE_LIVE, PLACE_BIN, PLACE_LEAVING, PLACE_GONE };

struct machine {
  char id[24];
  enum place place;
  bool cursed; /* the service refuses any release that names it, without a state that tells */
  int64_t released_at; /* when the call that destroyed it was made */
  bool by_release;     /* a release call destroyed it */
  int64_t gone_at;     /* when it was destroyed, or will be once LEAVING */
  int64_t place_at;    /* since when it is where it is; reads that lag see `before` */
  enum place before;
  unsigned sent;    /* release calls that named it */
  bool said_in_bin; /* the last read told the engine so */
  bool accepted;
  bool renamed; /* its name is no longer the one that callers expect */
  bool kept;    /* it bears the tag that a rule protects */
  bool read;    /* some read has told of it */
  bool read_as_renamed;
  bool read_as_kept;
  bool left_open; /* an earlier job said accepted or unknown: its effect may still come */
};

/* How the next release call goes wrong. */
enum release_fault {
  FAULT_NONE,
  FAULT_DROP_BEFORE,  /* no effect, no answer */
  FAULT_DROP_AFTER,   /* effect, no answer */
  FAULT_LATE,         /* no answer, effect some seconds later */
  FAULT_ERROR_BEFORE, /* 5xx, no effect */
  FAULT_ERROR_AFTER,  /* 5xx, effect */
  FAULT_PARTIAL_OK,   /* some destroyed, accepted */
  FAULT_PARTIAL_DROP, /* some destroyed, no answer */
  FAULT_THROTTLE,
  FAULT_NOT_SENT,
  FAULT_REDIRECT,
  FAULT_BLOCK,
  FAULT_UNAUTHORIZED,
  FAULT_COUNT_
};

struct world_faults {
  unsigned release_percent;
  unsigned read_percent;     /* unread, throttled, incomplete or unreachable */
  unsigned lag_ms;           /* reads show the state of up to so long ago */
  bool missing_refuses_read; /* a read that names a missing id answers 404 */
  bool slow_release;         /* through LEAVING, for some seconds */
  bool drift;                /* instances leave the bin, or expire, while the job runs */
  enum release_fault only;   /* with release_percent: this one; NONE: any */
};

struct job_record {
  int64_t submitted_at;
  uint64_t handle;
  bool used;
  bool done;
  bool cancelled;
  bool deadline;
  bool guarded;
  bool gated;
  bool blind; /* it said no facts */
  bool dry;
  bool broken; /* some result says BELT_BROKEN */
  const char *ids[WORLD_MAX];
  size_t id_count;
  enum zr_outcome outcome[WORLD_MAX]; /* by machine */
  enum zr_code code[WORLD_MAX];
  struct zr_counts counts;
  size_t result_count;
  size_t notes;  /* diagnostics of the request as a whole */
  unsigned told; /* results that came in events */
};

struct pending {
  bool used;
  bool release;
  bool counts_bin;
  bool record; /* an intent on its way to the disk */
  bool recorded;
  uint32_t batch;
  uint64_t total;
  uint64_t op;
  int64_t due;
  struct zr_call_end call;
  struct zr_release_end rel;
  bool complete;
  size_t count;
  int asked[100];
  int rows[100]; /* machine indices that the read shows */
  enum place shown[100];
  bool renamed[100]; /* as the read shows them */
  bool kept[100];
  size_t row_count;
};

struct world {
  struct zr_engine *engine;
  struct zr_rng rng;
  int64_t now;
  struct world_faults faults;
  struct machine machines[WORLD_MAX];
  size_t machine_count;
  struct pending calls[WORLD_CALLS];
  struct job_record jobs[WORLD_JOBS];
  unsigned releases;
  unsigned reads;
  unsigned counts;
  unsigned uncountable; /* so many counts of the bin fail */
  bool journal;         /* the engine asks for records; world_keep_journal sets it */
  int64_t record_ms;    /* how long one takes */
  bool journal_broken;  /* none is kept */
  unsigned records;
  unsigned voids;
  bool kept[WORLD_BATCHES]; /* by number: the intent is on disk */
  char callers[512];        /* of the last intent: "index:job " for each, by the jobs' numbers */
  unsigned refused_next;    /* the next so many releases are throttled */
  int64_t retry_after_ms;   /* that they are told; 0: nothing */
  const char *known;        /* the journal knows this one */
  int64_t reads_fail_from;  /* from this time on no read succeeds; 0: never */
  bool depend_resource;     /* of the next submit */
  bool settled_before;      /* the next settlements hold nothing back */
  bool trace;
  bool short_of_memory;                    /* events may be lost then; calls and reports may not */
  char problem[256];                       /* the first broken invariant; "" while all hold */
  void (*before_release)(struct world *w); /* hook of a test, at each release call */
};

void world_init(struct world *w, uint64_t seed);
void world_clean_up(struct world *w);
/* From now on with a journal, as after a start with `last_batch` in it: a fresh engine. */
void world_keep_journal(struct world *w, uint32_t last_batch);
/* Gives the engine calls of an earlier process, as its journal has them; returns the job's number.
 */
int world_settle(struct world *w, const struct zr_open_calls *open);
/* Adds `count` machines; ids are "m0", "m1", … in order. */
void world_add(struct world *w, size_t count, enum place place);
struct zr_engine_time world_time(const struct world *w);
/* A job over the machines first … first + count - 1; returns its number. wait_ms < 0: the default.
 */
int world_submit(struct world *w, size_t first, size_t count, int64_t wait_ms, int64_t deadline_ms);
/* A job with a policy and, unless `blind`, with the facts that every machine has at the start. */
struct guard_spec {
  struct zr_policy policy;
  bool no_policy;
  bool blind;
  bool dry;
};
int world_submit_guarded(struct world *w, size_t first, size_t count,
                         const struct guard_spec *spec);
void world_cancel(struct world *w, int job);
/* Runs until every job is done and nothing is waiting, or until virtual `limit_ms`. */
void world_run(struct world *w, int64_t limit_ms);
/* Runs to the virtual time `at_ms` only. */
void world_run_to(struct world *w, int64_t at_ms);
void world_break(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* cloud.c: the service. A call takes effect when it is made; `deliver` hands the engine the ends
 * that are due; `settle` lets happen what time brings. */
struct machine *cloud_find(struct world *w, const char *id);
void cloud_put(struct world *w, struct machine *m, enum place place);
void cloud_settle(struct world *w);
void cloud_release(struct world *w, const struct zr_action *a);
void cloud_read(struct world *w, const struct zr_action *a);
void cloud_count(struct world *w, const struct zr_action *a);
void cloud_record(struct world *w, const struct zr_action *a);
void cloud_deliver(struct world *w);

/* check.c: the first contradiction is in w->problem. world_check_outcome holds one outcome against
 * the ledger at the moment it is reported, effects that are still to come included; world_check
 * holds every finished job against what was sent. */
void world_check_guard(struct world *w, const struct zr_action *release);
void world_check_outcome(struct world *w, const struct job_record *j, const struct machine *m,
                         const struct zr_result *r);
void world_check(struct world *w);

#endif
