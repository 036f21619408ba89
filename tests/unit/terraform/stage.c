#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static enum zr_err s_configure(void *self, const struct zr_tf_settings *settings,
                               const struct zr_backend **out, struct zr_buf *problem) {
  struct fleet *f = self;
  (void)settings;
  (void)problem;
  *out = &f->backend;
  return ZR_ERR_OK;
}

static Tfplugin6__DynamicValue *s_pack(struct stage *s, const struct zr_tf_type *type,
                                       const struct zr_tf_value *v) {
  Tfplugin6__DynamicValue *m = zr_tf_pack_value(&s->arena, type, v ? v : &zr_tf_null);
  assert_non_null(m);
  return m;
}

void stage_open(struct stage *s) {
  fleet_init(&s->fleet);
  zr_arena_init(&s->arena, NULL, 0);
  const struct zr_tf_host host = {&s->fleet, s_configure};
  assert_int_equal(zr_tf_provider_new(&host, "1", &s->provider), ZR_ERR_OK);
  const struct zr_tf_kind_of *kind = stage_kind(s, ZR_TF_PROVIDER, "zenrelease");
  Tfplugin6__ConfigureProvider__Request r;
  tfplugin6__configure_provider__request__init(&r);
  r.config = s_pack(s, &kind->type, zr_tf_new_object(&s->arena, &kind->type));
  const Tfplugin6__ConfigureProvider__Response *m =
      (const Tfplugin6__ConfigureProvider__Response *)stage_message(
          s, stage_call(s, "ConfigureProvider", &r.base),
          &tfplugin6__configure_provider__response__descriptor);
  assert_int_equal(m->n_diagnostics, 0);
}

void stage_close(struct stage *s) {
  assert_int_equal(zr_tf_provider_running(s->provider), 0);
  zr_tf_provider_close(s->provider);
  zr_tf_provider_destroy(s->provider);
  zr_arena_clean_up(&s->arena);
}

const struct zr_tf_kind_of *stage_kind(struct stage *s, enum zr_tf_role role, const char *name) {
  const struct zr_tf_kind_of *kind = zr_tf_kind_find(s->provider, role, name);
  assert_non_null(kind);
  return kind;
}

struct zr_tf_value stage_object(struct stage *s, const struct zr_tf_kind_of *kind,
                                const char *const *ids) {
  struct zr_tf_value *o = zr_tf_new_object(&s->arena, &kind->type);
  struct zr_tf_value list;
  size_t count = 0;
  while (ids[count])
    count++;
  assert_non_null(o);
  assert_true(zr_tf_of_texts(&s->arena, ids, count, &list));
  zr_tf_set(&kind->type, o, "product", zr_tf_of_text("vm"));
  zr_tf_set(&kind->type, o, "instance_ids", list);
  return *o;
}

void stage_set(struct stage *s, const struct zr_tf_kind_of *kind, struct zr_tf_value *object,
               const char *name, struct zr_tf_value v) {
  struct zr_tf_value *copy = zr_tf_copy_object(&s->arena, &kind->type, object);
  assert_non_null(copy);
  zr_tf_set(&kind->type, copy, name, v);
  *object = *copy;
}

const char *stage_ids(struct stage *s, const struct zr_tf_kind_of *kind,
                      const struct zr_tf_value *object, const char *name) {
  const struct zr_tf_value *list = zr_tf_get(&kind->type, object, name);
  const char *out = "";
  if (list->is != ZR_TF_KNOWN)
    return list->is == ZR_TF_NULL ? "null" : "unknown";
  for (size_t i = 0; i < list->count; i++) {
    const char *id = zr_tf_text(&list->items[i]);
    out = zr_arena_printf(&s->arena, "%s%s%s", out, i ? "," : "", id ? id : "?");
    assert_non_null(out);
  }
  return out;
}

/* ---- calls ---- */

