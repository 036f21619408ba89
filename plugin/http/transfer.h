/* One transfer: what libcurl needs while it runs, and what became of it. For this room only. */
#ifndef ZR_HTTP_TRANSFER_H
#define ZR_HTTP_TRANSFER_H

#include <curl/curl.h>

#include "base/clock.h"
#include "http/head.h"
#include "http/http.h"
#include "http/list.h"

enum { ZR_HTTP_REASON_BYTES = 480 };

/* Why we ourselves ended a transfer. */
enum zr_stop {
  ZR_STOP_NONE, /* libcurl ended it */
  ZR_STOP_CANCELLED,
  ZR_STOP_DEADLINE,
  ZR_STOP_TOO_SLOW,
  ZR_STOP_HEAD_TOO_LARGE,
  ZR_STOP_BODY_TOO_LARGE,
  ZR_STOP_NO_MEMORY,
};

struct zr_transfer {
  struct zr_link link;
  uint64_t id;
  CURL *easy;
  struct curl_slist *headers; /* these, their text, the URL and the body follow the struct */
  char *header_text;
  size_t header_bytes;
  const char *url;
  struct zr_view body;
  size_t body_taken; /* by libcurl */
  struct zr_mono deadline;
  struct zr_mono answer_began; /* NEVER until the final status line */
  bool left;                   /* a connection was ready and the request given to it */
  enum zr_stop stop;
  CURLcode code;
  bool no_descriptors; /* there were hardly any left when it failed */
  long connect_code;   /* the proxy's answer to CONNECT; 0: none */
  struct zr_head head;
  struct zr_buf reply;
  char error[CURL_ERROR_SIZE];
  zr_http_done_fn *on_done;
  void *ctx;
};

/* A transfer without an easy handle. ZR_ERR_INVALID for a header line that is none, ZR_ERR_NOMEM.
 */
enum zr_err zr_transfer_new(const struct zr_http_request *request, struct zr_mono now,
                            struct zr_transfer **out) ZR_MUST_CHECK;
/* The easy handle must be gone from it. NULL is fine. */
void zr_transfer_destroy(struct zr_transfer *t);

/* The callbacks, for every easy handle once. */
void zr_transfer_set_callbacks(CURL *easy);
/* What differs from request to request. */
enum zr_err zr_transfer_attach(struct zr_transfer *t, CURL *easy, const char *proxy) ZR_MUST_CHECK;
/* "host:port" of the URL, the port spelt out. */
void zr_transfer_where(const struct zr_transfer *t, char out[160]);
/* Whether the URL's host is this machine: an environment's proxy is not for it. */
bool zr_transfer_is_loopback(const struct zr_transfer *t);

/* The result of an ended transfer; borrows from `t` and `reason`. */
void zr_transfer_result(const struct zr_transfer *t, char reason[ZR_HTTP_REASON_BYTES],
                        struct zr_http_result *out);

#endif
