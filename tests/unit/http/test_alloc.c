/*
 * Every allocation of a transfer fails once, libcurl's own included. What is told of it stays true:
 * NOT_SENT only when the server saw nothing, ANSWERED only with the whole answer; and the next
 * transfer works.
 */
#include "fixture.h"

#include <curl/curl.h>
#include <signal.h>
#include <string.h>

#include "base/mem.h"
#include "sweep.h"

static const char *const s_headers[] = {"Content-Type: application/json", "X-A: b"};

static enum zr_err s_start(struct zr_http *h, const char *url, struct seen *seen) {
  struct zr_http_request request = {.url = url,
                                    .headers = s_headers,
                                    .header_count = 2,
                                    .body = ZR_VIEW("{\"a\":1}"),
                                    .timeout_ms = 20000,
                                    .max_response_bytes = 4000};
  memset(seen, 0, sizeof *seen);
  return zr_http_start(h, &request, seen_fill, seen, NULL);
}

static void s_wait(struct zr_http *h, const struct seen *seen) {
  while (seen->calls == 0)
    zr_http_run(h, 1000);
}

static void s_judge(const struct seen *seen, unsigned requests, bool failed) {
  assert_int_equal(seen->calls, 1);
  if (requests)
    assert_int_not_equal(seen->phase, ZR_HTTP_NOT_SENT);
  if (seen->phase == ZR_HTTP_ANSWERED) {
    assert_int_equal(seen->status, 200);
    assert_int_equal(seen->body_len, 2);
    return;
  }
  assert_true(failed);
  assert_int_not_equal(seen->trouble, ZR_HTTP_TROUBLE_NONE);
  assert_int_not_equal(seen->trouble, ZR_HTTP_TROUBLE_CANCELLED);
  assert_true(seen->reason[0]);
}

/* One transfer on a client that is there. */
static void s_transfer(struct sweep *s, void *ctx) {
  struct script_server server;
  struct seen seen;
  char url[128];
  (void)ctx;
  script_server_start(&server, NULL, 0, NULL);
  server.leaves_idle = true;
  script_server_url(&server, "/api", url);
  struct zr_http *h = client_new(&(struct zr_http_options){.proxy = "none"});
  sweep_arm(s);
  enum zr_err e = s_start(h, url, &seen);
  if (e == ZR_ERR_OK)
    s_wait(h, &seen);
  bool failed = sweep_disarm(s);
  if (e == ZR_ERR_OK) {
    s_judge(&seen, atomic_load(&server.requests), failed);
  } else {
    assert_true(failed);
    assert_int_equal(e, ZR_ERR_NOMEM);
    assert_int_equal(seen.calls, 0);
  }
  assert_int_equal(zr_http_active(h), 0);
  assert_int_equal(s_start(h, url, &seen), ZR_ERR_OK); /* and it works again */
  s_wait(h, &seen);
  if (seen.phase != ZR_HTTP_ANSWERED)
    fail_msg("the next transfer: %s", seen.reason);
  zr_http_destroy(h);
  script_server_stop(&server);
}

/* A client is made, and goes with a transfer under way. */
static void s_life(struct sweep *s, void *ctx) {
  struct seen seen = {0};
  struct zr_http *h = NULL;
  (void)ctx;
  sweep_arm(s);
  enum zr_err e =
      zr_http_new(&(struct zr_http_options){.proxy = "none", .user_agent = "test"}, &h, NULL);
  enum zr_err started = e == ZR_ERR_OK ? s_start(h, "http://127.0.0.1:1/", &seen) : e;
  if (e == ZR_ERR_OK)
    zr_http_destroy(h);
  bool failed = sweep_disarm(s);
  assert_true(e == ZR_ERR_OK || (failed && e == ZR_ERR_NOMEM && !h));
  assert_true(started == ZR_ERR_OK || (failed && started == ZR_ERR_NOMEM));
  assert_int_equal(seen.calls, started == ZR_ERR_OK);
  if (seen.calls)
    assert_int_equal(seen.phase, ZR_HTTP_NOT_SENT);
}

static void s_sweeps(void **state) {
  (void)state;
  sweep_path("http: client made and destroyed", s_life, NULL);
  sweep_path("http: transfer, libcurl included", s_transfer, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_sweeps),
  };
  (void)signal(SIGPIPE, SIG_IGN);
  if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, zr_alloc, zr_free, zr_realloc, zr_strdup,
                           zr_calloc) != CURLE_OK)
    return 1;
  int failed = cmocka_run_group_tests_name("http: out of memory", tests, NULL, NULL);
  curl_global_cleanup();
  return failed;
}
