/* What the tests of http/ share: one client, and the end of one transfer kept for looking at. */
#ifndef TEST_HTTP_FIXTURE_H
#define TEST_HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http.h"
#include "script_server.h"

struct seen {
  unsigned calls;
  enum zr_http_phase phase;
  enum zr_http_trouble trouble;
  bool timed_out;
  int status;
  int version;
  char body[4096];
  size_t body_len;
  char date[64];
  char retry_after[64];
  char location[128];
  char content_type[64];
  char reason[400];
};

struct zr_http *client_new(const struct zr_http_options *options);
void seen_fill(void *ctx, const struct zr_http_result *r);
/* Starts a POST of {"a":1}; the id. */
uint64_t post(struct zr_http *h, const char *url, int64_t timeout_ms, struct seen *seen);
/* Runs until the transfer has ended. */
void wait_for(struct zr_http *h, const struct seen *seen);
/* A new client, one POST to the server, its end. */
void one_post(const struct script_server *s, int64_t timeout_ms, struct seen *seen);

#endif
