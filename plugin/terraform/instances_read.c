/* zenrelease_instances: which of its instances are still there. */
#include <string.h>

#include "terraform/instances.h"

const struct zr_tf_resource zr_tf_instances = {.name = "zenrelease_instances",
                                               .read = zr_tf_instances_read,
                                               .plan = zr_tf_instances_plan,
                                               .apply = zr_tf_instances_apply};

enum { DETAIL_MAX = 1024 };

static bool s_missing(const struct zr_tf_work *w, size_t i) {
  return w->verdicts[i].outcome == ZR_OUTCOME_NOT_FOUND;
}

/* Another account answers that nothing is there. Only an id that was found, or that this process
 * saw released, tells that this is the right one. */
static bool s_right_account(const struct zr_tf_work *w) {
  for (size_t i = 0; i < w->count; i++) {
    if (s_missing(w, i) ? zr_tf_remembers(w->op->provider, ZR_TF_GONE, w->product, w->ids[i])
                        : !zr_tf_code_is_general(w->verdicts[i].code))
      return true;
  }
  return false;
}

static void s_doubt(struct zr_tf_change *c) {
  const struct zr_tf_work *w = &c->work;
  size_t missing = 0;
  const char *first = NULL;
  for (size_t i = 0; i < w->count; i++) {
    if (!s_missing(w, i))
      continue;
    first = missing++ == 0 ? w->ids[i] : first;
  }
  if (missing == 0)
    return;
  struct zr_buf detail = ZR_BUF_INIT(DETAIL_MAX);
  (void)zr_buf_printf(
      &detail,
      "Is this the right account and endpoint? No instance of this resource was "
      "found, so its state stays as it is.\nProduct %s, first instance %s.\nIf they "
      "are gone, destroy the resource or take them off its list.",
      zr_product_info(w->product)->name, first);
  zr_tf_diag_f(&c->op.diags, ZR_TF_WARNING, ZR_TF_WHOLE, detail.data,
               "%zu of %zu instances were not found", missing, w->count);
  zr_buf_clean_up(&detail);
}

/* Takes out ids that a complete read did not have. Everything else stays, whatever its status: only
 * what is gone is let go of. */
static bool s_sort(struct zr_tf_change *c, struct zr_tf_ids *left) {
  const struct zr_tf_work *w = &c->work;
  const char *on_remove = zr_tf_text(zr_tf_of(c, c->result, "on_remove"));
  bool releases = !on_remove || strcmp(on_remove, "keep") != 0;
  bool right = s_right_account(w);
  *left = (struct zr_tf_ids){.whole = true};
  left->ids = zr_arena_calloc(c->op.arena, w->count + 1, sizeof *left->ids);
  if (!left->ids)
    return false;
  for (size_t i = 0; i < w->count; i++) {
    if (releases)
      zr_tf_remember(c->op.provider, ZR_TF_OWNED, w->product, w->ids[i]);
    if (right && s_missing(w, i))
      zr_tf_report_read(w, i, ZR_TF_IN_STATE, -1);
    else
      left->ids[left->count++] = w->ids[i];
  }
  if (!right)
    s_doubt(c);
  return true;
}

static void s_read(struct zr_tf_work *w) {
  struct zr_tf_change *c = ZR_OWNER(w, struct zr_tf_change, work);
  struct zr_tf_ids left;
  if (!s_sort(c, &left)) {
    zr_tf_change_nomem(c);
    return;
  }
  zr_tf_report_service(w, ZR_TF_IN_STATE);
  if (left.count == 0) {
    zr_tf_read_end(c, NULL);
    return;
  }
  if (left.count < w->count && !zr_tf_set_texts(c, "instance_ids", &left)) {
    zr_tf_change_nomem(c);
    return;
  }
  zr_tf_read_end(c, c->result);
}

/* What nobody decided yet is kept: a destroy before the first apply releases nothing. */
static void s_fill(struct zr_tf_change *c) {
  if (zr_tf_of(c, c->result, "on_remove")->is != ZR_TF_KNOWN)
    zr_tf_set(c->type, c->result, "on_remove", zr_tf_of_text("keep"));
}

void zr_tf_instances_read(struct zr_tf_change *c) {
  zr_tf_read_live(c, s_fill, s_read);
}
