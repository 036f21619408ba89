/* The lines of the handshake, the cookie, and the reattach value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "terraform/cookie.h"
#include "terraform/handshake.h"

static void s_cookie(void **state) {
  (void)state;
  const char right[] = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
  assert_true(zr_tf_cookie_is_right(right));
  assert_false(zr_tf_cookie_is_right(NULL));
  assert_false(zr_tf_cookie_is_right(""));
  assert_false(zr_tf_cookie_is_right("D602BF8F470BC67CA7FAA0386276BBDD4330EFAF76D1A219CB4D6991CA98"
                                     "72B2"));
  assert_false(zr_tf_cookie_is_right("d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca98"
                                     "72b2 "));
}

static void s_versions(void **state) {
  (void)state;
  struct zr_buf problem = ZR_BUF_INIT(512);
  const char *const good[] = {"6", "5,6", "6,5", " 6 ", "5, 6,7", ",6"};
  for (size_t i = 0; i < ZR_COUNT(good); i++)
    assert_int_equal(zr_tf_handshake_check(good[i], &problem), ZR_ERR_OK);
  assert_int_equal(problem.len, 0);
  const char *const bad[] = {NULL, "", "5", "60", "6.0", "-6", "5;6", "six"};
  for (size_t i = 0; i < ZR_COUNT(bad); i++) {
    zr_buf_reset(&problem);
    assert_int_equal(zr_tf_handshake_check(bad[i], &problem), ZR_ERR_INVALID);
    assert_non_null(strstr(problem.data, "protocol 6"));
  }
  zr_buf_clean_up(&problem);
}

static void s_expect(const struct zr_tf_handshake *h, const char *line) {
  struct zr_buf out = ZR_BUF_INIT(4096);
  assert_int_equal(zr_tf_handshake_line(h, &out), ZR_ERR_OK);
  assert_string_equal(out.data, line);
  zr_buf_clean_up(&out);
}

static void s_lines(void **state) {
  (void)state;
  s_expect(&(struct zr_tf_handshake){.address = "unix:/run/x/s"}, "1|6|unix|/run/x/s|grpc|\n");
  s_expect(&(struct zr_tf_handshake){.address = "127.0.0.1:4711"},
           "1|6|tcp|127.0.0.1:4711|grpc|\n");
  s_expect(&(struct zr_tf_handshake){.address = "unix:/s", .multiplexing_asked = true},
           "1|6|unix|/s|grpc||false\n");
  /* RFC 4648, section 10, without the padding; and both characters beyond letters and digits. */
  s_expect(&(struct zr_tf_handshake){.address = "unix:/s", .certificate = ZR_VIEW("f")},
           "1|6|unix|/s|grpc|Zg\n");
  s_expect(&(struct zr_tf_handshake){.address = "unix:/s", .certificate = ZR_VIEW("fo")},
           "1|6|unix|/s|grpc|Zm8\n");
  s_expect(&(struct zr_tf_handshake){.address = "unix:/s", .certificate = ZR_VIEW("foo")},
           "1|6|unix|/s|grpc|Zm9v\n");
  s_expect(&(struct zr_tf_handshake){.address = "unix:/s", .certificate = ZR_VIEW("\xfb\xff")},
           "1|6|unix|/s|grpc|+/8\n");
}

static void s_reattach(void **state) {
  (void)state;
  const char *const sources[] = {"a.example/b/c", "d.example/e/f"};
  struct zr_buf out = ZR_BUF_INIT(4096);
  assert_int_equal(zr_tf_reattach_value("unix:/tmp/q\"s", 42, sources, 2, &out), ZR_ERR_OK);
  assert_string_equal(
      out.data,
      "{\"a.example/b/c\":{\"Protocol\":\"grpc\",\"ProtocolVersion\":6,\"Pid\":42,\"Test\":true,"
      "\"Addr\":{\"Network\":\"unix\",\"String\":\"/tmp/q\\\"s\"}},"
      "\"d.example/e/f\":{\"Protocol\":\"grpc\",\"ProtocolVersion\":6,\"Pid\":42,\"Test\":true,"
      "\"Addr\":{\"Network\":\"unix\",\"String\":\"/tmp/q\\\"s\"}}}");
  zr_buf_clean_up(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_cookie),
      cmocka_unit_test(s_versions),
      cmocka_unit_test(s_lines),
      cmocka_unit_test(s_reattach),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
