/* SPDX-License-Identifier: Apache-2.0 */
#include "request_log.h"

#include <stdio.h>
#include <stdlib.h>

static void s_free_counts(struct sim_log_count **counts) {
  struct sim_log_count *count = NULL;
  struct sim_log_count *next = NULL;
  HASH_ITER(hh, *counts, count, next) {
    HASH_DEL(*counts, count);
    free(count);
  }
}

static void s_drop_first(struct sim_request_log *log) {
  free(log->ring[log->first].json);
  free(log->ring[log->first].action);
  log->first = (log->first + 1) % log->cap;
  log->count--;
}

void sim_request_log_clean_up(struct sim_request_log *log) {
  while (log->count > 0) {
    s_drop_first(log);
  }
  free(log->ring);
  s_free_counts(&log->by_action);
  s_free_counts(&log->by_status);
  s_free_counts(&log->by_code);
  s_free_counts(&log->by_fault);
  *log = (struct sim_request_log){0};
}

static void s_count(struct sim_log_count **counts, const char *name) {
  struct sim_log_count *count = NULL;
  char key[sizeof count->name];
  (void)snprintf(key, sizeof key, "%s", name);
  HASH_FIND_STR(*counts, key, count);
  if (count == NULL) {
    count = sim_alloc(sizeof *count);
    (void)snprintf(count->name, sizeof count->name, "%s", key);
    HASH_ADD_STR(*counts, name, count);
  }
  count->times++;
}

uint64_t sim_request_log_next(struct sim_request_log *log) {
  return ++log->total;
}

static void s_string_if(struct sim_json *json, const char *key, const char *value) {
  if (value != NULL) {
    sim_json_string(json, key, value);
  }
}

static void s_int_if(struct sim_json *json, const char *key, int64_t value) {
  if (value >= 0) {
    sim_json_int(json, key, value);
  }
}

static void s_write_request(struct sim_json *json, const struct sim_http_request *request) {
  char version[32];
  (void)snprintf(version, sizeof version, "%u.%u", request->version_major, request->version_minor);
  sim_json_string(json, "method", sim_buf_text(&request->method));
  sim_json_string(json, "path", sim_buf_text(&request->target));
  s_string_if(json, "version", sim_http_header(request, "x-zc-version"));
  sim_json_int(json, "body_bytes", (int64_t)request->body.len);
  s_string_if(json, "host", sim_http_header(request, "host"));
  s_string_if(json, "content_type", sim_http_header(request, "content-type"));
  s_string_if(json, "user_agent", sim_http_header(request, "user-agent"));
  s_string_if(json, "sdk_lang", sim_http_header(request, "x-zc-sdk-lang"));
  s_string_if(json, "request_client", sim_http_header(request, "x-zc-request-client"));
  s_string_if(json, "timestamp", sim_http_header(request, "x-zc-timestamp"));
  s_string_if(json, "via", sim_http_header(request, "via"));
  sim_json_string(json, "http", version);
  sim_json_int(json, "connection", (int64_t)request->connection_number);
  sim_json_int(json, "number_on_connection", (int64_t)request->number_on_connection);
}

static char *s_render(const struct sim_log_entry *entry) {
  struct sim_buf out = {0};
  struct sim_json json = {.out = &out};
  sim_json_open(&json, NULL, '{');
  sim_json_int(&json, "n", (int64_t)entry->number);
  sim_json_int(&json, "time_ms", entry->time_ms);
  s_string_if(&json, "product", entry->product);
  s_string_if(&json, "action", entry->action);
  s_write_request(&json, entry->request);
  s_string_if(&json, "auth", entry->auth);
  s_string_if(&json, "key_id", entry->key_id);
  s_int_if(&json, "ids_count", entry->ids_count);
  if (entry->ids_json != NULL) {
    sim_json_raw(&json, "ids", entry->ids_json);
  }
  s_int_if(&json, "page_num", entry->page_num);
  s_int_if(&json, "page_size", entry->page_size);
  if (entry->depend_resource >= 0) {
    sim_json_bool(&json, "depend_resource", entry->depend_resource != 0);
  }
  s_string_if(&json, "request_id", entry->request_id);
  if (entry->status >= 0) {
    sim_json_int(&json, "status", entry->status);
  } else {
    sim_json_null(&json, "status");
  }
  s_string_if(&json, "code", entry->code);
  s_string_if(&json, "fault", entry->fault);
  sim_json_close(&json, '}');
  return out.data;
}

/* A smaller limit drops the oldest; a larger one moves the ring into more room. */
static void s_resize(struct sim_request_log *log, size_t limit) {
  while (log->count >= limit) {
    s_drop_first(log);
  }
  if (log->count < log->cap && log->cap <= limit) {
    return;
  }
  size_t cap = log->cap * 2 < 256 ? 256 : log->cap * 2;
  cap = cap > limit ? limit : cap;
  struct sim_log_item *ring = sim_alloc(cap * sizeof ring[0]);
  for (size_t i = 0; i < log->count; i++) {
    ring[i] = log->ring[(log->first + i) % log->cap];
  }
  free(log->ring);
  log->ring = ring;
  log->cap = cap;
  log->first = 0;
}

void sim_request_log_add(struct sim_request_log *log, const struct sim_log_entry *entry,
                         size_t limit) {
  char status[24] = "none";
  if (entry->status >= 0) {
    (void)snprintf(status, sizeof status, "%lld", (long long)entry->status);
  }
  s_count(&log->by_action, entry->action == NULL ? "" : entry->action);
  s_count(&log->by_status, status);
  if (entry->code != NULL) {
    s_count(&log->by_code, entry->code);
  }
  if (entry->fault != NULL) {
    s_count(&log->by_fault, entry->fault);
  }
  s_resize(log, limit);
  log->ring[(log->first + log->count++) % log->cap] = (struct sim_log_item){
      .number = entry->number,
      .action = sim_strdup(entry->action == NULL ? "" : entry->action),
      .json = s_render(entry),
  };
}

static void s_write_counts(struct sim_json *json, const char *key,
                           const struct sim_log_count *counts) {
  sim_json_open(json, key, '{');
  for (; counts != NULL; counts = counts->hh.next) {
    sim_json_int(json, counts->name, (int64_t)counts->times);
  }
  sim_json_close(json, '}');
}

void sim_request_log_write(const struct sim_request_log *log, const struct sim_log_query *query,
                           struct sim_json *json) {
  sim_json_open(json, NULL, '{');
  sim_json_int(json, "total", (int64_t)log->total);
  sim_json_int(json, "connections", (int64_t)query->connections);
  s_write_counts(json, "counts", log->by_action);
  s_write_counts(json, "by_status", log->by_status);
  s_write_counts(json, "by_code", log->by_code);
  s_write_counts(json, "by_fault", log->by_fault);
  if (!query->summary) {
    sim_json_open(json, "requests", '[');
    for (size_t i = 0; i < log->count; i++) {
      const struct sim_log_item *item = &log->ring[(log->first + i) % log->cap];
      if (item->number > query->since &&
          (query->action == NULL || sim_text_equal(query->action, item->action))) {
        sim_json_raw(json, NULL, item->json);
      }
    }
    sim_json_close(json, ']');
  }
  sim_json_close(json, '}');
}
