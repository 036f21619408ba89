/*
 * Every allocation of the provider fails once, in every method: the call is answered, or ended for
 * want of memory, and never in between; the same call works afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "base/mem.h"
#include "stage.h"
#include "sweep.h"
#include "terraform/handshake.h"

#define INSTANCES "zenrelease_instances"
#define TEARDOWN  "zenrelease_teardown"
#define ACTION    "zenrelease_release"
#define IDS(...)  ((const char *const[]){__VA_ARGS__, NULL})

/* ---- requests, one maker for each method; everything in the stage's arena ---- */

typedef const ProtobufCMessage *s_maker(struct stage *s);

#define NEW(type, lower)                                                                           \
  Tfplugin6__##type##__Request *r = zr_arena_alloc(&s->arena, sizeof *r);                          \
  assert_non_null(r);                                                                              \
  tfplugin6__##lower##__request__init(r)

static Tfplugin6__DynamicValue *s_config(struct stage *s, enum zr_tf_role role, const char *name,
                                         const char *const *ids) {
  const struct zr_tf_kind_of *kind = stage_kind(s, role, name);
  struct zr_tf_value v =
      ids ? stage_object(s, kind, ids) : *zr_tf_new_object(&s->arena, &kind->type);
  return zr_tf_pack_value(&s->arena, &kind->type, &v);
}

static Tfplugin6__RawState *s_raw(struct stage *s, const char *json) {
  Tfplugin6__RawState *raw = zr_arena_alloc(&s->arena, sizeof *raw);
  tfplugin6__raw_state__init(raw);
  raw->json.len = strlen(json);
  raw->json.data = (uint8_t *)zr_arena_strdup(&s->arena, json);
  return raw;
}

static const ProtobufCMessage *s_metadata(struct stage *s) {
  NEW(GetMetadata, get_metadata);
  return &r->base;
}

static const ProtobufCMessage *s_schema(struct stage *s) {
  NEW(GetProviderSchema, get_provider_schema);
  return &r->base;
}

static const ProtobufCMessage *s_identity_schemas(struct stage *s) {
  NEW(GetResourceIdentitySchemas, get_resource_identity_schemas);
  return &r->base;
}

static const ProtobufCMessage *s_functions(struct stage *s) {
  NEW(GetFunctions, get_functions);
  return &r->base;
}

static const ProtobufCMessage *s_stop(struct stage *s) {
  NEW(StopProvider, stop_provider);
  return &r->base;
}

static const ProtobufCMessage *s_validate_provider(struct stage *s) {
  NEW(ValidateProviderConfig, validate_provider_config);
  r->config = s_config(s, ZR_TF_PROVIDER, "zenrelease", NULL);
  return &r->base;
}

static const ProtobufCMessage *s_configure(struct stage *s) {
  NEW(ConfigureProvider, configure_provider);
  r->config = s_config(s, ZR_TF_PROVIDER, "zenrelease", NULL);
  return &r->base;
}

static const ProtobufCMessage *s_validate_resource(struct stage *s) {
  NEW(ValidateResourceConfig, validate_resource_config);
  r->type_name = zr_tf_pb_text(INSTANCES);
  r->config = s_config(s, ZR_TF_RESOURCE, INSTANCES, IDS("a", "a", " padded"));
  return &r->base;
}

static const ProtobufCMessage *s_validate_data(struct stage *s) {
  NEW(ValidateDataResourceConfig, validate_data_resource_config);
  r->type_name = zr_tf_pb_text(INSTANCES);
  r->config = s_config(s, ZR_TF_DATA_SOURCE, INSTANCES, NULL);
  return &r->base;
}

static const ProtobufCMessage *s_validate_list(struct stage *s) {
  NEW(ValidateListResourceConfig, validate_list_resource_config);
  r->type_name = zr_tf_pb_text(INSTANCES);
  r->config = s_config(s, ZR_TF_LIST_RESOURCE, INSTANCES, NULL);
  return &r->base;
}

static const ProtobufCMessage *s_validate_action(struct stage *s) {
  NEW(ValidateActionConfig, validate_action_config);
  r->type_name = zr_tf_pb_text(ACTION);
  r->config = s_config(s, ZR_TF_ACTION, ACTION, IDS("a", "a"));
  return &r->base;
}

