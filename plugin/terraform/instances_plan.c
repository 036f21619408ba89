/* zenrelease_instances: what a change would do. Creating adopts, taking off releases. */
#include <string.h>

#include "terraform/instances.h"

static void s_plan_destroy(struct zr_tf_change *c) {
  if (zr_tf_instances_keep(c, &c->prior))
    zr_tf_plan_end(c, NULL);
  else
    zr_tf_plan_reads(c, &c->prior_ids);
}

/* A change of product would be other instances under old ids. */
static bool s_product_changes(struct zr_tf_change *c, const struct zr_tf_value *planned) {
  const struct zr_tf_value *prior = zr_tf_of(c, &c->prior, "product");
  if (prior->is != ZR_TF_KNOWN || planned->is != ZR_TF_KNOWN ||
      zr_tf_equal(&zr_tf_string, prior, planned))
    return false;
  zr_tf_diag_f(
      &c->op.diags, ZR_TF_ERROR, ZR_TF_AT("product"),
      "Replacing the resource would release its instances. To manage instances of another "
      "product, write a second resource; to let go of these, set on_remove to keep, apply, "
      "and take the resource out.",
      "The product cannot be changed from %s to %s", prior->text.ptr, planned->text.ptr);
  return true;
}

/* The proposed object with what the provider decides: the product, the default of on_remove, and
 * the prior list where only the order differs. */
static bool s_make(struct zr_tf_change *c) {
  c->result = zr_tf_copy_object(c->op.arena, c->type, &c->proposed);
  if (!c->result)
    return false;
  zr_tf_set(c->type, c->result, "product", zr_tf_plan_product(c));
  if (zr_tf_of(c, &c->config, "on_remove")->is == ZR_TF_NULL)
    zr_tf_set(c->type, c->result, "on_remove", zr_tf_of_text("release"));
  if (c->prior.is == ZR_TF_KNOWN && zr_tf_ids_same(c->op.arena, &c->prior_ids, &c->wanted_ids))
    zr_tf_set(c->type, c->result, "instance_ids", *zr_tf_of(c, &c->prior, "instance_ids"));
  return true;
}

/* What stays is looked at, and what would be released; ids that are only let go of are not. */
static bool s_staying(struct zr_tf_change *c, struct zr_tf_ids *out) {
  struct zr_tf_ids leaving;
  *out = c->prior_ids;
  if (!zr_tf_instances_keep(c, c->result) || !c->wanted_ids.whole)
    return true;
  struct zr_arena *a = c->op.arena;
  return zr_tf_ids_minus(a, &c->prior_ids, &c->wanted_ids, &leaving, NULL) &&
         zr_tf_ids_minus(a, &c->prior_ids, &leaving, out, NULL);
}

void zr_tf_instances_plan(struct zr_tf_change *c) {
  struct zr_tf_ids staying;
  if (c->proposed.is != ZR_TF_KNOWN) {
    s_plan_destroy(c);
    return;
  }
  if (!s_make(c) || !s_staying(c, &staying)) {
    zr_tf_change_nomem(c);
    return;
  }
  if (s_product_changes(c, zr_tf_of(c, c->result, "product")))
    zr_tf_plan_end(c, c->result);
  else
    zr_tf_plan_reads(c, &staying);
}
