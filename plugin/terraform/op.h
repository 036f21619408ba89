/*
 * A provider call that needs the backend: decoded and checked on the gRPC thread, begun on the loop
 * thread, ended there exactly once. It lives in its call's arena; a kind of call embeds it as its
 * first member.
 *
 *   zr_tf_op_new -> zr_tf_op_run -> begin (loop thread) -> works, lists -> zr_tf_op_end + reply
 *
 * When the caller goes away, the op's works are cancelled; they end as usual and so does the op.
 */
#ifndef ZR_TERRAFORM_OP_H
#define ZR_TERRAFORM_OP_H

#include "terraform/diags.h"
#include "terraform/private.h"

struct zr_tf_op {
  struct zr_tf_provider *provider;
  struct zr_tf_link *link; /* NULL: the provider is not configured */
  struct zr_rpc_call *call;
  struct zr_arena *arena;
  struct zr_tf_diags diags;
  void (*begin)(struct zr_tf_op *op);
  struct zr_task start;
  struct zr_task gone;
  struct zr_tf_op *prev; /* in the provider's list, under its lock */
  struct zr_tf_op *next;
  bool listed;

  /* Loop thread. */
  bool caller_gone;
};

/* Zeroed memory of `size` for a struct that begins with an op; NULL: the call has been ended.
 * gRPC thread. */
void *zr_tf_op_new(struct zr_tf_provider *p, struct zr_rpc_call *call, size_t size) ZR_MUST_CHECK;
/* True when there is a backend to ask: the provider is configured and was told all it needs. */
static inline bool zr_tf_op_has_backend(const struct zr_tf_op *op) {
  return op->link && op->link->backend;
}
/* Has op->begin run: on the loop thread when there is a backend, at once otherwise. gRPC thread;
 * the handler does nothing after it. */
void zr_tf_op_run(struct zr_tf_op *op);
/* To be called before the call is ended, by whoever ends it. */
void zr_tf_op_end(struct zr_tf_op *op);
/* zr_tf_op_end, then the answer. */
void zr_tf_op_reply(struct zr_tf_op *op, const ProtobufCMessage *message);
void zr_tf_op_fail_nomem(struct zr_tf_op *op);
/* Any op that is not ended, taken off the list; NULL: there is none. For the end of the process. */
struct zr_tf_op *zr_tf_op_take_any(struct zr_tf_provider *p);

#endif
