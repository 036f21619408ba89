/* The calls of rpc/call.h without a server: a test makes one, and reads what it was answered. */
#ifndef ZR_TEST_TERRAFORM_FAKE_RPC_H
#define ZR_TEST_TERRAFORM_FAKE_RPC_H

#include "rpc/call.h"
#include "rpc/server.h"

enum { FAKE_MESSAGES = 64 };

struct zr_rpc_call {
  struct zr_arena arena;
  struct zr_rpc_bytes *request;
  struct zr_rpc_hooks hooks;
  unsigned refs;
  bool cancelled;
  bool ended;
  enum zr_rpc_code code;
  struct zr_rpc_bytes *sent[FAKE_MESSAGES]; /* the reply, or what was streamed */
  size_t sent_count;
};

/* Runs the handler of the method with this request message (packed by the caller, taken). */
struct zr_rpc_call *fake_call(const struct zr_rpc_method *method, struct zr_rpc_bytes *request);
/* The caller goes away. */
void fake_cancel(struct zr_rpc_call *call);
/* After the call was ended: runs its last hook and frees it. */
void fake_free(struct zr_rpc_call *call);

#endif
