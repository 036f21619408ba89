/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"

#include <inttypes.h>
#include <stdlib.h>

#include "json.h"

void sim_reply_clean_up(struct sim_reply *reply) {
  sim_buf_clean_up(&reply->headers);
  sim_buf_clean_up(&reply->body);
  *reply = (struct sim_reply){0};
}

void sim_reply_start(struct sim_reply *reply, int status) {
  reply->status = status;
  reply->content_type = "application/json;charset=UTF-8";
  sim_buf_reset(&reply->headers);
  sim_buf_reset(&reply->body);
}

void sim_reply_header(struct sim_reply *reply, const char *name, const char *value) {
  sim_buf_printf(&reply->headers, "%s: %s\r\n", name, value);
}

void sim_reply_error(struct sim_reply *reply, int status, const char *request_id, const char *code,
                     const char *message) {
  sim_reply_start(reply, status);
  struct sim_json json = {.out = &reply->body};
  sim_json_open(&json, NULL, '{');
  sim_json_string(&json, "requestId", request_id);
  sim_json_string(&json, "code", code);
  sim_json_string(&json, "message", message);
  sim_json_close(&json, '}');
}

void sim_wire_clean_up(struct sim_wire *wire) {
  struct sim_segment *segment = wire->first;
  while (segment != NULL) {
    struct sim_segment *next = segment->next;
    sim_buf_clean_up(&segment->bytes);
    free(segment);
    segment = next;
  }
  *wire = (struct sim_wire){0};
}

struct sim_segment *sim_wire_add(struct sim_wire *wire) {
  struct sim_segment *segment = sim_alloc(sizeof *segment);
  segment->repeat = 1;
  if (wire->last == NULL) {
    wire->first = segment;
  } else {
    wire->last->next = segment;
  }
  wire->last = segment;
  return segment;
}

static const char *s_reason(int status) {
  static const struct {
    int status;
    const char *reason;
  } reasons[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {407, "Proxy Authentication Required"},
      {415, "Unsupported Media Type"},
      {429, "Too Many Requests"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  };
  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
    if (reasons[i].status == status) {
      return reasons[i].reason;
    }
  }
  return "Unnamed";
}

void sim_reply_write_head(const struct sim_reply *reply, struct sim_buf *out,
                          int64_t content_length, bool keep_alive, int64_t wall_s) {
  char date[40];
  sim_format_http_date(date, sizeof date, wall_s);
  sim_buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: zenlayer-sim\r\n", reply->status,
                 s_reason(reply->status), date);
  if (reply->content_type != NULL) {
    sim_buf_printf(out, "Content-Type: %s\r\n", reply->content_type);
  }
  sim_buf_append(out, sim_buf_text(&reply->headers), reply->headers.len);
  /* A 204 has no body by definition; a length would make it malformed. */
  if (content_length >= 0 && reply->status != 204) {
    sim_buf_printf(out, "Content-Length: %" PRId64 "\r\n", content_length);
  }
  sim_buf_puts(out, keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

void sim_wire_add_reply(struct sim_wire *wire, const struct sim_reply *reply, bool keep_alive,
                        int64_t wall_s) {
  struct sim_segment *segment = sim_wire_add(wire);
  sim_reply_write_head(reply, &segment->bytes, (int64_t)reply->body.len, keep_alive, wall_s);
  if (reply->status != 204) {
    sim_buf_append(&segment->bytes, sim_buf_text(&reply->body), reply->body.len);
  }
  wire->after = keep_alive ? SIM_AFTER_KEEP : SIM_AFTER_CLOSE;
}
