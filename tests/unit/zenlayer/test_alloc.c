/* Every allocation of a call of the service fails once, cJSON's own included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/mem.h"
#include "http/http.h"
#include "script_server.h"
#include "sweep.h"
#include "zenlayer/credential.h"
#include "zenlayer/endpoint.h"
#include "zenlayer/remote.h"
#include "zenlayer/request.h"

static const char *const s_ids[] = {"a", "b", "c"};

/* ---- calls ---- */

struct rig {
  struct script_server server;
  struct zr_http *http;
  struct zr_remote *remote;
  struct zr_endpoint endpoint;
  struct zr_credential credential;
  unsigned calls;
  enum zr_class class_;
  bool late_effect;
  bool complete;
  size_t rows;
  size_t failed;
};

static enum zr_err s_remote_new(struct rig *r) {
  const struct zr_remote_options o = {
      .http = r->http, .endpoint = &r->endpoint, .credential = &r->credential, .client = "test-1"};
  return zr_remote_new(&o, &r->remote);
}

static void s_rig_up(struct rig *r, const struct script_step *steps, size_t count) {
  struct zr_buf problem = ZR_BUF_INIT(500);
  const char *why = NULL;
  char domain[64];
  memset(r, 0, sizeof *r);
  script_server_start(&r->server, steps, count, NULL);
  r->server.leaves_idle = true;
  (void)snprintf(domain, sizeof domain, "http://127.0.0.1:%u", (unsigned)r->server.port);
  assert_int_equal(zr_http_new(&(struct zr_http_options){.proxy = "none"}, &r->http, NULL),
                   ZR_ERR_OK);
  const struct zr_endpoint_settings where = {.domain = domain};
  assert_int_equal(zr_endpoint_find(&where, &r->endpoint, &why), ZR_ERR_OK);
  assert_int_equal(zr_credential_make(&r->credential, "key-id", "password", NULL, &problem),
                   ZR_ERR_OK);
}

static void s_rig_down(struct rig *r) {
  zr_remote_destroy(r->remote);
  zr_credential_clean_up(&r->credential);
  zr_http_destroy(r->http);
  script_server_stop(&r->server);
}

static void s_keep(struct rig *r, const struct zr_call_end *end) {
  r->calls++;
  r->class_ = end->class_;
  r->late_effect = end->late_effect;
}

static void s_on_describe(void *ctx, const struct zr_describe_end *end) {
  struct rig *r = ctx;
  s_keep(r, &end->call);
  r->complete = end->complete;
  r->rows = end->row_count;
}

static void s_on_release(void *ctx, const struct zr_release_end *end) {
  struct rig *r = ctx;
  s_keep(r, &end->call);
  r->failed = end->failed_count;
}

static void s_on_list(void *ctx, const struct zr_list_end *end) {
  struct rig *r = ctx;
  s_keep(r, &end->call);
  r->rows = end->row_count;
}

/* Waits for the end of a call that was started; what was not started must have failed. */
static bool s_finish(struct sweep *s, struct rig *r, enum zr_err e) {
  while (e == ZR_ERR_OK && r->calls == 0)
    zr_http_run(r->http, 1000);
  bool failed = sweep_disarm(s);
  assert_int_equal(r->calls, e == ZR_ERR_OK);
  if (e != ZR_ERR_OK) {
    assert_true(failed);
    assert_int_equal(e, ZR_ERR_NOMEM);
    assert_int_equal(atomic_load(&r->server.requests), 0);
  } else if (atomic_load(&r->server.requests)) {
    assert_int_not_equal(r->class_, ZR_CLASS_NOT_SENT);
  }
  return failed;
}

#define REPLY(body)                                                                                \
  "HTTP/1.0 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\n{\"requestId\":\"T\","            \
  "\"response\":{\"requestId\":\"T\"" body "}}"
#define ROW(id)    "{\"instanceId\":\"" id "\",\"instanceStatus\":\"RECYCLE\"}"
#define PAGE(rows) REPLY(",\"totalCount\":3,\"dataSet\":[" rows "]")

