/* The head of a reply, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "http/head.h"

static bool feed(struct zr_head *h, const char *line) {
  return zr_head_line(h, zr_view_of(line));
}

static void reads_status_version_and_fields(void **state) {
  struct zr_head h = {0};
  (void)state;
  assert_true(feed(&h, "HTTP/1.1 429 Too Many Requests\r\n"));
  assert_true(feed(&h, "date:Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  assert_true(feed(&h, "RETRY-AFTER:  7 \r\n"));
  assert_false(h.done);
  assert_true(feed(&h, "\r\n"));
  assert_true(h.done);
  assert_int_equal(h.status, 429);
  assert_int_equal(h.version, 11);
  assert_string_equal(h.date, "Sun, 06 Nov 1994 08:49:37 GMT");
  assert_string_equal(h.retry_after, "7");
}

static void a_provisional_head_is_forgotten(void **state) {
  struct zr_head h = {0};
  (void)state;
  assert_true(feed(&h, "HTTP/2 103 \r\n"));
  assert_true(feed(&h, "location: /elsewhere\r\n"));
  assert_true(feed(&h, "\r\n"));
  assert_false(h.done);
  assert_false(zr_head_is_final(&h));
  assert_true(feed(&h, "HTTP/2 200 \r\n"));
  assert_true(zr_head_is_final(&h));
  assert_int_equal(h.version, 20);
  assert_string_equal(h.location, "");
}

static void the_first_of_two_fields_wins_and_trailers_are_ignored(void **state) {
  struct zr_head h = {0};
  (void)state;
  assert_true(feed(&h, "HTTP/1.0 200 OK\r\n"));
  assert_true(feed(&h, "Retry-After: 1\r\n"));
  assert_true(feed(&h, "Retry-After: 2\r\n"));
  assert_true(feed(&h, "\r\n"));
  assert_true(feed(&h, "cf-mitigated: challenge\r\n"));
  assert_string_equal(h.retry_after, "1");
  assert_string_equal(h.cf_mitigated, "");
  assert_int_equal(h.version, 10);
}

static void a_second_status_line_is_no_status_line(void **state) {
  struct zr_head h = {0};
  (void)state;
  assert_true(feed(&h, "X-Early: nothing\r\n"));
  assert_int_equal(h.status, 0);
  assert_true(feed(&h, "HTTP/1.1 403 No\r\n"));
  assert_true(feed(&h, "HTTP/1.1 200 OK\r\n"));
  assert_true(feed(&h, "\r\n"));
  assert_true(feed(&h, "HTTP/1.1 200 OK\r\n"));
  assert_int_equal(h.status, 403);
}

static void a_long_value_is_cut(void **state) {
  struct zr_head h = {0};
  char line[400] = "Content-Type: ";
  (void)state;
  memset(line + 14, 'x', 300);
  assert_true(feed(&h, "HTTP/1.1 200 OK\r\n"));
  assert_true(feed(&h, line));
  assert_int_equal(strlen(h.content_type), sizeof h.content_type - 1);
}

static void bytes_and_lines_are_capped(void **state) {
  struct zr_head lines = {0}, bytes = {0};
  static char long_line[40000];
  unsigned n = 0;
  (void)state;
  while (feed(&lines, "a: b\r\n"))
    n++;
  assert_int_equal(n, ZR_HEAD_MAX_LINES);
  memset(long_line, 'a', sizeof long_line - 1);
  assert_true(feed(&bytes, long_line));
  assert_false(feed(&bytes, long_line));
}

static void odd_status_lines_give_no_status(void **state) {
  static const char *const lines[] = {"HTTP/1.1\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000 OK\r\n",
                                      "HTTP/1.1 abc\r\n"};
  (void)state;
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    struct zr_head h = {0};
    assert_true(feed(&h, lines[i]));
    assert_int_equal(h.status, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_status_version_and_fields),
      cmocka_unit_test(a_provisional_head_is_forgotten),
      cmocka_unit_test(the_first_of_two_fields_wins_and_trailers_are_ignored),
      cmocka_unit_test(a_second_status_line_is_no_status_line),
      cmocka_unit_test(a_long_value_is_cut),
      cmocka_unit_test(bytes_and_lines_are_capped),
      cmocka_unit_test(odd_status_lines_give_no_status),
  };
  return cmocka_run_group_tests_name("http.head", tests, NULL, NULL);
}
