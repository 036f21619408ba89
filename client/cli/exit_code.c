#include "exit_code.h"

enum zr_exit zr_exit_code(const struct zr_exit_facts *facts) {
  const int64_t *by = facts->counts->by_outcome;
  int64_t fine = by[ZENRELEASE_OUTCOME_RELEASED] + by[ZENRELEASE_OUTCOME_ALREADY_GONE];
  if (facts->allow_missing)
    fine += by[ZENRELEASE_OUTCOME_NOT_FOUND];
  if (facts->dry_run)
    fine += facts->would_release;
  if (facts->interrupted)
    return ZR_EXIT_STOPPED;
  if (by[ZENRELEASE_OUTCOME_UNKNOWN] > 0 || facts->undelivered)
    return ZR_EXIT_UNKNOWN;
  if (fine == facts->counts->total)
    return ZR_EXIT_OK;
  return fine > 0 ? ZR_EXIT_SOME : ZR_EXIT_NONE;
}