static const ProtobufCMessage *s_upgrade_state(struct stage *s) {
  NEW(UpgradeResourceState, upgrade_resource_state);
  r->type_name = zr_tf_pb_text(TEARDOWN);
  r->raw_state = s_raw(s, "{\"product\":\"vm\",\"instance_ids\":[\"a\",\"b\"],\"results\":{}}");
  return &r->base;
}

static const ProtobufCMessage *s_upgrade_identity(struct stage *s) {
  NEW(UpgradeResourceIdentity, upgrade_resource_identity);
  r->type_name = zr_tf_pb_text(INSTANCES);
  r->raw_identity = s_raw(s, "{\"product\":\"vm\",\"instance_ids\":[\"a\"]}");
  return &r->base;
}

static const ProtobufCMessage *s_move(struct stage *s) {
  NEW(MoveResourceState, move_resource_state);
  r->source_type_name = zr_tf_pb_text(INSTANCES);
  r->target_type_name = zr_tf_pb_text(TEARDOWN);
  r->source_state = s_raw(s, "{}");
  return &r->base;
}

static const ProtobufCMessage *s_read(struct stage *s) {
  NEW(ReadResource, read_resource);
  r->type_name = zr_tf_pb_text(INSTANCES);
  r->current_state = s_config(s, ZR_TF_RESOURCE, INSTANCES, IDS("a", "b", "gone"));
  return &r->base;
}

static const ProtobufCMessage *s_plan(struct stage *s) {
  NEW(PlanResourceChange, plan_resource_change);
  r->type_name = zr_tf_pb_text(INSTANCES);
  r->proposed_new_state = r->config =
      s_config(s, ZR_TF_RESOURCE, INSTANCES, IDS("a", "b", "run", "gone"));
  return &r->base;
}

static const ProtobufCMessage *s_apply(struct stage *s) {
  const struct zr_tf_kind_of *kind = stage_kind(s, ZR_TF_RESOURCE, TEARDOWN);
  struct zr_tf_value planned = stage_object(s, kind, IDS("a", "b", "gone"));
  stage_set(s, kind, &planned, "results", zr_tf_unknown);
  stage_set(s, kind, &planned, "pending_ids", zr_tf_unknown);
  NEW(ApplyResourceChange, apply_resource_change);
  r->type_name = zr_tf_pb_text(TEARDOWN);
  r->planned_state = r->config = zr_tf_pack_value(&s->arena, &kind->type, &planned);
  return &r->base;
}

/* The destruction of adopted instances. */
static const ProtobufCMessage *s_destroy(struct stage *s) {
  const struct zr_tf_kind_of *kind = stage_kind(s, ZR_TF_RESOURCE, INSTANCES);
  struct zr_tf_value prior = stage_object(s, kind, IDS("a", "b"));
  stage_set(s, kind, &prior, "on_remove", zr_tf_of_text("release"));
  NEW(ApplyResourceChange, apply_resource_change);
  r->type_name = zr_tf_pb_text(INSTANCES);
  r->prior_state = zr_tf_pack_value(&s->arena, &kind->type, &prior);
  r->planned_state = zr_tf_pack_value(&s->arena, &kind->type, &zr_tf_null);
  return &r->base;
}

static const ProtobufCMessage *s_import(struct stage *s) {
  NEW(ImportResourceState, import_resource_state);
  r->type_name = zr_tf_pb_text(INSTANCES);
  r->id = zr_tf_pb_text("vm/a,b");
  return &r->base;
}

static const ProtobufCMessage *s_read_data(struct stage *s) {
  NEW(ReadDataSource, read_data_source);
  r->type_name = zr_tf_pb_text(INSTANCES);
  r->config = s_config(s, ZR_TF_DATA_SOURCE, INSTANCES, NULL);
  return &r->base;
}

static const ProtobufCMessage *s_list(struct stage *s) {
  NEW(ListResource, list_resource);
  r->type_name = zr_tf_pb_text(INSTANCES);
  r->limit = 3;
  r->include_resource_object = true;
  r->config = s_config(s, ZR_TF_LIST_RESOURCE, INSTANCES, NULL);
  return &r->base;
}