struct zr_rpc_call *stage_start(struct stage *s, const char *rpc, const ProtobufCMessage *request) {
  size_t count = 0;
  const struct zr_rpc_method *methods = zr_tf_provider_methods(s->provider, &count);
  const char *name = zr_arena_printf(&s->arena, "/tfplugin6.Provider/%s", rpc);
  for (size_t i = 0; i < count; i++)
    if (strcmp(methods[i].name, name) == 0)
      return fake_call(&methods[i], zr_tf_pack(request));
  fail_msg("there is no method %s", rpc);
  return NULL;
}

struct zr_rpc_call *stage_call(struct stage *s, const char *rpc, const ProtobufCMessage *request) {
  struct zr_rpc_call *call = stage_start(s, rpc, request);
  fleet_run(&s->fleet);
  return call;
}

static void *s_alloc(void *arena, size_t size) {
  return zr_arena_alloc(arena, size);
}

static void s_drop(void *arena, void *p) {
  (void)arena;
  (void)p;
}

ProtobufCMessage *stage_message(struct stage *s, struct zr_rpc_call *call,
                                const ProtobufCMessageDescriptor *type) {
  ProtobufCAllocator allocator = {s_alloc, s_drop, &s->arena};
  assert_true(call->ended);
  assert_int_equal(call->code, ZR_RPC_OK);
  assert_int_equal(call->sent_count, 1);
  ProtobufCMessage *m =
      protobuf_c_message_unpack(type, &allocator, call->sent[0]->len, call->sent[0]->data);
  assert_non_null(m);
  fake_free(call);
  return m;
}

static struct answer s_answer(struct stage *s, const char *type,
                              const Tfplugin6__DynamicValue *state,
                              const Tfplugin6__ResourceIdentityData *identity,
                              Tfplugin6__Diagnostic **diags, size_t count) {
  struct answer a = {.diags = diags, .diag_count = count};
  struct zr_tf_decoding d = {.arena = &s->arena};
  const struct zr_tf_kind_of *kind = stage_kind(s, ZR_TF_RESOURCE, type);
  assert_true(zr_tf_unpack_value(&d, &kind->type, state, &a.state));
  assert_true(zr_tf_unpack_value(&d, &zr_tf_identity_type,
                                 identity ? identity->identity_data : NULL, &a.identity));
  for (size_t i = 0; i < count; i++)
    a.errors += diags[i]->severity == TFPLUGIN6__DIAGNOSTIC__SEVERITY__ERROR;
  return a;
}

static char *s_name(const char *type) {
  return zr_tf_pb_text(type);
}

struct answer stage_validate(struct stage *s, const char *type, const struct zr_tf_value *config) {
  Tfplugin6__ValidateResourceConfig__Request r;
  tfplugin6__validate_resource_config__request__init(&r);
  r.type_name = s_name(type);
  r.config = s_pack(s, &stage_kind(s, ZR_TF_RESOURCE, type)->type, config);
  const Tfplugin6__ValidateResourceConfig__Response *m =
      (const Tfplugin6__ValidateResourceConfig__Response *)stage_message(
          s, stage_call(s, "ValidateResourceConfig", &r.base),
          &tfplugin6__validate_resource_config__response__descriptor);
  return s_answer(s, type, NULL, NULL, m->diagnostics, m->n_diagnostics);
}

struct answer stage_read(struct stage *s, const char *type, const struct zr_tf_value *state) {
  Tfplugin6__ReadResource__Request r;
  tfplugin6__read_resource__request__init(&r);
  r.type_name = s_name(type);
  r.current_state = s_pack(s, &stage_kind(s, ZR_TF_RESOURCE, type)->type, state);
  const Tfplugin6__ReadResource__Response *m =
      (const Tfplugin6__ReadResource__Response *)stage_message(
          s, stage_call(s, "ReadResource", &r.base),
          &tfplugin6__read_resource__response__descriptor);
  return s_answer(s, type, m->new_state, m->new_identity, m->diagnostics, m->n_diagnostics);
}

