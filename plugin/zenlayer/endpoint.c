#include "zenlayer/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/view.h"

static const char s_default_host[] = "console.zenlayer.com";

struct parts {
  struct zr_view host; /* with brackets */
  unsigned port;       /* 0: the scheme's */
  bool ipv6;
};

/* Takes "https://" or "http://" off the front; 1 for https, 0 for http, -1 for none. */
static int s_take_scheme(struct zr_view *v) {
  static const char *const prefixes[] = {"http://", "https://"};
  for (int i = 0; i < 2; i++) {
    size_t n = strlen(prefixes[i]);
    if (v->len > n && strncasecmp(v->ptr, prefixes[i], n) == 0) {
      *v = (struct zr_view){v->ptr + n, v->len - n};
      return i;
    }
  }
  return -1;
}

static bool s_port(struct zr_view v, unsigned *out) {
  unsigned long long number = 0;
  if (v.len > 5 || !zr_view_to_u64(v, &number) || number == 0 || number > 65535)
    return false;
  *out = (unsigned)number;
  return true;
}

static bool s_is_ipv6(struct zr_view inside) {
  char text[INET6_ADDRSTRLEN];
  struct in6_addr address;
  if (inside.len == 0 || inside.len >= sizeof text)
    return false;
  memcpy(text, inside.ptr, inside.len);
  text[inside.len] = '\0';
  return inet_pton(AF_INET6, text, &address) == 1;
}

static bool s_is_name(struct zr_view host) {
  if (host.len == 0 || host.len > 253 || host.ptr[0] == '.' || host.ptr[0] == '-')
    return false;
  for (size_t i = 0; i < host.len; i++) {
    char c = host.ptr[i];
    bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || (c == '.' && i + 1 < host.len && host.ptr[i + 1] != '.');
    if (!ok)
      return false;
  }
  return true;
}

/* "host", "host:port", "[v6]", "[v6]:port". */
static bool s_split(struct zr_view v, struct parts *out) {
  *out = (struct parts){.host = v};
  if (v.len && v.ptr[0] == '[') {
    const char *close = memchr(v.ptr, ']', v.len);
    if (!close)
      return false;
    size_t n = (size_t)(close - v.ptr) + 1;
    out->host = (struct zr_view){v.ptr, n};
    out->ipv6 = true;
    if (!s_is_ipv6((struct zr_view){v.ptr + 1, n - 2}))
      return false;
    v = (struct zr_view){v.ptr + n, v.len - n};
    return v.len == 0 ||
           (v.ptr[0] == ':' && s_port((struct zr_view){v.ptr + 1, v.len - 1}, &out->port));
  }
  out->host = zr_view_split(&v, ':');
  bool has_port = out->host.ptr + out->host.len != v.ptr;
  return s_is_name(out->host) && (!has_port || s_port(v, &out->port));
}

static bool s_is_loopback(const struct parts *p) {
  if (p->ipv6) {
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr address;
    memcpy(text, p->host.ptr + 1, p->host.len - 2);
    return inet_pton(AF_INET6, text, &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
  }
  if (zr_view_eq_nocase(p->host, ZR_VIEW("localhost")))
    return true;
  char text[INET_ADDRSTRLEN] = "";
  struct in_addr address;
  if (p->host.len >= sizeof text)
    return false;
  memcpy(text, p->host.ptr, p->host.len);
  return inet_pton(AF_INET, text, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

static void s_write(const struct parts *p, bool tls, struct zr_endpoint *out) {
  bool default_port = p->port == 0 || p->port == (tls ? 443U : 80U);
  if (default_port)
    (void)snprintf(out->host, sizeof out->host, "%.*s", ZR_VIEW_ARG(p->host));
  else
    (void)snprintf(out->host, sizeof out->host, "%.*s:%u", ZR_VIEW_ARG(p->host), p->port);
  for (char *c = out->host; *c; c++) {
    if (*c >= 'A' && *c <= 'Z')
      *c = (char)(*c - 'A' + 'a');
  }
  (void)snprintf(out->url, sizeof out->url, "%s://%s", tls ? "https" : "http", out->host);
}

/* 1 for https, 0 for http, -1 for another word. */
static int s_scheme(const char *word) {
  if (!word || !word[0] || strcasecmp(word, "https") == 0)
    return 1;
  return strcasecmp(word, "http") == 0 ? 0 : -1;
}

static const char *s_choose(const struct zr_endpoint_settings *s, const char **source) {
  const char *host = s->domain && s->domain[0] ? s->domain : NULL;
  *source = "configuration";
  if (!host) {
    host = zr_env_get(&s->env, "ZENLAYERCLOUD_DOMAIN");
    *source = "environment ZENLAYERCLOUD_DOMAIN";
  }
  if (!host) {
    host = zr_env_get(&s->env, "ZENLAYER_ENDPOINT");
    *source = "environment ZENLAYER_ENDPOINT";
  }
  if (!host) {
    host = s_default_host;
    *source = "default";
  }
  return host;
}

enum zr_err zr_endpoint_find(const struct zr_endpoint_settings *settings, struct zr_endpoint *out,
                             const char **problem) {
  *out = (struct zr_endpoint){0};
  struct zr_view text = zr_view_trim(zr_view_of(s_choose(settings, &out->source)));
  const char *word = settings->scheme && settings->scheme[0]
                         ? settings->scheme
                         : zr_env_get(&settings->env, "ZENLAYERCLOUD_SCHEME");
  int written = s_take_scheme(&text);
  int scheme = written >= 0 ? written : s_scheme(word);
  if (text.len && text.ptr[text.len - 1] == '/' && written >= 0)
    text.len--;
  struct parts parts;
  *problem = NULL;
  if (scheme < 0) {
    *problem = "the scheme must be HTTPS or HTTP";
    return ZR_ERR_INVALID;
  }
  if (!s_split(text, &parts)) {
    *problem = "the endpoint must be a host name or address, with or without :port";
    return ZR_ERR_INVALID;
  }
  out->tls = scheme == 1;
  out->loopback = s_is_loopback(&parts);
  if (!out->tls && !out->loopback && !settings->allow_plain) {
    *problem = "http is for loopback addresses only: a request that is read on the way can be "
               "sent again by others; use https";
    return ZR_ERR_DENIED;
  }
  s_write(&parts, out->tls, out);
  return ZR_ERR_OK;
}
