/*
 * The engine: decides what is read, what is sent and how each instance ended. A pure state machine:
 * it does no I/O, reads no clock and has no threads. Inputs are submit, cancel, the end of an
 * upstream call, and now; outputs are actions, taken one by one with zr_engine_poll. The same
 * inputs give the same outputs; chance comes from the seed. docs/engine.md draws the states.
 *
 * One engine serves one account at one endpoint. One thread at a time.
 *
 *   zr_engine_submit(e, &request, now, &job);
 *   while (zr_engine_poll(e, now, &action))      carry the action out, or start it
 *     ...
 *   wait until zr_engine_wake(e), or until a call ends: zr_engine_described, zr_engine_released
 */
#ifndef ZR_ENGINE_ENGINE_H
#define ZR_ENGINE_ENGINE_H

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/call.h"
#include "model/record.h"
#include "model/release.h"

struct zr_engine;

struct zr_engine_options {
  uint64_t seed;                  /* of the jitter */
  unsigned max_releases;          /* release calls in flight; 0: 8 */
  unsigned max_reads;             /* describe calls in flight; 0: 8 */
  unsigned max_ids;               /* distinct ids at work; beyond: ZR_ERR_LIMIT; 0: 200,000 */
  double calls_per_second;        /* ceiling for each kind of call; 0: none before the first 429 */
  int64_t call_timeout_ms;        /* of one upstream call; 0: 30,000 */
  const struct zr_policy *policy; /* holds for every job; borrowed, outlives the engine; NULL */
  bool journal;                   /* ask for a record before each release call (ZR_ACTION_RECORD) */
  uint32_t last_batch;            /* the highest number of a call that the journal knows */
};

enum zr_action_kind {
  ZR_ACTION_DESCRIBE,    /* read these ids, then zr_engine_described(op) */
  ZR_ACTION_RELEASE,     /* order their release, then zr_engine_released(op) */
  ZR_ACTION_EVENT,       /* tell whoever watches `job` */
  ZR_ACTION_DONE,        /* `job` is over: its report; the handle is dead afterwards */
  ZR_ACTION_COUNT_BIN,   /* how many are in the product's bin, then zr_engine_counted(op) */
  ZR_ACTION_COUNT_GROUP, /* how many of `group` this account sees, then zr_engine_counted(op) */
  ZR_ACTION_RECORD,      /* keep the intent to release these ids, then zr_engine_recorded(op) */
  ZR_ACTION_VOID,        /* the call of this intent (`batch`) will not leave: keep that */
};

/* What to do next. Pointers are borrowed: ids until the call's end is given back, event and report
 * until the next call of any engine function. */
struct zr_action {
  enum zr_action_kind kind;
  uint64_t op; /* of a call; give it back with its end, exactly once */
  enum zr_product product;
  const char *group; /* COUNT_GROUP: a resource group, any status */
  const char *const *ids;
  size_t id_count;
  bool depend_resource;
  bool wants_known;      /* DESCRIBE: for ids that the end does not show, known_ids matters */
  bool wants_first_seen; /* DESCRIBE: bin_since_ms of the rows matters */
  int64_t timeout_ms;
  uint32_t batch;
  uint64_t job;
  const struct zr_event *event;
  const struct zr_report *report;
};

/* ZR_ERR_NOMEM. */
enum zr_err zr_engine_new(const struct zr_engine_options *options,
                          struct zr_engine **out) ZR_MUST_CHECK;
/* Forgets everything, also jobs that are not done. NULL is fine. */
void zr_engine_destroy(struct zr_engine *e);

struct zr_engine_time {
  struct zr_mono mono; /* for every wait and deadline */
  struct zr_wall wall; /* for records only */
};

/* Takes a job; copies the request. All or nothing: on ZR_ERR_NOMEM, ZR_ERR_LIMIT and ZR_ERR_INVALID
 * (no ids, more than ZR_JOB_MAX_IDS, unknown product) nothing has changed. */
enum zr_err zr_engine_submit(struct zr_engine *e, const struct zr_release_request *request,
                             struct zr_engine_time now, uint64_t *job) ZR_MUST_CHECK;
/* Ids of the job that were not sent will not be; those that were are settled. The job ends with
 * ZR_ACTION_DONE like any other. Other jobs on the same ids go on. Unknown handles are ignored. */
