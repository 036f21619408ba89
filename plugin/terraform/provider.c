#include "terraform/provider.h"

#include <string.h>

#include "base/mem.h"
#include "terraform/op.h"
#include "terraform/private.h"
#include "terraform/work.h"

#define METHOD(rpc, how, fn)                                                                       \
  { .name = "/tfplugin6.Provider/" rpc, .kind = (how), .handle = (fn), .slots = 8 }

static const struct zr_rpc_method s_methods[ZR_TF_METHODS] = {
    METHOD("GetMetadata", ZR_RPC_UNARY, zr_tf_handle_metadata),
    METHOD("GetProviderSchema", ZR_RPC_UNARY, zr_tf_handle_schema),
    METHOD("GetResourceIdentitySchemas", ZR_RPC_UNARY, zr_tf_handle_identity),
    METHOD("ValidateProviderConfig", ZR_RPC_UNARY, zr_tf_handle_validate_provider),
    METHOD("ConfigureProvider", ZR_RPC_UNARY, zr_tf_handle_configure),
    METHOD("StopProvider", ZR_RPC_UNARY, zr_tf_handle_stop),
    METHOD("ValidateResourceConfig", ZR_RPC_UNARY, zr_tf_handle_validate_resource),
    METHOD("ValidateDataResourceConfig", ZR_RPC_UNARY, zr_tf_handle_validate_data),
    METHOD("UpgradeResourceState", ZR_RPC_UNARY, zr_tf_handle_upgrade_state),
    METHOD("UpgradeResourceIdentity", ZR_RPC_UNARY, zr_tf_handle_upgrade_identity),
    METHOD("ReadResource", ZR_RPC_UNARY, zr_tf_handle_read),
    METHOD("PlanResourceChange", ZR_RPC_UNARY, zr_tf_handle_plan),
    METHOD("ApplyResourceChange", ZR_RPC_UNARY, zr_tf_handle_apply),
    METHOD("ImportResourceState", ZR_RPC_UNARY, zr_tf_handle_import),
    METHOD("MoveResourceState", ZR_RPC_UNARY, zr_tf_handle_move),
    METHOD("ReadDataSource", ZR_RPC_UNARY, zr_tf_handle_read_data),
    METHOD("GetFunctions", ZR_RPC_UNARY, zr_tf_handle_functions),
    METHOD("ValidateListResourceConfig", ZR_RPC_UNARY, zr_tf_handle_validate_list),
    METHOD("ListResource", ZR_RPC_SERVER_STREAM, zr_tf_handle_list),
    METHOD("ValidateActionConfig", ZR_RPC_UNARY, zr_tf_handle_validate_action),
    METHOD("PlanAction", ZR_RPC_UNARY, zr_tf_handle_plan_action),
    METHOD("InvokeAction", ZR_RPC_SERVER_STREAM, zr_tf_handle_invoke),
};

static enum zr_err s_make_kinds(struct zr_tf_provider *p) {
  p->kinds = zr_arena_calloc(&p->arena, zr_tf_schema_count, sizeof *p->kinds);
  if (!p->kinds)
    return ZR_ERR_NOMEM;
  for (size_t i = 0; i < zr_tf_schema_count; i++) {
    p->kinds[i].schema = &zr_tf_schemas[i];
    if (!zr_tf_schema_type(&p->arena, &zr_tf_schemas[i], &p->kinds[i].type))
      return ZR_ERR_NOMEM;
  }
  return ZR_ERR_OK;
}

enum zr_err zr_tf_provider_new(const struct zr_tf_host *host, const char *version,
                               struct zr_tf_provider **out) {
  struct zr_tf_provider *p = zr_calloc(1, sizeof *p);
  if (!p)
    return ZR_ERR_NOMEM;
  p->host = *host;
  p->version = version;
  zr_arena_init(&p->arena, NULL, 0);
  (void)pthread_mutex_init(&p->lock, NULL);
  memcpy(p->methods, s_methods, sizeof s_methods);
  for (size_t i = 0; i < ZR_TF_METHODS; i++)
    p->methods[i].user = p;
  enum zr_err e = s_make_kinds(p);
  if (e == ZR_ERR_OK)
    e = zr_tf_pack_schemas(p);
  if (e != ZR_ERR_OK) {
    zr_tf_provider_destroy(p);
    return e;
  }
  *out = p;
  return ZR_ERR_OK;
}

const struct zr_rpc_method *zr_tf_provider_methods(const struct zr_tf_provider *p, size_t *count) {
  *count = ZR_TF_METHODS;
  return p->methods;
}

const struct zr_tf_kind_of *zr_tf_kind_find(const struct zr_tf_provider *p, enum zr_tf_role role,
                                            const char *name) {
  const struct zr_tf_schema *schema = zr_tf_find_schema(role, name);
  return schema ? &p->kinds[schema - zr_tf_schemas] : NULL;
}

unsigned zr_tf_provider_running(const struct zr_tf_provider *p) {
  return atomic_load(&p->running);
}

static void s_stop_link(struct zr_task *task) {
  struct zr_tf_link *l = ZR_OWNER(task, struct zr_tf_link, stop);
  atomic_store(&l->stop_posted, false);
  zr_tf_works_cancel(l);
}

void zr_tf_provider_stop(struct zr_tf_provider *p) {
  (void)pthread_mutex_lock(&p->lock);
  for (struct zr_tf_link *l = p->links; l; l = l->next) {
    atomic_store(&l->stopping, true);
    if (!l->backend || atomic_exchange(&l->stop_posted, true))
      continue; /* or its task is on its way */
    l->stop.run = s_stop_link;
    if (l->backend->post(l->backend->self, &l->stop) != ZR_ERR_OK)
      atomic_store(&l->stop_posted, false);
  }
  (void)pthread_mutex_unlock(&p->lock);
}

void zr_tf_provider_close(struct zr_tf_provider *p) {
  struct zr_tf_op *op = zr_tf_op_take_any(p);
  for (; op; op = zr_tf_op_take_any(p))
    zr_tf_fail(op->call, ZR_RPC_UNAVAILABLE, "the provider is shutting down");
}

void zr_tf_provider_destroy(struct zr_tf_provider *p) {
  if (!p)
    return;
  while (p->links) {
    struct zr_tf_link *l = p->links;
    p->links = l->next;
    zr_free(l);
  }
  zr_tf_forget_all(p);
  zr_rpc_bytes_release(p->schema);
  zr_rpc_bytes_release(p->identity);
  zr_rpc_bytes_release(p->metadata);
  zr_arena_clean_up(&p->arena);
  (void)pthread_mutex_destroy(&p->lock);
  zr_free(p);
}
