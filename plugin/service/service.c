/* The service: its method table, and its beginning and end. */
#include "service/service.h"

#include <zr_descriptors.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/private.h"
#include "service/status.h"

#define RELEASE "/zenrelease.v1.ReleaseService/"

enum { HOUR_MS = 3600 * 1000, WINDOW_MS = 5, RELEASE_SLOTS = 16 };

/* Asks for the right before the handler looks at the request. */
static void s_gate(void *user, struct zr_rpc_call *call) {
  struct zr_gated *g = user;
  struct zr_client client;
  if (zr_access_who(&g->service->access, call, &client) != ZR_ERR_OK)
    zr_fail_nomem(call);
  else if (zr_access_allows(&client, g->needs, call))
    g->handle(g->service, call);
}

static void s_methods(struct zr_service *s) {
  static const struct {
    const char *name;
    void (*handle)(void *service, struct zr_rpc_call *call);
    enum zr_rpc_kind kind;
    enum zr_right needs;
    unsigned slots;
    bool always_admit;
  } table[] = {
      {RELEASE "Release", zr_handle_release, ZR_RPC_UNARY, ZR_RIGHT_PLAN, RELEASE_SLOTS, false},
      {RELEASE "WatchRelease", zr_handle_watch, ZR_RPC_SERVER_STREAM, ZR_RIGHT_PLAN, 0, false},
      {RELEASE "CancelRelease", zr_handle_cancel, ZR_RPC_UNARY, ZR_RIGHT_PLAN, 0, true},
      {RELEASE "ListInstances", zr_handle_list, ZR_RPC_UNARY, ZR_RIGHT_READ, 0, false},
      {RELEASE "GetServerInfo", zr_handle_info, ZR_RPC_UNARY, ZR_RIGHT_READ, 0, true},
      {RELEASE "ListReleaseRecords", zr_handle_records, ZR_RPC_UNARY, ZR_RIGHT_READ, 0, false},
      {RELEASE "SettleReleases", zr_handle_settle, ZR_RPC_UNARY, ZR_RIGHT_PLAN, 0, false},
      {"/grpc.health.v1.Health/Check", zr_handle_health_check, ZR_RPC_UNARY, ZR_RIGHT_READ, 4,
       true},
      {"/grpc.health.v1.Health/Watch", zr_handle_health_watch, ZR_RPC_SERVER_STREAM, ZR_RIGHT_READ,
       4, false},
      {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", zr_handle_reflection,
       ZR_RPC_BIDI, ZR_RIGHT_READ, 4, false},
      {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", zr_handle_reflection,
       ZR_RPC_BIDI, ZR_RIGHT_READ, 4, false},
  };
  _Static_assert(ZR_COUNT(table) == ZR_SERVICE_METHODS, "one row per method");
  for (size_t i = 0; i < ZR_SERVICE_METHODS; i++) {
    s->gated[i] = (struct zr_gated){s, table[i].handle, table[i].needs};
    s->methods[i] = (struct zr_rpc_method){table[i].name, table[i].kind,  s_gate,
                                           &s->gated[i],  table[i].slots, table[i].always_admit};
  }
}

static void s_defaults(struct zr_service_options *o) {
  o->max_message_bytes = o->max_message_bytes ? o->max_message_bytes : (size_t)4 << 20;
  o->max_concurrent_releases = o->max_concurrent_releases ? o->max_concurrent_releases : 256;
  o->keep_ms = o->keep_ms ? o->keep_ms : HOUR_MS;
  o->keep_count = o->keep_count ? o->keep_count : 256;
  o->keep_bytes = o->keep_bytes ? o->keep_bytes : (size_t)32 << 20;
  o->window_ms = o->window_ms == 0 ? WINDOW_MS : o->window_ms < 0 ? 0 : o->window_ms;
}

enum zr_err zr_service_new(const struct zr_backend *backend,
                           const struct zr_service_options *options, struct zr_service **out) {
  struct zr_service *s = zr_calloc(1, sizeof *s);
  if (!s)
    return ZR_ERR_NOMEM;
  pthread_mutex_init(&s->health_lock, NULL);
  s->backend = backend;
  s->options = *options;
  s_defaults(&s->options);
  s_methods(s);
  zr_registry_init(&s->registry);
  zr_access_init(&s->access, options->identify);
  enum zr_err e = zr_access_set(&s->access, options->clients, options->client_count);
  struct zr_view set = {(const char *)zr_descriptors, zr_descriptors_len};
  if (e == ZR_ERR_OK)
    e = zr_reflection_new(set, &s->reflection);
  if (e != ZR_ERR_OK) {
    zr_service_destroy(s);
    return e;
  }
  *out = s;
  return ZR_ERR_OK;
}

const struct zr_rpc_method *zr_service_methods(const struct zr_service *s, size_t *count) {
  *count = ZR_SERVICE_METHODS;
  return s->methods;
}

enum zr_err zr_service_set_clients(struct zr_service *s, const struct zr_client_rule *clients,
                                   size_t count) {
  return zr_access_set(&s->access, clients, count);
}

void zr_service_drain(struct zr_service *s) {
  atomic_store(&s->draining, true);
  zr_health_drain(s);
}

static void s_cancel_all(struct zr_task *task) {
  struct zr_service *s = ZR_OWNER(task, struct zr_service, cancel_all);
  atomic_store(&s->cancelling, false);
  for (struct zr_operation *op = s->registry.all; op; op = op->all_next)
    zr_operation_cancel(op);
}

void zr_service_cancel_all(struct zr_service *s) {
  if (atomic_exchange(&s->cancelling, true))
    return; /* the task is on its way */
  s->cancel_all.run = s_cancel_all;
  if (!zr_service_post(s, &s->cancel_all))
    atomic_store(&s->cancelling, false);
}

unsigned zr_service_running(const struct zr_service *s) {
  return atomic_load(&s->running);
}

static void s_end_callers(struct zr_operation *op) {
  op->answering = true;
  while (op->callers) {
    struct zr_rpc_call *call = op->callers->call;
    if (op->callers->watch) {
      zr_history_flush(op->callers);
    } else {
      zr_operation_detach(op->callers);
      zr_fail(call, ZR_RPC_UNAVAILABLE, "the server is shutting down", NULL);
    }
  }
}

void zr_service_close(struct zr_service *s) {
  zr_service_drain(s);
  for (struct zr_operation *op = s->registry.all; op; op = op->all_next)
    s_end_callers(op); /* which does not free it */
  zr_settling_close(s);
}

void zr_service_destroy(struct zr_service *s) {
  if (!s)
    return;
  zr_registry_clean_up(s);
  zr_access_clean_up(&s->access);
  zr_reflection_destroy(s->reflection);
  pthread_mutex_destroy(&s->health_lock);
  zr_free(s->trouble);
  zr_free(s);
}
