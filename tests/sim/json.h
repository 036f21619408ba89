/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include "base.h"

/*
 * Writes JSON straight into a buffer. Reading is cJSON's work; writing a page of 1,000 rows through
 * a tree would cost more than everything else the simulator does.
 *
 * A key of NULL is for the elements of an array and for the outermost value.
 */
struct sim_json {
  struct sim_buf *out;
  bool comma;
};

void sim_json_open(struct sim_json *json, const char *key, char bracket);
void sim_json_close(struct sim_json *json, char bracket);
/* text NULL writes null. */
void sim_json_string(struct sim_json *json, const char *key, const char *text);
void sim_json_int(struct sim_json *json, const char *key, int64_t value);
void sim_json_double(struct sim_json *json, const char *key, double value);
void sim_json_bool(struct sim_json *json, const char *key, bool value);
void sim_json_null(struct sim_json *json, const char *key);
/* text is JSON already. */
void sim_json_raw(struct sim_json *json, const char *key, const char *text);

/* One string with its quotes. */
void sim_json_quote(struct sim_buf *out, const char *text);

#endif
