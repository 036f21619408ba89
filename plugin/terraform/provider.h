/*
 * The provider's logic: every method of tfplugin6.Provider, on top of a backend that the process
 * around it makes when it is configured. Handshake, TLS, and go-plugin's own services are elsewhere
 * in this room; this header is what they wire against.
 *
 * Life: new, methods (given to zr_rpc_server_add_methods), …, and at the end, in this order:
 *   zr_tf_provider_stop        nothing further is sent; what was sent is settled and answered
 *   (wait until zr_tf_provider_running is 0, or for as long as there is time)
 *   (the backends stop; their loop threads are joined)
 *   zr_tf_provider_close       calls that still wait are ended with UNAVAILABLE
 *   zr_rpc_server_shutdown
 *   zr_tf_provider_destroy
 *
 * Source of the protocol: tfplugin6.proto of Terraform 1.16 and its documents on plan and apply.
 */
#ifndef ZR_TERRAFORM_PROVIDER_H
#define ZR_TERRAFORM_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "model/backend.h"
#include "rpc/server.h"

/* What the provider block says. NULL, 0 and false mean "not given": then the environment families
 * and profile files decide, as for the other front doors. Borrowed for the time of `configure`. */
struct zr_tf_settings {
  const char *endpoint; /* "host[:port]", also with "http://" or "https://" before it */
  const struct zr_secret *access_key_id;
  const struct zr_secret *access_key_password;
  const struct zr_secret *token;
  const char *profile;
  const char *ca_file;
  const char *proxy;
  const char *journal;     /* a file of this provider block alone */
  int64_t call_timeout_ms; /* of one upstream call */
  double calls_per_second;
  int64_t window_ms; /* informative: every job brings its own window */
  bool allow_plain_http;
};

/* Who makes backends. */
struct zr_tf_host {
  void *self;
  /* On the gRPC thread, for each ConfigureProvider whose values are all known: starts a backend for
   * these settings. It may come again in a process that serves several walks (reattach), and also
   * while jobs of an earlier backend run, so whatever was given out goes on working until the
   * process ends or zr_tf_provider_close. Missing credentials are no error here: the backend's
   * facts say so. On an error `problem` has a sentence for people without any secret. */
  enum zr_err (*configure)(void *self, const struct zr_tf_settings *settings,
                           const struct zr_backend **out, struct zr_buf *problem);
};

struct zr_tf_provider;

/* `host` is copied, `version` borrowed for the life of the provider. ZR_ERR_NOMEM. */
enum zr_err zr_tf_provider_new(const struct zr_tf_host *host, const char *version,
                               struct zr_tf_provider **out) ZR_MUST_CHECK;
/* The methods "/tfplugin6.Provider/…"; lives as long as the provider. */
const struct zr_rpc_method *zr_tf_provider_methods(const struct zr_tf_provider *p, size_t *count);
/* StopProvider, SIGTERM: cancels every running job before its next batch; calls are answered with
 * what is known. Idempotent, also before ConfigureProvider. Any thread. */
void zr_tf_provider_stop(struct zr_tf_provider *p);
/* Calls that wait for a backend. Any thread. */
unsigned zr_tf_provider_running(const struct zr_tf_provider *p);
/* After the loop threads are gone, by the thread that joined them. */
void zr_tf_provider_close(struct zr_tf_provider *p);
/* After zr_rpc_server_shutdown was true. NULL is fine. */
void zr_tf_provider_destroy(struct zr_tf_provider *p);

#endif
