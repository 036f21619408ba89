/* One generation: the grpc_server, its settings, its method table and its slots. */
#include <grpc/grpc_security.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "rpc/private.h"

static grpc_arg s_int(const char *key, int value) {
  grpc_arg a;
  memset(&a, 0, sizeof a);
  a.type = GRPC_ARG_INTEGER;
  union {
    const char *text;
    char *key; /* the core's struct is not const, and it does not write there */
  } u = {.text = key};
  a.key = u.key;
  a.value.integer = value;
  return a;
}

static grpc_arg s_quota(grpc_resource_quota *quota) {
  grpc_arg a = s_int(GRPC_ARG_RESOURCE_QUOTA, 0);
  a.type = GRPC_ARG_POINTER;
  a.value.pointer.p = quota;
  a.value.pointer.vtable = grpc_resource_quota_arg_vtable();
  return a;
}

static grpc_server *s_create(const struct zr_rpc_server *s) {
  const struct zr_rpc_options *o = &s->options;
  grpc_arg list[] = {
      s_int(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)o->max_message_bytes),
      s_int(GRPC_ARG_MAX_CONCURRENT_STREAMS, (int)o->max_streams),
      s_int(GRPC_ARG_ALLOW_REUSEPORT, 0),
      s_int(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, (int)o->handshake_ms),
      s_int(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10000),
      s_int(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
      s_quota(s->quota),
  };
  grpc_channel_args args = {ZR_COUNT(list), list};
  return grpc_server_create(&args, NULL);
}

static bool s_register(struct zr_rpc_core *core) {
  const struct zr_rpc_server *s = core->server;
  for (size_t i = 0; i < s->method_count; i++) {
    const struct zr_rpc_method *m = &s->methods[i];
    core->handles[i] = grpc_server_register_method(
        core->grpc, m->name, NULL,
        m->kind == ZR_RPC_BIDI ? GRPC_SRM_PAYLOAD_NONE : GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER,
        0);
    if (!core->handles[i])
      return false;
  }
  return true;
}

static void s_on_gone(struct zr_rpc_tag *tag, bool ok) {
  (void)ok;
  struct zr_rpc_core *core = ZR_OWNER(tag, struct zr_rpc_core, on_gone);
  struct zr_rpc_server *s = core->server;
  pthread_mutex_lock(&s->lock);
  core->gone = true;
  pthread_cond_broadcast(&s->idle);
  pthread_mutex_unlock(&s->lock);
}

struct zr_rpc_core *zr_rpc_core_new(struct zr_rpc_server *s) {
  struct zr_rpc_core *core = zr_calloc(1, sizeof *core);
  if (!core)
    return NULL;
  core->server = s;
  core->on_gone.fn = s_on_gone;
  core->handles = zr_calloc(s->method_count + 1, sizeof *core->handles);
  core->grpc = core->handles ? s_create(s) : NULL;
  if (!core->grpc || !s_register(core)) {
    zr_rpc_core_destroy(core);
    return NULL;
  }
  grpc_server_register_completion_queue(core->grpc, s->queue, NULL);
  return core;
}

static enum zr_err s_post_all(struct zr_rpc_core *core) {
  const struct zr_rpc_server *s = core->server;
  for (size_t i = 0; i < s->method_count; i++)
    for (unsigned n = 0; n < s->methods[i].slots; n++)
      if (zr_rpc_post(core, i) != ZR_ERR_OK)
        return ZR_ERR_NOMEM;
  for (unsigned n = 0; n < ZR_RPC_GENERIC_SLOTS; n++)
    if (zr_rpc_post(core, ZR_RPC_GENERIC) != ZR_ERR_OK)
      return ZR_ERR_NOMEM;
  return ZR_ERR_OK;
}

enum zr_err zr_rpc_core_start(struct zr_rpc_core *core) {
  struct zr_rpc_server *s = core->server;
  grpc_server_start(core->grpc);
  pthread_mutex_lock(&s->lock);
  core->next = s->cores;
  s->cores = core;
  pthread_mutex_unlock(&s->lock);
  return s_post_all(core);
}

void zr_rpc_core_close(struct zr_rpc_core *core) {
  if (atomic_exchange(&core->closing, true))
    return;
  zr_give(&core->on_gone);
  grpc_server_shutdown_and_notify(core->grpc, core->server->queue, &core->on_gone);
}

void zr_rpc_core_destroy(struct zr_rpc_core *core) {
  if (!core)
    return;
  if (core->grpc)
    grpc_server_destroy(core->grpc);
  zr_free(core->handles);
  zr_free(core);
}
