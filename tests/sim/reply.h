/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_REPLY_H
#define SIM_REPLY_H

#include "base.h"

/*
 * An answer in two forms: the reply (status, headers, body), which actions and pages fill, and the
 * wire (bytes, pauses and an end), which is what a connection plays. Every fault is a change to one
 * or the other.
 */
struct sim_reply {
  int status;
  const char *content_type; /* NULL: no such header */
  struct sim_buf headers;   /* further lines, each with CRLF */
  struct sim_buf body;
};

void sim_reply_clean_up(struct sim_reply *reply);
/* Empties it and sets the status. */
void sim_reply_start(struct sim_reply *reply, int status);
void sim_reply_header(struct sim_reply *reply, const char *name, const char *value);
/* {"requestId","code","message"} */
void sim_reply_error(struct sim_reply *reply, int status, const char *request_id, const char *code,
                     const char *message);

/* What the connection does after the last byte. */
enum sim_after {
  SIM_AFTER_KEEP,
  SIM_AFTER_CLOSE,
  SIM_AFTER_RESET, /* RST instead of FIN */
  SIM_AFTER_HANG,  /* stay silent until the peer leaves */
};

#define SIM_REPEAT_FOREVER UINT64_MAX

struct sim_segment {
  struct sim_buf bytes;
  uint64_t repeat;      /* how many times the bytes are sent */
  uint64_t delay_ms;    /* silence before the first byte */
  size_t chunk;         /* at most so many bytes at a time, 0 for no limit ... */
  uint64_t interval_ms; /* ... with so much silence between */
  struct sim_segment *next;
};

struct sim_wire {
  struct sim_segment *first;
  struct sim_segment *last;
  enum sim_after after;
};

void sim_wire_clean_up(struct sim_wire *wire);
/* Appends an empty segment to be filled. */
struct sim_segment *sim_wire_add(struct sim_wire *wire);

/* Status line and headers up to the blank line; content_length < 0 leaves that header out. */
void sim_reply_write_head(const struct sim_reply *reply, struct sim_buf *out,
                          int64_t content_length, bool keep_alive, int64_t wall_s);
/* The usual case: one segment with everything. */
void sim_wire_add_reply(struct sim_wire *wire, const struct sim_reply *reply, bool keep_alive,
                        int64_t wall_s);

#endif
