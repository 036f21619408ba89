/* zenrelease_instances: adopting is all or nothing; what was not released stays in the state. */
#include <string.h>

#include "terraform/instances.h"

/* ---- releasing ---- */

/* The object to be saved after a release: `kept` first, then what was not released. A destroyed
 * object with nothing left is gone. */
static void s_released(struct zr_tf_work *w) {
  struct zr_tf_change *c = ZR_OWNER(w, struct zr_tf_change, work);
  bool destroy = c->proposed.is != ZR_TF_KNOWN;
  struct zr_tf_ids kept = destroy ? (struct zr_tf_ids){.whole = true} : c->wanted_ids;
  struct zr_tf_ids left = {.whole = true};
  left.ids = zr_arena_calloc(c->op.arena, kept.count + w->count + 1, sizeof *left.ids);
  if (!left.ids) {
    zr_tf_change_nomem(c);
    return;
  }
  if (kept.count)
    memcpy(left.ids, kept.ids, kept.count * sizeof *left.ids);
  left.count = kept.count;
  for (size_t i = 0; i < w->count; i++) {
    zr_tf_report_release(w, i, destroy ? ZR_TF_WHOLE : ZR_TF_AT("instance_ids"));
    if (zr_tf_work_ok(w, i))
      zr_tf_remember(c->op.provider, ZR_TF_GONE, w->product, w->ids[i]);
    else
      left.ids[left.count++] = w->ids[i];
  }
  bool changed = destroy || left.count > kept.count;
  if (changed && !zr_tf_set_texts(c, "instance_ids", &left))
    zr_tf_change_nomem(c);
  else
    zr_tf_apply_end(c, destroy && left.count == 0 ? NULL : c->result);
}

static void s_release(struct zr_tf_change *c, const struct zr_tf_value *options,
                      const struct zr_tf_ids *ids, const char *timeout) {
  zr_tf_prepare(c, options, ids, timeout, ZR_TF_LONG_MS);
  c->work.allow_missing = true; /* the state knew it to be there: gone is gone */
  c->work.on_done = s_released;
  if (!zr_tf_work_start(&c->work))
    zr_tf_change_nomem(c);
}

static void s_release_leaving(struct zr_tf_change *c) {
  struct zr_tf_ids *leaving = zr_arena_calloc(c->op.arena, 1, sizeof *leaving);
  if (!leaving || !zr_tf_ids_minus(c->op.arena, &c->prior_ids, &c->wanted_ids, leaving, NULL)) {
    zr_tf_change_nomem(c);
    return;
  }
  if (leaving->count == 0 || zr_tf_instances_keep(c, &c->proposed))
    zr_tf_apply_end(c, c->result);
  else
    s_release(c, &c->proposed, leaving, "update");
}

static void s_destroy(struct zr_tf_change *c) {
  c->result = zr_tf_copy_object(c->op.arena, c->type, &c->prior);
  if (!c->result)
    zr_tf_change_nomem(c);
  else if (c->prior_ids.count == 0 || zr_tf_instances_keep(c, &c->prior))
    zr_tf_apply_end(c, NULL);
  else
    s_release(c, &c->prior, &c->prior_ids, "delete");
}

/* ---- adopting ---- */

/* One id that cannot be adopted, and nothing has happened: the prior object, or null. */
static void s_looked_up(struct zr_tf_work *w) {
  struct zr_tf_change *c = ZR_OWNER(w, struct zr_tf_change, work);
  for (size_t i = 0; i < w->count; i++)
    zr_tf_report_read(w, i, ZR_TF_ENTERS, c->positions[i]);
  zr_tf_report_service(w, ZR_TF_ENTERS);
  if (c->op.diags.errors > 0)
    zr_tf_apply_end(c, &c->prior);
  else
    s_release_leaving(c);
}

static void s_adopt(struct zr_tf_change *c) {
  struct zr_tf_ids *entering = zr_arena_calloc(c->op.arena, 1, sizeof *entering);
  c->result = zr_tf_copy_object(c->op.arena, c->type, &c->proposed);
  if (!entering || !c->result ||
      !zr_tf_ids_minus(c->op.arena, &c->wanted_ids, &c->prior_ids, entering, &c->positions)) {
    zr_tf_change_nomem(c);
    return;
  }
  if (entering->count == 0) {
    s_release_leaving(c);
    return;
  }
  bool create = c->prior.is != ZR_TF_KNOWN;
  zr_tf_prepare(c, &c->proposed, entering, create ? "create" : "update", ZR_TF_ADOPT_MS);
  c->work.validate_only = true;
  c->work.on_done = s_looked_up;
  if (!zr_tf_work_start(&c->work))
    zr_tf_change_nomem(c);
}

void zr_tf_instances_apply(struct zr_tf_change *c) {
  if (c->proposed.is == ZR_TF_KNOWN)
    s_adopt(c);
  else
    s_destroy(c);
}
