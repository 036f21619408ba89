/* grpc.health.v1 as go-plugin wants it: the service "plugin" serves. No host asks today. */
#include <string.h>

#include "grpc/health/v1/health.pb-c.h"
#include "terraform/goplugin_private.h"

static const struct zr_rpc_status s_malformed = {.code = ZR_RPC_INVALID_ARGUMENT,
                                                 .message = "not a HealthCheckRequest"};
static const struct zr_rpc_status s_unknown = {
    .code = ZR_RPC_NOT_FOUND, .message = "no service of this name is checked here"};
static const struct zr_rpc_status s_no_memory = {.code = ZR_RPC_RESOURCE_EXHAUSTED,
                                                 .message = "out of memory"};

static void s_answer(struct zr_rpc_call *call) {
  Grpc__Health__V1__HealthCheckResponse m = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
  m.status = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
  struct zr_rpc_bytes *b =
      zr_rpc_bytes_new(grpc__health__v1__health_check_response__get_packed_size(&m));
  if (!b) {
    zr_rpc_fail(call, &s_no_memory);
    return;
  }
  (void)grpc__health__v1__health_check_response__pack(&m, b->data);
  zr_rpc_reply(call, b);
}

void zr_goplugin_handle_health(void *goplugin, struct zr_rpc_call *call) {
  (void)goplugin;
  struct zr_view in = zr_rpc_call_request(call);
  Grpc__Health__V1__HealthCheckRequest *m =
      grpc__health__v1__health_check_request__unpack(NULL, in.len, (const uint8_t *)in.ptr);
  if (!m) {
    zr_rpc_fail(call, &s_malformed);
    return;
  }
  bool known = strcmp(m->service, "") == 0 || strcmp(m->service, "plugin") == 0;
  grpc__health__v1__health_check_request__free_unpacked(m, NULL);
  if (known)
    s_answer(call);
  else
    zr_rpc_fail(call, &s_unknown);
}
