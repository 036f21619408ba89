/* What both resource types do in the same way. */
#include "terraform/resource.h"

#include <string.h>

#include "terraform/duration.h"

/* ---- options of an object ---- */

static int64_t s_duration(const struct zr_tf_value *v, int64_t otherwise) {
  int64_t ms = 0;
  const char *text = zr_tf_text(v);
  return text && zr_tf_duration(text, &ms) ? ms : otherwise;
}

static int64_t s_timeout(const struct zr_tf_change *c, const struct zr_tf_value *object,
                         const char *name, int64_t otherwise) {
  const struct zr_tf_type *type = c->type;
  for (size_t i = 0; i < type->field_count; i++)
    if (strcmp(type->fields[i].name, "timeouts") == 0)
      return s_duration(zr_tf_get(type->fields[i].type, zr_tf_of(c, object, "timeouts"), name),
                        otherwise);
  return otherwise;
}

void zr_tf_prepare(struct zr_tf_change *c, const struct zr_tf_value *object,
                   const struct zr_tf_ids *ids, const char *timeout, int64_t timeout_ms) {
  c->work = (struct zr_tf_work){
      .op = &c->op,
      .holder = c->resource->name,
      .product = zr_tf_product_of(zr_tf_of(c, object, "product")),
      .depend_resource = zr_tf_is_true(zr_tf_of(c, object, "release_dependencies")),
      .wait_ms = s_duration(zr_tf_of(c, object, "wait"), c->op.link->wait_ms),
      .deadline = zr_mono_add(zr_mono_now(), s_timeout(c, object, timeout, timeout_ms)),
      .ids = ids->ids,
      .count = ids->count,
  };
}

/* ---- parts of objects ---- */

struct zr_tf_value zr_tf_plan_product(const struct zr_tf_change *c) {
  const struct zr_tf_value *configured = zr_tf_of(c, &c->config, "product");
  const struct zr_tf_value *prior = zr_tf_of(c, &c->prior, "product");
  if (configured->is != ZR_TF_NULL)
    return *configured;
  if (prior->is == ZR_TF_KNOWN)
    return *prior;
  const struct zr_tf_link *l = c->op.link;
  if (!l || l->product == ZR_PRODUCT_NONE)
    return zr_tf_unknown;
  return zr_tf_of_text(zr_product_info(l->product)->name);
}

bool zr_tf_set_texts(struct zr_tf_change *c, const char *name, const struct zr_tf_ids *ids) {
  struct zr_tf_value list;
  if (!zr_tf_of_texts(c->op.arena, ids->ids, ids->count, &list))
    return false;
  zr_tf_set(c->type, c->result, name, list);
  return true;
}

struct zr_tf_value *zr_tf_identity_of(struct zr_arena *a, const struct zr_tf_type *type,
                                      const struct zr_tf_value *object) {
  struct zr_tf_value *v = zr_tf_new_object(a, &zr_tf_identity_type);
  if (!v)
    return NULL;
  zr_tf_set(&zr_tf_identity_type, v, "product", *zr_tf_get(type, object, "product"));
  zr_tf_set(&zr_tf_identity_type, v, "instance_ids", *zr_tf_get(type, object, "instance_ids"));
  return v;
}

/* ---- reads in a plan ---- */

/* A replacement (-replace) looks like this, and a move between resources. */
static void s_warn_of_owner(struct zr_tf_change *c, size_t i) {
  const struct zr_tf_work *w = &c->work;
  if (c->moments[i] == ZR_TF_PLANS_TO_ENTER && c->resource == &zr_tf_instances &&
      zr_tf_work_ok(w, i) && zr_tf_remembers(c->op.provider, ZR_TF_OWNED, w->product, w->ids[i]))
    zr_tf_diag_f(&c->op.diags, ZR_TF_WARNING, ZR_TF_ELEMENT("instance_ids", c->positions[i]),
                 "Replacing a resource, or taking the instance off another one, releases it for "
                 "good before or after it enters here, unless on_remove is keep there.",
                 "Instance %s is held by a resource that releases it", w->ids[i]);
}

static void s_plan_read(struct zr_tf_work *w) {
  struct zr_tf_change *c = ZR_OWNER(w, struct zr_tf_change, work);
  for (size_t i = 0; i < w->count; i++) {
    zr_tf_report_read(w, i, c->moments[i], c->positions[i]);
    s_warn_of_owner(c, i);
  }
  zr_tf_report_service(w, ZR_TF_IN_STATE);
  zr_tf_plan_end(c, c->result);
}

/* Appends `from` to `all` with one moment; positions are those in the configured list. What a
 * tainted teardown holds does not enter, although Terraform shows its replacement as new. */
