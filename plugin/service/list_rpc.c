/* ListInstances: checked here, run by the backend on the loop thread. */
#include "service/decode_list.h"
#include "service/pack.h"
#include "service/page_token.h"
#include "service/private.h"
#include "service/status.h"
#include "service/upstream.h"

enum { LIST_TIME_MS = 60000, MARGIN_MS = 100 };

/* Lives in its call's arena; the call is not ended before on_done. */
struct s_list {
  struct zr_service *service;
  struct zr_rpc_call *call;
  struct zr_list_order order;
  struct zr_mono deadline;
  struct zr_task task;
};

static void s_reply(struct s_list *l, const struct zr_list_end *end) {
  char token[ZR_PAGE_TOKEN_SIZE] = "";
  const struct zr_list_query *q = &l->order.query;
  if ((uint64_t)q->page_num * q->page_size < end->total && end->row_count > 0 &&
      q->page_num < UINT32_MAX)
    zr_page_token_make(q->page_num + 1, l->order.content, token);
  struct zr_rpc_bytes *b = zr_pack_list(end, token);
  if (b)
    zr_rpc_reply(l->call, b);
  else
    zr_fail(l->call, ZR_RPC_RESOURCE_EXHAUSTED, "out of memory for the list",
            &(struct zr_details){.retry_ms = ZR_RETRY_MS});
}

static void s_on_done(void *ctx, const struct zr_list_end *end) {
  struct s_list *l = ctx;
  if (end->call.class_ == ZR_CLASS_OK)
    s_reply(l, end);
  else if (zr_mono_now().ms >= l->deadline.ms && end->call.http_status == 0)
    zr_fail(l->call, ZR_RPC_DEADLINE_EXCEEDED, "the service did not answer in time", NULL);
  else
    zr_upstream_fail(l->call, &end->call);
}

static void s_run(struct zr_task *task) {
  struct s_list *l = ZR_OWNER(task, struct s_list, task);
  const struct zr_backend *b = l->service->backend;
  if (zr_rpc_call_is_cancelled(l->call)) {
    zr_fail(l->call, ZR_RPC_CANCELLED, "the caller is gone", NULL);
    return;
  }
  struct zr_list_sink sink = {.ctx = l, .on_done = s_on_done};
  enum zr_err e = b->list(b->self, &l->order.query, l->deadline, sink);
  if (e == ZR_ERR_NOMEM || e == ZR_ERR_LIMIT)
    zr_fail(l->call, ZR_RPC_RESOURCE_EXHAUSTED, "the server has no room for the list",
            &(struct zr_details){.retry_ms = ZR_RETRY_MS});
  else if (e != ZR_ERR_OK)
    zr_fail(l->call, ZR_RPC_UNAVAILABLE, "the server cannot list now", NULL);
}

static struct zr_mono s_deadline(const struct zr_rpc_call *call) {
  struct zr_mono now = zr_mono_now();
  int64_t left = zr_mono_until(zr_rpc_call_deadline(call), now);
  left = left > LIST_TIME_MS ? LIST_TIME_MS : left;
  return zr_mono_add(now, left / 2 > MARGIN_MS ? left - MARGIN_MS : left / 2);
}

void zr_fail_no_credentials(const struct zr_service *s, struct zr_rpc_call *call) {
  const char *problem = s->backend->facts(s->backend->self)->credential_problem;
  zr_fail(call, ZR_RPC_FAILED_PRECONDITION,
          zr_arena_printf(zr_rpc_call_arena(call), "the server has no usable credentials: %s",
                          problem ? problem : "none were found"),
          &(struct zr_details){.reason = zr_code_info(ZR_CODE_CREDENTIALS_MISSING)->name});
}

void zr_handle_list(void *service, struct zr_rpc_call *call) {
  struct zr_service *s = service;
  struct zr_arena *arena = zr_rpc_call_arena(call);
  struct zr_violations v = {.arena = arena};
  const struct zr_server_facts *f = s->backend->facts(s->backend->self);
  struct s_list *l = zr_arena_calloc(arena, 1, sizeof *l);
  if (!l || !zr_decode_list(zr_rpc_call_request(call), f->account_fingerprint, &l->order, &v)) {
    zr_violations_fail(&v, call);
    return;
  }
  if (f->credential_problem) {
    zr_fail_no_credentials(s, call);
    return;
  }
  l->service = s;
  l->call = call;
  l->deadline = s_deadline(call);
  l->task.run = s_run;
  if (!zr_service_post(s, &l->task))
    zr_fail(call, ZR_RPC_UNAVAILABLE, "the server is shutting down", NULL);
}
