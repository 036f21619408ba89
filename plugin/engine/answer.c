#include "engine/state.h"

static struct zr_rstr *s_text(const char *text) {
  return text && *text ? zr_rstr_new(zr_view_of(text)) : NULL;
}

/* Out of memory costs the words, never the class. A NULL answer is read as UNKNOWN. */
struct zr_answer *zr_answer_new(const struct zr_call_end *end) {
  struct zr_answer *a = zr_calloc(1, sizeof *a);
  if (!a)
    return NULL;
  *a = (struct zr_answer){.refs = 1,
                          .class_ = end->class_,
                          .http_status = end->http_status,
                          .retry_after_ms = end->retry_after_ms,
                          .late_effect = end->late_effect,
                          .code = s_text(end->code),
                          .message = s_text(end->message),
                          .request_id = s_text(end->request_id),
                          .reason = s_text(end->reason)};
  return a;
}

struct zr_answer *zr_answer_acquire(struct zr_answer *a) {
  if (a)
    a->refs++;
  return a;
}

void zr_answer_release(struct zr_answer *a) {
  if (!a || --a->refs > 0)
    return;
  zr_rstr_release(a->code);
  zr_rstr_release(a->message);
  zr_rstr_release(a->request_id);
  zr_rstr_release(a->reason);
  zr_free(a);
}

void zr_answer_set(struct zr_answer **slot, struct zr_answer *a) {
  struct zr_answer *old = *slot;
  *slot = zr_answer_acquire(a);
  zr_answer_release(old);
}
