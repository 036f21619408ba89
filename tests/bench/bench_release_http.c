/*
 * One release of 100 ids, from the call to its callback, over a kept-alive loopback connection. The
 * floor is libcurl with the same request, prepared once, and SHA-256 over the bytes that a
 * signature hashes. CPU time of the calling thread; a thread of its own answers.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http.h"
#include "rounds.h"
#include "zenlayer/credential.h"
#include "zenlayer/endpoint.h"
#include "zenlayer/remote.h"

enum { IDS = 100 };

static const char s_reply[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Length: 127\r\n\r\n"
    "{\"requestId\":\"T2A4C3E5F-0000-4000-8000-000000000000\",\"response\":"
    "{\"requestId\":\"T2A4C3E5F-0000-4000-8000-000000000000\"}}        \n";

struct rig {
  int listener;
  unsigned short port;
  struct zr_http *http;
  struct zr_remote *remote;
  const char *ids[IDS];
  char texts[IDS][16];
  bool done;
  CURL *easy;
  size_t taken; /* of the body, by libcurl */
  struct curl_slist *headers;
  char body[2048];
  size_t body_len;
  EVP_MD *md;
  EVP_MD_CTX *ctx;
  size_t got;
};

/* ---- the server ---- */

static void serve(int fd) {
  char buffer[16384];
  size_t used = 0;
  for (;;) {
    ssize_t n = recv(fd, buffer + used, sizeof buffer - 1 - used, 0);
    if (n <= 0)
      return;
    used += (size_t)n;
    buffer[used] = '\0';
    const char *end = strstr(buffer, "\r\n\r\n");
    const char *length = strcasestr(buffer, "\r\nContent-Length:");
    if (!end || !length)
      continue;
    size_t want = (size_t)(end - buffer) + 4 + strtoul(length + 17, NULL, 10);
    if (used < want)
      continue;
    used = 0;
    if (send(fd, s_reply, sizeof s_reply - 1, MSG_NOSIGNAL) < 0)
      return;
  }
}

static void *connection(void *arg) {
  int fd = *(int *)arg;
  free(arg);
  serve(fd);
  (void)close(fd);
  return NULL;
}

static void *server(void *arg) {
  const struct rig *r = arg;
  for (;;) {
    int *fd = malloc(sizeof *fd);
    pthread_t thread;
    if (!fd || (*fd = accept(r->listener, NULL, NULL)) < 0) {
      free(fd);
      return NULL;
    }
    if (pthread_create(&thread, NULL, connection, fd) == 0)
      (void)pthread_detach(thread);
  }
}

static void start_server(struct rig *r) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t len = sizeof at;
  pthread_t thread;
  r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(r->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(r->listener, 8) != 0 ||
      getsockname(r->listener, (struct sockaddr *)&at, &len) != 0 ||
      pthread_create(&thread, NULL, server, r) != 0)
    abort();
  (void)pthread_detach(thread);
  r->port = ntohs(at.sin_port);
}

/* ---- ours ---- */

static void on_release(void *ctx, const struct zr_release_end *end) {
  struct rig *r = ctx;
  if (end->call.class_ != ZR_CLASS_OK)
    abort();
  r->done = true;
}

static void ours(void *arg, unsigned times) {
  struct rig *r = arg;
  struct zr_remote_order order = {
      .product = ZR_PRODUCT_VM, .ids = r->ids, .id_count = IDS, .timeout_ms = 30000};
  for (unsigned i = 0; i < times; i++) {
    r->done = false;
    if (zr_remote_release(r->remote, &order, on_release, r) != ZR_ERR_OK)
      abort();
    while (!r->done)
      zr_http_run(r->http, 1000);
  }
}

static void start_ours(struct rig *r) {
  struct zr_endpoint endpoint;
  struct zr_credential c = {0};
  struct zr_buf problem = ZR_BUF_INIT(200);
  const char *why = NULL;
  char domain[64];
  (void)snprintf(domain, sizeof domain, "http://127.0.0.1:%u", (unsigned)r->port);
  struct zr_endpoint_settings settings = {.domain = domain};
  struct zr_http_options http = {.proxy = "none", .user_agent = "bench"};
  struct zr_remote_options remote = {.endpoint = &endpoint, .credential = &c, .client = "bench"};
  if (zr_http_new(&http, &r->http, &problem) != ZR_ERR_OK ||
      zr_endpoint_find(&settings, &endpoint, &why) != ZR_ERR_OK ||
      zr_credential_make(&c, "AKIDexample", "an example", NULL, &problem) != ZR_ERR_OK)
    abort();
  remote.http = r->http;
  if (zr_remote_new(&remote, &r->remote) != ZR_ERR_OK)
    abort();
  zr_credential_clean_up(&c);
}

