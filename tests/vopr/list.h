/* What can happen, by name. A list gives an enum, names for the trace, and counters for the census.
 */
#ifndef ZR_VOPR_LIST_H
#define ZR_VOPR_LIST_H

/* How a release call may go. EFFECT: destroyed when it arrives; LATE: some time after the answer.
 */
#define VOPR_RELEASE_FAULTS(X)                                                                     \
  X(HONEST)        /* the service's own answer */                                                  \
  X(CUT_NO_EFFECT) /* no whole answer */                                                           \
  X(CUT_EFFECT)                                                                                    \
  X(CUT_LATE)                                                                                      \
  X(CUT_PARTIAL)                                                                                   \
  X(ERROR_NO_EFFECT) /* 5xx in the service's own form: it says that it failed */                   \
  X(ERROR_EFFECT)                                                                                  \
  X(ERROR_PARTIAL)                                                                                 \
  X(GATEWAY_LATE)      /* 502 and 504 */                                                           \
  X(GARBAGE_NO_EFFECT) /* a 2xx that is no acceptance */                                           \
  X(GARBAGE_EFFECT)                                                                                \
  X(ACCEPTED_PARTIAL)                                                                              \
  X(ACCEPTED_SLOW)   /* the order is queued, and carried out some time later */                    \
  X(ACCEPTED_LISTED) /* zec: a 200 that names some as not accepted */                              \
  X(REFUSED_PARTIAL) /* 404 or 403, and some are gone all the same */                              \
  X(REFUSED_FALSELY) /* 404 or 403 although all are there */                                       \
  X(REFUSED_NEW_CODE)                                                                              \
  X(THROTTLED)                                                                                     \
  X(THROTTLED_EFFECT)                                                                              \
  X(NOT_SENT)                                                                                      \
  X(NO_CHANNEL)                                                                                    \
  X(REDIRECTED)                                                                                    \
  X(REDIRECTED_EFFECT)                                                                             \
  X(BLOCKED)                                                                                       \
  X(UNAUTHORIZED)                                                                                  \
  X(UNAUTHORIZED_HIDDEN) /* … and reads no longer show them */                                   \
  X(SKEWED)

#define VOPR_READ_FAULTS(X)                                                                        \
  X(HONEST)                                                                                        \
  X(CUT)                                                                                           \
  X(ERROR)                                                                                         \
  X(INCOMPLETE) /* totals and rows disagree; some rows are missing */                              \
  X(FLAP)       /* a row is missing from a read that calls itself complete, once per instance */   \
  X(THROTTLED)                                                                                     \
  X(NOT_SENT)                                                                                      \
  X(NO_CHANNEL)                                                                                    \
  X(REDIRECTED)                                                                                    \
  X(BLOCKED)                                                                                       \
  X(UNAUTHORIZED)                                                                                  \
  X(SKEWED)                                                                                        \
  X(DENIED)                                                                                        \
  X(REFUSED_MISSING) /* the service refuses to read a set with a missing id */                     \
  X(REFUSED_INPUT)   /* … or with one whose form it does not like */

/* Moments at which the process may die. */
#define VOPR_CRASHES(X)                                                                            \
  X(ANY_STEP)                                                                                      \
  X(INTENT_ASKED) /* before it is on disk */                                                       \
  X(INTENT_KEPT)  /* on disk, the engine does not know yet */                                      \
  X(BEFORE_SEND)  /* the call is about to leave */                                                 \
  X(SENT)         /* in flight */                                                                  \
  X(EFFECT)       /* carried out, unanswered */                                                    \
  X(ANSWERED)     /* the answer was read, its record is not on disk */                             \
  X(TOLD)         /* an outcome was told, its record is not on disk */                             \
  X(SETTLING)     /* while an earlier crash is being settled */

