/* The face: the remote, and the start of each call. What comes back is in remote_reply.c. */
#include "zenlayer/remote.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "zenlayer/remote_private.h"
#include "zenlayer/request.h"

enum { DEFAULT_MAX_REPLY = 4 * 1024 * 1024, CLIENT_MAX = 128 };

/* The service drops the header unless it is of these characters, at most 128 of them. */
static bool s_is_client(const char *text) {
  size_t n = text ? strlen(text) : 0;
  return n > 0 && n <= CLIENT_MAX &&
         strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_ ,;.") == n;
}

static void s_write_lines(struct zr_remote *r, const char *client) {
  (void)snprintf(r->host_line, sizeof r->host_line, "Host: %s", r->endpoint.host);
  if (s_is_client(client))
    (void)snprintf(r->client_line, sizeof r->client_line, "X-ZC-Request-Client: %s", client);
  for (int p = ZR_PRODUCT_VM; p < ZR_PRODUCT_COUNT_; p++) {
    const struct zr_product_info *info = zr_product_info((enum zr_product)p);
    (void)snprintf(r->urls[p], sizeof r->urls[p], "%s%s", r->endpoint.url, info->path);
    (void)snprintf(r->version_lines[p], sizeof r->version_lines[p], "X-ZC-Version: %s",
                   info->version);
    (void)snprintf(r->service_lines[p], sizeof r->service_lines[p], "X-ZC-Service: %s", info->name);
  }
}

static enum zr_err s_copy_credential(struct zr_remote *r, const struct zr_credential *from) {
  const struct zr_secret *sources[] = {&from->key_id, &from->password, &from->token};
  struct zr_secret *slots[] = {&r->credential.key_id, &r->credential.password,
                               &r->credential.token};
  for (size_t i = 0; i < ZR_COUNT(slots); i++) {
    if (!zr_secret_is_set(sources[i]))
      continue;
    enum zr_err e = zr_secret_copy(slots[i], sources[i]);
    if (e != ZR_ERR_OK)
      return e;
  }
  return ZR_ERR_OK;
}

enum zr_err zr_remote_new(const struct zr_remote_options *options, struct zr_remote **out) {
  *out = NULL;
  if (!options->http || !options->endpoint || !options->credential)
    return ZR_ERR_INVALID;
  struct zr_remote *r = zr_calloc(1, sizeof *r);
  if (!r)
    return ZR_ERR_NOMEM;
  r->http = options->http;
  r->endpoint = *options->endpoint;
  r->wall = options->wall ? options->wall : zr_wall_now;
  r->max_reply_bytes = options->max_reply_bytes ? options->max_reply_bytes : DEFAULT_MAX_REPLY;
  r->skew.offset_ms = options->clock_offset_ms;
  r->body = (struct zr_buf)ZR_BUF_INIT(ZR_REQUEST_MAX_BYTES);
  s_write_lines(r, options->client);
  enum zr_err e = s_copy_credential(r, options->credential);
  if (e == ZR_ERR_OK)
    e = zr_signer_new(&r->credential, r->endpoint.host, &r->signer);
  if (e != ZR_ERR_OK) {
    zr_remote_destroy(r);
    return e;
  }
  *out = r;
  return ZR_ERR_OK;
}

static struct zr_call *s_call_new(struct zr_remote *r, enum zr_action action,
                                  enum zr_product product, int64_t timeout_ms, void *ctx) {
  struct zr_call *c = zr_calloc(1, sizeof *c);
  if (!c)
    return NULL;
  c->remote = r;
  c->action = action;
  c->product = product;
  c->deadline = zr_mono_add(zr_mono_now(), timeout_ms);
  c->ctx = ctx;
  zr_arena_init(&c->arena, NULL, 0);
  c->next = r->calls;
  if (r->calls)
    r->calls->prev = c;
  r->calls = c;
  return c;
}

void zr_call_free(struct zr_call *c) {
  if (c->prev)
    c->prev->next = c->next;
  else
    c->remote->calls = c->next;
  if (c->next)
    c->next->prev = c->prev;
  zr_pages_clean_up(c->pages);
  zr_arena_clean_up(&c->arena);
  zr_free(c);
}

static enum zr_err s_check(const struct zr_remote *r, enum zr_product product, int64_t timeout_ms) {
  if (r->closed)
    return ZR_ERR_STATE;
  return zr_product_info(product) && timeout_ms > 0 ? ZR_ERR_OK : ZR_ERR_INVALID;
}

