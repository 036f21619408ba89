/* ReadResource, PlanResourceChange, ApplyResourceChange: decoded, handed over, packed. */
#include <string.h>

#include "terraform/resource.h"

static const struct zr_tf_resource *const s_resources[] = {&zr_tf_instances, &zr_tf_teardown};

/* ---- in ---- */

static bool s_find(struct zr_tf_change *c, const char *name) {
  const struct zr_tf_kind_of *kind = zr_tf_kind_find(c->op.provider, ZR_TF_RESOURCE, name);
  for (size_t i = 0; i < ZR_COUNT(s_resources) && kind; i++)
    if (strcmp(s_resources[i]->name, name) == 0)
      c->resource = s_resources[i];
  if (!c->resource) {
    zr_tf_fail(c->op.call, ZR_RPC_INVALID_ARGUMENT, "there is no resource of this type");
    return false;
  }
  c->type = &kind->type;
  return true;
}

static struct zr_tf_change *s_new(struct zr_tf_provider *p, struct zr_rpc_call *call,
                                  const char *name) {
  struct zr_tf_change *c = zr_tf_op_new(p, call, sizeof *c);
  return c && s_find(c, name) ? c : NULL;
}

static bool s_identity(struct zr_tf_change *c, struct zr_tf_decoding *d,
                       const Tfplugin6__ResourceIdentityData *m) {
  c->with_identity = m;
  return zr_tf_unpack_value(d, &zr_tf_identity_type, m ? m->identity_data : NULL, &c->identity);
}

/* protobuf-c's bytes live in the call's arena, so they may be kept. */
static bool s_ids(struct zr_tf_change *c, const struct zr_tf_value *wanted) {
  struct zr_arena *a = c->op.arena;
  return zr_tf_ids_of(a, zr_tf_of(c, &c->prior, "instance_ids"), &c->prior_ids) &&
         zr_tf_ids_of(a, zr_tf_of(c, wanted, "instance_ids"), &c->wanted_ids);
}

static void s_run(struct zr_tf_change *c, void (*begin)(struct zr_tf_op *op),
                  const struct zr_tf_value *wanted) {
  if (!s_ids(c, wanted)) {
    zr_tf_fail_nomem(c->op.call);
    return;
  }
  c->op.begin = begin;
  zr_tf_op_run(&c->op);
}

/* ---- out ---- */

static void s_pack_identity(struct zr_tf_change *c, const struct zr_tf_value *identity,
                            Tfplugin6__ResourceIdentityData *m,
                            Tfplugin6__ResourceIdentityData **out) {
  if (!identity || identity->is == ZR_TF_NULL)
    return;
  tfplugin6__resource_identity_data__init(m);
  m->identity_data = zr_tf_pack_value(c->op.arena, &zr_tf_identity_type, identity);
  c->op.diags.nomem = c->op.diags.nomem || !m->identity_data;
  *out = m;
}

static const struct zr_tf_value *s_new_identity(struct zr_tf_change *c,
                                                const struct zr_tf_value *state) {
  if (!state || state->is != ZR_TF_KNOWN)
    return NULL;
  const struct zr_tf_value *v = zr_tf_identity_of(c->op.arena, c->type, state);
  c->op.diags.nomem = c->op.diags.nomem || !v;
  return v;
}

static Tfplugin6__DynamicValue *s_pack(struct zr_tf_change *c, const struct zr_tf_value *v) {
  Tfplugin6__DynamicValue *m = zr_tf_pack_value(c->op.arena, c->type, v ? v : &zr_tf_null);
  c->op.diags.nomem = c->op.diags.nomem || !m;
  return m;
}

void zr_tf_change_nomem(struct zr_tf_change *c) {
  zr_tf_op_fail_nomem(&c->op);
}

/* ---- ReadResource ---- */

static void s_begin_read(struct zr_tf_op *op) {
  struct zr_tf_change *c = (struct zr_tf_change *)(void *)op;
  c->resource->read(c);
}

void zr_tf_handle_read(void *provider, struct zr_rpc_call *call) {
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__read_resource__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__ReadResource__Request *r = (const Tfplugin6__ReadResource__Request *)request;
  struct zr_tf_change *c = s_new(provider, call, r->type_name);
  if (!c)
    return;
  struct zr_tf_decoding d = {.arena = c->op.arena};
  c->private_data = zr_tf_view(r->private_);
  if (zr_tf_unpack_value(&d, c->type, r->current_state, &c->prior) &&
      s_identity(c, &d, r->current_identity)) {
    s_run(c, s_begin_read, &zr_tf_null);
    return;
  }
  zr_tf_diag_decoding(&c->op.diags, &d);
  zr_tf_read_end(c, NULL);
}

void zr_tf_read_end(struct zr_tf_change *c, const struct zr_tf_value *state) {
  Tfplugin6__ReadResource__Response m = TFPLUGIN6__READ_RESOURCE__RESPONSE__INIT;
  Tfplugin6__ResourceIdentityData identity;
  m.new_state = s_pack(c, state);
  m.private_ = zr_tf_pb_bytes(c->private_data);
  s_pack_identity(c, s_new_identity(c, state), &identity, &m.new_identity);
  m.diagnostics = c->op.diags.items;
  m.n_diagnostics = c->op.diags.count;
  zr_tf_op_reply(&c->op, &m.base);
}

/* ---- PlanResourceChange ---- */