static void s_join(struct zr_tf_change *c, struct zr_tf_ids *all, const struct zr_tf_ids *from,
                   enum zr_tf_moment moment, const struct zr_tf_index *configured) {
  const struct zr_tf_value *object = c->result ? c->result : &c->prior;
  enum zr_product product = zr_tf_product_of(zr_tf_of(c, object, "product"));
  for (size_t i = 0; i < from->count; i++) {
    if (!from->ids[i])
      continue;
    bool held = c->resource == &zr_tf_teardown &&
                zr_tf_remembers(c->op.provider, ZR_TF_HELD, product, from->ids[i]);
    c->moments[all->count] = held ? ZR_TF_IN_STATE : moment;
    c->positions[all->count] = zr_tf_index_find(configured, from->ids[i]);
    all->ids[all->count++] = from->ids[i];
  }
}

static bool s_collect(struct zr_tf_change *c, const struct zr_tf_ids *staying,
                      struct zr_tf_ids *all) {
  struct zr_arena *a = c->op.arena;
  struct zr_tf_ids entering;
  struct zr_tf_index configured;
  size_t most = c->wanted_ids.count + staying->count + 1;
  all->ids = zr_arena_calloc(a, most, sizeof *all->ids);
  c->moments = zr_arena_calloc(a, most, sizeof *c->moments);
  c->positions = zr_arena_calloc(a, most, sizeof *c->positions);
  if (!all->ids || !c->moments || !c->positions ||
      !zr_tf_ids_minus(a, &c->wanted_ids, &c->prior_ids, &entering, NULL) ||
      !zr_tf_index_of(a, &c->wanted_ids, &configured))
    return false;
  s_join(c, all, &entering, ZR_TF_PLANS_TO_ENTER, &configured);
  s_join(c, all, staying, ZR_TF_IN_STATE, &configured);
  return true;
}

void zr_tf_plan_reads(struct zr_tf_change *c, const struct zr_tf_ids *staying) {
  struct zr_tf_ids all = {.whole = true};
  const struct zr_tf_value *from = c->result ? c->result : &c->prior;
  if (!zr_tf_op_has_backend(&c->op) ||
      zr_tf_product_of(zr_tf_of(c, from, "product")) == ZR_PRODUCT_NONE) {
    zr_tf_plan_end(c, c->result);
    return;
  }
  if (!s_collect(c, staying, &all)) {
    zr_tf_change_nomem(c);
    return;
  }
  zr_tf_prepare(c, from, &all, "read", ZR_TF_SHORT_MS);
  c->work.validate_only = true;
  c->work.on_done = s_plan_read;
  if (!zr_tf_work_start(&c->work))
    zr_tf_change_nomem(c);
}

static bool s_state(struct zr_tf_change *c, void (*fill)(struct zr_tf_change *c)) {
  bool known = c->prior.is == ZR_TF_KNOWN;
  c->result = known ? zr_tf_copy_object(c->op.arena, c->type, &c->prior)
                    : zr_tf_new_object(c->op.arena, c->type);
  if (!c->result)
    return false;
  static const char *const told[] = {"product", "instance_ids"};
  for (size_t i = 0; !known && i < ZR_COUNT(told); i++)
    zr_tf_set(c->type, c->result, told[i], *zr_tf_get(&zr_tf_identity_type, &c->identity, told[i]));
  fill(c);
  return zr_tf_ids_of(c->op.arena, zr_tf_of(c, c->result, "instance_ids"), &c->prior_ids);
}

void zr_tf_read_live(struct zr_tf_change *c, void (*fill)(struct zr_tf_change *c),
                     void (*on_done)(struct zr_tf_work *w)) {
  if (c->prior.is != ZR_TF_KNOWN && c->identity.is != ZR_TF_KNOWN) {
    zr_tf_read_end(c, NULL);
    return;
  }
  if (!s_state(c, fill)) {
    zr_tf_change_nomem(c);
    return;
  }
  bool known = zr_tf_product_of(zr_tf_of(c, c->result, "product")) != ZR_PRODUCT_NONE;
  if (known)
    zr_tf_check_object(&c->op.diags, c->type, c->result);
  if (c->op.diags.errors > 0) {
    zr_tf_read_end(c, &c->prior);
    return;
  }
  if (!zr_tf_op_has_backend(&c->op) || !known || c->prior_ids.count == 0) {
    zr_tf_read_end(c, c->result);
    return;
  }
  zr_tf_prepare(c, c->result, &c->prior_ids, "read", ZR_TF_SHORT_MS);
  c->work.validate_only = true;
  c->work.on_done = on_done;
  if (!zr_tf_work_start(&c->work))
    zr_tf_change_nomem(c);
}
