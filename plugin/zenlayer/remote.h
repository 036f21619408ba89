/*
 * The service as the engine sees it: read named instances, order a release, list. Every call is
 * signed when it is sent, sent once, and ends in exactly one callback with its class
 * (model/call.h). Nothing is retried in here: the engine decides.
 *
 * All of it on the thread that owns the zr_http. Callbacks run from inside zr_http_run (never from
 * inside the function that started the call), or from zr_remote_destroy.
 */
#ifndef ZR_ZENLAYER_REMOTE_H
#define ZR_ZENLAYER_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/call.h"
#include "model/product.h"

struct zr_credential;
struct zr_endpoint;
struct zr_http;

/* What a callback is given is borrowed for the time of the callback. It may start further calls. */
typedef void(zr_describe_fn)(void *ctx, const struct zr_describe_end *end);
typedef void(zr_release_fn)(void *ctx, const struct zr_release_end *end);
typedef void(zr_list_fn)(void *ctx, const struct zr_list_end *end);
typedef struct zr_wall(zr_wall_fn)(void);

struct zr_remote_options {
  struct zr_http *http;                   /* Required; outlives the remote */
  const struct zr_endpoint *endpoint;     /* Required; copied */
  const struct zr_credential *credential; /* Required, whole; copied */
  zr_wall_fn *wall;                       /* Optional: zr_wall_now */
  const char
      *client; /* Optional: X-ZC-Request-Client; dropped where the service would not take it */
  size_t max_reply_bytes;  /* Optional: 4 MiB */
  int64_t clock_offset_ms; /* Optional: what an earlier remote has learnt of the clocks */
};

struct zr_remote;

/* *out is the caller's, for zr_remote_destroy. ZR_ERR_INVALID, ZR_ERR_NOMEM, ZR_ERR_IO (no SHA-256
 * in libcrypto). */
enum zr_err zr_remote_new(const struct zr_remote_options *options,
                          struct zr_remote **out) ZR_MUST_CHECK;
/* Stops what is under way; its callbacks run from here: NOT_SENT, or UNKNOWN with late_effect. They
 * must not start calls. NULL is fine. Before zr_http_destroy. */
void zr_remote_destroy(struct zr_remote *r);

/* One call about named instances. Borrowed for the time of the function that takes it. */
struct zr_remote_order {
  enum zr_product product;
  const char *const *ids; /* 1 to 100, distinct, well-formed UTF-8 */
  size_t id_count;
  bool depend_resource; /* release of zec only; always said explicitly */
  int64_t timeout_ms;   /* above 0; for all pages of a describe together */
};

/* On an error nothing was started and no callback will run: ZR_ERR_INVALID, ZR_ERR_NOMEM,
 * ZR_ERR_STATE (in destroy). */
enum zr_err zr_remote_describe(struct zr_remote *r, const struct zr_remote_order *order,
                               zr_describe_fn *fn, void *ctx) ZR_MUST_CHECK;
enum zr_err zr_remote_release(struct zr_remote *r, const struct zr_remote_order *order,
                              zr_release_fn *fn, void *ctx) ZR_MUST_CHECK;
/* One page of DescribeInstances. */
enum zr_err zr_remote_list(struct zr_remote *r, const struct zr_list_query *query,
                           int64_t timeout_ms, zr_list_fn *fn, void *ctx) ZR_MUST_CHECK;

/* Whether no call is under way. */
bool zr_remote_is_idle(const struct zr_remote *r);
/* What is added to the local clock before signing, in ms; 0 until a reply showed a large offset. */
int64_t zr_remote_clock_offset_ms(const struct zr_remote *r);

#endif
