/* UpgradeResourceState and UpgradeResourceIdentity: what was stored, in today's form. There is one
 * version of either so far; missing attributes become null. */
#include "terraform/check.h"

static void s_take(struct zr_tf_diags *d, const struct zr_tf_type *type,
                   const Tfplugin6__RawState *raw, int64_t version, int64_t newest,
                   struct zr_tf_value *out) {
  struct zr_tf_decoding decoding = {.arena = d->arena};
  *out = zr_tf_null;
  if (raw && raw->json.len == 0 && raw->n_flatmap > 0)
    zr_tf_diag(d, ZR_TF_ERROR, ZR_TF_WHOLE, "The state is older than Terraform 0.12",
               "Take the resource out of the state and import its instances again.");
  else if (version > newest)
    zr_tf_diag(d, ZR_TF_ERROR, ZR_TF_WHOLE, "The state was written by a newer provider",
               "Use that version of the provider, or a newer one.");
  else if (raw && raw->json.len > 0 &&
           !zr_tf_from_json(&decoding, type, zr_tf_view(raw->json), true, out))
    zr_tf_diag_decoding(d, &decoding);
}

void zr_tf_handle_upgrade_state(void *provider, struct zr_rpc_call *call) {
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__upgrade_resource_state__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__UpgradeResourceState__Request *r =
      (const Tfplugin6__UpgradeResourceState__Request *)request;
  const struct zr_tf_kind_of *kind = zr_tf_kind_find(provider, ZR_TF_RESOURCE, r->type_name);
  struct zr_tf_diags d = {.arena = zr_rpc_call_arena(call)};
  Tfplugin6__UpgradeResourceState__Response m = TFPLUGIN6__UPGRADE_RESOURCE_STATE__RESPONSE__INIT;
  struct zr_tf_value value = zr_tf_null;
  if (!kind) {
    zr_tf_fail(call, ZR_RPC_INVALID_ARGUMENT, "there is no resource of this type");
    return;
  }
  s_take(&d, &kind->type, r->raw_state, r->version, kind->schema->version, &value);
  if (d.errors == 0) /* somebody may have edited it by hand */
    zr_tf_check_object(&d, &kind->type, &value);
  m.upgraded_state = zr_tf_pack_value(d.arena, &kind->type, &value);
  m.diagnostics = d.items;
  m.n_diagnostics = d.count;
  if (d.nomem || !m.upgraded_state)
    zr_tf_fail_nomem(call);
  else
    zr_tf_reply(call, &m.base);
}

void zr_tf_handle_upgrade_identity(void *provider, struct zr_rpc_call *call) {
  (void)provider;
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__upgrade_resource_identity__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__UpgradeResourceIdentity__Request *r =
      (const Tfplugin6__UpgradeResourceIdentity__Request *)request;
  struct zr_tf_diags d = {.arena = zr_rpc_call_arena(call)};
  Tfplugin6__UpgradeResourceIdentity__Response m =
      TFPLUGIN6__UPGRADE_RESOURCE_IDENTITY__RESPONSE__INIT;
  Tfplugin6__ResourceIdentityData identity = TFPLUGIN6__RESOURCE_IDENTITY_DATA__INIT;
  struct zr_tf_value value;
  s_take(&d, &zr_tf_identity_type, r->raw_identity, r->version, ZR_TF_IDENTITY_VERSION, &value);
  identity.identity_data = zr_tf_pack_value(d.arena, &zr_tf_identity_type, &value);
  m.upgraded_identity = &identity;
  m.diagnostics = d.items;
  m.n_diagnostics = d.count;
  if (d.nomem || !identity.identity_data)
    zr_tf_fail_nomem(call);
  else
    zr_tf_reply(call, &m.base);
}
