/* How transfers end, on real sockets: what may have left, and what came back. */
#include "fixture.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

/* One request against one step; checks that it was sent `requests` times. */
static void run_step(struct script_step step, int64_t timeout_ms, unsigned requests,
                     struct seen *seen) {
  struct script_server s;
  script_server_start(&s, &step, 1, NULL);
  one_post(&s, timeout_ms, seen);
  script_server_stop(&s);
  assert_int_equal(atomic_load(&s.requests), requests);
}

static void a_whole_answer(void **state) {
  struct seen seen;
  (void)state;
  run_step((struct script_step){.send = "HTTP/1.1 403 No\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                        "Content-Type: application/json\r\nRetry-After: 3\r\n"
                                        "Content-Length: 8\r\n\r\n{\"a\":\"b\"}"},
           10000, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_ANSWERED);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_NONE);
  assert_int_equal(seen.status, 403);
  assert_int_equal(seen.version, 11);
  assert_memory_equal(seen.body, "{\"a\":\"b\"", 8);
  assert_int_equal(seen.body_len, 8);
  assert_string_equal(seen.date, "Sun, 06 Nov 1994 08:49:37 GMT");
  assert_string_equal(seen.retry_after, "3");
  assert_string_equal(seen.content_type, "application/json");
}

static void the_request_is_what_was_asked_for(void **state) {
  struct script_server s;
  struct seen seen;
  (void)state;
  script_server_start(&s, NULL, 0, NULL);
  one_post(&s, 10000, &seen);
  script_server_stop(&s);
  assert_non_null(strstr(s.last, "POST /api HTTP/1.1\r\n"));
  assert_non_null(strstr(s.last, "Content-Length: 7\r\n"));
  assert_non_null(strstr(s.last, "Authorization: Bearer not-a-secret\r\n"));
  assert_non_null(strstr(s.last, "\r\n\r\n{\"a\":1}"));
  assert_null(strcasestr(s.last, "expect:"));
  assert_null(strcasestr(s.last, "accept-encoding:"));
  assert_null(strcasestr(s.last, "transfer-encoding:"));
}

/* libcurl sends a POST again, without a word, when a kept-alive connection closes unanswered. Not
 * ours. */
static void a_post_on_a_dead_kept_alive_connection_is_not_repeated(void **state) {
  const struct script_step steps[] = {{.send = OK_REPLY}, {.then = SCRIPT_CLOSE}};
  struct script_server s;
  struct seen first, second;
  char url[128];
  (void)state;
  script_server_start(&s, steps, 2, NULL);
  script_server_url(&s, "/", url);
  struct zr_http *h = client_new(&(struct zr_http_options){.proxy = "none"});
  (void)post(h, url, 10000, &first);
  wait_for(h, &first);
  assert_int_equal(first.phase, ZR_HTTP_ANSWERED);
  (void)post(h, url, 10000, &second);
  wait_for(h, &second);
  zr_http_destroy(h);
  script_server_stop(&s);
  assert_int_equal(second.phase, ZR_HTTP_SENT_NO_ANSWER);
  assert_int_equal(second.trouble, ZR_HTTP_TROUBLE_TRANSFER);
  /* libcurl may open another connection before it notices that it cannot rewind: no byte goes
   * over it. */
  assert_int_equal(atomic_load(&s.requests), 2);
}

static void connections_are_kept(void **state) {
  struct script_server s;
  char url[128];
  (void)state;
  script_server_start(&s, NULL, 0, NULL);
  script_server_url(&s, "/", url);
  struct zr_http *h = client_new(&(struct zr_http_options){.proxy = "none"});
  for (int i = 0; i < 5; i++) {
    struct seen seen;
    (void)post(h, url, 10000, &seen);
    wait_for(h, &seen);
    assert_int_equal(seen.phase, ZR_HTTP_ANSWERED);
  }
  zr_http_destroy(h);
  script_server_stop(&s);
  assert_int_equal(atomic_load(&s.connections), 1);
  assert_int_equal(atomic_load(&s.requests), 5);
}

/* A port that nobody listens on. */
static void refused_is_not_sent(void **state) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t len = sizeof at;
  struct seen seen;
  char url[128];
  (void)state;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)ntohs(at.sin_port));
  struct zr_http *h = client_new(&(struct zr_http_options){.proxy = "none"});
  (void)post(h, url, 10000, &seen);
  wait_for(h, &seen);
  zr_http_destroy(h);
  (void)close(fd);
  assert_int_equal(seen.phase, ZR_HTTP_NOT_SENT);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_CONNECT);
  assert_int_equal(seen.status, 0);
  assert_non_null(strstr(seen.reason, "127.0.0.1:"));
}

