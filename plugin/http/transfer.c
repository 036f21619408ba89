/* One transfer while it runs: its options and libcurl's callbacks. */
#include "http/transfer.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"

/* "host:port" of a URL, the port spelt out. */
static void s_where(const char *url, char out[160]) {
  struct zr_view rest = zr_view_of(url);
  bool tls = zr_view_starts(rest, "https:");
  const char *authority = strstr(url, "://");
  if (authority)
    rest = zr_view_of(authority + 3);
  struct zr_view host = zr_view_split(&rest, '/');
  if (host.len > 140)
    host.len = 140;
  const char *after = host.len && host.ptr[0] == '[' ? memchr(host.ptr, ']', host.len) : host.ptr;
  bool port = after && memchr(after, ':', host.len - (size_t)(after - host.ptr));
  (void)snprintf(out, 160, "%.*s%s", ZR_VIEW_ARG(host), port ? "" : tls ? ":443" : ":80");
}

bool zr_transfer_is_loopback(const char *url) {
  char where[160];
  s_where(url, where);
  struct zr_view host = zr_view_of(where);
  if (zr_view_starts(host, "[::1]:"))
    return true;
  host = zr_view_split(&host, ':');
  if (zr_view_eq_nocase(host, ZR_VIEW("localhost")))
    return true;
  return zr_view_starts(host, "127.") && strspn(host.ptr, "0123456789.") >= host.len;
}

struct zr_transfer *zr_transfer_new(const struct zr_http_request *request, struct zr_mono now,
                                    zr_http_done_fn *on_done, void *ctx) {
  if (request->body.len > SIZE_MAX / 2)
    return NULL;
  struct zr_transfer *t = zr_alloc(sizeof *t + request->body.len);
  if (!t)
    return NULL;
  size_t cap = request->max_response_bytes ? request->max_response_bytes : 1024 * 1024;
  memset(t, 0, sizeof *t);
  zr_link_init(&t->link);
  char *body = (char *)(t + 1);
  if (request->body.len)
    memcpy(body, request->body.ptr, request->body.len);
  t->body = (struct zr_view){body, request->body.len};
  t->deadline = zr_mono_add(now, request->timeout_ms);
  t->answer_began = ZR_MONO_NEVER;
  t->reply = (struct zr_buf)ZR_BUF_INIT(cap);
  s_where(request->url, t->where);
  t->on_done = on_done;
  t->ctx = ctx;
  return t;
}

void zr_transfer_destroy(struct zr_transfer *t) {
  if (!t)
    return;
  /* Authorization is among them. */
  for (struct curl_slist *l = t->headers; l; l = l->next)
    zr_wipe(l->data, strlen(l->data));
  curl_slist_free_all(t->headers);
  zr_buf_clean_up(&t->reply);
  zr_free(t);
}

/* A connection stands, handshake done, and the request comes next: from here on, bytes may leave.
 */
static int s_on_ready(void *userp, char *peer, char *local, int peer_port, int local_port) {
  struct zr_transfer *t = userp;
  (void)peer, (void)local, (void)peer_port, (void)local_port;
  t->left = true;
  return CURL_PREREQFUNC_OK;
}

static size_t s_on_read(char *to, size_t size, size_t count, void *userp) {
  struct zr_transfer *t = userp;
  size_t n = size * count;
  if (n > t->body.len - t->body_taken)
    n = t->body.len - t->body_taken;
  if (n)
    memcpy(to, t->body.ptr + t->body_taken, n);
  t->body_taken += n;
  return n;
}

static size_t s_on_header(char *line, size_t size, size_t count, void *userp) {
  struct zr_transfer *t = userp;
  size_t n = size * count;
  if (!zr_head_line(&t->head, (struct zr_view){line, n})) {
    t->stop = ZR_STOP_HEAD_TOO_LARGE;
    return 0;
  }
  if (zr_head_is_final(&t->head) && t->answer_began.ms == ZR_MONO_NEVER.ms)
    t->answer_began = zr_mono_now();
  return n;
}

static size_t s_on_write(char *data, size_t size, size_t count, void *userp) {
  struct zr_transfer *t = userp;
  size_t n = size * count;
  size_t room = t->reply.max - t->reply.len;
  enum zr_err e = zr_buf_append(&t->reply, data, n < room ? n : room);
  if (e != ZR_ERR_OK) {
    t->stop = ZR_STOP_NO_MEMORY;
    return 0;
  }
  if (n > room) {
    t->stop = ZR_STOP_BODY_TOO_LARGE;
    return 0;
  }
  return n;
}

enum zr_err zr_transfer_attach(struct zr_transfer *t, CURL *easy, const char *url,
                               const char *proxy) {
  t->easy = easy;
  CURLcode rc = curl_easy_setopt(easy, CURLOPT_URL, url);
  if (rc == CURLE_OK)
    rc = curl_easy_setopt(easy, CURLOPT_PROXY, proxy);
  if (rc != CURLE_OK)
    return rc == CURLE_OUT_OF_MEMORY ? ZR_ERR_NOMEM : ZR_ERR_INVALID;
  (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
  (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
  (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
  (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
  (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, s_on_ready);
  (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
  (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, s_on_read);
  (void)curl_easy_setopt(easy, CURLOPT_READDATA, t);
  (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, s_on_header);
  (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
  (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, s_on_write);
  (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
  return ZR_ERR_OK;
}
