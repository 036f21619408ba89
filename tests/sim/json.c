/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <inttypes.h>
#include <string.h>

void sim_json_quote(struct sim_buf *out, const char *text) {
  sim_buf_putc(out, '"');
  const char *run = text;
  const char *at = text;
  for (; *at != '\0'; at++) {
    unsigned char c = (unsigned char)*at;
    if (c >= 0x20 && c != '"' && c != '\\') {
      continue;
    }
    sim_buf_append(out, run, (size_t)(at - run));
    if (c == '"' || c == '\\') {
      sim_buf_putc(out, '\\');
      sim_buf_putc(out, *at);
    } else {
      sim_buf_printf(out, "\\u%04x", c);
    }
    run = at + 1;
  }
  sim_buf_append(out, run, (size_t)(at - run));
  sim_buf_putc(out, '"');
}

static void s_lead(struct sim_json *json, const char *key) {
  if (json->comma) {
    sim_buf_putc(json->out, ',');
  }
  json->comma = true;
  if (key != NULL) {
    sim_json_quote(json->out, key);
    sim_buf_putc(json->out, ':');
  }
}

void sim_json_open(struct sim_json *json, const char *key, char bracket) {
  s_lead(json, key);
  sim_buf_putc(json->out, bracket);
  json->comma = false;
}

void sim_json_close(struct sim_json *json, char bracket) {
  sim_buf_putc(json->out, bracket);
  json->comma = true;
}

void sim_json_string(struct sim_json *json, const char *key, const char *text) {
  if (text == NULL) {
    sim_json_null(json, key);
    return;
  }
  s_lead(json, key);
  sim_json_quote(json->out, text);
}

void sim_json_int(struct sim_json *json, const char *key, int64_t value) {
  s_lead(json, key);
  sim_buf_printf(json->out, "%" PRId64, value);
}

void sim_json_double(struct sim_json *json, const char *key, double value) {
  s_lead(json, key);
  sim_buf_printf(json->out, "%.15g", value);
}

void sim_json_bool(struct sim_json *json, const char *key, bool value) {
  sim_json_raw(json, key, value ? "true" : "false");
}

void sim_json_null(struct sim_json *json, const char *key) {
  sim_json_raw(json, key, "null");
}

void sim_json_raw(struct sim_json *json, const char *key, const char *text) {
  s_lead(json, key);
  sim_buf_puts(json->out, text);
}