static void a_name_that_does_not_resolve_is_not_sent(void **state) {
  struct seen seen;
  (void)state;
  struct zr_http *h = client_new(&(struct zr_http_options){.proxy = "none"});
  (void)post(h, "http://no-such-host.invalid/", 20000, &seen);
  wait_for(h, &seen);
  zr_http_destroy(h);
  assert_int_equal(seen.phase, ZR_HTTP_NOT_SENT);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_RESOLVE);
}

static void closed_before_and_after_reading_is_sent(void **state) {
  const struct script_step steps[] = {
      {.unread = true, .then = SCRIPT_RESET},
      {.unread = true, .then = SCRIPT_CLOSE},
      {.then = SCRIPT_CLOSE},
      {.then = SCRIPT_RESET},
  };
  (void)state;
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    struct seen seen;
    run_step(steps[i], 10000, steps[i].unread ? 0 : 1, &seen);
    assert_int_equal(seen.phase, ZR_HTTP_SENT_NO_ANSWER);
    assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_TRANSFER);
    assert_int_equal(seen.status, 0);
  }
}

/* Cut at every byte: never a whole answer, never "not sent". */
static void cut_anywhere_is_never_a_whole_answer(void **state) {
  static const char whole[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  (void)state;
  for (size_t n = 0; n + 1 < sizeof whole - 1; n++) {
    char cut[sizeof whole] = "";
    struct seen seen;
    memcpy(cut, whole, n);
    run_step((struct script_step){.send = cut, .then = SCRIPT_CLOSE}, 10000, 1, &seen);
    assert_true(seen.phase == ZR_HTTP_SENT_NO_ANSWER || seen.phase == ZR_HTTP_PARTIAL_ANSWER);
    if (n >= 17)
      assert_int_equal(seen.phase, ZR_HTTP_PARTIAL_ANSWER);
  }
}

static void a_cut_chunked_body_is_partial(void **state) {
  struct seen seen;
  (void)state;
  run_step((struct script_step){.send = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                        "2\r\n{}\r\n",
                                .then = SCRIPT_CLOSE},
           10000, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_PARTIAL_ANSWER);
  assert_int_equal(seen.status, 200);
}

static void no_answer_in_time(void **state) {
  struct seen seen;
  (void)state;
  run_step((struct script_step){.then = SCRIPT_HANG}, 200, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_SENT_NO_ANSWER);
  assert_true(seen.timed_out);
  run_step((struct script_step){.send = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
                                .then = SCRIPT_HANG},
           200, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_PARTIAL_ANSWER);
  assert_true(seen.timed_out);
  assert_int_equal(seen.body_len, 1);
}

static void an_answer_that_trickles_is_given_up(void **state) {
  const struct script_step step = {.send = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
                                   .then = SCRIPT_HANG};
  struct script_server s;
  struct seen seen;
  char url[128];
  (void)state;
  script_server_start(&s, &step, 1, NULL);
  script_server_url(&s, "/", url);
  struct zr_http *h = client_new(
      &(struct zr_http_options){.proxy = "none", .min_bytes_per_s = 1000, .slow_grace_ms = 100});
  (void)post(h, url, 60000, &seen);
  wait_for(h, &seen);
  zr_http_destroy(h);
  script_server_stop(&s);
  assert_int_equal(seen.phase, ZR_HTTP_PARTIAL_ANSWER);
  assert_true(seen.timed_out);
}

static void a_body_over_the_cap_is_partial(void **state) {
  struct seen seen;
  (void)state;
  run_step((struct script_step){.send = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
                                .repeat = 1001,
                                .fill = "x"},
           10000, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_PARTIAL_ANSWER);
  assert_int_equal(seen.body_len, 1000);
  run_step((struct script_step){.send = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                                .repeat = 1000,
                                .fill = "x"},
           10000, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_ANSWERED);
  run_step((struct script_step){.send = "HTTP/1.1 200 OK\r\n\r\n",
                                .repeat = 5000,
                                .fill = "xxxxxxxxxx",
                                .then = SCRIPT_CLOSE},
           10000, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_PARTIAL_ANSWER);
}

static void a_head_over_the_cap_is_partial(void **state) {
  struct seen seen;
  (void)state;
  run_step((struct script_step){.send = "HTTP/1.1 200 OK\r\n",
                                .repeat = 10000,
                                .fill = "X-Filler: something\r\n",
                                .last = "\r\n"},
           10000, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_PARTIAL_ANSWER);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_TRANSFER);
  run_step((struct script_step){.repeat = 10000, .fill = "HTTP/1.1 103 Early Hints\r\n\r\n"}, 10000,
           1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_SENT_NO_ANSWER);
}

