/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REQUEST_LOG_H
#define SIM_REQUEST_LOG_H

#include "map.h"

#include "http.h"
#include "json.h"

/* Every request of the API, oldest dropped first; the totals know all of them. Secrets never get
 * here. */
struct sim_log_count {
  char name[80];
  uint64_t times;
  UT_hash_handle hh;
};

struct sim_log_item {
  uint64_t number;
  char *action;
  char *json; /* the finished object */
};

struct sim_request_log {
  struct sim_log_item *ring;
  size_t first;
  size_t count;
  size_t cap;
  uint64_t total;
  struct sim_log_count *by_action;
  struct sim_log_count *by_status;
  struct sim_log_count *by_code;
  struct sim_log_count *by_fault;
};

/* What is noted of one request; texts are borrowed. NULL and -1 mean that there is nothing to note.
 */
struct sim_log_entry {
  uint64_t number;
  int64_t time_ms;
  const struct sim_http_request *request;
  const char *product;
  const char *action;
  const char *auth; /* "hmac", "bearer", "none" */
  const char *key_id;
  const char *ids_json;
  int64_t ids_count;
  int64_t page_num;
  int64_t page_size;
  int64_t depend_resource;
  const char *request_id;
  int64_t status; /* as put on the wire, -1: nothing was */
  const char *code;
  const char *fault;
};

void sim_request_log_clean_up(struct sim_request_log *log);
/* The number of the request that is about to be handled. */
uint64_t sim_request_log_next(struct sim_request_log *log);
void sim_request_log_add(struct sim_request_log *log, const struct sim_log_entry *entry,
                         size_t limit);

struct sim_log_query {
  bool summary;
  uint64_t since;     /* only numbers above it */
  const char *action; /* NULL: all */
  uint64_t connections;
};

void sim_request_log_write(const struct sim_request_log *log, const struct sim_log_query *query,
                           struct sim_json *json);

#endif
