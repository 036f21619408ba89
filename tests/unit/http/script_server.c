#include "script_server.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer {
  int fd;
  SSL *ssl;
};

static void must(bool ok, const char *what) {
  if (ok)
    return;
  perror(what);
  abort();
}

/* True when `fd` can be read, false when the server is to stop. */
static bool readable(const struct script_server *s, int fd) {
  struct pollfd both[] = {{.fd = fd, .events = POLLIN}, {.fd = s->stop[0], .events = POLLIN}};
  while (poll(both, 2, -1) < 0)
    ;
  return both[1].revents == 0;
}

static int peer_read(const struct script_server *s, struct peer *p, char *to, int size) {
  if ((!p->ssl || SSL_pending(p->ssl) == 0) && !readable(s, p->fd))
    return -1;
  return p->ssl ? SSL_read(p->ssl, to, size) : (int)recv(p->fd, to, (size_t)size, 0);
}

static void peer_write(struct peer *p, const char *data, size_t len) {
  while (len) {
    int n = p->ssl ? SSL_write(p->ssl, data, (int)len) : (int)send(p->fd, data, len, MSG_NOSIGNAL);
    if (n <= 0)
      return;
    data += n;
    len -= (size_t)n;
  }
}

static size_t content_length(const char *head) {
  const char *at = strcasestr(head, "\r\ncontent-length:");
  return at ? (size_t)strtoul(at + 17, NULL, 10) : 0;
}

/* False when another peer waits and this one says nothing. */
static bool has_the_word(const struct script_server *s, const struct peer *p) {
  struct pollfd all[] = {{.fd = p->fd, .events = POLLIN},
                         {.fd = s->listener, .events = POLLIN},
                         {.fd = s->stop[0], .events = POLLIN}};
  if (!s->leaves_idle)
    return true;
  while (poll(all, 3, -1) < 0)
    ;
  return all[0].revents != 0 || all[1].revents == 0;
}

/* Reads one whole request; false when the peer closed first. */
static bool read_request(struct script_server *s, struct peer *p) {
  size_t used = 0, want = 0;
  for (;;) {
    s->incoming[used] = '\0';
    char *end = strstr(s->incoming, "\r\n\r\n");
    if (end)
      want = (size_t)(end - s->incoming) + 4 + content_length(s->incoming);
    if (want && used >= want) {
      memcpy(s->last, s->incoming, used + 1);
      return true;
    }
    if (used == 0 && !has_the_word(s, p))
      return false;
    must(used + 1 < sizeof s->incoming, "request too large for the script server");
    int n = peer_read(s, p, s->incoming + used, (int)(sizeof s->incoming - 1 - used));
    if (n <= 0)
      return false;
    used += (size_t)n;
  }
}

static const struct script_step *next_step(struct script_server *s) {
  static const struct script_step usual = {.send =
                                               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"};
  return s->next_step < s->step_count ? &s->steps[s->next_step++] : &usual;
}

static void play(struct peer *p, const struct script_step *step) {
  if (step->send)
    peer_write(p, step->send, strlen(step->send));
  for (size_t i = 0; i < step->repeat; i++)
    peer_write(p, step->fill, strlen(step->fill));
  if (step->last)
    peer_write(p, step->last, strlen(step->last));
}

static void hang(struct script_server *s, struct peer *p) {
  char sink[512];
  while (peer_read(s, p, sink, sizeof sink) > 0)
    ;
}

static void finish(struct script_server *s, struct peer *p, enum script_then then) {
  if (then == SCRIPT_HANG)
    hang(s, p);
  if (then == SCRIPT_RESET) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  SSL_free(p->ssl);
  (void)close(p->fd);
}

static bool start_tls(const struct script_server *s, struct peer *p) {
  if (!s->tls)
    return true;
  p->ssl = SSL_new(s->tls);
  return p->ssl && SSL_set_fd(p->ssl, p->fd) == 1 && SSL_accept(p->ssl) == 1;
}

static void serve(struct script_server *s, int fd) {
  struct peer p = {.fd = fd};
  const struct script_step *step = NULL;
  if (s->next_step < s->step_count && s->steps[s->next_step].unread) {
    step = next_step(s);
    play(&p, step);
    finish(s, &p, step->then);
    return;
  }
  bool open = start_tls(s, &p);
  while (open && read_request(s, &p)) {
    atomic_fetch_add(&s->requests, 1);
    step = next_step(s);
    play(&p, step);
    if (step->then != SCRIPT_KEEP)
      break;
    step = NULL;
  }
  finish(s, &p, step ? step->then : SCRIPT_CLOSE);
}

static void *run(void *arg) {
  struct script_server *s = arg;
  while (readable(s, s->listener)) {
    int fd = accept(s->listener, NULL, NULL);
    if (fd < 0)
      continue;
    atomic_fetch_add(&s->connections, 1);
    serve(s, fd);
  }
  return NULL;
}

void script_server_start(struct script_server *s, const struct script_step *steps, size_t count,
                         SSL_CTX *tls) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t len = sizeof at;
  memset(s, 0, sizeof *s);
  s->steps = steps;
  s->step_count = count;
  s->tls = tls;
  s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(s->listener >= 0 && pipe(s->stop) == 0, "socket");
  must(bind(s->listener, (struct sockaddr *)&at, sizeof at) == 0, "bind");
  must(listen(s->listener, 64) == 0, "listen");
  must(getsockname(s->listener, (struct sockaddr *)&at, &len) == 0, "getsockname");
  s->port = ntohs(at.sin_port);
  must(pthread_create(&s->thread, NULL, run, s) == 0, "pthread_create");
}

void script_server_stop(struct script_server *s) {
  must(write(s->stop[1], "x", 1) == 1, "write");
  must(pthread_join(s->thread, NULL) == 0, "pthread_join");
  (void)close(s->listener);
  (void)close(s->stop[0]);
  (void)close(s->stop[1]);
}

void script_server_url(const struct script_server *s, const char *path, char out[128]) {
  (void)snprintf(out, 128, "%s://127.0.0.1:%u%s", s->tls ? "https" : "http", (unsigned)s->port,
                 path);
}

static X509 *self_signed(EVP_PKEY *key, const char *san) {
  X509 *cert = X509_new();
  must(cert && X509_set_version(cert, 2) == 1, "X509_new");
  (void)ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  (void)X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
  (void)X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_NAME *name = X509_get_subject_name(cert);
  (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"script", -1,
                                   -1, 0);
  (void)X509_set_issuer_name(cert, name);
  (void)X509_set_pubkey(cert, key);
  X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
  must(ext && X509_add_ext(cert, ext, -1) == 1, "subjectAltName");
  X509_EXTENSION_free(ext);
  must(X509_sign(cert, key, EVP_sha256()) > 0, "X509_sign");
  return cert;
}

SSL_CTX *script_tls_new(const char *san, const char *ca_path) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  must(key != NULL, "EVP_EC_gen");
  X509 *cert = self_signed(key, san);
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  must(ctx && SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1,
       "SSL_CTX");
  FILE *f = fopen(ca_path, "w");
  must(f && PEM_write_X509(f, cert) == 1 && fclose(f) == 0, "ca file");
  X509_free(cert);
  EVP_PKEY_free(key);
  return ctx;
}
