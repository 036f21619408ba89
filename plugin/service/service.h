/*
 * Our gRPC services: zenrelease.v1.ReleaseService, grpc.health.v1.Health and server reflection (v1
 * and v1alpha). The gRPC thread decodes and checks; everything about operations runs on the loop
 * thread, through the backend's `post`.
 *
 * Life: new, methods (given to zr_rpc_server_add_methods), …, and at the end, in this order:
 *   zr_service_drain           refuses new releases, health says NOT_SERVING and ends its watches
 *   zr_service_cancel_all      when waiting is over: nothing further is sent; exact reports go out
 *   (the backend stops; the loop thread is joined)
 *   zr_service_close           whoever still waits gets UNAVAILABLE
 *   zr_rpc_server_shutdown
 *   zr_service_destroy
 */
#ifndef ZR_SERVICE_SERVICE_H
#define ZR_SERVICE_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/backend.h"
#include "rpc/server.h"
#include "service/access.h"

struct zr_service;

/* Zero is the default everywhere. */
struct zr_service_options {
  const char *version;              /* Required; borrowed for the life of the service */
  size_t max_message_bytes;         /* as given to the rpc server, for GetServerInfo; 0: 4 MiB */
  unsigned max_concurrent_releases; /* 0: 256. Beyond: RESOURCE_EXHAUSTED with RetryInfo */
  int64_t keep_ms;                  /* how long a report stays under its request_id; 0: one hour */
  unsigned keep_count;              /* finished operations kept; 0: 256 */
  size_t keep_bytes;                /* their events and reports; 0: 32 MiB */
  bool identify;                    /* callers show certificates that were verified */
  const struct zr_client_rule *clients; /* as zr_access_set, copied; NULL: everybody may do all */
  size_t client_count;
  int64_t window_ms; /* zr_release_request.window_ms; 0: 5 ms; negative: none */
};

/* `backend` is borrowed for the life of the service. ZR_ERR_NOMEM. */
enum zr_err zr_service_new(const struct zr_backend *backend,
                           const struct zr_service_options *options,
                           struct zr_service **out) ZR_MUST_CHECK;
/* The method table; lives as long as the service. */
const struct zr_rpc_method *zr_service_methods(const struct zr_service *s, size_t *count);

/* Other rules for calls to come, as zr_access_set. Any thread. */
enum zr_err zr_service_set_clients(struct zr_service *s, const struct zr_client_rule *clients,
                                   size_t count) ZR_MUST_CHECK;

/* Nothing can be sent, or not everything, and why; NULL: it can again. Health and GetServerInfo say
 * so. Any thread but the gRPC thread; copied. */
void zr_service_set_trouble(struct zr_service *s, enum zr_code code, const char *why);
/* Any thread; once is enough. */
void zr_service_drain(struct zr_service *s);
/* Any thread. Cancels every running operation (zr_backend.cancel). */
void zr_service_cancel_all(struct zr_service *s);
/* Operations that run. Any thread. */
unsigned zr_service_running(const struct zr_service *s);
/* After the loop thread is gone, by the thread that joined it. Watchers that are behind get the
 * rest of what has ended; whoever has nothing to get, UNAVAILABLE. */
void zr_service_close(struct zr_service *s);
/* After zr_rpc_server_shutdown was true. NULL is fine. */
void zr_service_destroy(struct zr_service *s);

#endif
