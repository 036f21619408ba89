/* Starting, stopping, waking, and what goes away when. */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static const struct script_step s_hang[] = {{.then = SCRIPT_HANG}, {.then = SCRIPT_HANG}};

struct rig {
  struct script_server server;
  struct zr_http *http;
  char url[128];
};

static void rig_up(struct rig *r, const struct script_step *steps, size_t count) {
  script_server_start(&r->server, steps, count, NULL);
  script_server_url(&r->server, "/", r->url);
  r->http = client_new(&(struct zr_http_options){.proxy = "none"});
}

static void rig_down(struct rig *r) {
  zr_http_destroy(r->http);
  script_server_stop(&r->server);
}

/* Runs until the server has read a request. */
static void wait_for_request(struct rig *r, unsigned n) {
  while (atomic_load(&r->server.requests) < n)
    zr_http_run(r->http, 10);
}

static void cancel_is_late_and_once(void **state) {
  struct rig r;
  struct seen seen;
  (void)state;
  rig_up(&r, s_hang, 1);
  uint64_t id = post(r.http, r.url, 60000, &seen);
  wait_for_request(&r, 1);
  zr_http_cancel(r.http, id);
  assert_int_equal(seen.calls, 0);
  assert_int_equal(zr_http_active(r.http), 1);
  zr_http_run(r.http, 0);
  assert_int_equal(seen.calls, 1);
  assert_int_equal(seen.phase, ZR_HTTP_SENT_NO_ANSWER);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_CANCELLED);
  zr_http_cancel(r.http, id);
  zr_http_run(r.http, 0);
  rig_down(&r);
  assert_int_equal(seen.calls, 1);
}

static void cancel_before_anything_left(void **state) {
  struct rig r;
  struct seen seen;
  (void)state;
  rig_up(&r, NULL, 0);
  zr_http_cancel(r.http, post(r.http, r.url, 60000, &seen));
  zr_http_run(r.http, 0);
  assert_int_equal(seen.phase, ZR_HTTP_NOT_SENT);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_CANCELLED);
  rig_down(&r);
  assert_int_equal(atomic_load(&r.server.requests), 0);
}

static void forget_tells_the_phase_and_keeps_quiet(void **state) {
  struct rig r;
  struct seen sent, unsent;
  (void)state;
  rig_up(&r, s_hang, 1);
  uint64_t id = post(r.http, r.url, 60000, &sent);
  wait_for_request(&r, 1);
  assert_int_equal(zr_http_forget(r.http, id), ZR_HTTP_SENT_NO_ANSWER);
  assert_int_equal(zr_http_forget(r.http, id), ZR_HTTP_NOT_SENT);
  id = post(r.http, r.url, 60000, &unsent);
  assert_int_equal(zr_http_forget(r.http, id), ZR_HTTP_NOT_SENT);
  assert_int_equal(zr_http_active(r.http), 0);
  rig_down(&r);
  assert_int_equal(sent.calls + unsent.calls, 0);
}

static void destroy_ends_what_is_under_way(void **state) {
  struct rig r;
  struct seen seen, queued;
  (void)state;
  rig_up(&r, s_hang, 1);
  (void)post(r.http, r.url, 60000, &seen);
  wait_for_request(&r, 1);
  (void)post(r.http, r.url, 60000, &queued);
  rig_down(&r);
  assert_int_equal(seen.calls, 1);
  assert_int_equal(seen.phase, ZR_HTTP_SENT_NO_ANSWER);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_CANCELLED);
  assert_int_equal(queued.calls, 1);
  assert_int_equal(queued.phase, ZR_HTTP_NOT_SENT);
}

struct chain {
  struct rig *rig;
  uint64_t other;
  unsigned calls;
  struct seen next;
};

/* Forgets its sibling, which may have ended in the same turn, and starts another. */
static void chain_done(void *ctx, const struct zr_http_result *result) {
  struct chain *c = ctx;
  (void)result;
  c->calls++;
  (void)zr_http_forget(c->rig->http, c->other);
  (void)post(c->rig->http, c->rig->url, 10000, &c->next);
}

static void a_callback_may_forget_and_start(void **state) {
  struct rig r;
  struct seen sibling;
  struct chain c = {.rig = &r};
  uint64_t id = 0;
  (void)state;
  rig_up(&r, NULL, 0);
  struct zr_http_request request = {.url = r.url, .timeout_ms = 60000};
  assert_int_equal(zr_http_start(r.http, &request, chain_done, &c, &id), ZR_ERR_OK);
  c.other = post(r.http, r.url, 60000, &sibling);
  zr_http_cancel(r.http, id);
  zr_http_cancel(r.http, c.other);
  while (c.calls == 0 || c.next.calls == 0)
    zr_http_run(r.http, 1000);
  assert_int_equal(sibling.calls, 0);
  assert_int_equal(c.calls, 1);
  assert_int_equal(c.next.phase, ZR_HTTP_ANSWERED);
  rig_down(&r);
}

