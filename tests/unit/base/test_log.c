/* Log lines: one JSON object each, on stderr, in one write, and only from the chosen level up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static int s_saved_stderr;
static int s_pipe[2];

/* stderr becomes a pipe: what is written in one call is read in one call. */
static int set_up(void **state) {
  (void)state;
  s_saved_stderr = dup(STDERR_FILENO);
  if (s_saved_stderr < 0 || pipe2(s_pipe, O_NONBLOCK | O_CLOEXEC) != 0)
    return -1;
  return dup2(s_pipe[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static int tear_down(void **state) {
  (void)state;
  zr_log_set_level(ZR_LOG_INFO);
  if (dup2(s_saved_stderr, STDERR_FILENO) < 0)
    return -1;
  (void)close(s_saved_stderr);
  (void)close(s_pipe[0]);
  return close(s_pipe[1]);
}

static size_t read_all(char *out, size_t size) {
  ssize_t n = read(s_pipe[0], out, size - 1);
  size_t len = n < 0 ? 0 : (size_t)n;
  out[len] = '\0';
  return len;
}

static void a_line_has_the_fixed_keys_in_front(void **state) {
  (void)state;
  char line[1000];
  zr_log(ZR_LOG_WARN, "engine", "batch \"sent\"", zr_i("batch", -7), zr_s("id", "a\nb"));
  size_t len = read_all(line, sizeof line);
  static const char head[] =
      "{\"@level\":\"warn\",\"@message\":\"batch \\\"sent\\\"\",\"@module\":\"engine\","
      "\"@timestamp\":\"";
  static const char tail[] = "Z\",\"batch\":-7,\"id\":\"a\\nb\"}\n";
  assert_true(len > sizeof head + sizeof tail);
  assert_memory_equal(line, head, sizeof head - 1);
  assert_string_equal(line + len - (sizeof tail - 1), tail);
  assert_int_equal(len, sizeof head - 1 + strlen("2026-01-31T12:34:56.789000") + sizeof tail - 1);
  assert_ptr_equal(strchr(line, '\n'), line + len - 1);
}

static int s_evaluated;
static int64_t evaluate(void) {
  return ++s_evaluated;
}

static void below_the_level_nothing_is_written_or_evaluated(void **state) {
  (void)state;
  char line[1000];
  s_evaluated = 0;
  zr_log_set_level(ZR_LOG_WARN);
  zr_log(ZR_LOG_INFO, "engine", "quiet", zr_i("n", evaluate()));
  assert_int_equal(read_all(line, sizeof line), 0);
  assert_int_equal(s_evaluated, 0);
  zr_log(ZR_LOG_ERROR, "engine", "loud", zr_i("n", evaluate()));
  assert_true(read_all(line, sizeof line) > 0);
  assert_int_equal(s_evaluated, 1);
  zr_log_set_level(ZR_LOG_OFF);
  zr_log(ZR_LOG_ERROR, "engine", "off", zr_i("n", evaluate()));
  assert_int_equal(read_all(line, sizeof line), 0);
}

static void text_that_is_no_utf8_cannot_break_a_line(void **state) {
  (void)state;
  char line[1000];
  zr_log(ZR_LOG_INFO, "m", "\xFF", zr_s("k", NULL));
  assert_true(read_all(line, sizeof line) > 0);
  assert_non_null(strstr(line, "\"@message\":\"\xEF\xBF\xBD\""));
  assert_non_null(strstr(line, "\"k\":\"\""));
}

static void level_words_are_read(void **state) {
  (void)state;
  static const char *const words[] = {"trace", "debug", "info", "warn", "error", "off"};
  for (unsigned i = 0; i < ZR_COUNT(words); i++) {
    enum zr_log_level level = ZR_LOG_OFF;
    assert_int_equal(zr_log_parse_level(words[i], &level), ZR_ERR_OK);
    assert_int_equal(level, i);
  }
  enum zr_log_level level = ZR_LOG_WARN;
  assert_int_equal(zr_log_parse_level("INFO", &level), ZR_ERR_INVALID);
  assert_int_equal(zr_log_parse_level("", &level), ZR_ERR_INVALID);
  assert_int_equal(level, ZR_LOG_WARN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_line_has_the_fixed_keys_in_front, set_up, tear_down),
      cmocka_unit_test_setup_teardown(below_the_level_nothing_is_written_or_evaluated, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(text_that_is_no_utf8_cannot_break_a_line, set_up, tear_down),
      cmocka_unit_test(level_words_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
