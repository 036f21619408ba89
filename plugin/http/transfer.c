/* One transfer while it runs: its options and libcurl's callbacks. */
#include "http/transfer.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"

void zr_transfer_where(const struct zr_transfer *t, char out[160]) {
  struct zr_view rest = zr_view_of(t->url);
  bool tls = zr_view_starts(rest, "https:");
  const char *authority = strstr(t->url, "://");
  if (authority)
    rest = zr_view_of(authority + 3);
  struct zr_view host = zr_view_split(&rest, '/');
  if (host.len > 140)
    host.len = 140;
  const char *after = host.len && host.ptr[0] == '[' ? memchr(host.ptr, ']', host.len) : host.ptr;
  bool port = after && memchr(after, ':', host.len - (size_t)(after - host.ptr));
  (void)snprintf(out, 160, "%.*s%s", ZR_VIEW_ARG(host), port ? "" : tls ? ":443" : ":80");
}

bool zr_transfer_is_loopback(const struct zr_transfer *t) {
  char where[160];
  zr_transfer_where(t, where);
  struct zr_view host = zr_view_of(where);
  if (zr_view_starts(host, "[::1]:"))
    return true;
  host = zr_view_split(&host, ':');
  if (zr_view_eq_nocase(host, ZR_VIEW("localhost")))
    return true;
  return zr_view_starts(host, "127.") && strspn(host.ptr, "0123456789.") >= host.len;
}

/* libcurl would send "Expect: 100-continue" with some bodies, and wait. */
static const char s_no_expect[] = "Expect:";

static bool s_line_is_plain(const char *line, size_t len) {
  return memchr(line, ':', len) && !memchr(line, '\r', len) && !memchr(line, '\n', len);
}

static const char *s_line(const struct zr_http_request *request, size_t i) {
  return i < request->header_count ? request->headers[i] : s_no_expect;
}

/* The bytes of all header lines with their terminators; 0 when one of them is none. */
static size_t s_measure(const struct zr_http_request *request) {
  size_t bytes = 0;
  for (size_t i = 0; i <= request->header_count; i++) {
    const char *line = s_line(request, i);
    size_t len = strlen(line);
    if (!s_line_is_plain(line, len))
      return 0;
    bytes += len + 1;
  }
  return bytes;
}

/* libcurl's list type, in our memory: libcurl only reads it. */
static void s_link_headers(struct zr_transfer *t, const struct zr_http_request *request) {
  char *at = t->header_text;
  for (size_t i = 0; i <= request->header_count; i++) {
    const char *line = s_line(request, i);
    size_t n = strlen(line) + 1;
    memcpy(at, line, n);
    t->headers[i].data = at;
    t->headers[i].next = i < request->header_count ? &t->headers[i + 1] : NULL;
    at += n;
  }
}

/* Puts what the transfer needs of the request behind the struct. */
static void s_copy(struct zr_transfer *t, const struct zr_http_request *request, size_t url_bytes) {
  size_t nodes = request->header_count + 1;
  t->headers = (struct curl_slist *)(void *)(t + 1);
  t->header_text = (char *)(t->headers + nodes);
  s_link_headers(t, request);
  char *url = t->header_text + t->header_bytes;
  memcpy(url, request->url, url_bytes);
  t->url = url;
  char *body = url + url_bytes;
  if (request->body.len)
    memcpy(body, request->body.ptr, request->body.len);
  t->body = (struct zr_view){body, request->body.len};
}

enum zr_err zr_transfer_new(const struct zr_http_request *request, struct zr_mono now,
                            struct zr_transfer **out) {
  size_t header_bytes = s_measure(request);
  size_t url_bytes = strlen(request->url) + 1;
  size_t nodes = request->header_count + 1;
  *out = NULL;
  if (header_bytes == 0 || request->header_count > 1000)
    return ZR_ERR_INVALID;
  if (request->body.len > SIZE_MAX / 2)
    return ZR_ERR_NOMEM;
  struct zr_transfer *t = zr_alloc(sizeof *t + nodes * sizeof(struct curl_slist) + header_bytes +
                                   url_bytes + request->body.len);
  if (!t)
    return ZR_ERR_NOMEM;
  memset(t, 0, sizeof *t);
  zr_link_init(&t->link);
  t->header_bytes = header_bytes;
  s_copy(t, request, url_bytes);
  t->deadline = zr_mono_add(now, request->timeout_ms);
  t->answer_began = ZR_MONO_NEVER;
  t->reply = (struct zr_buf)ZR_BUF_INIT(request->max_response_bytes ? request->max_response_bytes
                                                                    : (size_t)1024 * 1024);
  *out = t;
  return ZR_ERR_OK;
}

void zr_transfer_destroy(struct zr_transfer *t) {
  if (!t)
    return;
  zr_wipe(t->header_text, t->header_bytes); /* Authorization is among them */
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

void zr_transfer_set_callbacks(CURL *easy) {
  (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, s_on_ready);
  (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, s_on_read);
  (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, s_on_header);
  (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, s_on_write);
}

enum zr_err zr_transfer_attach(struct zr_transfer *t, CURL *easy, const char *proxy) {
  t->easy = easy;
  CURLcode rc = curl_easy_setopt(easy, CURLOPT_URL, t->url);
  if (rc == CURLE_OK)
    rc = curl_easy_setopt(easy, CURLOPT_PROXY, proxy);
  if (rc != CURLE_OK)
    return rc == CURLE_OUT_OF_MEMORY ? ZR_ERR_NOMEM : ZR_ERR_INVALID;
  (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
  (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
  (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
  (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
  (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
  (void)curl_easy_setopt(easy, CURLOPT_READDATA, t);
  (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
  (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
  return ZR_ERR_OK;
}
