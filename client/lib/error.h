/*
 * The error object behind zenrelease_error: a status, a sentence, and the details that a server
 * adds.
 */
#ifndef ZR_CLIENT_LIB_ERROR_H
#define ZR_CLIENT_LIB_ERROR_H

#include "base/attr.h"
#include "base/view.h"
#include "zenrelease/zenrelease.h"

struct zr_violation {
  char *field;
  char *description;
};

struct zenrelease_error {
  enum zenrelease_status status;
  char *message;
  struct zr_violation *violations;
  size_t violation_count;
  size_t violation_cap;
  int64_t retry_delay_ms;
};

/* Fills *slot (when it is not NULL and empty) and returns `status`. Out of memory leaves NULL,
 * which every accessor reads as such. */
enum zenrelease_status zr_error_set(struct zenrelease_error **slot, enum zenrelease_status status,
                                    const char *format, ...) ZR_PRINTF(3, 4);
/* Adds one wrong field; 0, or -1 when memory is out. */
int zr_error_add_violation(struct zenrelease_error *e, struct zr_view field,
                           struct zr_view description) ZR_MUST_CHECK;
/* ZENRELEASE_RESOURCE_EXHAUSTED with "out of memory". */
enum zenrelease_status zr_error_nomem(struct zenrelease_error **slot);
/* A status number from the wire; what we do not know is UNKNOWN. */
enum zenrelease_status zr_status_from_number(long number);

#endif
