/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <stdlib.h>
#include <string.h>

/* Far above any request of the API; a fleet file of 100,000 instances still fits. */
#define S_BODY_LIMIT ((size_t)64 * 1024 * 1024)

void sim_http_request_clean_up(struct sim_http_request *request) {
  for (size_t i = 0; i < request->header_count; i++) {
    free(request->headers[i].name);
    free(request->headers[i].value);
  }
  free(request->headers);
  free(request->path);
  free(request->query);
  sim_buf_clean_up(&request->method);
  sim_buf_clean_up(&request->target);
  sim_buf_clean_up(&request->body);
  *request = (struct sim_http_request){0};
}

const char *sim_http_header(const struct sim_http_request *request, const char *name) {
  for (size_t i = 0; i < request->header_count; i++) {
    if (sim_text_equal_nocase(request->headers[i].name, name)) {
      return request->headers[i].value;
    }
  }
  return NULL;
}

static int s_hex_digit(char c) {
  static const char digits[] = "0123456789abcdef";
  const char *at = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  return at == NULL ? -1 : (int)(at - digits);
}

static void s_url_decode(const char *text, size_t len, char *out, size_t size) {
  size_t used = 0;
  for (size_t i = 0; i < len && used + 1 < size; i++) {
    if (text[i] == '%' && i + 2 < len && s_hex_digit(text[i + 1]) >= 0 &&
        s_hex_digit(text[i + 2]) >= 0) {
      out[used++] = (char)(s_hex_digit(text[i + 1]) * 16 + s_hex_digit(text[i + 2]));
      i += 2;
    } else {
      out[used++] = text[i] == '+' ? ' ' : text[i];
    }
  }
  out[used] = '\0';
}

bool sim_http_query(const struct sim_http_request *request, const char *name, char *out,
                    size_t size) {
  size_t name_len = strlen(name);
  for (const char *at = request->query; *at != '\0';) {
    size_t span = strcspn(at, "&");
    bool same = strncmp(at, name, name_len) == 0;
    if (same && span == name_len) {
      out[0] = '\0';
      return true;
    }
    if (same && at[name_len] == '=') {
      s_url_decode(at + name_len + 1, span - name_len - 1, out, size);
      return true;
    }
    at += span + (at[span] == '&' ? 1 : 0);
  }
  return false;
}

static struct sim_http_parser *s_self(http_parser *parser) {
  return parser->data;
}

static int s_on_url(http_parser *parser, const char *at, size_t len) {
  sim_buf_append(&s_self(parser)->request.target, at, len);
  return 0;
}

static void s_flush_header(struct sim_http_parser *self) {
  struct sim_http_request *request = &self->request;
  if (self->field.len == 0) {
    return;
  }
  request->headers =
      sim_realloc(request->headers, (request->header_count + 1) * sizeof request->headers[0]);
  request->headers[request->header_count++] = (struct sim_header){
      .name = sim_strdup(sim_buf_text(&self->field)),
      .value = sim_strdup(sim_buf_text(&self->value)),
  };
  sim_buf_reset(&self->field);
  sim_buf_reset(&self->value);
}

static int s_on_field(http_parser *parser, const char *at, size_t len) {
  struct sim_http_parser *self = s_self(parser);
  if (self->in_value) {
    s_flush_header(self);
    self->in_value = false;
  }
  sim_buf_append(&self->field, at, len);
  return 0;
}

static int s_on_value(http_parser *parser, const char *at, size_t len) {
  struct sim_http_parser *self = s_self(parser);
  self->in_value = true;
  sim_buf_append(&self->value, at, len);
  return 0;
}

static int s_on_headers(http_parser *parser) {
  struct sim_http_parser *self = s_self(parser);
  struct sim_http_request *request = &self->request;
  s_flush_header(self);
  sim_buf_puts(&request->method, http_method_str((enum http_method)parser->method));
  const char *target = sim_buf_text(&request->target);
  size_t path_len = strcspn(target, "?");
  request->path = sim_strndup(target, path_len);
  request->query = sim_strdup(target[path_len] == '?' ? target + path_len + 1 : "");
  request->version_major = parser->http_major;
  request->version_minor = parser->http_minor;
  self->event = SIM_HTTP_HEADERS;
  http_parser_pause(parser, 1);
  return 0;
}

static int s_on_body(http_parser *parser, const char *at, size_t len) {
  struct sim_http_parser *self = s_self(parser);
  if (self->request.body.len + len > self->body_limit) {
    return 1;
  }
  sim_buf_append(&self->request.body, at, len);
  return 0;
}

static int s_on_complete(http_parser *parser) {
  struct sim_http_parser *self = s_self(parser);
  self->request.keep_alive = http_should_keep_alive(parser) != 0;
  self->event = SIM_HTTP_DONE;
  http_parser_pause(parser, 1);
  return 0;
}

void sim_http_parser_init(struct sim_http_parser *parser) {
  *parser = (struct sim_http_parser){.body_limit = S_BODY_LIMIT};
  http_parser_init(&parser->parser, HTTP_REQUEST);
  parser->parser.data = parser;
}

void sim_http_parser_clean_up(struct sim_http_parser *parser) {
  sim_http_request_clean_up(&parser->request);
  sim_buf_clean_up(&parser->field);
  sim_buf_clean_up(&parser->value);
}

void sim_http_parser_next(struct sim_http_parser *parser) {
  sim_http_request_clean_up(&parser->request);
  sim_buf_reset(&parser->field);
  sim_buf_reset(&parser->value);
  parser->in_value = false;
  parser->headers_seen = false;
  http_parser_init(&parser->parser, HTTP_REQUEST);
}

enum sim_http_event sim_http_parser_feed(struct sim_http_parser *parser, const char *data,
                                         size_t len, size_t *used) {
  static const http_parser_settings callbacks = {
      .on_url = s_on_url,
      .on_header_field = s_on_field,
      .on_header_value = s_on_value,
      .on_headers_complete = s_on_headers,
      .on_body = s_on_body,
      .on_message_complete = s_on_complete,
  };
  parser->event = SIM_HTTP_MORE;
  if (HTTP_PARSER_ERRNO(&parser->parser) == HPE_PAUSED) {
    http_parser_pause(&parser->parser, 0);
  }
  *used = http_parser_execute(&parser->parser, &callbacks, data, len);
  enum http_errno error = HTTP_PARSER_ERRNO(&parser->parser);
  if ((error != HPE_OK && error != HPE_PAUSED) ||
      (parser->parser.upgrade != 0 && error == HPE_OK)) {
    return SIM_HTTP_BAD;
  }
  return parser->event;
}
