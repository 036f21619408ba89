/*
 * The services that go-plugin itself expects of a plugin, beside the provider's: the controller
 * that ends the process, the two streams that every host opens right after it connects, and health.
 *
 * The streams are taken and held open without a word: an open stream keeps the host's connection
 * from going idle, and what would come on them is only logged there as unexpected.
 * Source: grpc_controller.go, grpc_stdio.go, grpc_broker.go and grpc_server.go of go-plugin.
 */
#ifndef ZR_TERRAFORM_GOPLUGIN_H
#define ZR_TERRAFORM_GOPLUGIN_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "rpc/server.h"

struct zr_goplugin;

/* Runs on the gRPC thread once the answer to Shutdown is on its way, or its caller gone; any number
 * of times. Must not block. */
typedef void(zr_goplugin_shutdown_fn)(void *ctx);

/* ZR_ERR_NOMEM. */
enum zr_err zr_goplugin_new(zr_goplugin_shutdown_fn *on_shutdown, void *ctx,
                            struct zr_goplugin **out) ZR_MUST_CHECK;
/* The method table; lives as long as the object. */
const struct zr_rpc_method *zr_goplugin_methods(const struct zr_goplugin *g, size_t *count);
/* Ends the streams that are held, and those that still come. Any thread; once is enough. */
void zr_goplugin_end_streams(struct zr_goplugin *g);
/* After zr_rpc_server_shutdown was true. NULL is fine. */
void zr_goplugin_destroy(struct zr_goplugin *g);

#endif