/* ---- the floor ---- */

static void hash(struct rig *r, size_t len) {
  unsigned char digest[32];
  if (EVP_DigestInit_ex2(r->ctx, r->md, NULL) != 1 || EVP_DigestUpdate(r->ctx, r->body, len) != 1 ||
      EVP_DigestFinal_ex(r->ctx, digest, NULL) != 1)
    abort();
}

static size_t on_write(char *data, size_t size, size_t count, void *ctx) {
  struct rig *r = ctx;
  (void)data;
  r->got += size * count;
  return size * count;
}

static size_t on_read(char *to, size_t size, size_t count, void *ctx) {
  struct rig *r = ctx;
  size_t n = r->body_len - r->taken;
  if (n > size * count)
    n = size * count;
  memcpy(to, r->body + r->taken, n);
  r->taken += n;
  return n;
}

static void bare(void *arg, unsigned times) {
  struct rig *r = arg;
  for (unsigned i = 0; i < times; i++) {
    hash(r, r->body_len);
    hash(r, 147);
    hash(r, 64 + 91);
    hash(r, 64 + 32);
    r->taken = 0;
    if (curl_easy_perform(r->easy) != CURLE_OK)
      abort();
  }
}

static void add_header(struct rig *r, const char *line) {
  r->headers = curl_slist_append(r->headers, line);
}

static void start_bare(struct rig *r) {
  char url[64];
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/api/v2/vm", (unsigned)r->port);
  r->easy = curl_easy_init();
  add_header(r, "Content-Type: application/json");
  add_header(r, "Accept: application/json");
  add_header(r, "X-ZC-Action: ReleaseInstances");
  add_header(r, "X-ZC-Version: 2026-04-01");
  add_header(r, "X-ZC-Service: vm");
  add_header(r, "X-ZC-Sdk-Lang: c");
  add_header(r, "X-ZC-Request-Client: bench");
  add_header(r, "X-ZC-Timestamp: 1700000000");
  add_header(r, "X-ZC-Signature-Method: ZC2-HMAC-SHA256");
  add_header(r, "Authorization: ZC2-HMAC-SHA256 Credential=AKIDexample, "
                "SignedHeaders=content-type;host, Signature="
                "f677842d27416dec1cfdd2f97f2d4a72983ad0e2e406b337a49e57964246c916");
  add_header(r, "Expect:");
  (void)curl_easy_setopt(r->easy, CURLOPT_URL, url);
  (void)curl_easy_setopt(r->easy, CURLOPT_PROXY, "");
  (void)curl_easy_setopt(r->easy, CURLOPT_NOSIGNAL, 1L);
  (void)curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
  (void)curl_easy_setopt(r->easy, CURLOPT_POST, 1L);
  (void)curl_easy_setopt(r->easy, CURLOPT_READFUNCTION, on_read);
  (void)curl_easy_setopt(r->easy, CURLOPT_READDATA, r);
  (void)curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE, (long)r->body_len);
  (void)curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_write);
  (void)curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
  (void)curl_easy_setopt(r->easy, CURLOPT_USERAGENT, "bench");
}

static void fill_ids(struct rig *r) {
  size_t n = (size_t)snprintf(r->body, sizeof r->body, "{\"instanceIds\":[");
  for (int i = 0; i < IDS; i++) {
    (void)snprintf(r->texts[i], sizeof r->texts[i], "10000000000%02d", i);
    r->ids[i] = r->texts[i];
    n += (size_t)snprintf(r->body + n, sizeof r->body - n, "%s\"%s\"", i ? "," : "", r->ids[i]);
  }
  n += (size_t)snprintf(r->body + n, sizeof r->body - n, "]}");
  r->body_len = n;
}

int main(void) {
  static struct rig r;
  (void)signal(SIGPIPE, SIG_IGN);
  r.md = EVP_MD_fetch(NULL, "SHA256", NULL);
  r.ctx = EVP_MD_CTX_new();
  fill_ids(&r);
  start_server(&r);
  start_ours(&r);
  start_bare(&r);
  (void)bench_compare("release of 100 ids, CPU", ours, bare, &r, 300, 1.30);
  (void)curl_easy_setopt(r.easy, CURLOPT_POSTFIELDS, r.body);
  (void)bench_compare("  over libcurl that may send twice", ours, bare, &r, 300, 0);
  zr_remote_destroy(r.remote);
  zr_http_destroy(r.http);
  curl_easy_cleanup(r.easy);
  curl_slist_free_all(r.headers);
  EVP_MD_CTX_free(r.ctx);
  EVP_MD_free(r.md);
  return r.got == 0;
}