/* Sends what is encoded in r->body, or undoes the call. */
static enum zr_err s_send_or_free(struct zr_call *c, enum zr_err encoded) {
  enum zr_err e = encoded == ZR_ERR_OK ? zr_call_send(c) : encoded;
  if (e != ZR_ERR_OK)
    zr_call_free(c);
  return e;
}

enum zr_err zr_remote_describe(struct zr_remote *r, const struct zr_remote_order *order,
                               zr_describe_fn *fn, void *ctx) {
  enum zr_err e = s_check(r, order->product, order->timeout_ms);
  if (e != ZR_ERR_OK)
    return e;
  zr_buf_reset(&r->body);
  e = zr_request_describe(&r->body, order->ids, order->id_count, 1, ZR_PAGE_SIZE);
  if (e != ZR_ERR_OK)
    return e;
  struct zr_call *c = s_call_new(r, ZR_ACTION_DESCRIBE, order->product, order->timeout_ms, ctx);
  if (!c)
    return ZR_ERR_NOMEM;
  c->fn.describe = fn;
  c->pages = zr_pages_new(&c->arena, order->ids, order->id_count);
  return s_send_or_free(c, c->pages ? ZR_ERR_OK : ZR_ERR_NOMEM);
}

enum zr_err zr_remote_release(struct zr_remote *r, const struct zr_remote_order *order,
                              zr_release_fn *fn, void *ctx) {
  enum zr_err e = s_check(r, order->product, order->timeout_ms);
  if (e != ZR_ERR_OK)
    return e;
  zr_buf_reset(&r->body);
  e = zr_request_release(&r->body, order->product, order->ids, order->id_count,
                         order->depend_resource);
  if (e != ZR_ERR_OK)
    return e;
  /* The last look before the bytes leave: these ids, and no others. */
  if (!zr_request_release_is_exact(zr_buf_as_view(&r->body), order->product, order->ids,
                                   order->id_count, order->depend_resource))
    return ZR_ERR_INVALID;
  struct zr_call *c = s_call_new(r, ZR_ACTION_RELEASE, order->product, order->timeout_ms, ctx);
  if (!c)
    return ZR_ERR_NOMEM;
  c->fn.release = fn;
  return s_send_or_free(c, ZR_ERR_OK);
}

enum zr_err zr_remote_list(struct zr_remote *r, const struct zr_list_query *query,
                           int64_t timeout_ms, zr_list_fn *fn, void *ctx) {
  enum zr_err e = s_check(r, query->product, timeout_ms);
  if (e != ZR_ERR_OK)
    return e;
  zr_buf_reset(&r->body);
  e = zr_request_list(&r->body, query);
  if (e != ZR_ERR_OK)
    return e;
  struct zr_call *c = s_call_new(r, ZR_ACTION_LIST, query->product, timeout_ms, ctx);
  if (!c)
    return ZR_ERR_NOMEM;
  c->fn.list = fn;
  char *body = zr_arena_alloc(&c->arena, r->body.len);
  if (body) {
    memcpy(body, r->body.data, r->body.len);
    c->body = (struct zr_view){body, r->body.len};
  }
  return s_send_or_free(c, body ? ZR_ERR_OK : ZR_ERR_NOMEM);
}

bool zr_remote_is_idle(const struct zr_remote *r) {
  return !r->calls;
}

int64_t zr_remote_clock_offset_ms(const struct zr_remote *r) {
  return r->skew.offset_ms;
}

/* Ends a call that nobody waits for on the network any more. */
static void s_stop(struct zr_call *c) {
  bool sent = zr_http_forget(c->remote->http, c->transfer) != ZR_HTTP_NOT_SENT;
  struct zr_call_end end = {
      .class_ = sent ? ZR_CLASS_UNKNOWN : ZR_CLASS_NOT_SENT,
      .code = "",
      .message = "",
      .request_id = "",
      .reason = sent ? "stopped while waiting for the answer" : "stopped before it was sent",
      .retry_after_ms = -1,
      .late_effect = sent,
  };
  zr_call_finish_failed(c, &end);
}

void zr_remote_destroy(struct zr_remote *r) {
  if (!r)
    return;
  r->closed = true;
  while (r->calls)
    s_stop(r->calls);
  zr_signer_destroy(r->signer);
  zr_credential_clean_up(&r->credential);
  zr_buf_clean_up(&r->body);
  zr_free(r);
}
