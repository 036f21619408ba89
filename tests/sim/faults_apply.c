/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "fault_samples.h"
#include "world.h"

/*
 * What a rule makes of an answer. By now the effect has or has not happened; here only the bytes,
 * the pauses and the end of the connection are decided.
 */
#define S_DEFAULT_BOMB_BYTES (INT64_C(256) * 1024 * 1024)
#define S_BLOCK_BYTES        65536

struct s_shape {
  const struct sim_call *call;
  const struct sim_fault *fault;
  struct sim_wire *wire;
  bool keep_alive;
  int64_t wall_s;
  int64_t sent_status;
};

bool sim_fault_has_effect(const struct sim_call *call) {
  return call->fault == NULL || call->fault->effect != SIM_EFFECT_NONE;
}

static void s_send_reply(struct s_shape *shape, struct sim_reply *reply) {
  bool close = shape->fault != NULL && shape->fault->close;
  sim_wire_add_reply(shape->wire, reply, shape->keep_alive && !close, shape->wall_s);
  shape->sent_status = reply->status;
}

static const char *s_or(const char *given, const char *fallback) {
  return given != NULL ? given : fallback;
}

static int s_status_or(const struct sim_fault *fault, int fallback) {
  return fault->status > 0 ? (int)fault->status : fallback;
}

static void s_end(struct s_shape *shape) {
  shape->wire->after = shape->fault->reset ? SIM_AFTER_RESET : SIM_AFTER_CLOSE;
}

static void s_silence(struct s_shape *shape) {
  s_end(shape);
}

static void s_reset(struct s_shape *shape) {
  shape->wire->after = SIM_AFTER_RESET;
}

static void s_hang(struct s_shape *shape) {
  shape->wire->after = SIM_AFTER_HANG;
}

static void s_add_headers(const struct sim_fault *fault, struct sim_reply *reply) {
  const cJSON *header = NULL;
  cJSON_ArrayForEach(header, fault->headers) {
    sim_reply_header(reply, header->string, header->valuestring);
  }
  if (fault->retry_after != NULL) {
    sim_reply_header(reply, "Retry-After", fault->retry_after);
  }
}

static void s_error_reply(struct s_shape *shape, int status, const char *code,
                          const char *message) {
  struct sim_reply reply = {0};
  sim_reply_error(&reply, status, shape->call->request_id, code, message);
  s_add_headers(shape->fault, &reply);
  s_send_reply(shape, &reply);
  sim_reply_clean_up(&reply);
}

static const char *s_code_for(int64_t status) {
  switch (status) {
  case 429:
    return "REQUEST_LIMIT_EXCEEDED";
  case 503:
    return "SERVICE_TEMPORARY_UNAVAILABLE";
  case 504:
    return "REQUEST_TIMED_OUT";
  default:
    return status >= 500 ? "INTERNAL_SERVER_ERROR" : "OPERATION_FAILED";
  }
}

static const struct {
  const char *name;
  int status;
  const char *html;
} s_pages[] = {
    {"gateway", 502,
     "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad "
     "Gateway</h1></center>\r\n"
     "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"},
    {"challenge", 403,
     "<!DOCTYPE html><html lang=\"en-US\"><head><title>Just a moment...</title></head><body>"
     "<noscript>Enable JavaScript and cookies to continue</noscript></body></html>\n"},
    {"block", 451, "<html><body><h1>Unavailable For Legal Reasons</h1></body></html>\n"},
    {"captive", 200,
     "<html><head><title>Guest network</title></head><body><form action=\"/login\">Please sign "
     "in</form></body>"
     "</html>\n"},
    {"proxy", 407, "<html><body><h1>Proxy Authentication Required</h1></body></html>\n"},
};

