/* The multi handle, its transfers, and the pool of easy handles. */
#include "http/http.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/room.h"
#include "base/secret.h"
#include "http/ca.h"
#include "http/transfer.h"

enum {
  POOL_MAX = 64,
  CONNECTION_MAX_IDLE_S = 50, /* below the usual 60 and 75 s of servers: fewer dead reuses */
  LONGEST_SLEEP_MS = 60000,
  CHECK_SPEED_MS = 500,
  WAKE_DESCRIPTORS = 2,
  CONNECT_DESCRIPTORS = 2 /* a socket, and the file of authorities */
};

struct zr_http {
  CURLM *multi;
  char *ca_file;
  char *proxy; /* NULL: the environment's; "": none */
  char *user_agent;
  long connect_timeout_ms;
  unsigned min_bytes_per_s;
  int64_t slow_grace_ms;
  bool http1_only;
  bool closed;
  uint64_t last_id;
  struct zr_mono fresh_until; /* until then no connection is used twice */
  size_t active;
  struct zr_link running;
  struct zr_link ended;      /* their callbacks come in the next delivery */
  struct zr_link delivering; /* their callbacks come in this one, unless forgotten meanwhile */
  CURL *pool[POOL_MAX];
  size_t pooled;
};

static struct zr_transfer *s_of(struct zr_link *l) {
  return ZR_OWNER(l, struct zr_transfer, link);
}

/* ---- easy handles ---- */

/* What is the same for every request of ours. No option here may make libcurl send anything twice
 * or to another place: no redirects, no authentication, no cookies, no netrc, no seek function. */
