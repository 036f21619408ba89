#include "model/call.h"

#include <string.h>

static const char *const s_names[] = {
    [ZR_CLASS_OK] = "ok",
    [ZR_CLASS_NOT_SENT] = "not_sent",
    [ZR_CLASS_NO_CHANNEL] = "no_channel",
    [ZR_CLASS_UNKNOWN] = "unknown",
    [ZR_CLASS_REDIRECTED] = "redirected",
    [ZR_CLASS_THROTTLED] = "throttled",
    [ZR_CLASS_MISSING] = "missing",
    [ZR_CLASS_STATE] = "state",
    [ZR_CLASS_INPUT] = "input",
    [ZR_CLASS_DENIED] = "denied",
    [ZR_CLASS_UNAUTHORIZED] = "unauthorized",
    [ZR_CLASS_SKEWED] = "skewed",
    [ZR_CLASS_BLOCKED] = "blocked",
};

_Static_assert(sizeof s_names / sizeof s_names[0] == ZR_CLASS_COUNT_, "one name per class");

const char *zr_class_name(enum zr_class c) {
  return (unsigned)c < ZR_CLASS_COUNT_ ? s_names[c] : "unknown";
}

enum zr_class zr_class_of_name(const char *name) {
  for (int c = 0; c < ZR_CLASS_COUNT_; c++) {
    if (strcmp(s_names[c], name) == 0)
      return (enum zr_class)c;
  }
  return ZR_CLASS_UNKNOWN;
}

void zr_call_end_copy(struct zr_arena *a, const struct zr_call_end *from, struct zr_call_end *to,
                      bool *ok) {
  *to = *from;
  to->code = zr_arena_copy(a, from->code, ok);
  to->message = zr_arena_copy(a, from->message, ok);
  to->request_id = zr_arena_copy(a, from->request_id, ok);
  to->reason = zr_arena_copy(a, from->reason, ok);
}

bool zr_release_end_lists(const struct zr_release_end *end, const char *id) {
  for (size_t i = 0; i < end->failed_count; i++) {
    if (strcmp(end->failed_ids[i], id) == 0)
      return true;
  }
  return false;
}
