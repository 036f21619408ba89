/* The controller, and the object that the other services hang on. */
#include "terraform/goplugin.h"

#include "base/log.h"
#include "base/mem.h"
#include "terraform/goplugin_private.h"

static void s_on_end(void *ctx, struct zr_rpc_call *call, bool cancelled) {
  (void)call;
  struct zr_goplugin *g = ctx;
  zr_log(ZR_LOG_DEBUG, "goplugin", "the host asked for the end", zr_i("cancelled", cancelled));
  g->on_shutdown(g->ctx);
}

static void s_handle_shutdown(void *goplugin, struct zr_rpc_call *call) {
  const struct zr_rpc_hooks hooks = {.ctx = goplugin, .on_end = s_on_end};
  zr_rpc_call_set_hooks(call, &hooks);
  zr_rpc_reply(call, NULL);
}

enum zr_err zr_goplugin_new(zr_goplugin_shutdown_fn *on_shutdown, void *ctx,
                            struct zr_goplugin **out) {
  struct zr_goplugin *g = zr_calloc(1, sizeof *g);
  if (!g)
    return ZR_ERR_NOMEM;
  g->on_shutdown = on_shutdown;
  g->ctx = ctx;
  (void)pthread_mutex_init(&g->lock, NULL);
  const struct zr_rpc_method table[ZR_GOPLUGIN_METHODS] = {
      {"/plugin.GRPCController/Shutdown", ZR_RPC_UNARY, s_handle_shutdown, g, 2, true},
      {"/plugin.GRPCStdio/StreamStdio", ZR_RPC_SERVER_STREAM, zr_goplugin_handle_stdio, g, 2, true},
      {"/plugin.GRPCBroker/StartStream", ZR_RPC_BIDI, zr_goplugin_handle_broker, g, 2, true},
      {"/grpc.health.v1.Health/Check", ZR_RPC_UNARY, zr_goplugin_handle_health, g, 2, true},
  };
  for (size_t i = 0; i < ZR_GOPLUGIN_METHODS; i++)
    g->methods[i] = table[i];
  *out = g;
  return ZR_ERR_OK;
}

const struct zr_rpc_method *zr_goplugin_methods(const struct zr_goplugin *g, size_t *count) {
  *count = ZR_GOPLUGIN_METHODS;
  return g->methods;
}

void zr_goplugin_destroy(struct zr_goplugin *g) {
  if (!g)
    return;
  (void)pthread_mutex_destroy(&g->lock);
  zr_free(g);
}
