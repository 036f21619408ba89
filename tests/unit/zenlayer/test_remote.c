/* The face, against a server that says what a script says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "http/http.h"
#include "script_server.h"
#include "zenlayer/credential.h"
#include "zenlayer/endpoint.h"
#include "zenlayer/remote.h"

static const char *const s_ids[] = {"a", "b", "c"};

struct rig {
  struct script_server server;
  struct zr_http *http;
  struct zr_remote *remote;
  unsigned calls;
  enum zr_class class_;
  bool late_effect;
  bool complete;
  size_t rows;
  size_t failed;
  uint64_t total;
  char first[32]; /* the first row's id and status, or the first failed id */
  char reason[256];
};

static struct zr_wall wall(void) {
  return (struct zr_wall){1700000000123};
}

static void rig_up(struct rig *r, const struct script_step *steps, size_t count,
                   const char *token) {
  struct zr_credential c = {0};
  struct zr_endpoint endpoint;
  struct zr_buf problem = ZR_BUF_INIT(500);
  const char *why = NULL;
  char domain[64];
  memset(r, 0, sizeof *r);
  script_server_start(&r->server, steps, count, NULL);
  (void)snprintf(domain, sizeof domain, "http://127.0.0.1:%u", (unsigned)r->server.port);
  assert_int_equal(zr_http_new(&(struct zr_http_options){.proxy = "none"}, &r->http, NULL),
                   ZR_ERR_OK);
  assert_int_equal(
      zr_endpoint_find(&(struct zr_endpoint_settings){.domain = domain}, &endpoint, &why),
      ZR_ERR_OK);
  assert_int_equal(
      zr_credential_make(&c, token ? NULL : "key-id", token ? NULL : "password", token, &problem),
      ZR_ERR_OK);
  struct zr_remote_options o = {.http = r->http,
                                .endpoint = &endpoint,
                                .credential = &c,
                                .wall = wall,
                                .client = "zenrelease-0.1.0"};
  assert_int_equal(zr_remote_new(&o, &r->remote), ZR_ERR_OK);
  zr_credential_clean_up(&c);
}

static void rig_down(struct rig *r) {
  zr_remote_destroy(r->remote);
  zr_http_destroy(r->http);
  script_server_stop(&r->server);
}

static void keep(struct rig *r, const struct zr_call_end *end) {
  r->calls++;
  r->class_ = end->class_;
  r->late_effect = end->late_effect;
  (void)snprintf(r->reason, sizeof r->reason, "%s", end->reason);
}

static void on_describe(void *ctx, const struct zr_describe_end *end) {
  struct rig *r = ctx;
  keep(r, &end->call);
  r->complete = end->complete;
  r->rows = end->row_count;
  if (end->row_count)
    (void)snprintf(r->first, sizeof r->first, "%s %s", end->rows[0].id, end->rows[0].status);
}

static void on_release(void *ctx, const struct zr_release_end *end) {
  struct rig *r = ctx;
  keep(r, &end->call);
  r->failed = end->failed_count;
  if (end->failed_count)
    (void)snprintf(r->first, sizeof r->first, "%s", end->failed_ids[0]);
}

static void on_list(void *ctx, const struct zr_list_end *end) {
  struct rig *r = ctx;
  keep(r, &end->call);
  r->rows = end->row_count;
  r->total = end->total;
}

static struct zr_remote_order order(enum zr_product product) {
  return (struct zr_remote_order){
      .product = product, .ids = s_ids, .id_count = 3, .timeout_ms = 10000};
}

static void wait_for(struct rig *r) {
  assert_int_equal(r->calls, 0);
  while (r->calls == 0)
    zr_http_run(r->http, 1000);
  assert_int_equal(r->calls, 1);
}

static void describe(struct rig *r, enum zr_product product) {
  struct zr_remote_order o = order(product);
  r->calls = 0;
  assert_int_equal(zr_remote_describe(r->remote, &o, on_describe, r), ZR_ERR_OK);
  wait_for(r);
}

static void release(struct rig *r, enum zr_product product) {
  struct zr_remote_order o = order(product);
  r->calls = 0;
  assert_int_equal(zr_remote_release(r->remote, &o, on_release, r), ZR_ERR_OK);
  wait_for(r);
}

