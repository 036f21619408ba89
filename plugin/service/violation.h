/* What is wrong with a request, field by field; ends as google.rpc.BadRequest. */
#ifndef ZR_SERVICE_VIOLATION_H
#define ZR_SERVICE_VIOLATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "rpc/call.h"

/* As many as fit the 8 kB of trailing metadata that peers take; the rest is counted. */
enum { ZR_VIOLATIONS_MAX = 50 };

struct zr_violation {
  const char *field;
  const char *description;
};

/* Text lives in the arena or is constant. */
struct zr_violations {
  struct zr_arena *arena;
  struct zr_violation at[ZR_VIOLATIONS_MAX];
  size_t count; /* kept */
  size_t total;
  bool nomem;
};

/* `field` "" is the request as a whole. Both are borrowed for the life of the arena. */
void zr_violation_add(struct zr_violations *v, const char *field, const char *description);
/* "name[index]" when index >= 0; `prefix` may be "". Formats into the arena. */
void zr_violation_add_at(struct zr_violations *v, const char *prefix, const char *name, long index,
                         const char *description);
static inline bool zr_violations_any(const struct zr_violations *v) {
  return v->total > 0 || v->nomem;
}
/* Ends the call with INVALID_ARGUMENT, the first bad field in its message and all of them in its
 * details; RESOURCE_EXHAUSTED when memory ran out. */
void zr_violations_fail(const struct zr_violations *v, struct zr_rpc_call *call);

#endif
