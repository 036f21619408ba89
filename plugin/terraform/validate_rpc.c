/* The five validations: decode, check, answer. Nothing is asked of anybody. */
#include "terraform/check.h"

/* Checks one configuration and leaves the diagnostics in *d. */
static void s_validate(struct zr_tf_provider *p, enum zr_tf_role role, const char *name,
                       const Tfplugin6__DynamicValue *config, struct zr_tf_diags *d) {
  const struct zr_tf_kind_of *kind = zr_tf_kind_find(p, role, name);
  struct zr_tf_decoding decoding = {.arena = d->arena};
  struct zr_tf_value value;
  if (!kind)
    zr_tf_diag_f(d, ZR_TF_ERROR, ZR_TF_WHOLE, "", "The provider has nothing called %.100s", name);
  else if (!zr_tf_unpack_value(&decoding, &kind->type, config, &value))
    zr_tf_diag_decoding(d, &decoding);
  else
    zr_tf_check_config(d, kind, &value);
}

/* The messages differ in name only; the provider's has no type name. */
#define VALIDATION(function, Message, descriptor_name, ANSWER_INIT, role, name_of)                 \
  void function(void *provider, struct zr_rpc_call *call) {                                        \
    const ProtobufCMessage *request = zr_tf_request(call, &descriptor_name);                       \
    if (!request)                                                                                  \
      return;                                                                                      \
    const Message##__Request *r = (const Message##__Request *)request;                             \
    struct zr_tf_diags d = {.arena = zr_rpc_call_arena(call)};                                     \
    s_validate(provider, role, name_of, r->config, &d);                                            \
    Message##__Response m = ANSWER_INIT;                                                           \
    m.diagnostics = d.items;                                                                       \
    m.n_diagnostics = d.count;                                                                     \
    if (d.nomem)                                                                                   \
      zr_tf_fail_nomem(call);                                                                      \
    else                                                                                           \
      zr_tf_reply(call, &m.base);                                                                  \
  }

VALIDATION(zr_tf_handle_validate_provider, Tfplugin6__ValidateProviderConfig,
           tfplugin6__validate_provider_config__request__descriptor,
           TFPLUGIN6__VALIDATE_PROVIDER_CONFIG__RESPONSE__INIT, ZR_TF_PROVIDER, "zenrelease")
VALIDATION(zr_tf_handle_validate_resource, Tfplugin6__ValidateResourceConfig,
           tfplugin6__validate_resource_config__request__descriptor,
           TFPLUGIN6__VALIDATE_RESOURCE_CONFIG__RESPONSE__INIT, ZR_TF_RESOURCE, r->type_name)
VALIDATION(zr_tf_handle_validate_data, Tfplugin6__ValidateDataResourceConfig,
           tfplugin6__validate_data_resource_config__request__descriptor,
           TFPLUGIN6__VALIDATE_DATA_RESOURCE_CONFIG__RESPONSE__INIT, ZR_TF_DATA_SOURCE,
           r->type_name)
VALIDATION(zr_tf_handle_validate_list, Tfplugin6__ValidateListResourceConfig,
           tfplugin6__validate_list_resource_config__request__descriptor,
           TFPLUGIN6__VALIDATE_LIST_RESOURCE_CONFIG__RESPONSE__INIT, ZR_TF_LIST_RESOURCE,
           r->type_name)
VALIDATION(zr_tf_handle_validate_action, Tfplugin6__ValidateActionConfig,
           tfplugin6__validate_action_config__request__descriptor,
           TFPLUGIN6__VALIDATE_ACTION_CONFIG__RESPONSE__INIT, ZR_TF_ACTION, r->type_name)

/* An action's plan has no output, and what it names may get into the bin only later in the same
 * apply (an action after a destroy), so the service is not asked. */
void zr_tf_handle_plan_action(void *provider, struct zr_rpc_call *call) {
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__plan_action__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__PlanAction__Request *r = (const Tfplugin6__PlanAction__Request *)request;
  struct zr_tf_diags d = {.arena = zr_rpc_call_arena(call)};
  s_validate(provider, ZR_TF_ACTION, r->action_type, r->config, &d);
  Tfplugin6__PlanAction__Response m = TFPLUGIN6__PLAN_ACTION__RESPONSE__INIT;
  m.diagnostics = d.items;
  m.n_diagnostics = d.count;
  if (d.nomem)
    zr_tf_fail_nomem(call);
  else
    zr_tf_reply(call, &m.base);
}
