/* zenrelease_teardown: whether there is anything to ensure. */
#include "terraform/teardown.h"

/* Pending ids of the state that are still wanted. */
static bool s_pending(struct zr_tf_change *c, struct zr_tf_ids *out) {
  struct zr_tf_ids all;
  return zr_tf_ids_of(c->op.arena, zr_tf_of(c, &c->prior, "pending_ids"), &all) &&
         zr_tf_ids_both(c->op.arena, &all, &c->wanted_ids, out);
}

static bool s_product_stays(const struct zr_tf_change *c) {
  return zr_tf_equal(&zr_tf_string, zr_tf_of(c, &c->prior, "product"),
                     zr_tf_of(c, c->result, "product"));
}

/* Nothing to do for the service: what is known of the ids that remain. */
static bool s_settled(struct zr_tf_change *c) {
  struct zr_tf_value results;
  struct zr_tf_ids none = {.whole = true};
  bool same = zr_tf_ids_same(c->op.arena, &c->prior_ids, &c->wanted_ids);
  if (same)
    zr_tf_set(c->type, c->result, "instance_ids", *zr_tf_of(c, &c->prior, "instance_ids"));
  if (!zr_tf_results(c, &c->prior, &c->wanted_ids, NULL, &results))
    return false;
  zr_tf_set(c->type, c->result, "results", same ? *zr_tf_of(c, &c->prior, "results") : results);
  return zr_tf_set_texts(c, "pending_ids", &none);
}

static void s_unsettled(struct zr_tf_change *c) {
  if (c->prior.is == ZR_TF_KNOWN && zr_tf_ids_same(c->op.arena, &c->prior_ids, &c->wanted_ids))
    zr_tf_set(c->type, c->result, "instance_ids", *zr_tf_of(c, &c->prior, "instance_ids"));
  zr_tf_set(c->type, c->result, "results", zr_tf_unknown);
  zr_tf_set(c->type, c->result, "pending_ids", zr_tf_unknown);
}

static void s_plan(struct zr_tf_change *c) {
  struct zr_arena *a = c->op.arena;
  struct zr_tf_ids pending;
  struct zr_tf_ids added;
  c->result = zr_tf_copy_object(a, c->type, &c->proposed);
  if (!c->result || !s_pending(c, &pending) ||
      !zr_tf_ids_minus(a, &c->wanted_ids, &c->prior_ids, &added, NULL)) {
    zr_tf_change_nomem(c);
    return;
  }
  zr_tf_set(c->type, c->result, "product", zr_tf_plan_product(c));
  bool fresh = c->prior.is != ZR_TF_KNOWN || !s_product_stays(c);
  if (fresh || !c->wanted_ids.whole || added.count > 0 || pending.count > 0)
    s_unsettled(c);
  else if (!s_settled(c)) {
    zr_tf_change_nomem(c);
    return;
  }
  if (fresh)
    c->prior_ids = (struct zr_tf_ids){.whole = true}; /* every id enters */
  zr_tf_plan_reads(c, &pending);
}

void zr_tf_teardown_plan(struct zr_tf_change *c) {
  if (c->proposed.is == ZR_TF_KNOWN)
    s_plan(c);
  else
    zr_tf_plan_end(c, NULL); /* destroying it does nothing */
}
