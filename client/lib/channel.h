/* The gRPC channel of a client: its address, its settings and its credentials. */
#ifndef ZR_CLIENT_LIB_CHANNEL_H
#define ZR_CLIENT_LIB_CHANNEL_H

#include <grpc/grpc.h>

#include "error.h"

/* A channel for `options`, not connected yet; NULL with *error filled. grpc_init must have run. */
grpc_channel *zr_channel_new(const struct zenrelease_client_options *options,
                             struct zenrelease_error **error);

#endif