static void s_html(struct s_shape *shape) {
  const struct sim_fault *fault = shape->fault;
  struct sim_reply reply = {0};
  size_t page = 0;
  for (size_t i = 0; i < sizeof s_pages / sizeof s_pages[0]; i++) {
    page = sim_text_equal(fault->shape, s_pages[i].name) ? i : page;
  }
  sim_reply_start(&reply, s_status_or(fault, s_pages[page].status));
  reply.content_type = "text/html; charset=UTF-8";
  if (strcmp(s_pages[page].name, "challenge") == 0) {
    sim_reply_header(&reply, "cf-mitigated", "challenge");
  } else if (strcmp(s_pages[page].name, "proxy") == 0) {
    sim_reply_header(&reply, "Proxy-Authenticate", "Basic realm=\"proxy\"");
  }
  s_add_headers(fault, &reply);
  if (fault->payload.data != NULL) {
    sim_fault_fill_in(&reply.body, &fault->payload, shape->call->request_id);
  } else {
    sim_buf_puts(&reply.body, s_pages[page].html);
  }
  s_send_reply(shape, &reply);
  sim_reply_clean_up(&reply);
}

static void s_status(struct s_shape *shape) {
  const struct sim_fault *fault = shape->fault;
  struct sim_reply reply = {0};
  int status = (int)fault->status;
  if (sim_text_equal(fault->shape, "empty") || status == 204) {
    sim_reply_start(&reply, status);
    reply.content_type = NULL;
  } else if (sim_text_equal(fault->shape, "html")) {
    sim_reply_start(&reply, status);
    reply.content_type = "text/html";
    sim_buf_printf(&reply.body, "<html><body><h1>%d</h1></body></html>\n", status);
  } else {
    sim_reply_error(&reply, status, shape->call->request_id, s_or(fault->code, s_code_for(status)),
                    s_or(fault->message, "simulated"));
  }
  s_add_headers(fault, &reply);
  s_send_reply(shape, &reply);
  sim_reply_clean_up(&reply);
}

static void s_error(struct s_shape *shape) {
  const struct sim_fault *fault = shape->fault;
  s_error_reply(shape, s_status_or(fault, 400), fault->code, s_or(fault->message, "simulated"));
}

static void s_throttle(struct s_shape *shape) {
  s_error_reply(shape, 429, "REQUEST_LIMIT_EXCEEDED",
                s_or(shape->fault->message, "too many requests"));
}

static void s_error_in_200(struct s_shape *shape) {
  const struct sim_fault *fault = shape->fault;
  s_error_reply(shape, s_status_or(fault, 200), s_or(fault->code, "INTERNAL_SERVER_ERROR"),
                s_or(fault->message, "simulated"));
}

static void s_redirect(struct s_shape *shape) {
  const struct sim_fault *fault = shape->fault;
  struct sim_reply reply = {0};
  sim_reply_start(&reply, s_status_or(fault, 307));
  sim_reply_header(&reply, "Location", s_or(fault->location, shape->call->request->path));
  s_add_headers(fault, &reply);
  s_send_reply(shape, &reply);
  sim_reply_clean_up(&reply);
}

static void s_body(struct s_shape *shape) {
  const struct sim_fault *fault = shape->fault;
  struct sim_reply reply = {0};
  sim_reply_start(&reply, s_status_or(fault, 200));
  if (fault->content_type != NULL) {
    reply.content_type = fault->content_type[0] == '\0' ? NULL : fault->content_type;
  }
  s_add_headers(fault, &reply);
  sim_fault_fill_in(&reply.body, &fault->payload, shape->call->request_id);
  s_send_reply(shape, &reply);
  sim_reply_clean_up(&reply);
}

static void s_raw(struct s_shape *shape) {
  struct sim_segment *segment = sim_wire_add(shape->wire);
  sim_fault_fill_in(&segment->bytes, &shape->fault->payload, shape->call->request_id);
  s_end(shape);
  if (shape->fault->keep) {
    shape->wire->after = SIM_AFTER_KEEP;
  }
}

/* The action's own answer, played in full. */
static void s_plain(struct s_shape *shape) {
  s_send_reply(shape, shape->call->reply);
}

