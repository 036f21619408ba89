/*
 * How a release ended for one instance: a closed set. Success is RELEASED and ALREADY_GONE, and
 * NOT_FOUND where the caller allowed missing instances. The numbers are those of
 * zenrelease.v1.Outcome.
 */
#ifndef ZR_MODEL_OUTCOME_H
#define ZR_MODEL_OUTCOME_H

#include <stdbool.h>

enum zr_outcome {
  ZR_OUTCOME_NONE,          /* not decided yet; never reported */
  ZR_OUTCOME_RELEASED,      /* seen in the bin, sent, and two later reads agree that it is gone */
  ZR_OUTCOME_ACCEPTED,      /* the service took the order; not proved in time */
  ZR_OUTCOME_ALREADY_GONE,  /* known to have been there, and gone without our doing */
  ZR_OUTCOME_NOT_FOUND,     /* this account cannot see it */
  ZR_OUTCOME_NOT_RECYCLED,  /* it is not in the recycle bin */
  ZR_OUTCOME_REFUSED,       /* the service refused it */
  ZR_OUTCOME_INVALID,       /* the service rejects the form of the id */
  ZR_OUTCOME_NOT_ATTEMPTED, /* no byte of a release naming it left */
  ZR_OUTCOME_UNKNOWN,       /* sent, unanswered, and could not be read */
  ZR_OUTCOME_COUNT_
};

/* "released", "already_gone", …; "none" for NONE. Never NULL. */
const char *zr_outcome_name(enum zr_outcome o);
/* The outcome of that name; NONE for any other text. */
enum zr_outcome zr_outcome_of_name(const char *name);
bool zr_outcome_is_success(enum zr_outcome o, bool allow_missing);

/* How many distinct instances ended how; by_outcome adds up to total. */
struct zr_counts {
  unsigned by_outcome[ZR_OUTCOME_COUNT_];
  unsigned total;
  unsigned duplicates; /* further mentions of an instance in the request, not part of total */
};

#endif
