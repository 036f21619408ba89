/* The remote and its calls from inside. For this room only. */
#ifndef ZR_ZENLAYER_REMOTE_PRIVATE_H
#define ZR_ZENLAYER_REMOTE_PRIVATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "http/http.h"
#include "zenlayer/classify.h"
#include "zenlayer/credential.h"
#include "zenlayer/endpoint.h"
#include "zenlayer/pages.h"
#include "zenlayer/remote.h"
#include "zenlayer/sign.h"

enum { ZR_LINE_MAX = 320 };

struct zr_remote {
  struct zr_http *http;
  struct zr_endpoint endpoint;
  struct zr_credential credential;
  struct zr_signer *signer;
  zr_wall_fn *wall;
  struct zr_skew skew;
  size_t max_reply_bytes;
  bool closed;
  struct zr_call *calls; /* under way */
  struct zr_buf body;    /* of the request that is being sent; kept for its memory */
  char urls[ZR_PRODUCT_COUNT_][ZR_LINE_MAX];
  char host_line[ZR_LINE_MAX];
  char client_line[ZR_LINE_MAX]; /* "" when there is none */
  char version_lines[ZR_PRODUCT_COUNT_][64];
  char service_lines[ZR_PRODUCT_COUNT_][64];
};

enum zr_action { ZR_ACTION_DESCRIBE, ZR_ACTION_RELEASE, ZR_ACTION_LIST };

/* One call, from its start to its callback. */
struct zr_call {
  struct zr_call *prev, *next;
  struct zr_remote *remote;
  enum zr_action action;
  enum zr_product product;
  uint64_t transfer;
  int64_t signed_offset_ms;
  struct zr_mono deadline;
  struct zr_arena arena;
  struct zr_pages *pages; /* describe; in the arena */
  struct zr_view body;    /* list; in the arena, for the one time it may be signed again */
  bool signed_again;
  union {
    zr_describe_fn *describe;
    zr_release_fn *release;
    zr_list_fn *list;
  } fn;
  void *ctx;
};

/* Signs remote->body and starts the transfer. ZR_ERR_NOMEM, ZR_ERR_IO, ZR_ERR_INVALID. */
enum zr_err zr_call_send(struct zr_call *c) ZR_MUST_CHECK;
/* The transfer's callback. */
void zr_call_on_http(void *ctx, const struct zr_http_result *result);
/* Tells the owner, once, and frees the call. `rows` and the like are of the successful end. */
void zr_call_finish_failed(struct zr_call *c, const struct zr_call_end *end);
void zr_call_free(struct zr_call *c);

#endif
