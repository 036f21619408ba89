/*
 * Logs: one JSON object a line on stderr, in the form that Terraform parses (@level, @message,
 * @module, @timestamp, then fixed keys). stdout belongs to the ready line and the handshake.
 * No secret has a formatter, so none can be logged. Any thread; a line is one write(2).
 */
#ifndef ZR_BASE_LOG_H
#define ZR_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum zr_log_level {
  ZR_LOG_TRACE,
  ZR_LOG_DEBUG,
  ZR_LOG_INFO,
  ZR_LOG_WARN,
  ZR_LOG_ERROR,
  ZR_LOG_OFF
};

/* The first level that is written; INFO until set. Call before other threads start. */
void zr_log_set_level(enum zr_log_level level);
/* "trace" … "error", "off"; ZR_ERR_INVALID for another word. */
enum zr_err zr_log_parse_level(const char *word, enum zr_log_level *out) ZR_MUST_CHECK;
bool zr_log_enabled(enum zr_log_level level);

/* Key-value pairs behind the message: zr_s("instance_id", id), zr_i("attempt", 2). */
struct zr_log_field {
  const char *key;
  const char *text; /* NULL: a number */
  int64_t number;
};
static inline struct zr_log_field zr_s(const char *key, const char *text) {
  return (struct zr_log_field){key, text ? text : "", 0};
}
static inline struct zr_log_field zr_i(const char *key, int64_t number) {
  return (struct zr_log_field){key, NULL, number};
}

void zr_log_write(enum zr_log_level level, const char *module, const char *message,
                  const struct zr_log_field *fields, unsigned count);

/* zr_log(ZR_LOG_INFO, "engine", "batch sent", zr_i("batch", 7), zr_i("ids", 100));
 * at least one field; the level is tested before the arguments are evaluated. */
#define zr_log(level, module, message, ...)                                                        \
  do {                                                                                             \
    if (zr_log_enabled(level)) {                                                                   \
      const struct zr_log_field zr_fields_[] = {__VA_ARGS__};                                      \
      zr_log_write(level, module, message, zr_fields_,                                             \
                   (unsigned)(sizeof zr_fields_ / sizeof zr_fields_[0]));                          \
    }                                                                                              \
  } while (0)

#endif
