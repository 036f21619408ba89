/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include <http_parser.h>

#include "base.h"

/* One HTTP/1.1 request as received, and the parser that fills it. */
struct sim_header {
  char *name; /* as received: names are compared without regard to case */
  char *value;
};

struct sim_http_request {
  struct sim_buf method;
  struct sim_buf target;
  char *path;  /* target up to the question mark; set once the headers are complete */
  char *query; /* behind it, "" when there is none */
  struct sim_header *headers;
  size_t header_count;
  struct sim_buf body;
  unsigned version_major;
  unsigned version_minor;
  bool keep_alive;
  /* Of the connection, for the log and for rules about re-used connections. */
  uint64_t connection_number;
  uint64_t number_on_connection; /* 1 for the first */
};

void sim_http_request_clean_up(struct sim_http_request *request);
/* NULL when missing; the first of several. */
const char *sim_http_header(const struct sim_http_request *request, const char *name);
/* The decoded value of "name" in the query, into out; false when missing. */
bool sim_http_query(const struct sim_http_request *request, const char *name, char *out,
                    size_t size);

enum sim_http_event {
  SIM_HTTP_MORE,    /* feed more bytes */
  SIM_HTTP_HEADERS, /* headers are in, the body is not: seen once per request */
  SIM_HTTP_DONE,    /* the request is complete; bytes behind it were not consumed */
  SIM_HTTP_BAD,     /* not HTTP, or too large */
};

struct sim_http_parser {
  http_parser parser;
  struct sim_http_request request;
  struct sim_buf field;
  struct sim_buf value;
  bool in_value;
  bool headers_seen;
  enum sim_http_event event;
  size_t body_limit;
};

void sim_http_parser_init(struct sim_http_parser *parser);
void sim_http_parser_clean_up(struct sim_http_parser *parser);
/* Ready for the next request on the same connection. */
void sim_http_parser_next(struct sim_http_parser *parser);
/* Consumes up to len bytes; *used says how many. Stops at HEADERS and at DONE. */
enum sim_http_event sim_http_parser_feed(struct sim_http_parser *parser, const char *data,
                                         size_t len, size_t *used);

#endif
