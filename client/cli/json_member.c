#include "json_member.h"

#include "base/clock.h"

void zr_json_text(struct zr_buf *b, const char *key, const char *text) {
  (void)zr_buf_printf(b, ",\"%s\":", key);
  (void)zr_buf_json(b, zr_view_of(text));
}

void zr_json_text_if(struct zr_buf *b, const char *key, const char *text) {
  if (text && *text)
    zr_json_text(b, key, text);
}

void zr_json_number(struct zr_buf *b, const char *key, int64_t number) {
  (void)zr_buf_printf(b, ",\"%s\":%lld", key, (long long)number);
}

void zr_json_number_if(struct zr_buf *b, const char *key, int64_t number) {
  if (number)
    zr_json_number(b, key, number);
}

void zr_json_flag(struct zr_buf *b, const char *key, bool value) {
  (void)zr_buf_printf(b, ",\"%s\":%s", key, value ? "true" : "false");
}

void zr_json_time(struct zr_buf *b, const char *key, int64_t ms) {
  char stamp[32];
  zr_wall_format((struct zr_wall){ms}, stamp);
  zr_json_text(b, key, stamp);
}

void zr_json_time_if(struct zr_buf *b, const char *key, int64_t ms) {
  if (ms)
    zr_json_time(b, key, ms);
}

void zr_json_texts(struct zr_buf *b, const char *key, const char *const *texts, size_t count) {
  (void)zr_buf_printf(b, ",\"%s\":[", key);
  for (size_t i = 0; i < count; i++) {
    if (i)
      (void)zr_buf_char(b, ',');
    (void)zr_buf_json(b, zr_view_of(texts[i]));
  }
  (void)zr_buf_char(b, ']');
}

void zr_json_texts_if(struct zr_buf *b, const char *key, const char *const *texts, size_t count) {
  if (count)
    zr_json_texts(b, key, texts, count);
}

void zr_json_tags(struct zr_buf *b, const struct zenrelease_tag *tags, size_t count) {
  (void)zr_buf_text(b, ",\"tags\":[");
  for (size_t i = 0; i < count; i++) {
    (void)zr_buf_text(b, i ? ",{\"key\":" : "{\"key\":");
    (void)zr_buf_json(b, zr_view_of(tags[i].key));
    zr_json_text(b, "value", tags[i].value);
    (void)zr_buf_char(b, '}');
  }
  (void)zr_buf_char(b, ']');
}
