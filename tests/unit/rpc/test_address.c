/* Listen addresses: what is taken, how it is written back, what may be reached from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/address.h"

static void s_table(void **state) {
  (void)state;
  static const struct {
    const char *in;
    const char *out; /* NULL: refused */
    bool local;
  } cases[] = {
      {"unix:/tmp/s", "unix:/tmp/s", true},
      {"unix:relative", "unix:relative", true},
      {"127.0.0.1:0", "127.0.0.1:0", true},
      {"127.1.2.3:65535", "127.1.2.3:65535", true},
      {"[::1]:80", "[::1]:80", true},
      {"0.0.0.0:80", "0.0.0.0:80", false},
      {"[::]:80", "[::]:80", false},
      {"192.0.2.1:80", "192.0.2.1:80", false},
      {"unix:", NULL, false},
      {"127.0.0.1", NULL, false},
      {"127.0.0.1:", NULL, false},
      {"127.0.0.1:65536", NULL, false},
      {"127.0.0.1:-1", NULL, false},
      {"127.0.0.1:8x", NULL, false},
      {":80", NULL, false},
      {"::1:80", NULL, false},
      {"[]:80", NULL, false},
      {"", NULL, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct zr_rpc_address a;
    struct zr_buf problem = ZR_BUF_INIT(1024);
    char text[ZR_ADDRESS_TEXT];
    enum zr_err e = zr_rpc_address_parse(cases[i].in, &a, &problem);
    assert_int_equal(e, cases[i].out ? ZR_ERR_OK : ZR_ERR_INVALID);
    if (cases[i].out) {
      zr_rpc_address_format(&a, text);
      assert_string_equal(text, cases[i].out);
      assert_int_equal(zr_rpc_address_is_local(&a), cases[i].local);
    } else {
      assert_true(problem.len > 10);
    }
    zr_buf_clean_up(&problem);
  }
}

static void s_path_too_long(void **state) {
  (void)state;
  char text[200] = "unix:/";
  struct zr_rpc_address a;
  struct zr_buf problem = ZR_BUF_INIT(1024);
  memset(text + 6, 'a', 107 - 1);
  text[5 + 107] = '\0';
  assert_int_equal(zr_rpc_address_parse(text, &a, &problem), ZR_ERR_OK);
  text[5 + 107] = 'a';
  text[5 + 108] = '\0';
  assert_int_equal(zr_rpc_address_parse(text, &a, &problem), ZR_ERR_INVALID);
  assert_non_null(strstr(problem.data, "107"));
  zr_buf_clean_up(&problem);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_table),
      cmocka_unit_test(s_path_too_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