void zr_engine_cancel(struct zr_engine *e, uint64_t job, struct zr_engine_time now);
/* The end of a call that an action started; `handle` is the action's op. An unknown one is
 * ignored. */
void zr_engine_described(struct zr_engine *e, uint64_t handle, const struct zr_describe_end *end,
                         struct zr_engine_time now);
void zr_engine_released(struct zr_engine *e, uint64_t handle, const struct zr_release_end *end,
                        struct zr_engine_time now);
/* `total` is the size of the bin or the group; read only when the call's class is OK. */
void zr_engine_counted(struct zr_engine *e, uint64_t op, const struct zr_call_end *end,
                       uint64_t total, struct zr_engine_time now);

/* Whether the intent is on disk; only then ZR_ACTION_RELEASE with the same op follows. It does not
 * when the ids were given up, or read too long ago, meanwhile: then ZR_ACTION_VOID. `why` says what
 * is wrong with the journal; it is copied. */
void zr_engine_recorded(struct zr_engine *e, uint64_t handle, bool kept, const char *why,
                        struct zr_engine_time now);

/* For whom the call of a ZR_ACTION_RECORD releases its ids: each job that wants one of them and
 * that nothing holds back, with the id's index in the action, in order of the ids. Until
 * zr_engine_recorded; an unknown op has none. */
typedef void zr_engine_caller_fn(void *ctx, size_t index, uint64_t job);
void zr_engine_callers(const struct zr_engine *e, uint64_t handle, zr_engine_caller_fn *each,
                       void *ctx);
/* The ids of a job that came when calls naming them were under way, each with the number of its
 * last call, and of the one that is being recorded: their intents did not name the job. Ask when
 * zr_engine_submit has taken it. */
typedef void zr_engine_joined_fn(void *ctx, const char *id, uint32_t batch);
void zr_engine_joined(const struct zr_engine *e, uint64_t handle, zr_engine_joined_fn *each,
                      void *ctx);

/* Call it when the journal is asked which calls are open, and give zr_engine_settle what it answers
 * before it is asked again. What is under way now may end meanwhile, and the answer will not say
 * so. ZR_ERR_NOMEM: do not ask. */
enum zr_err zr_engine_asks_journal(struct zr_engine *e) ZR_MUST_CHECK;
/* Calls whose outcome is open, of an earlier process or of this one. Their ids are read and
 * watched as if they had just been sent, and are sent again only for another job that wants them;
 * the job ends with a report like any other. An id that is at work keeps what is known of it; one
 * whose call has ended since the journal was asked is left out, and *job is 0 when no other is
 * left.
 * With `hold` nothing of the product is sent until each of the ids has been read once; if the job
 * ends before, zr_engine_held stays above zero, what wants to be sent is NOT_ATTEMPTED with
 * UNSETTLED, and the ids can be given again. That is for calls of an earlier process: what this one
 * sent, it has read. At most ZR_JOB_MAX_IDS distinct ids. Errors as for zr_engine_submit. */
enum zr_err zr_engine_settle(struct zr_engine *e, const struct zr_open_calls *open, bool hold,
                             struct zr_engine_time now, uint64_t *job) ZR_MUST_CHECK;
/* Ids that are held, and were not read since. */
size_t zr_engine_held(const struct zr_engine *e);
/* From now on for another account, whose journal has `last_batch`. Only while the engine is idle.
 * What the old one had held is not this one's to read. */
void zr_engine_change_account(struct zr_engine *e, uint32_t last_batch);
/* The highest number of a call so far. */
uint32_t zr_engine_last_batch(const struct zr_engine *e);

/* The next action, if one is due. */
bool zr_engine_poll(struct zr_engine *e, struct zr_engine_time now, struct zr_action *out);
/* When to poll again if nothing else happens; ZR_MONO_NEVER when nothing is waiting. */
struct zr_mono zr_engine_wake(const struct zr_engine *e, struct zr_mono now);
/* Whether nothing is left to do: no job, no call under way, no id that is read or watched. */
bool zr_engine_is_idle(const struct zr_engine *e);
/* Jobs that are not done yet. */
size_t zr_engine_jobs(const struct zr_engine *e);

#endif
