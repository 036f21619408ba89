/* zenrelease_teardown: which of its ids are not absent. */
#include <string.h>

#include "terraform/teardown.h"

const struct zr_tf_resource zr_tf_teardown = {.name = "zenrelease_teardown",
                                              .read = zr_tf_teardown_read,
                                              .plan = zr_tf_teardown_plan,
                                              .apply = zr_tf_teardown_apply};

bool zr_tf_ids_both(struct zr_arena *arena, const struct zr_tf_ids *a, const struct zr_tf_ids *b,
                    struct zr_tf_ids *out) {
  struct zr_tf_ids only_a;
  return zr_tf_ids_minus(arena, a, b, &only_a, NULL) &&
         zr_tf_ids_minus(arena, a, &only_a, out, NULL);
}

/* What could not be read keeps the answer it had. */
static bool s_sort(struct zr_tf_change *c, struct zr_tf_ids *pending) {
  const struct zr_tf_work *w = &c->work;
  struct zr_tf_ids before;
  struct zr_tf_index index;
  *pending = (struct zr_tf_ids){.whole = true};
  pending->ids = zr_arena_calloc(c->op.arena, w->count + 1, sizeof *pending->ids);
  if (!pending->ids || !zr_tf_ids_of(c->op.arena, zr_tf_of(c, &c->prior, "pending_ids"), &before) ||
      !zr_tf_index_of(c->op.arena, &before, &index))
    return false;
  for (size_t i = 0; i < w->count; i++) {
    bool unread = zr_tf_code_is_general(w->verdicts[i].code);
    bool here = unread ? zr_tf_index_find(&index, w->ids[i]) >= 0
                       : w->verdicts[i].outcome != ZR_OUTCOME_NOT_FOUND;
    if (here)
      pending->ids[pending->count++] = w->ids[i];
  }
  return true;
}

static void s_read(struct zr_tf_work *w) {
  struct zr_tf_change *c = ZR_OWNER(w, struct zr_tf_change, work);
  struct zr_tf_ids pending;
  zr_tf_report_service(w, ZR_TF_IN_STATE);
  for (size_t i = 0; i < w->count; i++)
    zr_tf_remember(c->op.provider, ZR_TF_HELD, w->product, w->ids[i]);
  if (s_sort(c, &pending) && zr_tf_set_texts(c, "pending_ids", &pending))
    zr_tf_read_end(c, c->result);
  else
    zr_tf_change_nomem(c);
}

/* After an import there are ids and nothing else. */
static void s_fill(struct zr_tf_change *c) {
  static const char *const lists[] = {"results", "pending_ids"};
  for (size_t i = 0; i < ZR_COUNT(lists); i++) {
    if (zr_tf_of(c, c->result, lists[i])->is != ZR_TF_KNOWN)
      zr_tf_set(c->type, c->result, lists[i], (struct zr_tf_value){.is = ZR_TF_KNOWN});
  }
}

void zr_tf_teardown_read(struct zr_tf_change *c) {
  zr_tf_read_live(c, s_fill, s_read);
}