static void s_truncate(struct s_shape *shape) {
  const struct sim_fault *fault = shape->fault;
  s_plain(shape);
  struct sim_buf *bytes = &shape->wire->last->bytes;
  size_t from = 0;
  if (fault->cut == SIM_CUT_HEADERS) {
    from = (size_t)(strstr(bytes->data, "\r\n") - bytes->data) + 2;
  } else if (fault->cut == SIM_CUT_BODY) {
    from = (size_t)(strstr(bytes->data, "\r\n\r\n") - bytes->data) + 4;
  }
  size_t end = from + (size_t)fault->bytes;
  if (end < bytes->len) {
    bytes->len = end;
  }
  s_end(shape);
}

static void s_drip(struct s_shape *shape) {
  s_plain(shape);
  shape->wire->last->chunk = shape->fault->bytes > 0 ? (size_t)shape->fault->bytes : 1;
  shape->wire->last->interval_ms = (uint64_t)shape->fault->interval_ms;
}

static void s_early_103(struct s_shape *shape) {
  struct sim_segment *segment = sim_wire_add(shape->wire);
  for (int64_t i = 0; i < (shape->fault->lines > 0 ? shape->fault->lines : 1); i++) {
    const cJSON *header = NULL;
    sim_buf_puts(&segment->bytes, "HTTP/1.1 103 Early Hints\r\n");
    cJSON_ArrayForEach(header, shape->fault->headers) {
      sim_buf_printf(&segment->bytes, "%s: %s\r\n", header->string, header->valuestring);
    }
    sim_buf_puts(&segment->bytes, "\r\n");
  }
  s_plain(shape);
}

static void s_endless_headers(struct s_shape *shape) {
  static const char line[] = "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
  struct sim_segment *start = sim_wire_add(shape->wire);
  sim_buf_puts(&start->bytes, "HTTP/1.1 200 OK\r\n");
  struct sim_segment *filler = sim_wire_add(shape->wire);
  int64_t lines = shape->fault->lines;
  if (lines == 0) { /* for ever: by the block, not by the line */
    for (size_t i = 0; i < S_BLOCK_BYTES / sizeof line; i++) {
      sim_buf_append(&filler->bytes, line, sizeof line - 1);
    }
    filler->repeat = SIM_REPEAT_FOREVER;
    return;
  }
  for (int64_t i = 0; i < lines; i++) {
    sim_buf_append(&filler->bytes, line, sizeof line - 1);
  }
  struct sim_buf head = {0};
  sim_reply_write_head(shape->call->reply, &head, (int64_t)shape->call->reply->body.len,
                       shape->keep_alive, shape->wall_s);
  sim_buf_puts(&filler->bytes, strstr(head.data, "\r\n") + 2);
  sim_buf_append(&filler->bytes, sim_buf_text(&shape->call->reply->body),
                 shape->call->reply->body.len);
  sim_buf_clean_up(&head);
  shape->sent_status = 200;
  shape->wire->after = shape->keep_alive ? SIM_AFTER_KEEP : SIM_AFTER_CLOSE;
}

/* The real answer with so much blank space in front of its last brace: well-formed, if one has the
 * memory. */
static void s_huge_body(struct s_shape *shape) {
  const struct sim_fault *fault = shape->fault;
  const struct sim_buf *body = &shape->call->reply->body;
  uint64_t blocks = ((uint64_t)fault->bytes + S_BLOCK_BYTES - 1) / S_BLOCK_BYTES;
  int64_t length = (int64_t)(blocks * S_BLOCK_BYTES + body->len);
  struct sim_reply head = {.status = s_status_or(fault, shape->call->reply->status),
                           .content_type = "application/json;charset=UTF-8"};
  struct sim_segment *start = sim_wire_add(shape->wire);
  bool keep_alive = shape->keep_alive && !fault->no_length;
  sim_reply_write_head(&head, &start->bytes, fault->no_length ? -1 : length, keep_alive,
                       shape->wall_s);
  sim_buf_append(&start->bytes, sim_buf_text(body), body->len - 1);
  struct sim_segment *filler = sim_wire_add(shape->wire);
  for (int i = 0; i < S_BLOCK_BYTES; i++) {
    sim_buf_putc(&filler->bytes, ' ');
  }
  filler->repeat = blocks;
  if (blocks == 0) {
    sim_buf_reset(&filler->bytes);
  }
  sim_buf_append(&sim_wire_add(shape->wire)->bytes, body->data + body->len - 1, 1);
  shape->wire->after = keep_alive ? SIM_AFTER_KEEP : SIM_AFTER_CLOSE;
  shape->sent_status = head.status;
}