static void s_constant_options(const struct zr_http *h, CURL *e) {
  (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
  (void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
  (void)curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  (void)curl_easy_setopt(e, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
  (void)curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
  (void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
                         (long)(h->http1_only ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  (void)curl_easy_setopt(e, CURLOPT_PIPEWAIT, 1L);
  (void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, h->connect_timeout_ms);
  (void)curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)CONNECTION_MAX_IDLE_S);
  (void)curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
  (void)curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  (void)curl_easy_setopt(e, CURLOPT_POST, 1L);
  (void)curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
  (void)curl_easy_setopt(e, CURLOPT_USERAGENT, h->user_agent);
}

/* With a CA directory set, and Debian compiles one in, libcurl reads the store anew for every
 * connection. */
static bool s_tls_options(const struct zr_http *h, CURL *e) {
  (void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
  (void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
  (void)curl_easy_setopt(e, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
  (void)curl_easy_setopt(e, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
  (void)curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
  (void)curl_easy_setopt(e, CURLOPT_PROXY_CAPATH, NULL);
  return curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_file) == CURLE_OK &&
         curl_easy_setopt(e, CURLOPT_PROXY_CAINFO, h->ca_file) == CURLE_OK;
}

static CURL *s_easy_take(struct zr_http *h) {
  if (h->pooled)
    return h->pool[--h->pooled];
  CURL *e = curl_easy_init();
  if (!e)
    return NULL;
  s_constant_options(h, e);
  zr_transfer_set_callbacks(e);
  if (s_tls_options(h, e))
    return e;
  curl_easy_cleanup(e);
  return NULL;
}

static void s_easy_give(struct zr_http *h, CURL *e) {
  if (!e)
    return;
  if (h->pooled == POOL_MAX) {
    curl_easy_cleanup(e);
    return;
  }
  (void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, NULL);
  (void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, NULL);
  h->pool[h->pooled++] = e;
}

/* ---- construction ---- */

static enum zr_err s_copy_options(struct zr_http *h, const struct zr_http_options *o,
                                  struct zr_buf *problem) {
  const char *ca = NULL;
  enum zr_err e = zr_ca_find(o->ca_file, &ca, problem);
  if (e != ZR_ERR_OK)
    return e;
  bool no_proxy = o->proxy && strcmp(o->proxy, "none") == 0;
  h->ca_file = zr_strdup(ca);
  h->proxy = zr_strdup(no_proxy ? "" : o->proxy);
  h->user_agent = zr_strdup(o->user_agent);
  if (!h->ca_file || (o->proxy && !h->proxy) || (o->user_agent && !h->user_agent))
    return ZR_ERR_NOMEM;
  int64_t connect = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : 10000;
  h->connect_timeout_ms = connect > LONG_MAX ? LONG_MAX : (long)connect;
  h->min_bytes_per_s = o->min_bytes_per_s ? o->min_bytes_per_s : 128;
  h->slow_grace_ms = o->slow_grace_ms > 0 ? o->slow_grace_ms : 10000;
  h->http1_only = o->http1_only;
  return ZR_ERR_OK;
}

static enum zr_err s_check_proxy(const struct zr_http *h, struct zr_buf *problem) {
  if (!h->proxy || !h->proxy[0])
    return ZR_ERR_OK;
  CURLU *u = curl_url();
  if (!u)
    return ZR_ERR_NOMEM;
  unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME;
  CURLUcode rc = curl_url_set(u, CURLUPART_URL, h->proxy, flags);
  curl_url_cleanup(u);
  if (rc == CURLUE_OK)
    return ZR_ERR_OK;
  if (problem)
    (void)zr_buf_text(problem, "the configured proxy is not a URL");
  return rc == CURLUE_OUT_OF_MEMORY ? ZR_ERR_NOMEM : ZR_ERR_INVALID;
}

static enum zr_err s_open_multi(struct zr_http *h, const struct zr_http_options *o) {
  long connections = o->max_connections ? (long)o->max_connections : 16;
  h->multi = curl_multi_init();
  if (!h->multi)
    return ZR_ERR_NOMEM;
  (void)curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
  (void)curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
  (void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, connections * 2);
  return ZR_ERR_OK;
}

enum zr_err zr_http_new(const struct zr_http_options *options, struct zr_http **out,
                        struct zr_buf *problem) {
  *out = NULL;
  if (!zr_room_for(WAKE_DESCRIPTORS)) { /* libcurl would go without a way to be woken */
    if (problem)
      (void)zr_buf_text(problem, "no file descriptors are left; raise the limit (ulimit -n)");
    return ZR_ERR_IO;
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return ZR_ERR_NOMEM;
  struct zr_http *h = zr_calloc(1, sizeof *h);
  if (!h) {
    curl_global_cleanup();
    return ZR_ERR_NOMEM;
  }
  zr_link_init(&h->running);
  zr_link_init(&h->ended);
  zr_link_init(&h->delivering);
  enum zr_err e = s_copy_options(h, options, problem);
  if (e == ZR_ERR_OK)
    e = s_check_proxy(h, problem);
  if (e == ZR_ERR_OK)
    e = s_open_multi(h, options);
  if (e != ZR_ERR_OK) {
    zr_http_destroy(h);
    return e;
  }
  *out = h;
  return ZR_ERR_OK;
}

/* ---- one transfer ---- */

/* libcurl keeps a connection whose request it had no memory to write, never learns what that
 * connection can do, and lets all that follows wait for it (measured with 7.88). What follows makes
 * connections of its own until the kept one is too old to count. */
static void s_note_memory(struct zr_http *h, CURLcode code) {
  if (code == CURLE_OUT_OF_MEMORY)
    h->fresh_until = zr_mono_add(zr_mono_now(), (int64_t)(CONNECTION_MAX_IDLE_S + 2) * 1000);
}

static long s_wants_fresh(const struct zr_http *h) {
  return zr_mono_until(h->fresh_until, zr_mono_now()) > 0;
}

/* Takes it out of libcurl; it then waits for its callback. */
static void s_end(struct zr_http *h, struct zr_transfer *t, enum zr_stop stop, CURLcode code) {
  if (t->stop == ZR_STOP_NONE)
    t->stop = stop;
  t->code = code;
  t->no_descriptors = code != CURLE_OK && !zr_room_for(CONNECT_DESCRIPTORS);
  s_note_memory(h, code);
  (void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &t->connect_code);
  if (t->left)
    t->connect_code = 0;
  (void)curl_multi_remove_handle(h->multi, t->easy);
  s_easy_give(h, t->easy);
  t->easy = NULL;
  zr_link_remove(&t->link);
  zr_link_append(&h->ended, &t->link);
}

static void s_drop(struct zr_http *h, struct zr_transfer *t) {
  zr_link_remove(&t->link);
  h->active--;
  zr_transfer_destroy(t);
}

static void s_deliver_one(struct zr_http *h, struct zr_transfer *t) {
  char reason[ZR_HTTP_REASON_BYTES];
  struct zr_http_result result;
  zr_transfer_result(t, reason, &result);
  zr_link_remove(&t->link);
  h->active--;
  t->on_done(t->ctx, &result);
  zr_transfer_destroy(t);
}

/* What ended before this call; what a callback cancels waits for the next turn. */
static bool s_deliver(struct zr_http *h) {
  zr_link_move_all(&h->ended, &h->delivering);
  bool any = !zr_link_alone(&h->delivering);
  while (!zr_link_alone(&h->delivering))
    s_deliver_one(h, s_of(h->delivering.next));
  return any;
}

static struct zr_transfer *s_find(struct zr_http *h, uint64_t id) {
  struct zr_link *const rings[] = {&h->running, &h->ended, &h->delivering};
  for (size_t r = 0; r < ZR_COUNT(rings); r++) {
    for (struct zr_link *l = rings[r]->next; l != rings[r]; l = l->next) {
      if (s_of(l)->id == id)
        return s_of(l);
    }
  }
  return NULL;
}

static enum zr_err s_launch(struct zr_http *h, struct zr_transfer *t) {
  CURL *easy = s_easy_take(h);
  if (!easy)
    return ZR_ERR_NOMEM;
  const char *proxy = h->proxy;
  (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, s_wants_fresh(h));
  if (!proxy && zr_transfer_is_loopback(t))
    proxy = "";
  enum zr_err e = zr_transfer_attach(t, easy, proxy);
  if (e == ZR_ERR_OK && curl_multi_add_handle(h->multi, easy) != CURLM_OK)
    e = ZR_ERR_NOMEM;
  if (e != ZR_ERR_OK) {
    curl_easy_cleanup(easy);
    t->easy = NULL;
  }
  return e;
}

enum zr_err zr_http_start(struct zr_http *h, const struct zr_http_request *request,
                          zr_http_done_fn *on_done, void *ctx, uint64_t *id) {
  if (h->closed)
    return ZR_ERR_CLOSED;
  struct zr_view url = zr_view_of(request->url);
  if ((!zr_view_starts(url, "http://") && !zr_view_starts(url, "https://")) || !on_done ||
      request->timeout_ms <= 0)
    return ZR_ERR_INVALID;
  struct zr_transfer *t = NULL;
  enum zr_err e = zr_transfer_new(request, zr_mono_now(), &t);
  if (e != ZR_ERR_OK)
    return e;
  e = s_launch(h, t);
  if (e != ZR_ERR_OK) {
    zr_transfer_destroy(t);
    return e;
  }
  t->on_done = on_done;
  t->ctx = ctx;
  t->id = ++h->last_id;
  if (id)
    *id = t->id;
  zr_link_append(&h->running, &t->link);
  h->active++;
  return ZR_ERR_OK;
}

void zr_http_cancel(struct zr_http *h, uint64_t id) {
  struct zr_transfer *t = s_find(h, id);
  if (t && t->easy)
    s_end(h, t, ZR_STOP_CANCELLED, CURLE_ABORTED_BY_CALLBACK);
}

enum zr_http_phase zr_http_forget(struct zr_http *h, uint64_t id) {
  struct zr_transfer *t = s_find(h, id);
  if (!t)
    return ZR_HTTP_NOT_SENT;
  if (t->easy)
    s_end(h, t, ZR_STOP_CANCELLED, CURLE_ABORTED_BY_CALLBACK);
  char reason[ZR_HTTP_REASON_BYTES];
  struct zr_http_result result;
  zr_transfer_result(t, reason, &result);
  s_drop(h, t);
  return result.phase;
}

/* ---- the loop ---- */

static void s_collect(struct zr_http *h) {
  int left = 0;
  for (CURLMsg *m = NULL; (m = curl_multi_info_read(h->multi, &left));) {
    if (m->msg != CURLMSG_DONE)
      continue;
    char *private = NULL;
    CURLcode code = m->data.result;
    (void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
    s_end(h, (struct zr_transfer *)(void *)private, ZR_STOP_NONE, code);
  }
}

static bool s_too_slow(const struct zr_http *h, const struct zr_transfer *t, struct zr_mono now) {
  if (t->answer_began.ms == ZR_MONO_NEVER.ms)
    return false;
  int64_t elapsed = now.ms - t->answer_began.ms;
  int64_t bytes = (int64_t)(t->head.bytes + t->reply.len);
  return elapsed >= h->slow_grace_ms && bytes * 1000 < elapsed * h->min_bytes_per_s;
}

static void s_enforce_time(struct zr_http *h) {
  struct zr_mono now = zr_mono_now();
  for (struct zr_link *l = h->running.next, *next; l != &h->running; l = next) {
    struct zr_transfer *t = s_of(l);
    next = l->next;
    if (zr_mono_until(t->deadline, now) == 0)
      s_end(h, t, ZR_STOP_DEADLINE, CURLE_OPERATION_TIMEDOUT);
    else if (s_too_slow(h, t, now))
      s_end(h, t, ZR_STOP_TOO_SLOW, CURLE_OPERATION_TIMEDOUT);
  }
}

static void s_turn(struct zr_http *h) {
  int running = 0;
  (void)curl_multi_perform(h->multi, &running);
  s_collect(h);
  s_enforce_time(h);
}

/* Until the first deadline, and not long while a reply trickles in. */
static int s_sleep_ms(struct zr_http *h, int64_t max_wait_ms) {
  struct zr_mono now = zr_mono_now();
  int64_t wait = max_wait_ms < LONGEST_SLEEP_MS ? max_wait_ms : LONGEST_SLEEP_MS;
  for (struct zr_link *l = h->running.next; l != &h->running; l = l->next) {
    int64_t until = zr_mono_until(s_of(l)->deadline, now);
    if (until < wait)
      wait = until;
    if (s_of(l)->answer_began.ms != ZR_MONO_NEVER.ms && wait > CHECK_SPEED_MS)
      wait = CHECK_SPEED_MS;
  }
  return (int)wait;
}

void zr_http_run(struct zr_http *h, int64_t max_wait_ms) {
  s_turn(h);
  if (s_deliver(h) || max_wait_ms <= 0)
    return;
  (void)curl_multi_poll(h->multi, NULL, 0, s_sleep_ms(h, max_wait_ms), NULL);
  s_turn(h);
  (void)s_deliver(h);
}

void zr_http_wakeup(struct zr_http *h) {
  (void)curl_multi_wakeup(h->multi);
}

size_t zr_http_active(const struct zr_http *h) {
  return h->active;
}

void zr_http_destroy(struct zr_http *h) {
  if (!h)
    return;
  h->closed = true;
  while (!zr_link_alone(&h->running))
    s_end(h, s_of(h->running.next), ZR_STOP_CANCELLED, CURLE_ABORTED_BY_CALLBACK);
  (void)s_deliver(h);
  while (h->pooled)
    curl_easy_cleanup(h->pool[--h->pooled]);
  (void)curl_multi_cleanup(h->multi);
  zr_free(h->ca_file);
  if (h->proxy)
    zr_wipe(h->proxy, strlen(h->proxy));
  zr_free(h->proxy);
  zr_free(h->user_agent);
  zr_free(h);
  curl_global_cleanup();
}
