#include "model/outcome.h"

#include <string.h>

static const char *const s_names[] = {
    [ZR_OUTCOME_NONE] = "none",
    [ZR_OUTCOME_RELEASED] = "released",
    [ZR_OUTCOME_ACCEPTED] = "accepted",
    [ZR_OUTCOME_ALREADY_GONE] = "already_gone",
    [ZR_OUTCOME_NOT_FOUND] = "not_found",
    [ZR_OUTCOME_NOT_RECYCLED] = "not_recycled",
    [ZR_OUTCOME_REFUSED] = "refused",
    [ZR_OUTCOME_INVALID] = "invalid",
    [ZR_OUTCOME_NOT_ATTEMPTED] = "not_attempted",
    [ZR_OUTCOME_UNKNOWN] = "unknown",
};

_Static_assert(sizeof s_names / sizeof s_names[0] == ZR_OUTCOME_COUNT_, "one name per outcome");

const char *zr_outcome_name(enum zr_outcome o) {
  return (unsigned)o < ZR_OUTCOME_COUNT_ ? s_names[o] : "none";
}

enum zr_outcome zr_outcome_of_name(const char *name) {
  for (int o = 0; o < ZR_OUTCOME_COUNT_; o++) {
    if (strcmp(s_names[o], name) == 0)
      return (enum zr_outcome)o;
  }
  return ZR_OUTCOME_NONE;
}

bool zr_outcome_is_success(enum zr_outcome o, bool allow_missing) {
  return o == ZR_OUTCOME_RELEASED || o == ZR_OUTCOME_ALREADY_GONE ||
         (o == ZR_OUTCOME_NOT_FOUND && allow_missing);
}