static void many_at_once_end_once_each(void **state) {
  struct rig r;
  struct seen *seen = calloc(100, sizeof *seen);
  (void)state;
  assert_non_null(seen);
  rig_up(&r, NULL, 0);
  /* One connection: the script server serves one after the other. */
  zr_http_destroy(r.http);
  r.http = client_new(&(struct zr_http_options){.proxy = "none", .max_connections = 1});
  for (int i = 0; i < 100; i++)
    (void)post(r.http, r.url, 30000, &seen[i]);
  assert_int_equal(zr_http_active(r.http), 100);
  while (zr_http_active(r.http))
    zr_http_run(r.http, 1000);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(seen[i].calls, 1);
    assert_int_equal(seen[i].phase, ZR_HTTP_ANSWERED);
  }
  rig_down(&r);
  assert_int_equal(atomic_load(&r.server.requests), 100);
  assert_int_equal(atomic_load(&r.server.connections), 1);
  free(seen);
}

/* What waits for a connection behind one that hangs was not sent, and its time runs all the same.
 */
static void waiting_for_a_connection_times_out_unsent(void **state) {
  struct rig r;
  struct seen first, second;
  (void)state;
  rig_up(&r, s_hang, 1);
  zr_http_destroy(r.http);
  r.http = client_new(&(struct zr_http_options){.proxy = "none", .max_connections = 1});
  (void)post(r.http, r.url, 60000, &first);
  wait_for_request(&r, 1);
  (void)post(r.http, r.url, 100, &second);
  wait_for(r.http, &second);
  assert_int_equal(second.phase, ZR_HTTP_NOT_SENT);
  assert_true(second.timed_out);
  rig_down(&r);
}

static void *wake(void *arg) {
  zr_http_wakeup(arg);
  return NULL;
}

static void wakeup_ends_the_sleep(void **state) {
  struct rig r;
  pthread_t thread;
  (void)state;
  rig_up(&r, NULL, 0);
  struct zr_mono before = zr_mono_now();
  assert_int_equal(pthread_create(&thread, NULL, wake, r.http), 0);
  zr_http_run(r.http, 50000);
  assert_true(zr_mono_now().ms - before.ms < 40000);
  assert_int_equal(pthread_join(thread, NULL), 0);
  rig_down(&r);
}

static void what_is_no_request_is_refused(void **state) {
  struct zr_http *h = client_new(&(struct zr_http_options){.proxy = "none"});
  static const char *const split[] = {"X-A: b\r\nX-Smuggled: c"};
  static const char *const nameless[] = {"no colon"};
  struct zr_http_request bad[] = {
      {.url = "ftp://127.0.0.1/", .timeout_ms = 1},
      {.url = "file:///etc/passwd", .timeout_ms = 1},
      {.url = "http://127.0.0.1/", .timeout_ms = 0},
      {.url = "http://127.0.0.1/", .timeout_ms = 1, .headers = split, .header_count = 1},
      {.url = "http://127.0.0.1/", .timeout_ms = 1, .headers = nameless, .header_count = 1},
  };
  struct seen seen = {0};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(zr_http_start(h, &bad[i], seen_fill, &seen, NULL), ZR_ERR_INVALID);
  assert_int_equal(zr_http_active(h), 0);
  zr_http_destroy(h);
  assert_int_equal(seen.calls, 0);
}

static void a_named_ca_file_must_be_there(void **state) {
  struct zr_http *h = NULL;
  struct zr_buf why = ZR_BUF_INIT(1000);
  (void)state;
  assert_int_equal(
      zr_http_new(&(struct zr_http_options){.ca_file = "/nonexistent/ca.pem"}, &h, &why),
      ZR_ERR_NOT_FOUND);
  assert_null(h);
  assert_non_null(strstr(why.data, "/nonexistent/ca.pem"));
  zr_buf_clean_up(&why);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cancel_is_late_and_once),
      cmocka_unit_test(cancel_before_anything_left),
      cmocka_unit_test(forget_tells_the_phase_and_keeps_quiet),
      cmocka_unit_test(destroy_ends_what_is_under_way),
      cmocka_unit_test(a_callback_may_forget_and_start),
      cmocka_unit_test(many_at_once_end_once_each),
      cmocka_unit_test(waiting_for_a_connection_times_out_unsent),
      cmocka_unit_test(wakeup_ends_the_sleep),
      cmocka_unit_test(what_is_no_request_is_refused),
      cmocka_unit_test(a_named_ca_file_must_be_there),
  };
  (void)signal(SIGPIPE, SIG_IGN);
  return cmocka_run_group_tests_name("http.life", tests, NULL, NULL);
}
