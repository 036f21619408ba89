/* The last step before the network: header lines, a fresh signature, and off. */
#include <stdio.h>

#include "base/log.h"
#include "zenlayer/remote_private.h"

static const char *const s_actions[] = {
    [ZR_ACTION_DESCRIBE] = "X-ZC-Action: DescribeInstances",
    [ZR_ACTION_RELEASE] = "X-ZC-Action: ReleaseInstances",
    [ZR_ACTION_LIST] = "X-ZC-Action: DescribeInstances",
};

struct lines {
  const char *line[16];
  size_t count;
  char timestamp[48];
};

static void s_add(struct lines *l, const char *line) {
  l->line[l->count++] = line;
}

static void s_fill(const struct zr_call *c, int64_t unix_s, const char *authorization,
                   struct lines *l) {
  const struct zr_remote *r = c->remote;
  s_add(l, "Content-Type: " ZR_CONTENT_TYPE);
  s_add(l, "Accept: application/json");
  s_add(l, r->host_line);
  s_add(l, s_actions[c->action]);
  s_add(l, r->version_lines[c->product]);
  s_add(l, r->service_lines[c->product]);
  s_add(l, "X-ZC-Sdk-Lang: c");
  if (r->client_line[0])
    s_add(l, r->client_line);
  if (zr_signer_has_timestamp(r->signer)) {
    (void)snprintf(l->timestamp, sizeof l->timestamp, "X-ZC-Timestamp: %lld", (long long)unix_s);
    s_add(l, l->timestamp);
    s_add(l, "X-ZC-Signature-Method: " ZR_SIGNATURE_METHOD);
  }
  s_add(l, authorization);
}

enum zr_err zr_call_send(struct zr_call *c) {
  struct zr_remote *r = c->remote;
  struct zr_view body = zr_buf_as_view(&r->body);
  struct lines lines = {.count = 0};
  const char *authorization = NULL;
  int64_t left_ms = zr_mono_until(c->deadline, zr_mono_now());
  c->signed_offset_ms = r->skew.offset_ms;
  int64_t unix_s = (r->wall().ms + c->signed_offset_ms) / 1000;
  enum zr_err e = zr_signer_sign(r->signer, body, unix_s, &authorization);
  if (e != ZR_ERR_OK)
    return e;
  s_fill(c, unix_s, authorization, &lines);
  struct zr_http_request request = {
      .url = r->urls[c->product],
      .headers = lines.line,
      .header_count = lines.count,
      .body = body,
      .timeout_ms = left_ms > 0 ? left_ms : 1,
      .max_response_bytes = r->max_reply_bytes,
  };
  return zr_http_start(r->http, &request, zr_call_on_http, c, &c->transfer);
}