static const struct zr_remote_order s_order = {
    .product = ZR_PRODUCT_ZEC, .ids = s_ids, .id_count = 3, .timeout_ms = 20000};

/* A release whose answer cannot be read is unknown, never refused or not sent. */
static void s_release(struct sweep *s, void *ctx) {
  static const struct script_step steps[] = {
      {.send = REPLY(",\"instanceIds\":[\"b\"]"), .then = SCRIPT_CLOSE},
      {.send = REPLY(",\"instanceIds\":[\"b\"]"), .then = SCRIPT_CLOSE}};
  struct rig r;
  (void)ctx;
  s_rig_up(&r, steps, 2);
  assert_int_equal(s_remote_new(&r), ZR_ERR_OK);
  sweep_arm(s);
  bool failed = s_finish(s, &r, zr_remote_release(r.remote, &s_order, s_on_release, &r));
  if (!failed)
    assert_int_equal(r.failed, 1);
  if (r.calls && r.class_ != ZR_CLASS_OK) {
    assert_true(failed);
    assert_true(r.class_ == ZR_CLASS_UNKNOWN || r.class_ == ZR_CLASS_NOT_SENT);
  }
  if (r.calls && r.class_ == ZR_CLASS_OK)
    assert_int_equal(r.failed, 1);
  r.calls = 0;
  assert_int_equal(zr_remote_release(r.remote, &s_order, s_on_release, &r), ZR_ERR_OK);
  while (r.calls == 0)
    zr_http_run(r.http, 1000);
  assert_int_equal(r.class_, ZR_CLASS_OK);
  s_rig_down(&r);
}

/* Three pages of one row: never complete with a row missing. */
static void s_describe(struct sweep *s, void *ctx) {
  static const struct script_step steps[] = {{.send = PAGE(ROW("a")), .then = SCRIPT_CLOSE},
                                             {.send = PAGE(ROW("b")), .then = SCRIPT_CLOSE},
                                             {.send = PAGE(ROW("c")), .then = SCRIPT_CLOSE}};
  struct rig r;
  (void)ctx;
  s_rig_up(&r, steps, 3);
  assert_int_equal(s_remote_new(&r), ZR_ERR_OK);
  sweep_arm(s);
  bool failed = s_finish(s, &r, zr_remote_describe(r.remote, &s_order, s_on_describe, &r));
  assert_true(failed || (r.complete && r.rows == 3));
  if (r.calls && r.complete)
    assert_int_equal(r.rows, 3);
  s_rig_down(&r);
}

static void s_list(struct sweep *s, void *ctx) {
  static const struct script_step step = {.send = PAGE(ROW("a") "," ROW("b")),
                                          .then = SCRIPT_CLOSE};
  static const struct zr_list_query query = {.product = ZR_PRODUCT_VM,
                                             .status = "RECYCLE",
                                             .name = "web-*",
                                             .page_num = 1,
                                             .page_size = 20};
  struct rig r;
  (void)ctx;
  s_rig_up(&r, &step, 1);
  assert_int_equal(s_remote_new(&r), ZR_ERR_OK);
  sweep_arm(s);
  bool failed = s_finish(s, &r, zr_remote_list(r.remote, &query, 20000, s_on_list, &r));
  assert_true(failed || (r.class_ == ZR_CLASS_OK && r.rows == 2));
  if (r.calls && r.class_ == ZR_CLASS_OK)
    assert_int_equal(r.rows, 2);
  s_rig_down(&r);
}

/* Made, and ended with a call under way. */
static void s_life(struct sweep *s, void *ctx) {
  struct rig r;
  (void)ctx;
  s_rig_up(&r, NULL, 0);
  sweep_arm(s);
  enum zr_err e = s_remote_new(&r);
  enum zr_err started =
      e == ZR_ERR_OK ? zr_remote_describe(r.remote, &s_order, s_on_describe, &r) : e;
  zr_remote_destroy(r.remote);
  bool failed = sweep_disarm(s);
  r.remote = NULL;
  assert_true(started == ZR_ERR_OK || (failed && started == ZR_ERR_NOMEM));
  assert_int_equal(r.calls, started == ZR_ERR_OK);
  s_rig_down(&r);
}

