/*
 * Ids at work for one op: read (validate_only) or released, in jobs of at most 10,000, and how it
 * ended for each of them. Loop thread.
 */
#ifndef ZR_TERRAFORM_WORK_H
#define ZR_TERRAFORM_WORK_H

#include "model/release.h"
#include "terraform/op.h"

/* How it ended for one id; text in the op's arena, "" where there is none. */
struct zr_tf_verdict {
  enum zr_outcome outcome;
  enum zr_code code;
  const char *status;
  const char *name;
  const char *detail;
  const char *service_code;
  const char *service_message;
  const char *request_id; /* of the call that decided it */
  const char *release_request_id;
  int http_status;
  struct zr_wall sent_at;
  struct zr_wall decided_at;
};

struct zr_tf_chunk {
  struct zr_tf_work *work;
  uint64_t job;
  size_t first;
  size_t count;
  bool running;
};

struct zr_tf_work {
  struct zr_tf_op *op;
  enum zr_product product;
  const char *holder; /* the resource type, for sentences; NULL: none */
  bool validate_only;
  bool allow_missing;
  bool depend_resource;
  int64_t wait_ms;
  struct zr_mono deadline;
  const char *const *ids; /* all known; borrowed */
  size_t count;
  void (*on_done)(struct zr_tf_work *w); /* once; also from inside zr_tf_work_start */
  void (*on_event)(struct zr_tf_work *w, const struct zr_event *event); /* Optional */

  struct zr_tf_verdict *verdicts; /* as many as ids, filled in when on_done runs */
  struct zr_tf_chunk *chunks;
  size_t chunk_count;
  size_t left;
  bool sitting; /* counted in its wave's `sitting` */
  struct zr_tf_work *prev;
  struct zr_tf_work *next;
};

/* Starts what the members up to on_event say. The op must have a backend. False: no memory, and
 * on_done will not run. No ids at all are done at once. */
bool zr_tf_work_start(struct zr_tf_work *w) ZR_MUST_CHECK;
/* Success in the sense of the work's allow_missing. */
bool zr_tf_work_ok(const struct zr_tf_work *w, size_t i);
/* Cancels the works of one op, or of all. */
void zr_tf_works_cancel_of(struct zr_tf_op *op);
void zr_tf_works_cancel(struct zr_tf_link *link);

#endif
