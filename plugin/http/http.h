/*
 * Many HTTP transfers on one thread. Every transfer ends in exactly one callback, which says how
 * far it got: whether a byte of the request may have left, and how much of an answer came back.
 *
 * A request is sent at most once: nothing is repeated, redirected or authenticated behind the
 * caller's back, also not when a kept-alive connection turns out to be dead (libcurl repeats such a
 * POST unless its body comes from a read callback that cannot seek).
 *
 * One thread owns a zr_http and calls everything here; only zr_http_wakeup may come from others.
 * The process must ignore SIGPIPE: libcurl is told to leave signals alone.
 */
#ifndef ZR_HTTP_HTTP_H
#define ZR_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

/* How far a transfer got. NOT_SENT only when it is certain that no byte of the request left. */
enum zr_http_phase {
  ZR_HTTP_NOT_SENT,       /* no connection was ready, or none was tried */
  ZR_HTTP_SENT_NO_ANSWER, /* some or all of it may have left; no final status line came back */
  ZR_HTTP_PARTIAL_ANSWER, /* a status line, and then less, more or worse than a whole reply */
  ZR_HTTP_ANSWERED,       /* a complete reply */
};

/* Why there is no complete answer. */
enum zr_http_trouble {
  ZR_HTTP_TROUBLE_NONE,        /* ANSWERED */
  ZR_HTTP_TROUBLE_RESOLVE,     /* NOT_SENT: the name of the host or the proxy did not resolve */
  ZR_HTTP_TROUBLE_CONNECT,     /* NOT_SENT: refused, unreachable, or no connection in time */
  ZR_HTTP_TROUBLE_TLS,         /* NOT_SENT: the handshake broke; may pass */
  ZR_HTTP_TROUBLE_CERTIFICATE, /* NOT_SENT: wrong name, unknown authority, expired, no CA file */
  ZR_HTTP_TROUBLE_PROXY,       /* NOT_SENT: the proxy refused the tunnel (407 and the like) */
  ZR_HTTP_TROUBLE_LOCAL,       /* NOT_SENT: out of memory, or a request libcurl does not take */
  ZR_HTTP_TROUBLE_CANCELLED,   /* any phase: zr_http_cancel or zr_http_destroy */
  ZR_HTTP_TROUBLE_TRANSFER,    /* sent: broken, too slow, too large, malformed */
};

/* The end of one transfer. Everything is borrowed for the time of the callback; text is
 * NUL-terminated and "" where there is none. */
struct zr_http_result {
  enum zr_http_phase phase;
  enum zr_http_trouble trouble;
  bool timed_out;      /* by timeout_ms, the connect timeout, or the minimum speed */
  int status;          /* of the final reply; 0: no status line */
  int version;         /* 10, 11 or 20; 0: no status line */
  struct zr_view body; /* what came of it, up to the cap; also when the reply is not complete */
  const char *date;
  const char *retry_after;
  const char *cf_mitigated;
  const char *content_type;
  const char *content_encoding; /* replies are handed out as they came, never decompressed */
  const char *location;
  const char *reason; /* why there is no whole answer: host:port and the cause; no header of ours */
};

/* Runs on the owning thread, from inside zr_http_run or zr_http_destroy, exactly once a transfer.
 * It may start, cancel and forget transfers (from zr_http_destroy: none). */
typedef void(zr_http_done_fn)(void *ctx, const struct zr_http_result *result);

struct zr_http_options {
  const char *ca_file;    /* Optional: PEM bundle; else $SSL_CERT_FILE, else the system's */
  const char *proxy;      /* Optional: URL; NULL: as in HTTPS_PROXY and NO_PROXY; "none": none */
  const char *user_agent; /* Optional */
  int64_t connect_timeout_ms; /* Optional: 10 s. Resolve, connect, proxy and TLS together */
  unsigned max_connections; /* Optional: 16, to one host; with HTTP/2 one connection carries all */
  unsigned min_bytes_per_s; /* Optional: 128, of a reply that began */
  int64_t slow_grace_ms;    /* Optional: 10 s ago or longer */
  bool http1_only;          /* do not offer HTTP/2 */
};

/* All borrowed for the time of zr_http_start, which copies. */
struct zr_http_request {
  const char *url;            /* Required: http or https, without user or fragment */
  const char *const *headers; /* "Name: value", without line ends; replaces libcurl's own */
  size_t header_count;
  struct zr_view body;       /* sent by POST with its Content-Length, also when empty */
  int64_t timeout_ms;        /* Required, above 0: for all of it, waiting for a connection too */
  size_t max_response_bytes; /* Optional: 1 MiB */
};

struct zr_http;

/* *out is the caller's, to be given to zr_http_destroy. Reads the CA bundle's name, not the bundle.
 * ZR_ERR_NOT_FOUND: no CA bundle, or not readable; ZR_ERR_INVALID: a proxy that is no URL;
 * ZR_ERR_NOMEM. `problem` (may be NULL) gets a sentence for people then. */
enum zr_err zr_http_new(const struct zr_http_options *options, struct zr_http **out,
                        struct zr_buf *problem) ZR_MUST_CHECK;
/* Ends what is under way: its callbacks run from here, with CANCELLED. NULL is fine. */
void zr_http_destroy(struct zr_http *h);

/* Queues a transfer. *id (may be NULL) is a handle that is never used twice. On an error nothing
 * was queued and no callback will run: ZR_ERR_INVALID, ZR_ERR_NOMEM, ZR_ERR_CLOSED (in destroy). */
enum zr_err zr_http_start(struct zr_http *h, const struct zr_http_request *request,
                          zr_http_done_fn *on_done, void *ctx, uint64_t *id) ZR_MUST_CHECK;
/* Stops a transfer; its callback comes from the next zr_http_run, with CANCELLED, or with its true
 * end if it had ended already. Unknown ids are ignored. */
void zr_http_cancel(struct zr_http *h, uint64_t id);
/* Stops a transfer now, and its callback never runs. Tells how far it got; NOT_SENT for an unknown
 * id. For owners that go away before `h` does. */
enum zr_http_phase zr_http_forget(struct zr_http *h, uint64_t id);

/* One turn: moves bytes, delivers what is done; if nothing was, sleeps up to max_wait_ms (0: not at
 * all) or until something happens, moves bytes and delivers again. */
void zr_http_run(struct zr_http *h, int64_t max_wait_ms);
/* Ends the sleep of zr_http_run, or the next one. Any thread; not after zr_http_destroy began. */
void zr_http_wakeup(struct zr_http *h);
/* Transfers whose callback has not run yet. */
size_t zr_http_active(const struct zr_http *h);

const char *zr_http_phase_name(enum zr_http_phase phase);

#endif