/* ---- credentials ---- */

struct home {
  char path[64];
  char folder[96];
  char credentials[160];
  char config[160];
};

static void s_write(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
  assert_int_equal(chmod(path, 0600), 0);
}

static void s_home_make(struct home *h) {
  (void)snprintf(h->path, sizeof h->path, "/tmp/zr-test-home-XXXXXX");
  assert_non_null(mkdtemp(h->path));
  (void)snprintf(h->folder, sizeof h->folder, "%s/.zenlayer", h->path);
  (void)snprintf(h->credentials, sizeof h->credentials, "%s/credentials.json", h->folder);
  (void)snprintf(h->config, sizeof h->config, "%s/config.json", h->folder);
  assert_int_equal(mkdir(h->folder, 0700), 0);
  s_write(h->config, "{\"current_profile\":\"work\"}");
  s_write(h->credentials, "{\"work\":{\"access_key_id\":\"id\",\"access_key_secret\":\"pw\"},"
                          "\"default\":{\"token\":\"other\"}}");
}

static void s_home_remove(const struct home *h) {
  (void)unlink(h->credentials);
  (void)unlink(h->config);
  (void)rmdir(h->folder);
  assert_int_equal(rmdir(h->path), 0);
}

static const char *s_get(void *ctx, const char *name) {
  const struct home *h = ctx;
  return strcmp(name, "HOME") == 0 ? h->path : NULL;
}

/* Never another profile's credential for want of memory. */
static void s_profile(struct sweep *s, void *ctx) {
  struct zr_credential_settings settings = {.env = {s_get, ctx}};
  struct zr_credential c = {.source = ""};
  struct zr_buf problem = ZR_BUF_INIT(2000);
  sweep_arm(s);
  enum zr_err e = zr_credential_find(&settings, &c, &problem);
  bool failed = sweep_disarm(s);
  if (e == ZR_ERR_OK) {
    assert_string_equal(c.key_id.bytes, "id");
    assert_string_equal(c.password.bytes, "pw");
    assert_false(zr_credential_is_token(&c));
  } else {
    assert_true(failed);
    assert_int_equal(e, ZR_ERR_NOMEM);
  }
  zr_credential_clean_up(&c);
  zr_buf_clean_up(&problem);
}

static void s_body(struct sweep *s, void *ctx) {
  const char *ids[ZR_REQUEST_MAX_IDS];
  struct zr_buf out = ZR_BUF_INIT(ZR_REQUEST_MAX_BYTES);
  (void)ctx;
  for (size_t i = 0; i < ZR_REQUEST_MAX_IDS; i++)
    ids[i] = "1234567654321";
  sweep_arm(s);
  enum zr_err e = zr_request_release(&out, ZR_PRODUCT_VM, ids, ZR_REQUEST_MAX_IDS, false);
  bool failed = sweep_disarm(s);
  assert_int_equal(e, failed ? ZR_ERR_NOMEM : ZR_ERR_OK);
  zr_buf_clean_up(&out);
}

static void s_sweeps(void **state) {
  struct home home;
  (void)state;
  s_home_make(&home);
  sweep_path("zenlayer: body of a release", s_body, NULL);
  sweep_path("zenlayer: credential from a profile", s_profile, &home);
  s_home_remove(&home);
  sweep_path("zenlayer: remote made and destroyed", s_life, NULL);
  sweep_path("zenlayer: release", s_release, NULL);
  sweep_path("zenlayer: describe of three pages", s_describe, NULL);
  sweep_path("zenlayer: list", s_list, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_sweeps),
  };
  cJSON_Hooks hooks = {zr_alloc, zr_free};
  cJSON_InitHooks(&hooks);
  (void)signal(SIGPIPE, SIG_IGN);
  return cmocka_run_group_tests_name("zenlayer: out of memory", tests, NULL, NULL);
}