static void s_gzip_bomb(struct s_shape *shape) {
  const struct sim_fault *fault = shape->fault;
  struct sim_reply reply = {0};
  sim_reply_start(&reply, s_status_or(fault, 200));
  sim_reply_header(&reply, "Content-Encoding", "gzip");
  sim_fault_gzip_zeros(&reply.body,
                       (uint64_t)(fault->bytes > 0 ? fault->bytes : S_DEFAULT_BOMB_BYTES));
  s_send_reply(shape, &reply);
  sim_reply_clean_up(&reply);
}

/* A part of the batch is gone; the answer is the normal one, or whatever status the rule gives. */
static void s_partial(struct s_shape *shape) {
  const struct sim_fault *fault = shape->fault;
  if (fault->status > 200 && shape->call->refusal.status == 0) {
    s_error_reply(shape, (int)fault->status, s_or(fault->code, s_code_for(fault->status)),
                  s_or(fault->message, "simulated"));
    return;
  }
  s_plain(shape);
}

typedef void(s_shape_fn)(struct s_shape *shape);

static s_shape_fn *const s_shapes[] = {
    [SIM_FAULT_drop_before] = s_silence,
    [SIM_FAULT_drop_after] = s_silence,
    [SIM_FAULT_reset] = s_reset,
    [SIM_FAULT_close_idle] = s_silence,
    [SIM_FAULT_hang] = s_hang,
    [SIM_FAULT_accept_reset] = s_reset,
    [SIM_FAULT_status] = s_status,
    [SIM_FAULT_error] = s_error,
    [SIM_FAULT_throttle] = s_throttle,
    [SIM_FAULT_error_in_200] = s_error_in_200,
    [SIM_FAULT_html] = s_html,
    [SIM_FAULT_redirect] = s_redirect,
    [SIM_FAULT_body] = s_body,
    [SIM_FAULT_raw] = s_raw,
    [SIM_FAULT_truncate] = s_truncate,
    [SIM_FAULT_drip] = s_drip,
    [SIM_FAULT_delay] = s_plain,
    [SIM_FAULT_early_103] = s_early_103,
    [SIM_FAULT_endless_headers] = s_endless_headers,
    [SIM_FAULT_huge_body] = s_huge_body,
    [SIM_FAULT_gzip_bomb] = s_gzip_bomb,
    [SIM_FAULT_partial] = s_partial,
    [SIM_FAULT_effect_later] = s_plain,
    [SIM_FAULT_failed_ids] = s_plain,
    [SIM_FAULT_twice] = s_plain,
    [SIM_FAULT_hide_group] = s_plain,
    [SIM_FAULT_rows] = s_plain,
};

int64_t sim_fault_apply(const struct sim_call *call, struct sim_wire *wire) {
  const struct sim_fault *fault = call->fault;
  struct s_shape shape = {
      .call = call,
      .fault = fault,
      .wire = wire,
      .keep_alive = call->request->keep_alive,
      .wall_s = sim_world_wall_s(call->world),
      .sent_status = -1,
  };
  uint64_t delay_ms = (uint64_t)call->world->settings.latency_ms;
  if (fault != NULL) {
    delay_ms += (uint64_t)fault->delay_ms;
  }
  if (delay_ms > 0) {
    sim_wire_add(wire)->delay_ms = delay_ms;
  }
  if (fault == NULL) {
    s_plain(&shape);
  } else {
    s_shapes[fault->kind](&shape);
  }
  return shape.sent_status;
}
