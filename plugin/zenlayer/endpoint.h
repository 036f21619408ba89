/*
 * Where the service is: one normal form for the URL, the Host header and the signature. The default
 * port is dropped and the name put in lower case, because libcurl drops the one and the signature
 * covers the other.
 */
#ifndef ZR_ZENLAYER_ENDPOINT_H
#define ZR_ZENLAYER_ENDPOINT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "zenlayer/env.h"

enum { ZR_ENDPOINT_MAX_HOST = 255 };

struct zr_endpoint {
  char host[ZR_ENDPOINT_MAX_HOST + 16]; /* the Host header: "127.0.0.1:8443", "[::1]:80" */
  char url[ZR_ENDPOINT_MAX_HOST + 32];  /* "https://console.zenlayer.com": no path, no slash */
  bool tls;
  bool loopback;      /* 127.0.0.0/8, ::1 or localhost */
  const char *source; /* a constant: which setting named it */
};

/* What may name an endpoint. Precedence for the host: `domain`, ZENLAYERCLOUD_DOMAIN,
 * ZENLAYER_ENDPOINT, console.zenlayer.com; for the scheme: one written before the host, `scheme`,
 * ZENLAYERCLOUD_SCHEME, https. */
struct zr_endpoint_settings {
  const char *domain; /* Optional: "host[:port]", also with "https://" or "http://" before it */
  const char *scheme; /* Optional: "http" or "https", in any case */
  bool allow_plain;   /* http to other hosts than loopback; a captured request can be replayed */
  struct zr_env env;  /* Optional: none without `get` */
};

/* ZR_ERR_INVALID for what is no endpoint, ZR_ERR_DENIED for http without allow_plain; *problem is a
 * constant sentence then. Any thread. */
enum zr_err zr_endpoint_find(const struct zr_endpoint_settings *settings, struct zr_endpoint *out,
                             const char **problem) ZR_MUST_CHECK;

#endif
