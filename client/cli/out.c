#include "out.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "exit_code.h"
#include "json.h"

enum { TEXT_MAX = 64 * 1024, JSON_TEXT_MAX = 7 * TEXT_MAX, WIDTH_DEFAULT = 80 };

static int s_out_error; /* errno of the first failed write */
static FILE *s_diverted;

static FILE *s_out(void) {
  return s_diverted ? s_diverted : stdout;
}

void zr_out_divert(bool to_stderr) {
  (void)zr_out_flush(NULL);
  s_diverted = to_stderr ? stderr : NULL;
}

static pthread_mutex_t s_err_lock = PTHREAD_MUTEX_INITIALIZER;
static bool s_live_shown;

static void s_remember(int error) {
  if (!s_out_error)
    s_out_error = error ? error : EIO;
}

void zr_out_text(const char *format, ...) {
  va_list args;
  va_start(args, format);
  errno = 0;
  if (vfprintf(s_out(), format, args) < 0)
    s_remember(errno);
  va_end(args);
}

void zr_out_buf(struct zr_buf *b) {
  errno = 0;
  if (zr_buf_failed(b) != ZR_ERR_OK)
    s_remember(ENOMEM);
  else if (b->len && fwrite(b->data, 1, b->len, s_out()) != b->len)
    s_remember(errno);
  zr_buf_reset(b);
}

void zr_out_missing(const char *id) {
  zr_note("zenrelease: out of memory; %s is missing in the table", id);
  s_remember(ENOMEM);
}

bool zr_out_flush(const char **why) {
  errno = 0;
  if (fflush(s_out()) != 0 || ferror(s_out()))
    s_remember(errno);
  if (why)
    *why = s_out_error ? strerror(s_out_error) : "";
  return s_out_error == 0;
}

bool zr_out_written(const char *what) {
  const char *why = "";
  if (zr_out_flush(&why))
    return true;
  zr_note("zenrelease: the %s could not be written: %s", what, why);
  return false;
}

static void s_at_exit(void) {
  if (!s_out_error && !zr_out_written("output"))
    _exit(ZR_EXIT_NONE);
}

void zr_out_watch_exit(void) {
  if (atexit(s_at_exit) != 0)
    abort();
}

static void s_write_err(const char *text, size_t len) {
  while (len > 0) {
    ssize_t n = write(STDERR_FILENO, text, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return; /* nobody is left to tell */
    text += n;
    len -= (size_t)n;
  }
}

static void s_line(const char *format, va_list args) ZR_PRINTF(1, 0);

/* One write for the whole line, so that lines of two threads do not mix. */
static void s_line(const char *format, va_list args) {
  struct zr_buf line = ZR_BUF_INIT(TEXT_MAX);
  (void)pthread_mutex_lock(&s_err_lock);
  if (s_live_shown)
    (void)zr_buf_text(&line, "\r\033[K");
  s_live_shown = false;
  (void)zr_buf_vprintf(&line, format, args);
  (void)zr_buf_char(&line, '\n');
  s_write_err(line.data ? line.data : "", line.len);
  (void)pthread_mutex_unlock(&s_err_lock);
  zr_buf_clean_up(&line);
}

void zr_note(const char *format, ...) {
  va_list args;
  va_start(args, format);
  s_line(format, args);
  va_end(args);
}

void zr_live(const char *text) {
  struct zr_buf line = ZR_BUF_INIT(TEXT_MAX);
  (void)pthread_mutex_lock(&s_err_lock);
  if (s_live_shown || *text) {
    (void)zr_buf_printf(&line, "\r%s\033[K", text);
    s_write_err(line.data ? line.data : "", line.len);
    s_live_shown = *text != '\0';
  }
  (void)pthread_mutex_unlock(&s_err_lock);
  zr_buf_clean_up(&line);
}

void zr_complain(bool json, const char *code, const char *format, ...) {
  struct zr_buf text = ZR_BUF_INIT(TEXT_MAX);
  va_list args;
  va_start(args, format);
  (void)zr_buf_vprintf(&text, format, args);
  va_end(args);
  const char *words = text.data ? text.data : "out of memory";
  zr_note("zenrelease: %s", words);
  if (json) {
    struct zr_buf line = ZR_BUF_INIT(JSON_TEXT_MAX);
    zr_json_plain_error(&line, code, words);
    zr_out_buf(&line);
    (void)zr_out_flush(NULL);
    zr_buf_clean_up(&line);
  }
  zr_buf_clean_up(&text);
}

bool zr_out_has_colour(void) {
  const char *no = getenv("NO_COLOR");
  const char *term = getenv("TERM");
  return isatty(fileno(s_out())) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

bool zr_err_is_terminal(void) {
  const char *term = getenv("TERM");
  return isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
}

unsigned zr_err_width(void) {
  struct winsize size;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return WIDTH_DEFAULT;
}