#define REPLY(status, body)                                                                        \
  "HTTP/1.0 " status "\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\n" body
#define OK_RELEASE REPLY("200 OK", "{\"requestId\":\"T\",\"response\":{\"requestId\":\"T\"}}")
#define PAGE(total, rows)                                                                          \
  REPLY("200 OK", "{\"requestId\":\"T\",\"response\":{\"requestId\":\"T\",\"totalCount\":" total   \
                  ",\"dataSet\":[" rows "]}}")
#define ROW(id, status) "{\"instanceId\":\"" id "\",\"instanceStatus\":\"" status "\"}"

static void a_signed_release(void **state) {
  const struct script_step step = {.send = OK_RELEASE, .then = SCRIPT_CLOSE};
  struct rig r;
  (void)state;
  rig_up(&r, &step, 1, NULL);
  release(&r, ZR_PRODUCT_VM);
  rig_down(&r);
  char host[64];
  (void)snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%u\r\n", (unsigned)r.server.port);
  assert_int_equal(r.class_, ZR_CLASS_OK);
  const char *want[] = {"POST /api/v2/vm HTTP/1.1\r\n",
                        host,
                        "\r\nContent-Type: application/json\r\n",
                        "\r\nX-ZC-Action: ReleaseInstances\r\n",
                        "\r\nX-ZC-Version: 2026-04-01\r\n",
                        "\r\nX-ZC-Service: vm\r\n",
                        "\r\nX-ZC-Timestamp: 1700000000\r\n",
                        "\r\nX-ZC-Signature-Method: ZC2-HMAC-SHA256\r\n",
                        "\r\nX-ZC-Request-Client: zenrelease-0.1.0\r\n",
                        ("\r\nAuthorization: ZC2-HMAC-SHA256 Credential=key-id, "
                         "SignedHeaders=content-type;host, Signature="),
                        "\r\n\r\n{\"instanceIds\":[\"a\",\"b\",\"c\"]}"};
  for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
    if (!strstr(r.server.last, want[i]))
      fail_msg("no \"%s\" in \"%s\"", want[i], r.server.last);
  }
}

static void a_token_goes_without_timestamp(void **state) {
  const struct script_step step = {.send = OK_RELEASE, .then = SCRIPT_CLOSE};
  struct rig r;
  (void)state;
  rig_up(&r, &step, 1, "tok");
  release(&r, ZR_PRODUCT_ZEC);
  rig_down(&r);
  assert_int_equal(r.class_, ZR_CLASS_OK);
  assert_int_equal(r.failed, 0);
  assert_non_null(strstr(r.server.last, "\r\nAuthorization: Bearer tok\r\n"));
  assert_null(strstr(r.server.last, "X-ZC-Timestamp"));
  assert_null(strstr(r.server.last, "X-ZC-Signature-Method"));
  assert_non_null(strstr(r.server.last, "\"dependResource\":false}"));
}

static void zec_names_what_failed(void **state) {
  const struct script_step steps[] = {
      {.send = REPLY("200 OK", "{\"requestId\":\"T\",\"response\":{\"instanceIds\":[\"b\"]}}"),
       .then = SCRIPT_CLOSE},
      {.send = REPLY("200 OK", "{\"requestId\":\"T\",\"response\":{\"instanceIds\":\"b\"}}"),
       .then = SCRIPT_CLOSE}};
  struct rig r;
  (void)state;
  rig_up(&r, steps, 2, NULL);
  release(&r, ZR_PRODUCT_ZEC);
  assert_int_equal(r.class_, ZR_CLASS_OK);
  assert_int_equal(r.failed, 1);
  assert_string_equal(r.first, "b");
  release(&r, ZR_PRODUCT_ZEC);
  assert_int_equal(r.class_, ZR_CLASS_UNKNOWN);
  assert_int_equal(r.failed, 0);
  rig_down(&r);
}

