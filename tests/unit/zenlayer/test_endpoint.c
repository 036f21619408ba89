/* One normal form for URL, Host and signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "zenlayer/endpoint.h"

struct var {
  const char *name;
  const char *value;
};

static const char *look_up(void *ctx, const char *name) {
  for (const struct var *v = ctx; v->name; v++) {
    if (strcmp(v->name, name) == 0)
      return v->value;
  }
  return NULL;
}

static void accepts(struct zr_endpoint_settings s, const char *url, const char *host) {
  struct zr_endpoint e;
  const char *problem = NULL;
  assert_int_equal(zr_endpoint_find(&s, &e, &problem), ZR_ERR_OK);
  assert_null(problem);
  assert_string_equal(e.url, url);
  assert_string_equal(e.host, host);
}

static void the_normal_form(void **state) {
  static const char *const cases[][3] = {
      {NULL, "https://console.zenlayer.com", "console.zenlayer.com"},
      {"", "https://console.zenlayer.com", "console.zenlayer.com"},
      {"Console.ZenLayer.COM", "https://console.zenlayer.com", "console.zenlayer.com"},
      {"console.zenlayer.com:443", "https://console.zenlayer.com", "console.zenlayer.com"},
      {"console.zenlayer.com:80", "https://console.zenlayer.com:80", "console.zenlayer.com:80"},
      {"https://a.test:8443/", "https://a.test:8443", "a.test:8443"},
      {"HTTPS://a.test", "https://a.test", "a.test"},
      {"http://127.0.0.1:80", "http://127.0.0.1", "127.0.0.1"},
      {"http://localhost:8080", "http://localhost:8080", "localhost:8080"},
      {"http://127.9.9.9:443", "http://127.9.9.9:443", "127.9.9.9:443"},
      {"[2001:DB8::1]", "https://[2001:db8::1]", "[2001:db8::1]"},
      {"[2001:db8::1]:443", "https://[2001:db8::1]", "[2001:db8::1]"},
      {"http://[::1]:8080", "http://[::1]:8080", "[::1]:8080"},
      {"  a.test \n", "https://a.test", "a.test"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    accepts((struct zr_endpoint_settings){.domain = cases[i][0]}, cases[i][1], cases[i][2]);
}

static void what_is_no_endpoint(void **state) {
  static const char *const cases[] = {
      "a.test:",
      "a.test:0",
      "a.test:65536",
      "a.test:99999999",
      "a.test:80:80",
      "a.test/path",
      "https://a.test/x",
      "user@a.test",
      "a b.test",
      ".a.test",
      "a..test",
      "::1",
      "[::1",
      "[nonsense]",
      "[::1]x",
      "[::1]:",
      "ftp://a.test",
      "a.test\r\nX: y",
      "https://",
      "a.test:8o",
      "a.test?x",
      "a.test#x",
      "[]",
      "-a.test",
      "https:///",
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct zr_endpoint e;
    const char *problem = NULL;
    struct zr_endpoint_settings s = {.domain = cases[i]};
    assert_int_equal(zr_endpoint_find(&s, &e, &problem), ZR_ERR_INVALID);
    assert_non_null(problem);
  }
}

static void http_is_for_loopback(void **state) {
  struct zr_endpoint e;
  const char *problem = NULL;
  struct zr_endpoint_settings s = {.domain = "a.test", .scheme = "http"};
  (void)state;
  assert_int_equal(zr_endpoint_find(&s, &e, &problem), ZR_ERR_DENIED);
  assert_non_null(problem);
  s.domain = "128.0.0.1";
  assert_int_equal(zr_endpoint_find(&s, &e, &problem), ZR_ERR_DENIED);
  s.domain = "127.0.0.1.a.test";
  assert_int_equal(zr_endpoint_find(&s, &e, &problem), ZR_ERR_DENIED);
  s.domain = "[::2]";
  assert_int_equal(zr_endpoint_find(&s, &e, &problem), ZR_ERR_DENIED);
  s.allow_plain = true;
  s.domain = "a.test";
  accepts(s, "http://a.test", "a.test");
}

static void the_environment_and_its_order(void **state) {
  struct var both[] = {{"ZENLAYERCLOUD_DOMAIN", "cloud.test:1"},
                       {"ZENLAYERCLOUD_SCHEME", "HTTPS"},
                       {"ZENLAYER_ENDPOINT", "zeno.test:2"},
                       {NULL, NULL}};
  struct var zeno[] = {
      {"ZENLAYERCLOUD_DOMAIN", ""}, {"ZENLAYER_ENDPOINT", "zeno.test:2"}, {NULL, NULL}};
  struct var plain[] = {
      {"ZENLAYERCLOUD_DOMAIN", "127.0.0.1:5"}, {"ZENLAYERCLOUD_SCHEME", "HTTP"}, {NULL, NULL}};
  struct var wrong[] = {{"ZENLAYERCLOUD_SCHEME", "gopher"}, {NULL, NULL}};
  struct zr_endpoint e;
  const char *problem = NULL;
  (void)state;
  accepts((struct zr_endpoint_settings){.env = {look_up, both}}, "https://cloud.test:1",
          "cloud.test:1");
  accepts((struct zr_endpoint_settings){.env = {look_up, both}, .domain = "given.test"},
          "https://given.test", "given.test");
  accepts((struct zr_endpoint_settings){.env = {look_up, zeno}}, "https://zeno.test:2",
          "zeno.test:2");
  accepts((struct zr_endpoint_settings){.env = {look_up, plain}}, "http://127.0.0.1:5",
          "127.0.0.1:5");
  accepts((struct zr_endpoint_settings){.env = {look_up, plain}, .scheme = "https"},
          "https://127.0.0.1:5", "127.0.0.1:5");
  struct zr_endpoint_settings s = {.env = {look_up, wrong}};
  assert_int_equal(zr_endpoint_find(&s, &e, &problem), ZR_ERR_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_normal_form),
      cmocka_unit_test(what_is_no_endpoint),
      cmocka_unit_test(http_is_for_loopback),
      cmocka_unit_test(the_environment_and_its_order),
  };
  return cmocka_run_group_tests_name("zenlayer.endpoint", tests, NULL, NULL);
}
