#include "service/violation.h"

#include "service/status.h"

void zr_violation_add(struct zr_violations *v, const char *field, const char *description) {
  v->total++;
  if (v->count < ZR_VIOLATIONS_MAX)
    v->at[v->count++] = (struct zr_violation){field, description};
}

void zr_violation_add_at(struct zr_violations *v, const char *prefix, const char *name, long index,
                         const char *description) {
  if (v->count == ZR_VIOLATIONS_MAX) {
    v->total++;
    return;
  }
  const char *field = index < 0 ? zr_arena_printf(v->arena, "%s%s", prefix, name)
                                : zr_arena_printf(v->arena, "%s%s[%ld]", prefix, name, index);
  if (!field) {
    v->nomem = true;
    return;
  }
  zr_violation_add(v, field, description);
}

void zr_violations_fail(const struct zr_violations *v, struct zr_rpc_call *call) {
  if (v->nomem || v->total == 0) {
    zr_fail_nomem(call);
    return;
  }
  const char *field = v->at[0].field[0] ? v->at[0].field : "the request";
  const char *text = v->at[0].description;
  const char *message = v->total == 1
                            ? zr_arena_printf(v->arena, "%s: %s; nothing was sent", field, text)
                            : zr_arena_printf(v->arena, "%s: %s (and %zu more); nothing was sent",
                                              field, text, v->total - 1);
  zr_fail(call, ZR_RPC_INVALID_ARGUMENT, message, &(struct zr_details){.violations = v});
}