static const ProtobufCMessage *s_plan_action(struct stage *s) {
  NEW(PlanAction, plan_action);
  r->action_type = zr_tf_pb_text(ACTION);
  r->config = s_config(s, ZR_TF_ACTION, ACTION, IDS("a", "gone"));
  return &r->base;
}

static const ProtobufCMessage *s_invoke(struct stage *s) {
  NEW(InvokeAction, invoke_action);
  r->action_type = zr_tf_pb_text(ACTION);
  r->config = s_config(s, ZR_TF_ACTION, ACTION, IDS("a", "gone"));
  return &r->base;
}

/* ---- one method ---- */

struct method {
  const char *rpc;
  s_maker *make;
  const char *path;
};

static const struct zr_rpc_method *s_find(struct stage *s, const char *rpc) {
  size_t count = 0;
  const struct zr_rpc_method *methods = zr_tf_provider_methods(s->provider, &count);
  const char *name = zr_arena_printf(&s->arena, "/tfplugin6.Provider/%s", rpc);
  for (size_t i = 0; i < count; i++)
    if (strcmp(methods[i].name, name) == 0)
      return &methods[i];
  fail_msg("there is no method %s", rpc);
  return NULL;
}

static void s_fill(struct stage *s) {
  stage_open(s);
  fleet_add(&s->fleet, "a", "RECYCLE");
  fleet_add(&s->fleet, "b", "RECYCLE");
  fleet_add(&s->fleet, "c", "RECYCLE");
  fleet_add(&s->fleet, "run", "RUNNING");
}

static enum zr_rpc_code s_end(struct zr_rpc_call *call) {
  assert_true(call->ended);
  enum zr_rpc_code code = call->code;
  fake_free(call);
  return code;
}

static void s_once(struct sweep *s, void *ctx) {
  const struct method *m = ctx;
  struct stage t;
  s_fill(&t);
  const ProtobufCMessage *request = m->make(&t);
  const struct zr_rpc_method *method = s_find(&t, m->rpc);
  struct zr_rpc_bytes *bytes = zr_tf_pack(request);
  assert_non_null(bytes);
  sweep_arm(s);
  struct zr_rpc_call *call = fake_call(method, bytes);
  fleet_run(&t.fleet);
  bool failed = sweep_disarm(s);
  enum zr_rpc_code code = s_end(call);
  assert_true(code == ZR_RPC_OK || (failed && code == ZR_RPC_RESOURCE_EXHAUSTED));
  assert_int_equal(zr_tf_provider_running(t.provider), 0);
  call = fake_call(method, zr_tf_pack(request));
  fleet_run(&t.fleet);
  assert_int_equal(s_end(call), ZR_RPC_OK);
  stage_close(&t);
}

static void every_method(void **state) {
  static const struct method methods[] = {
      {"GetMetadata", s_metadata, "terraform: metadata"},
      {"GetProviderSchema", s_schema, "terraform: schema"},
      {"GetResourceIdentitySchemas", s_identity_schemas, "terraform: identity schemas"},
      {"GetFunctions", s_functions, "terraform: functions"},
      {"StopProvider", s_stop, "terraform: stop"},
      {"ValidateProviderConfig", s_validate_provider, "terraform: validate provider"},
      {"ConfigureProvider", s_configure, "terraform: configure"},
      {"ValidateResourceConfig", s_validate_resource, "terraform: validate resource"},
      {"ValidateDataResourceConfig", s_validate_data, "terraform: validate data source"},
      {"ValidateListResourceConfig", s_validate_list, "terraform: validate list"},
      {"ValidateActionConfig", s_validate_action, "terraform: validate action"},
      {"UpgradeResourceState", s_upgrade_state, "terraform: upgrade state"},
      {"UpgradeResourceIdentity", s_upgrade_identity, "terraform: upgrade identity"},
      {"MoveResourceState", s_move, "terraform: move state"},
      {"ReadResource", s_read, "terraform: read"},
      {"PlanResourceChange", s_plan, "terraform: plan"},
      {"ApplyResourceChange", s_apply, "terraform: apply a teardown"},
      {"ApplyResourceChange", s_destroy, "terraform: destroy instances"},
      {"ImportResourceState", s_import, "terraform: import"},
      {"ReadDataSource", s_read_data, "terraform: data source"},
      {"ListResource", s_list, "terraform: list resource"},
      {"PlanAction", s_plan_action, "terraform: plan action"},
      {"InvokeAction", s_invoke, "terraform: invoke action"},
  };
  (void)state;
  for (size_t i = 0; i < ZR_COUNT(methods); i++) {
    struct method m = methods[i];
    sweep_path(m.path, s_once, &m);
  }
}