/* What is not known yet is left alone. */
static bool s_can_plan(struct zr_tf_change *c) {
  const struct zr_tf_value *list = zr_tf_of(c, &c->config, "instance_ids");
  zr_tf_check_object(&c->op.diags, c->type, &c->prior);
  if (list->is == ZR_TF_KNOWN)
    zr_tf_check_ids(&c->op.diags, "instance_ids", list);
  return c->op.diags.errors == 0 && !c->op.diags.nomem;
}

static void s_begin_plan(struct zr_tf_op *op) {
  struct zr_tf_change *c = (struct zr_tf_change *)(void *)op;
  if (s_can_plan(c))
    c->resource->plan(c);
  else
    zr_tf_plan_end(c, NULL);
}

void zr_tf_handle_plan(void *provider, struct zr_rpc_call *call) {
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__plan_resource_change__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__PlanResourceChange__Request *r =
      (const Tfplugin6__PlanResourceChange__Request *)request;
  struct zr_tf_change *c = s_new(provider, call, r->type_name);
  if (!c)
    return;
  struct zr_tf_decoding d = {.arena = c->op.arena};
  c->private_data = zr_tf_view(r->prior_private);
  if (zr_tf_unpack_value(&d, c->type, r->prior_state, &c->prior) &&
      zr_tf_unpack_value(&d, c->type, r->proposed_new_state, &c->proposed) &&
      zr_tf_unpack_value(&d, c->type, r->config, &c->config) &&
      s_identity(c, &d, r->prior_identity)) {
    s_run(c, s_begin_plan, &c->config);
    return;
  }
  zr_tf_diag_decoding(&c->op.diags, &d);
  zr_tf_plan_end(c, NULL);
}

/* Terraform takes an identity that is not wholly known, for a new object; OpenTofu 1.12 then cannot
 * show its plan. Without one both wait for the identity that the apply answers. */
static const struct zr_tf_value *s_planned_identity(struct zr_tf_change *c,
                                                    const struct zr_tf_value *planned) {
  const struct zr_tf_value *v = s_new_identity(c, planned);
  return v && zr_tf_wholly_known(&zr_tf_identity_type, v) ? v : &c->identity;
}

void zr_tf_plan_end(struct zr_tf_change *c, const struct zr_tf_value *planned) {
  Tfplugin6__PlanResourceChange__Response m = TFPLUGIN6__PLAN_RESOURCE_CHANGE__RESPONSE__INIT;
  Tfplugin6__ResourceIdentityData identity;
  m.planned_state = s_pack(c, planned);
  m.planned_private = zr_tf_pb_bytes(c->private_data);
  s_pack_identity(c, s_planned_identity(c, planned), &identity, &m.planned_identity);
  m.diagnostics = c->op.diags.items;
  m.n_diagnostics = c->op.diags.count;
  zr_tf_op_reply(&c->op, &m.base);
}

/* ---- ApplyResourceChange ---- */

/* The prior object, so that a refusal changes nothing; null where there is none. */
static void s_refuse(struct zr_tf_change *c, const char *summary, const char *detail) {
  zr_tf_diag(&c->op.diags, ZR_TF_ERROR, ZR_TF_WHOLE, summary, detail);
  zr_tf_apply_end(c, &c->prior);
}

/* Nothing is sent for what no validation let through. */
static bool s_is_sound(struct zr_tf_change *c) {
  zr_tf_check_object(&c->op.diags, c->type, &c->prior);
  zr_tf_check_object(&c->op.diags, c->type, &c->proposed);
  return c->op.diags.errors == 0 && !c->op.diags.nomem;
}

static void s_begin_apply(struct zr_tf_op *op) {
  struct zr_tf_change *c = (struct zr_tf_change *)(void *)op;
  if (!op->link)
    s_refuse(c, "The provider is not configured", "");
  else if (!op->link->backend)
    s_refuse(c, "The provider's settings are not known",
             "A value in the provider block was still unknown when it was configured.");
  else if (!s_is_sound(c))
    zr_tf_apply_end(c, &c->prior);
  else
    c->resource->apply(c);
}

void zr_tf_handle_apply(void *provider, struct zr_rpc_call *call) {
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__apply_resource_change__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__ApplyResourceChange__Request *r =
      (const Tfplugin6__ApplyResourceChange__Request *)request;
  struct zr_tf_change *c = s_new(provider, call, r->type_name);
  if (!c)
    return;
  struct zr_tf_decoding d = {.arena = c->op.arena};
  c->private_data = zr_tf_view(r->planned_private);
  if (zr_tf_unpack_value(&d, c->type, r->prior_state, &c->prior) &&
      zr_tf_unpack_value(&d, c->type, r->planned_state, &c->proposed) &&
      zr_tf_unpack_value(&d, c->type, r->config, &c->config) &&
      s_identity(c, &d, r->planned_identity)) {
    s_run(c, s_begin_apply, &c->proposed);
    return;
  }
  zr_tf_diag_decoding(&c->op.diags, &d);
  zr_tf_apply_end(c, &c->prior);
}

void zr_tf_apply_end(struct zr_tf_change *c, const struct zr_tf_value *state) {
  Tfplugin6__ApplyResourceChange__Response m = TFPLUGIN6__APPLY_RESOURCE_CHANGE__RESPONSE__INIT;
  Tfplugin6__ResourceIdentityData identity;
  m.new_state = s_pack(c, state);
  m.private_ = zr_tf_pb_bytes(c->private_data);
  s_pack_identity(c, s_new_identity(c, state), &identity, &m.new_identity);
  m.diagnostics = c->op.diags.items;
  m.n_diagnostics = c->op.diags.count;
  zr_tf_op_reply(&c->op, &m.base);
}
