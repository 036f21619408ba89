#include "plugin_log.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "out.h"
#include "table.h"

enum { LINE_MAX_BYTES = 4096 };

static const char *s_member(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsString(item) ? item->valuestring : "";
}

static void s_fields(const cJSON *object, struct zr_buf *out) {
  const cJSON *item = NULL;
  const char *before = " (";
  cJSON_ArrayForEach(item, object) {
    if (!item->string || item->string[0] == '@')
      continue;
    (void)zr_buf_text(out, before);
    zr_plain_text(out, item->string);
    (void)zr_buf_char(out, '=');
    if (cJSON_IsString(item))
      zr_plain_text(out, item->valuestring);
    else if (cJSON_IsNumber(item))
      (void)zr_buf_printf(out, "%.15g", item->valuedouble);
    before = ", ";
  }
  if (before[0] == ',')
    (void)zr_buf_char(out, ')');
}

void zr_plugin_log_human(const char *line, struct zr_buf *out, bool *important) {
  cJSON *object = cJSON_Parse(line);
  *important = true; /* what is no log line was not meant to be there */
  if (cJSON_IsObject(object) && *s_member(object, "@message")) {
    const char *level = s_member(object, "@level");
    *important = strcmp(level, "warn") == 0 || strcmp(level, "error") == 0;
    zr_plain_text(out, level);
    (void)zr_buf_text(out, ": ");
    zr_plain_text(out, s_member(object, "@message"));
    s_fields(object, out);
  } else {
    zr_plain_text(out, line);
  }
  cJSON_Delete(object);
}

static void s_keep(struct zr_plugin_log *log, char *text) {
  (void)pthread_mutex_lock(&log->lock);
  zr_free(log->last[log->next]);
  log->last[log->next] = text;
  log->next = (log->next + 1) % ZR_PLUGIN_LOG_LINES;
  (void)pthread_mutex_unlock(&log->lock);
}

static void s_take(struct zr_plugin_log *log, const char *line) {
  struct zr_buf text = ZR_BUF_INIT(LINE_MAX_BYTES);
  bool important = false;
  zr_plugin_log_human(line, &text, &important);
  if (log->verbose && important && text.data)
    zr_note("plugin: %s", text.data);
  char *kept = zr_strdup(text.data);
  if (kept)
    s_keep(log, kept);
  zr_buf_clean_up(&text);
}

static void *s_read(void *arg) {
  struct zr_plugin_log *log = arg;
  FILE *file = fdopen(log->fd, "r");
  char *line = NULL;
  size_t cap = 0;
  ssize_t len = 0;
  while (file && (len = getline(&line, &cap, file)) > 0) {
    if (line[len - 1] == '\n')
      line[len - 1] = '\0';
    s_take(log, line);
  }
  free(line);
  if (file)
    (void)fclose(file);
  else
    (void)close(log->fd);
  return NULL;
}

int zr_plugin_log_start(struct zr_plugin_log *log, int fd, bool verbose) {
  *log = (struct zr_plugin_log){.fd = fd, .verbose = verbose};
  (void)pthread_mutex_init(&log->lock, NULL);
  if (pthread_create(&log->thread, NULL, s_read, log) != 0) {
    (void)close(fd);
    return -1;
  }
  log->running = true;
  return 0;
}

void zr_plugin_log_join(struct zr_plugin_log *log) {
  if (log->running)
    (void)pthread_join(log->thread, NULL);
  log->running = false;
}

void zr_plugin_log_last(struct zr_plugin_log *log, struct zr_buf *out) {
  (void)pthread_mutex_lock(&log->lock);
  for (unsigned i = 0; i < ZR_PLUGIN_LOG_LINES; i++) {
    const char *line = log->last[(log->next + i) % ZR_PLUGIN_LOG_LINES];
    if (line)
      (void)zr_buf_printf(out, "\n  %s", line);
  }
  (void)pthread_mutex_unlock(&log->lock);
}

void zr_plugin_log_clean_up(struct zr_plugin_log *log) {
  zr_plugin_log_join(log);
  for (unsigned i = 0; i < ZR_PLUGIN_LOG_LINES; i++) {
    zr_free(log->last[i]);
    log->last[i] = NULL;
  }
}