/* What else a schedule should have come by. */
#define VOPR_MARKS(X)                                                                              \
  X(SCHEDULES)                                                                                     \
  X(MORE_THAN_A_HUNDRED)                                                                           \
  X(CALLERS)                                                                                       \
  X(CALLERS_OVERLAP)                                                                               \
  X(CALLERS_GUARDED)                                                                               \
  X(CALLERS_EXPECT)                                                                                \
  X(CALLERS_DRY)                                                                                   \
  X(CALLERS_DEPEND_RESOURCE)                                                                       \
  X(OPTIONS_DISAGREE)                                                                              \
  X(DUPLICATE_IDS)                                                                                 \
  X(CANCELLED)                                                                                     \
  X(CANCELLED_IN_FLIGHT)                                                                           \
  X(DEADLINE_PASSED)                                                                               \
  X(SUBMIT_OVER_LIMIT)                                                                             \
  X(JOINED_UNDER_WAY)                                                                              \
  X(SUBMIT_INVALID)                                                                                \
  X(CLOCK_STEPPED)                                                                                 \
  X(REBOOTED)                                                                                      \
  X(RESCUED)                                                                                       \
  X(RESCUED_AND_BACK)                                                                              \
  X(EXPIRED)                                                                                       \
  X(RELEASED_BY_OTHERS)                                                                            \
  X(RENAMED)                                                                                       \
  X(TAGGED)                                                                                        \
  X(READ_LAGGED)                                                                                   \
  X(RELEASED_THROUGH_LEAVING)                                                                      \
  X(LATE_EFFECT)                                                                                   \
  X(SENT_AGAIN)                                                                                    \
  X(BATCH_OF_100)                                                                                  \
  X(BATCH_SPLIT)                                                                                   \
  X(PAUSED_BY_RETRY_AFTER)                                                                         \
  X(EIGHT_RELEASES_OPEN)                                                                           \
  X(EIGHT_READS_OPEN)                                                                              \
  X(BIN_COUNTED)                                                                                   \
  X(GROUP_HIDDEN)                                                                                  \
  X(GROUP_NOT_SEEN)                                                                                \
  X(GROUP_COUNTED)                                                                                 \
  X(BIN_COUNT_FAILED)                                                                              \
  X(INTENT_RECORDED)                                                                               \
  X(INTENT_FAILED)                                                                                 \
  X(INTENT_VOID)                                                                                   \
  X(FLUSH_SLOW)                                                                                    \
  X(CRASH_LOST_RECORDS)                                                                            \
  X(CRASH_KEPT_UNANSWERED_FLUSH)                                                                   \
  X(CRASH_CALL_DROPPED)                                                                            \
  X(SETTLE_STARTED)                                                                                \
  X(SETTLE_ANSWERED_CALL)                                                                          \
  X(SETTLE_UNANSWERED_CALL)                                                                        \
  X(SETTLE_CANCELLED)                                                                              \
  X(SETTLE_ASKED_FOR)                                                                              \
  X(SETTLE_OUTDATED)                                                                               \
  X(SETTLE_OWN_CALL)                                                                               \
  X(SENDS_WANTED_WHILE_HELD)                                                                       \
  X(SHUT_DOWN)                                                                                     \
  X(CLOSED_BY_RESUME)

#define VOPR_NAMED(name)        #name,
#define VOPR_RELEASE_ENUM(name) RELEASE_##name,
#define VOPR_READ_ENUM(name)    READ_##name,
#define VOPR_CRASH_ENUM(name)   CRASH_##name,
#define VOPR_MARK_ENUM(name)    MARK_##name,

enum release_fault { VOPR_RELEASE_FAULTS(VOPR_RELEASE_ENUM) RELEASE_COUNT_ };
enum read_fault { VOPR_READ_FAULTS(VOPR_READ_ENUM) READ_COUNT_ };
enum crash_point { VOPR_CRASHES(VOPR_CRASH_ENUM) CRASH_COUNT_ };
enum mark { VOPR_MARKS(VOPR_MARK_ENUM) MARK_COUNT_ };

#endif