struct answer stage_plan(struct stage *s, const char *type, const struct zr_tf_value *prior,
                         const struct zr_tf_value *config) {
  const struct zr_tf_type *t = &stage_kind(s, ZR_TF_RESOURCE, type)->type;
  Tfplugin6__PlanResourceChange__Request r;
  tfplugin6__plan_resource_change__request__init(&r);
  r.type_name = s_name(type);
  r.prior_state = s_pack(s, t, prior);
  r.proposed_new_state = s_pack(s, t, config);
  r.config = s_pack(s, t, config);
  const Tfplugin6__PlanResourceChange__Response *m =
      (const Tfplugin6__PlanResourceChange__Response *)stage_message(
          s, stage_call(s, "PlanResourceChange", &r.base),
          &tfplugin6__plan_resource_change__response__descriptor);
  return s_answer(s, type, m->planned_state, m->planned_identity, m->diagnostics, m->n_diagnostics);
}

struct answer stage_apply(struct stage *s, const char *type, const struct zr_tf_value *prior,
                          const struct zr_tf_value *planned) {
  const struct zr_tf_type *t = &stage_kind(s, ZR_TF_RESOURCE, type)->type;
  Tfplugin6__ApplyResourceChange__Request r;
  tfplugin6__apply_resource_change__request__init(&r);
  r.type_name = s_name(type);
  r.prior_state = s_pack(s, t, prior);
  r.planned_state = s_pack(s, t, planned);
  r.config = s_pack(s, t, planned);
  const Tfplugin6__ApplyResourceChange__Response *m =
      (const Tfplugin6__ApplyResourceChange__Response *)stage_message(
          s, stage_call(s, "ApplyResourceChange", &r.base),
          &tfplugin6__apply_resource_change__response__descriptor);
  struct answer a =
      s_answer(s, type, m->new_state, m->new_identity, m->diagnostics, m->n_diagnostics);
  assert_true(zr_tf_wholly_known(t, &a.state));
  return a;
}

struct answer stage_import(struct stage *s, const char *type, const char *id) {
  Tfplugin6__ImportResourceState__Request r;
  tfplugin6__import_resource_state__request__init(&r);
  r.type_name = s_name(type);
  r.id = s_name(id);
  const Tfplugin6__ImportResourceState__Response *m =
      (const Tfplugin6__ImportResourceState__Response *)stage_message(
          s, stage_call(s, "ImportResourceState", &r.base),
          &tfplugin6__import_resource_state__response__descriptor);
  const Tfplugin6__ImportResourceState__ImportedResource *one =
      m->n_imported_resources == 1 ? m->imported_resources[0] : NULL;
  return s_answer(s, type, one ? one->state : NULL, one ? one->identity : NULL, m->diagnostics,
                  m->n_diagnostics);
}

const char *stage_diag(struct stage *s, const struct answer *a, size_t i) {
  assert_true(i < a->diag_count);
  const Tfplugin6__Diagnostic *d = a->diags[i];
  const char *path = "";
  for (size_t n = 0; d->attribute && n < d->attribute->n_steps; n++) {
    const Tfplugin6__AttributePath__Step *step = d->attribute->steps[n];
    if (step->selector_case == TFPLUGIN6__ATTRIBUTE_PATH__STEP__SELECTOR_ATTRIBUTE_NAME)
      path = zr_arena_printf(&s->arena, "%s%s%s", path, n ? "." : "", step->attribute_name);
    else
      path = zr_arena_printf(&s->arena, "%s[%d]", path, (int)step->element_key_int);
  }
  bool error = d->severity == TFPLUGIN6__DIAGNOSTIC__SEVERITY__ERROR;
  return zr_arena_printf(&s->arena, "%s %s: %s", error ? "E" : "W", path, d->summary);
}
