/* rpc/call.h without gRPC: calls whose ends and messages a test looks at. One thread. */
#ifndef ZR_TEST_FAKE_CALL_H
#define ZR_TEST_FAKE_CALL_H

#include "rpc/call.h"

enum { FAKE_MESSAGES = 64 };

struct zr_rpc_call {
  struct zr_view request;
  struct zr_mono deadline;
  struct zr_rpc_peer peer;
  const char *method;
  struct zr_arena arena;
  struct zr_rpc_hooks hooks;
  int refs;
  bool cancelled;
  bool ended;
  enum zr_rpc_code code;
  char message[512];
  char details[8192];
  size_t details_len;
  struct zr_rpc_bytes *answer; /* of a unary call: a copy */
  struct zr_rpc_bytes *sent[FAKE_MESSAGES];
  size_t sent_count;
  size_t acknowledged;
  size_t keeps; /* as zr_rpc_call_keeps was told */
  bool hold;    /* do not say that messages were sent */
  bool reading; /* bidi: the next message was asked for */
};

extern int g_fake_live; /* calls that are not freed */

/* With the test's own reference beside the handler's. */
struct zr_rpc_call *fake_call(const void *request, size_t len);
/* Lets one more message leave: on_sent. */
void fake_sent(struct zr_rpc_call *c);
/* Bidi: gives the message that was asked for, or says that there is none any more (`last`). False:
 * none was asked for. */
bool fake_message(struct zr_rpc_call *c, struct zr_view bytes, bool last);
/* The caller goes away. */
void fake_cancel(struct zr_rpc_call *c);
/* The end on the wire, as the transport tells it after our own end. */
void fake_over(struct zr_rpc_call *c);
/* Drops the test's reference. */
void fake_done(struct zr_rpc_call *c);

#endif
