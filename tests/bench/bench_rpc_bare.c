/* The floor: a server of the bare C core, one queue, one thread, sixteen slots, nothing decoded. */
#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_rpc_servers.h"

enum { SLOTS = 16 };

struct bare;

struct bare_tag {
  void (*fn)(struct bare *call, bool ok);
  struct bare *call;
};

struct bare {
  struct bare_tag on_new;
  struct bare_tag on_close;
  struct bare_tag on_done;
  grpc_call *call;
  grpc_metadata_array metadata;
  gpr_timespec deadline;
  grpc_byte_buffer *in;
  grpc_byte_buffer *out;
  int refs;
  int close_flag;
};

static grpc_server *s_server;
static grpc_completion_queue *s_queue;
static void *s_method;
static size_t s_answer_len;

static void s_unref(struct bare *c) {
  if (--c->refs > 0)
    return;
  if (c->in)
    grpc_byte_buffer_destroy(c->in);
  if (c->out)
    grpc_byte_buffer_destroy(c->out);
  grpc_metadata_array_destroy(&c->metadata);
  if (c->call)
    grpc_call_unref(c->call);
  free(c);
}

static void s_on_end(struct bare *c, bool ok) {
  (void)ok;
  s_unref(c);
}

static void s_post(void);

static void s_reply(struct bare *c) {
  grpc_slice answer = grpc_slice_malloc(s_answer_len);
  memset(GRPC_SLICE_START_PTR(answer), 0, s_answer_len);
  c->out = grpc_raw_byte_buffer_create(&answer, 1);
  grpc_slice_unref(answer);
  grpc_slice text = grpc_empty_slice();
  grpc_op ops[3];
  memset(ops, 0, sizeof ops);
  ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
  ops[1].op = GRPC_OP_SEND_MESSAGE;
  ops[1].data.send_message.send_message = c->out;
  ops[2].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
  ops[2].data.send_status_from_server.status = GRPC_STATUS_OK;
  ops[2].data.send_status_from_server.status_details = &text;
  c->on_done = (struct bare_tag){s_on_end, c};
  c->refs++;
  (void)grpc_call_start_batch(c->call, ops, 3, &c->on_done, NULL);
}

static void s_on_new(struct bare *c, bool ok) {
  if (!ok) {
    c->call = NULL;
    s_unref(c);
    return;
  }
  s_post();
  grpc_op op;
  memset(&op, 0, sizeof op);
  op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
  op.data.recv_close_on_server.cancelled = &c->close_flag;
  c->on_close = (struct bare_tag){s_on_end, c};
  c->refs++;
  (void)grpc_call_start_batch(c->call, &op, 1, &c->on_close, NULL);
  s_reply(c);
  s_unref(c);
}

static void s_post(void) {
  struct bare *c = calloc(1, sizeof *c);
  if (!c)
    abort();
  c->refs = 1;
  c->on_new = (struct bare_tag){s_on_new, c};
  (void)grpc_server_request_registered_call(s_server, s_method, &c->call, &c->deadline,
                                            &c->metadata, &c->in, s_queue, s_queue, &c->on_new);
}

int bench_serve_bare(const char *listen, size_t answer_len) {
  grpc_init();
  s_answer_len = answer_len;
  s_queue = grpc_completion_queue_create_for_next(NULL);
  s_server = grpc_server_create(NULL, NULL);
  s_method = grpc_server_register_method(s_server, BENCH_METHOD, NULL,
                                         GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
  grpc_server_register_completion_queue(s_server, s_queue, NULL);
  grpc_server_credentials *none = grpc_insecure_server_credentials_create();
  if (!grpc_server_add_http2_port(s_server, listen, none))
    return 1;
  grpc_server_start(s_server);
  for (int i = 0; i < SLOTS; i++)
    s_post();
  (void)printf("%s\n", listen);
  (void)fflush(stdout);
  for (;;) { /* until SIGTERM, which nobody catches */
    grpc_event ev = grpc_completion_queue_next(s_queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    struct bare_tag *tag = ev.tag;
    if (ev.type == GRPC_OP_COMPLETE)
      tag->fn(tag->call, ev.success != 0);
  }
}
