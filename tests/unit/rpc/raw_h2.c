#include "raw_h2.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool s_is_unix(const char *address) {
  return strncmp(address, "unix:", 5) == 0;
}

int raw_socket(const char *address) {
  return socket(s_is_unix(address) ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

bool raw_connect(int fd, const char *address) {
  if (s_is_unix(address)) {
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    (void)snprintf(un.sun_path, sizeof un.sun_path, "%s", address + 5);
    return connect(fd, (struct sockaddr *)&un, sizeof un) == 0;
  }
  struct sockaddr_in in = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)strtol(strrchr(address, ':') + 1, NULL, 10)),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return connect(fd, (struct sockaddr *)&in, sizeof in) == 0;
}

static bool s_write(int fd, const void *bytes, size_t len) {
  return send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool s_frame(int fd, unsigned type, unsigned flags, uint32_t stream, const void *body,
                    size_t len) {
  unsigned char head[9] = {
      (unsigned char)(len >> 16),    (unsigned char)(len >> 8),    (unsigned char)len,
      (unsigned char)type,           (unsigned char)flags,         (unsigned char)(stream >> 24),
      (unsigned char)(stream >> 16), (unsigned char)(stream >> 8), (unsigned char)stream};
  return s_write(fd, head, sizeof head) && s_write(fd, body, len);
}

bool raw_preface(int fd) {
  static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  static const unsigned char windows[] = {0, 4, 0x7F, 0xFF, 0xFF, 0xFF};
  static const unsigned char more[] = {0x7F, 0xFE, 0, 0};
  return s_write(fd, preface, sizeof preface - 1) &&
         s_frame(fd, 4, 0, 0, windows, sizeof windows) && s_frame(fd, 8, 0, 0, more, sizeof more);
}

static size_t s_header(unsigned char *at, const char *name, const char *value) {
  size_t n = strlen(name);
  size_t v = strlen(value);
  at[0] = 0; /* literal, not indexed, no Huffman code */
  at[1] = (unsigned char)n;
  memcpy(at + 2, name, n);
  at[2 + n] = (unsigned char)v;
  memcpy(at + 3 + n, value, v);
  return 3 + n + v;
}

bool raw_call(int fd, const char *path, const void *message, size_t len) {
  unsigned char block[512];
  size_t n = 0;
  n += s_header(block + n, ":method", "POST");
  n += s_header(block + n, ":scheme", "http");
  n += s_header(block + n, ":path", path);
  n += s_header(block + n, ":authority", "localhost");
  n += s_header(block + n, "content-type", "application/grpc");
  n += s_header(block + n, "te", "trailers");
  unsigned char body[1024] = {0, 0, 0, (unsigned char)(len >> 8), (unsigned char)len};
  memcpy(body + 5, message, len);
  return s_frame(fd, 1, 4, 1, block, n) && s_frame(fd, 0, 1, 1, body, len + 5);
}

bool raw_wait_settings(int fd, int timeout_ms) {
  unsigned char head[9];
  struct pollfd p = {.fd = fd, .events = POLLIN};
  return poll(&p, 1, timeout_ms) == 1 && recv(fd, head, sizeof head, 0) == sizeof head &&
         head[3] == 4;
}
