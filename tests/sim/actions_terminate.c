/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

/* TerminateInstance of vm and bmc: one instance, towards the bin. */

static bool s_deny(struct sim_call *call, const char *code, const char *message) {
  return sim_refuse(&call->refusal, 403, code, "%s", message);
}

static bool s_check_state(struct sim_call *call, enum sim_status status) {
  switch (status) {
  case SIM_STATUS_RECYCLE:
  case SIM_STATUS_RECYCLING:
  case SIM_STATUS_RELEASING:
    return s_deny(call, "OPERATION_DENIED_INSTANCE_RECYCLED", "the instance is in the recycle bin");
  case SIM_STATUS_PENDING:
  case SIM_STATUS_DEPLOYING:
  case SIM_STATUS_CREATING:
    return s_deny(call, "OPERATION_DENIED_INSTANCE_CREATING", "the instance is being created");
  case SIM_STATUS_INSTALLING:
    return s_deny(call, "OPERATION_DENIED_INSTANCE_STATUS_INSTALLING",
                  "the instance is being installed");
  case SIM_STATUS_REBUILDING:
  case SIM_STATUS_REBOOT:
  case SIM_STATUS_REBOOTING:
  case SIM_STATUS_BOOTING:
  case SIM_STATUS_STOPPING:
  case SIM_STATUS_IMAGING:
  case SIM_STATUS_RESIZING:
    return s_deny(call, "OPERATION_DENIED_INSTANCE_STATUS", "not in this state of the instance");
  case SIM_STATUS_RUNNING:
  case SIM_STATUS_STOPPED:
  case SIM_STATUS_SHUTDOWN:
  case SIM_STATUS_CREATE_FAILED:
  case SIM_STATUS_INSTALL_FAILED:
  case SIM_STATUS_REINSTALL_FAILED:
  case SIM_STATUS_ABSENT:
    break;
  }
  return true;
}

/* A prepaid server stays until its term ends; a prepaid vm cannot be given back. */
static void s_end_subscription(struct sim_call *call, struct sim_instance *instance) {
  if (call->product == SIM_VM || call->world->settings.prepaid == 1) {
    (void)s_deny(call, "OPERATION_DENIED_INSTANCE_SUBSCRIPTION", "the instance is prepaid");
    return;
  }
  instance->auto_renew = false;
  sim_call_reply_id_only(call);
}

static void s_terminate(struct sim_call *call, struct sim_instance *instance) {
  bool dry = !sim_fault_has_effect(call);
  enum sim_status status = sim_instance_status(instance);
  if (!s_check_state(call, status)) {
    return;
  }
  if (instance->prepaid && status != SIM_STATUS_CREATE_FAILED) {
    s_end_subscription(call, instance);
    return;
  }
  if (!dry && call->product == SIM_BMC && status == SIM_STATUS_CREATE_FAILED) {
    struct sim_ledger_entry why = {.cause = SIM_CAUSE_TERMINATE, .request_number = call->number};
    sim_strcpy(why.request_id, call->request_id, sizeof why.request_id);
    sim_instance_destroy(instance, &why, call->now_ms);
  } else if (!dry) {
    sim_instance_terminate(instance, call->now_ms);
  }
  sim_call_reply_id_only(call);
}

void sim_action_terminate(struct sim_call *call) {
  const cJSON *id = NULL;
  if (!sim_params_string(call->params, "instanceId", &id, &call->refusal)) {
    return;
  }
  if (id == NULL || id->valuestring[0] == '\0') {
    (void)sim_refuse(&call->refusal, 400, "MISSING_PARAMETER", "parameter instanceId is required");
    return;
  }
  struct sim_instance *instance = sim_call_find(call, id->valuestring);
  if (instance == NULL || instance->hidden == SIM_HIDDEN_MISSING ||
      sim_instance_status(instance) == SIM_STATUS_ABSENT) {
    (void)sim_refuse(&call->refusal, 404, "INVALID_INSTANCE_NOT_FOUND",
                     "the instance was not found");
    return;
  }
  if (instance->hidden == SIM_HIDDEN_DENIED) {
    (void)sim_refuse(&call->refusal, call->world->settings.auth_status == 0 ? 401 : 403,
                     "AUTHFAILURE_UNAUTHORIZED_OPERATION", "no permission");
    return;
  }
  s_terminate(call, instance);
}