/* ---- the rest of the room ---- */

static void s_handshake(struct sweep *s, void *ctx) {
  const struct zr_tf_handshake h = {.address = "unix:/s", .certificate = ZR_VIEW("foobar")};
  static const char *const sources[] = {"a.example/b/c"};
  struct zr_buf line = ZR_BUF_INIT(4096);
  struct zr_buf value = ZR_BUF_INIT(4096);
  (void)ctx;
  sweep_arm(s);
  enum zr_err a = zr_tf_handshake_line(&h, &line);
  enum zr_err b = zr_tf_reattach_value("unix:/s", 1, sources, 1, &value);
  bool failed = sweep_disarm(s);
  assert_int_equal(a == ZR_ERR_NOMEM || b == ZR_ERR_NOMEM, failed);
  assert_true((a == ZR_ERR_OK || a == ZR_ERR_NOMEM) && (b == ZR_ERR_OK || b == ZR_ERR_NOMEM));
  zr_buf_clean_up(&line);
  zr_buf_clean_up(&value);
}

static void s_provider(struct sweep *s, void *ctx) {
  const struct zr_tf_host host = {NULL, NULL};
  struct zr_tf_provider *p = NULL;
  (void)ctx;
  sweep_arm(s);
  enum zr_err e = zr_tf_provider_new(&host, "1", &p);
  bool failed = sweep_disarm(s);
  assert_int_equal(e, failed ? ZR_ERR_NOMEM : ZR_ERR_OK);
  if (failed)
    return;
  zr_tf_provider_close(p);
  zr_tf_provider_destroy(p);
}

/* A nested value there and back, through both encodings. */
static void s_values(struct sweep *s, void *ctx) {
  static const char json[] = "{\"name\":\"n\",\"sent_at\":null}";
  struct zr_arena arena;
  struct zr_buf out = ZR_BUF_INIT(65536);
  struct zr_tf_value v;
  struct zr_tf_value back;
  (void)ctx;
  zr_arena_init(&arena, NULL, 0);
  struct zr_tf_decoding d = {.arena = &arena};
  sweep_arm(s);
  bool ok = zr_tf_from_json(&d, &zr_tf_result_type, ZR_VIEW(json), true, &v);
  enum zr_err e = ok ? zr_tf_to_msgpack(&out, &zr_tf_result_type, &v) : ZR_ERR_NOMEM;
  if (e == ZR_ERR_OK)
    ok = zr_tf_from_msgpack(&d, &zr_tf_result_type, zr_buf_as_view(&out), &back);
  bool failed = sweep_disarm(s);
  if (failed)
    assert_true(e == ZR_ERR_NOMEM || d.nomem);
  else
    assert_true(ok && e == ZR_ERR_OK && zr_tf_equal(&zr_tf_result_type, &v, &back));
  assert_null(d.problem);
  zr_buf_clean_up(&out);
  zr_arena_clean_up(&arena);
}

static void around_them(void **state) {
  (void)state;
  sweep_path("terraform: handshake", s_handshake, NULL);
  sweep_path("terraform: provider made", s_provider, NULL);
  sweep_path("terraform: values", s_values, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_method),
      cmocka_unit_test(around_them),
  };
  cJSON_Hooks hooks = {zr_alloc, zr_free};
  cJSON_InitHooks(&hooks);
  return cmocka_run_group_tests_name("terraform: out of memory", tests, NULL, NULL);
}
