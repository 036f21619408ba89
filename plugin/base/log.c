#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum { LONGEST_LINE = 16384 };

static atomic_int s_level = ZR_LOG_INFO;

static const char *const s_names[] = {
    [ZR_LOG_TRACE] = "trace", [ZR_LOG_DEBUG] = "debug", [ZR_LOG_INFO] = "info",
    [ZR_LOG_WARN] = "warn",   [ZR_LOG_ERROR] = "error", [ZR_LOG_OFF] = "off",
};

void zr_log_set_level(enum zr_log_level level) {
  atomic_store(&s_level, (int)level);
}

enum zr_err zr_log_parse_level(const char *word, enum zr_log_level *out) {
  for (unsigned i = 0; i < ZR_COUNT(s_names); i++) {
    if (strcmp(word, s_names[i]) == 0) {
      *out = (enum zr_log_level)i;
      return ZR_ERR_OK;
    }
  }
  return ZR_ERR_INVALID;
}

bool zr_log_enabled(enum zr_log_level level) {
  return (int)level >= atomic_load_explicit(&s_level, memory_order_relaxed);
}

static void s_pair(struct zr_buf *b, const char *key, struct zr_view value) {
  (void)zr_buf_char(b, b->len ? ',' : '{');
  (void)zr_buf_json(b, zr_view_of(key));
  (void)zr_buf_char(b, ':');
  (void)zr_buf_json(b, value);
}

static void s_field(struct zr_buf *b, const struct zr_log_field *f) {
  if (f->text) {
    s_pair(b, f->key, zr_view_of(f->text));
    return;
  }
  (void)zr_buf_char(b, ',');
  (void)zr_buf_json(b, zr_view_of(f->key));
  (void)zr_buf_printf(b, ":%lld", (long long)f->number);
}

/* Terraform takes the time only with exactly six digits behind the point. */
static void s_stamp(char out[40]) {
  char text[32];
  zr_wall_format(zr_wall_now(), text);
  size_t len = strlen(text);
  (void)snprintf(out, 40, "%.*s000Z", (int)(len ? len - 1 : 0), text);
}

void zr_log_write(enum zr_log_level level, const char *module, const char *message,
                  const struct zr_log_field *fields, unsigned count) {
  struct zr_buf line = ZR_BUF_INIT(LONGEST_LINE);
  char stamp[40];
  s_stamp(stamp);
  s_pair(&line, "@level", zr_view_of(s_names[level]));
  s_pair(&line, "@message", zr_view_of(message));
  s_pair(&line, "@module", zr_view_of(module));
  s_pair(&line, "@timestamp", zr_view_of(stamp));
  for (unsigned i = 0; i < count; i++)
    s_field(&line, &fields[i]);
  (void)zr_buf_text(&line, "}\n");
  if (zr_buf_failed(&line) == ZR_ERR_OK && write(STDERR_FILENO, line.data, line.len) < 0) {
    /* stderr is gone: there is nobody left to tell. */
  }
  zr_buf_clean_up(&line);
}
