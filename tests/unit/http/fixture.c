#include "fixture.h"

#include <stdio.h>
#include <string.h>

struct zr_http *client_new(const struct zr_http_options *options) {
  struct zr_http *h = NULL;
  assert_int_equal(zr_http_new(options, &h, NULL), ZR_ERR_OK);
  return h;
}

static void keep(char *to, size_t size, const char *text) {
  (void)snprintf(to, size, "%s", text);
}

void seen_fill(void *ctx, const struct zr_http_result *r) {
  struct seen *s = ctx;
  s->calls++;
  s->phase = r->phase;
  s->trouble = r->trouble;
  s->timed_out = r->timed_out;
  s->status = r->status;
  s->version = r->version;
  s->body_len = r->body.len;
  if (r->body.len < sizeof s->body)
    memcpy(s->body, r->body.ptr, r->body.len);
  keep(s->date, sizeof s->date, r->date);
  keep(s->retry_after, sizeof s->retry_after, r->retry_after);
  keep(s->location, sizeof s->location, r->location);
  keep(s->content_type, sizeof s->content_type, r->content_type);
  keep(s->reason, sizeof s->reason, r->reason);
}

uint64_t post(struct zr_http *h, const char *url, int64_t timeout_ms, struct seen *seen) {
  static const char *const headers[] = {"Content-Type: application/json",
                                        "Authorization: Bearer not-a-secret"};
  struct zr_http_request request = {.url = url,
                                    .headers = headers,
                                    .header_count = 2,
                                    .body = ZR_VIEW("{\"a\":1}"),
                                    .timeout_ms = timeout_ms,
                                    .max_response_bytes = 1000};
  uint64_t id = 0;
  memset(seen, 0, sizeof *seen);
  assert_int_equal(zr_http_start(h, &request, seen_fill, seen, &id), ZR_ERR_OK);
  assert_int_equal(seen->calls, 0);
  return id;
}

void wait_for(struct zr_http *h, const struct seen *seen) {
  while (seen->calls == 0)
    zr_http_run(h, 1000);
  assert_int_equal(seen->calls, 1);
}

void one_post(const struct script_server *s, int64_t timeout_ms, struct seen *seen) {
  char url[128];
  struct zr_http *h = client_new(&(struct zr_http_options){.proxy = "none"});
  script_server_url(s, "/api", url);
  (void)post(h, url, timeout_ms, seen);
  wait_for(h, seen);
  assert_int_equal(zr_http_active(h), 0);
  zr_http_destroy(h);
  assert_int_equal(seen->calls, 1);
}