static void a_redirect_is_told_and_not_followed(void **state) {
  static const int codes[] = {301, 302, 303, 307, 308};
  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    char reply[200];
    struct seen seen;
    (void)snprintf(reply, sizeof reply,
                   "HTTP/1.1 %d Go\r\nLocation: http://other.test/x\r\nContent-Length: 0\r\n\r\n",
                   codes[i]);
    run_step((struct script_step){.send = reply}, 10000, 1, &seen);
    assert_int_equal(seen.phase, ZR_HTTP_ANSWERED);
    assert_int_equal(seen.status, codes[i]);
    assert_string_equal(seen.location, "http://other.test/x");
  }
}

static void early_hints_are_passed_over(void **state) {
  struct seen seen;
  (void)state;
  run_step(
      (struct script_step){.send = "HTTP/1.1 103 Early Hints\r\nLocation: /a\r\n\r\n" OK_REPLY},
      10000, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_ANSWERED);
  assert_int_equal(seen.status, 200);
  assert_string_equal(seen.location, "");
}

static void garbage_is_not_an_answer(void **state) {
  struct seen seen;
  (void)state;
  run_step((struct script_step){.send = "hello\r\n\r\n", .then = SCRIPT_CLOSE}, 10000, 1, &seen);
  assert_int_equal(seen.phase, ZR_HTTP_SENT_NO_ANSWER);
}

/* The script server stands for the proxy here. */
static void with_proxy(const char *answer, struct seen *seen) {
  const struct script_step step = {.send = answer, .then = SCRIPT_CLOSE};
  struct script_server s;
  char proxy[128];
  script_server_start(&s, &step, 1, NULL);
  script_server_url(&s, "", proxy);
  struct zr_http *h = client_new(&(struct zr_http_options){.proxy = proxy});
  (void)post(h, "https://console.example.test/", 10000, seen);
  wait_for(h, seen);
  zr_http_destroy(h);
  script_server_stop(&s);
  assert_non_null(strstr(s.last, "CONNECT console.example.test:443 HTTP/1.1"));
  assert_null(strstr(s.last, "not-a-secret"));
}

static void a_proxy_that_refuses_means_not_sent(void **state) {
  struct seen seen;
  (void)state;
  with_proxy("HTTP/1.1 407 Authenticate\r\nProxy-Authenticate: Basic realm=x\r\n"
             "Content-Length: 0\r\n\r\n",
             &seen);
  assert_int_equal(seen.phase, ZR_HTTP_NOT_SENT);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_PROXY);
  assert_non_null(strstr(seen.reason, "407"));
  with_proxy("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", &seen);
  assert_int_equal(seen.phase, ZR_HTTP_NOT_SENT);
  assert_int_equal(seen.trouble, ZR_HTTP_TROUBLE_CONNECT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_answer),
      cmocka_unit_test(the_request_is_what_was_asked_for),
      cmocka_unit_test(a_post_on_a_dead_kept_alive_connection_is_not_repeated),
      cmocka_unit_test(connections_are_kept),
      cmocka_unit_test(refused_is_not_sent),
      cmocka_unit_test(a_name_that_does_not_resolve_is_not_sent),
      cmocka_unit_test(closed_before_and_after_reading_is_sent),
      cmocka_unit_test(cut_anywhere_is_never_a_whole_answer),
      cmocka_unit_test(a_cut_chunked_body_is_partial),
      cmocka_unit_test(no_answer_in_time),
      cmocka_unit_test(an_answer_that_trickles_is_given_up),
      cmocka_unit_test(a_body_over_the_cap_is_partial),
      cmocka_unit_test(a_head_over_the_cap_is_partial),
      cmocka_unit_test(a_redirect_is_told_and_not_followed),
      cmocka_unit_test(early_hints_are_passed_over),
      cmocka_unit_test(garbage_is_not_an_answer),
      cmocka_unit_test(a_proxy_that_refuses_means_not_sent),
  };
  (void)signal(SIGPIPE, SIG_IGN);
  return cmocka_run_group_tests_name("http.transfer", tests, NULL, NULL);
}
