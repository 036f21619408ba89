/* What the provider offers, and the calls that are always answered the same way. */
#include "terraform/diags.h"
#include "terraform/private.h"

static void s_reply(struct zr_rpc_call *call, struct zr_rpc_bytes *bytes) {
  zr_rpc_reply(call, zr_rpc_bytes_acquire(bytes));
}

void zr_tf_handle_schema(void *provider, struct zr_rpc_call *call) {
  const struct zr_tf_provider *p = provider;
  s_reply(call, p->schema);
}

void zr_tf_handle_identity(void *provider, struct zr_rpc_call *call) {
  const struct zr_tf_provider *p = provider;
  s_reply(call, p->identity);
}

void zr_tf_handle_metadata(void *provider, struct zr_rpc_call *call) {
  const struct zr_tf_provider *p = provider;
  s_reply(call, p->metadata);
}

void zr_tf_handle_functions(void *provider, struct zr_rpc_call *call) {
  (void)provider;
  const Tfplugin6__GetFunctions__Response m = TFPLUGIN6__GET_FUNCTIONS__RESPONSE__INIT;
  zr_tf_reply(call, &m.base);
}

void zr_tf_handle_move(void *provider, struct zr_rpc_call *call) {
  (void)provider;
  struct zr_tf_diags d = {.arena = zr_rpc_call_arena(call)};
  zr_tf_diag(&d, ZR_TF_ERROR, ZR_TF_WHOLE, "Resources of another type cannot be moved here",
             "Import the instances into a new resource instead, with the id PRODUCT/ID,ID.");
  Tfplugin6__MoveResourceState__Response m = TFPLUGIN6__MOVE_RESOURCE_STATE__RESPONSE__INIT;
  m.diagnostics = d.items;
  m.n_diagnostics = d.count;
  zr_tf_reply(call, &m.base);
}
