#include "cli/ids.h"

#include <string.h>

#include "cmocka_all.h"

struct outcome {
  struct zr_ids ids;
  struct zr_buf why;
  bool fine;
};

static struct outcome s_read(const char *text, size_t len) {
  struct outcome o = {.why = ZR_BUF_INIT(1024)};
  FILE *file = tmpfile();
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, len, file), len);
  rewind(file);
  o.fine = zr_ids_read(&o.ids, file, "f", &o.why);
  (void)fclose(file);
  return o;
}

static void s_clean_up(struct outcome *o) {
  zr_ids_clean_up(&o->ids);
  zr_buf_clean_up(&o->why);
}

static void test_one_id_a_line_with_blank_lines_and_comments(void **state) {
  static const char text[] = "# fleet\na1\n\n   \n  # note\nb2\n\xc3\xa4"
                             "3";
  struct outcome o = s_read(text, sizeof text - 1);
  (void)state;
  assert_true(o.fine);
  assert_int_equal(o.ids.count, 3);
  assert_string_equal(o.ids.items[0], "a1");
  assert_string_equal(o.ids.items[1], "b2");
  assert_string_equal(o.ids.items[2], "\xc3\xa4"
                                      "3");
  assert_int_equal(o.ids.lines[0], 2);
  assert_int_equal(o.ids.lines[1], 6);
  assert_int_equal(o.ids.lines[2], 7);
  s_clean_up(&o);
}

static void s_refuses(const char *text, size_t len, const char *because) {
  struct outcome o = s_read(text, len);
  assert_false(o.fine);
  assert_non_null(o.why.data);
  if (!strstr(o.why.data, because))
    fail_msg("said \"%s\", not \"%s\"", o.why.data, because);
  s_clean_up(&o);
}

static void test_what_is_wrong_is_named_with_its_line(void **state) {
  char longer[200];
  (void)state;
  memset(longer, 'x', sizeof longer);
  s_refuses("a\n b\n", 5, "f, line 2: has white space around");
  s_refuses("a \n", 3, "line 1: has white space around");
  s_refuses("a\tb\n", 4, "line 1: has white space inside");
  s_refuses("a # note\n", 9, "line 1: has white space inside");
  s_refuses("a\r\n", 3, "line 1: ends in a carriage return");
  s_refuses("a\0b\n", 4, "line 1: has a NUL byte");
  s_refuses("ok\n\xff\xfe\n", 6, "line 2: is not valid UTF-8");
  s_refuses(longer, sizeof longer, "line 1: is longer than 128 bytes");
}

static void test_an_empty_file_has_no_ids(void **state) {
  struct outcome o = s_read("\n", 1);
  (void)state;
  assert_true(o.fine);
  assert_int_equal(o.ids.count, 0);
  s_clean_up(&o);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_id_a_line_with_blank_lines_and_comments),
      cmocka_unit_test(test_what_is_wrong_is_named_with_its_line),
      cmocka_unit_test(test_an_empty_file_has_no_ids),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