static void an_unanswered_release_is_unknown(void **state) {
  const struct script_step steps[] = {
      {.then = SCRIPT_CLOSE},
      {.send = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", .then = SCRIPT_RESET}};
  struct rig r;
  (void)state;
  rig_up(&r, steps, 2, NULL);
  for (int i = 0; i < 2; i++) {
    release(&r, ZR_PRODUCT_VM);
    assert_int_equal(r.class_, ZR_CLASS_UNKNOWN);
    assert_true(r.late_effect);
  }
  rig_down(&r);
  assert_int_equal(atomic_load(&r.server.requests), 2);
}

static void a_describe_of_one_page(void **state) {
  const struct script_step step = {.send = PAGE("2", ROW("b", "RECYCLE") "," ROW("a", "RUNNING")),
                                   .then = SCRIPT_CLOSE};
  struct rig r;
  (void)state;
  rig_up(&r, &step, 1, NULL);
  describe(&r, ZR_PRODUCT_VM);
  rig_down(&r);
  assert_int_equal(r.class_, ZR_CLASS_OK);
  assert_true(r.complete);
  assert_int_equal(r.rows, 2);
  assert_string_equal(r.first, "b RECYCLE");
  assert_non_null(strstr(r.server.last, "X-ZC-Action: DescribeInstances"));
  assert_non_null(strstr(r.server.last, "\"pageSize\":100,\"pageNum\":1}"));
}

static void clipped_pages_are_put_together(void **state) {
  const struct script_step steps[] = {{.send = PAGE("3", ROW("a", "RECYCLE"))},
                                      {.send = PAGE("3", ROW("b", "RECYCLE"))},
                                      {.send = PAGE("3", ROW("c", "RECYCLE"))}};
  struct rig r;
  struct script_step closing[3];
  (void)state;
  for (int i = 0; i < 3; i++) {
    closing[i] = steps[i];
    closing[i].then = SCRIPT_CLOSE;
  }
  rig_up(&r, closing, 3, NULL);
  describe(&r, ZR_PRODUCT_VM);
  rig_down(&r);
  assert_true(r.complete);
  assert_int_equal(r.rows, 3);
  assert_non_null(strstr(r.server.last, "\"pageNum\":3}"));
  assert_int_equal(atomic_load(&r.server.requests), 3);
}

static void pages_that_do_not_agree_are_incomplete(void **state) {
  const struct script_step steps[] = {
      {.send = PAGE("3", ROW("a", "RECYCLE")), .then = SCRIPT_CLOSE},
      {.send = PAGE("2", ROW("b", "RECYCLE")), .then = SCRIPT_CLOSE}};
  struct rig r;
  (void)state;
  rig_up(&r, steps, 2, NULL);
  describe(&r, ZR_PRODUCT_VM);
  rig_down(&r);
  assert_int_equal(r.class_, ZR_CLASS_OK);
  assert_false(r.complete);
  assert_int_equal(r.rows, 2);
}

static void a_page_that_fails_fails_the_read(void **state) {
  const struct script_step steps[] = {
      {.send = PAGE("3", ROW("a", "RECYCLE")), .then = SCRIPT_CLOSE}, {.then = SCRIPT_CLOSE}};
  struct rig r;
  (void)state;
  rig_up(&r, steps, 2, NULL);
  describe(&r, ZR_PRODUCT_VM);
  rig_down(&r);
  assert_int_equal(r.class_, ZR_CLASS_UNKNOWN);
  assert_false(r.complete);
  assert_int_equal(r.rows, 0);
}

static void a_list(void **state) {
  const struct script_step step = {.send = PAGE("41", ROW("x", "RECYCLE") "," ROW("y", "RECYCLE")),
                                   .then = SCRIPT_CLOSE};
  struct zr_list_query q = {
      .product = ZR_PRODUCT_VM, .status = "RECYCLE", .page_num = 2, .page_size = 20};
  struct rig r;
  (void)state;
  rig_up(&r, &step, 1, NULL);
  assert_int_equal(zr_remote_list(r.remote, &q, 10000, on_list, &r), ZR_ERR_OK);
  wait_for(&r);
  rig_down(&r);
  assert_int_equal(r.class_, ZR_CLASS_OK);
  assert_int_equal(r.total, 41);
  assert_int_equal(r.rows, 2);
}

/* The server's clock is ten minutes ahead of ours; ours stands still here. */
static void a_wrong_clock(void **state) {
#define EXPIRED                                                                                    \
  "HTTP/1.0 401 No\r\nDate: Tue, 14 Nov 2023 22:23:20 GMT\r\n\r\n"                                 \
  "{\"requestId\":\"T\",\"code\":\"AUTHFAILURE_SIGNATURE_EXPIRED\"}"
  const struct script_step steps[] = {{.send = EXPIRED, .then = SCRIPT_CLOSE},
                                      {.send = EXPIRED, .then = SCRIPT_CLOSE},
                                      {.send = OK_RELEASE, .then = SCRIPT_CLOSE}};
  struct rig r;
  (void)state;
  rig_up(&r, steps, 3, NULL);
  release(&r, ZR_PRODUCT_VM);
  assert_int_equal(r.class_, ZR_CLASS_SKEWED);
  assert_int_equal(zr_remote_clock_offset_ms(r.remote) / 1000, 599);
  release(&r, ZR_PRODUCT_VM);
  assert_int_equal(r.class_, ZR_CLASS_UNAUTHORIZED);
  release(&r, ZR_PRODUCT_VM);
  assert_int_equal(r.class_, ZR_CLASS_OK);
  rig_down(&r);
  assert_non_null(strstr(r.server.last, "X-ZC-Timestamp: 1700000600\r\n"));
}

static void destroy_ends_every_call(void **state) {
  const struct script_step step = {.then = SCRIPT_HANG};
  struct zr_remote_order o = order(ZR_PRODUCT_VM);
  struct rig r;
  (void)state;
  rig_up(&r, &step, 1, NULL);
  assert_int_equal(zr_remote_release(r.remote, &o, on_release, &r), ZR_ERR_OK);
  while (atomic_load(&r.server.requests) == 0)
    zr_http_run(r.http, 10);
  rig_down(&r);
  assert_int_equal(r.calls, 1);
  assert_int_equal(r.class_, ZR_CLASS_UNKNOWN);
  assert_true(r.late_effect);
  rig_up(&r, NULL, 0, NULL);
  assert_int_equal(zr_remote_describe(r.remote, &o, on_describe, &r), ZR_ERR_OK);
  rig_down(&r);
  assert_int_equal(r.calls, 1);
  assert_int_equal(r.class_, ZR_CLASS_NOT_SENT);
}

static void what_is_no_call_is_refused(void **state) {
  struct zr_remote_order o = order(ZR_PRODUCT_VM);
  struct rig r;
  (void)state;
  rig_up(&r, NULL, 0, NULL);
  o.timeout_ms = 0;
  assert_int_equal(zr_remote_release(r.remote, &o, on_release, &r), ZR_ERR_INVALID);
  o = order(ZR_PRODUCT_NONE);
  assert_int_equal(zr_remote_release(r.remote, &o, on_release, &r), ZR_ERR_INVALID);
  o = order(ZR_PRODUCT_VM);
  o.id_count = 0;
  assert_int_equal(zr_remote_describe(r.remote, &o, on_describe, &r), ZR_ERR_INVALID);
  assert_int_equal(zr_http_active(r.http), 0);
  rig_down(&r);
  assert_int_equal(r.calls, 0);
  assert_int_equal(atomic_load(&r.server.requests), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_signed_release),
      cmocka_unit_test(a_token_goes_without_timestamp),
      cmocka_unit_test(zec_names_what_failed),
      cmocka_unit_test(an_unanswered_release_is_unknown),
      cmocka_unit_test(a_describe_of_one_page),
      cmocka_unit_test(clipped_pages_are_put_together),
      cmocka_unit_test(pages_that_do_not_agree_are_incomplete),
      cmocka_unit_test(a_page_that_fails_fails_the_read),
      cmocka_unit_test(a_list),
      cmocka_unit_test(a_wrong_clock),
      cmocka_unit_test(destroy_ends_every_call),
      cmocka_unit_test(what_is_no_call_is_refused),
  };
  (void)signal(SIGPIPE, SIG_IGN);
  return cmocka_run_group_tests_name("zenlayer.remote", tests, NULL, NULL);
}
