#include "rpc/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/view.h"

static enum zr_err s_path(struct zr_view path, struct zr_rpc_address *out, struct zr_buf *problem) {
  size_t room = sizeof out->at.path.sun_path - 1;
  if (path.len == 0 || path.len > room || memchr(path.ptr, '\0', path.len)) {
    (void)zr_buf_printf(problem, "a socket path has 1 to %zu bytes, this one has %zu", room,
                        path.len);
    return ZR_ERR_INVALID;
  }
  out->is_unix = true;
  out->at.path.sun_family = AF_UNIX;
  memcpy(out->at.path.sun_path, path.ptr, path.len);
  out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
  return ZR_ERR_OK;
}

/* "host:port" and "[host]:port" into two views. */
static bool s_host_port(struct zr_view text, struct zr_view *host, struct zr_view *port) {
  size_t colon = text.len;
  while (colon > 0 && text.ptr[colon - 1] != ':')
    colon--;
  if (colon == 0)
    return false;
  *host = (struct zr_view){text.ptr, colon - 1};
  *port = (struct zr_view){text.ptr + colon, text.len - colon};
  if (host->len >= 2 && host->ptr[0] == '[' && host->ptr[host->len - 1] == ']')
    *host = (struct zr_view){host->ptr + 1, host->len - 2};
  else if (memchr(host->ptr, ':', host->len))
    return false;
  return host->len > 0;
}

static enum zr_err s_resolve(struct zr_view host, unsigned port, struct zr_rpc_address *out,
                             struct zr_buf *problem) {
  char name[256];
  if (host.len >= sizeof name) {
    (void)zr_buf_text(problem, "the host name is too long");
    return ZR_ERR_INVALID;
  }
  memcpy(name, host.ptr, host.len);
  name[host.len] = '\0';
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
  struct addrinfo *found = NULL;
  int rc = getaddrinfo(name, NULL, &hints, &found);
  if (rc != 0 || !found || found->ai_addrlen > sizeof out->at.storage) {
    (void)zr_buf_printf(problem, "cannot resolve %s: %s", name,
                        rc != 0 ? gai_strerror(rc) : "no address");
    if (found)
      freeaddrinfo(found);
    return ZR_ERR_INVALID;
  }
  memcpy(&out->at.storage, found->ai_addr, found->ai_addrlen);
  out->len = found->ai_addrlen;
  freeaddrinfo(found);
  zr_rpc_address_set_port(out, port);
  return ZR_ERR_OK;
}

enum zr_err zr_rpc_address_parse(const char *text, struct zr_rpc_address *out,
                                 struct zr_buf *problem) {
  memset(out, 0, sizeof *out);
  struct zr_view all = zr_view_of(text);
  if (zr_view_starts(all, "unix:"))
    return s_path((struct zr_view){text + 5, all.len - 5}, out, problem);
  struct zr_view host;
  struct zr_view port;
  unsigned long long number;
  if (!s_host_port(all, &host, &port) || !zr_view_to_u64(port, &number) || number > 65535) {
    (void)zr_buf_printf(problem, "\"%s\" is no address: write unix:PATH, HOST:PORT or [v6]:PORT",
                        text ? text : "");
    return ZR_ERR_INVALID;
  }
  return s_resolve(host, (unsigned)number, out, problem);
}

bool zr_rpc_address_is_local(const struct zr_rpc_address *a) {
  if (a->is_unix)
    return true;
  if (a->at.any.sa_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, &a->at, sizeof in);
    return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
  }
  struct sockaddr_in6 in6;
  memcpy(&in6, &a->at, sizeof in6);
  return a->at.any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

void zr_rpc_address_format(const struct zr_rpc_address *a, char out[ZR_ADDRESS_TEXT]) {
  char host[INET6_ADDRSTRLEN] = "";
  if (a->is_unix) {
    (void)snprintf(out, ZR_ADDRESS_TEXT, "unix:%s", a->at.path.sun_path);
  } else if (a->at.any.sa_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, &a->at, sizeof in);
    (void)inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
    (void)snprintf(out, ZR_ADDRESS_TEXT, "%s:%u", host, (unsigned)ntohs(in.sin_port));
  } else {
    struct sockaddr_in6 in6;
    memcpy(&in6, &a->at, sizeof in6);
    (void)inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
    (void)snprintf(out, ZR_ADDRESS_TEXT, "[%s]:%u", host, (unsigned)ntohs(in6.sin6_port));
  }
}

void zr_rpc_address_set_port(struct zr_rpc_address *a, unsigned port) {
  if (a->at.any.sa_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, &a->at, sizeof in);
    in.sin_port = htons((uint16_t)port);
    memcpy(&a->at, &in, sizeof in);
  } else if (a->at.any.sa_family == AF_INET6) {
    struct sockaddr_in6 in6;
    memcpy(&in6, &a->at, sizeof in6);
    in6.sin6_port = htons((uint16_t)port);
    memcpy(&a->at, &in6, sizeof in6);
  }
}
