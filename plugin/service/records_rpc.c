/* ListReleaseRecords: checked here, read by the backend. */
#include "service/decode_records.h"
#include "service/pack.h"
#include "service/page_token.h"
#include "service/private.h"
#include "service/status.h"

/* Lives in its call's arena; the call is not ended before on_done. */
struct s_find {
  struct zr_service *service;
  struct zr_rpc_call *call;
  struct zr_records_order order;
  struct zr_task task;
};

void zr_fail_no_journal(struct zr_rpc_call *call) {
  zr_fail(call, ZR_RPC_FAILED_PRECONDITION,
          "the server keeps no journal; start zenrelease-plugin with --journal PATH", NULL);
}

/* As many of the entries as fit into one message; the next page begins with the rest. */
static struct zr_rpc_bytes *s_pack(const struct s_find *f, const struct zr_record_entry *entries,
                                   size_t count, bool more) {
  for (;;) {
    char token[ZR_PAGE_TOKEN_SIZE] = "";
    if (more && count > 0)
      zr_page_token_make((uint64_t)entries[count - 1].number, f->order.content, token);
    struct zr_rpc_bytes *b = zr_pack_records(entries, count, token);
    if (!b || b->len <= ZR_REPORT_MAX_BYTES || count < 2)
      return b;
    zr_rpc_bytes_release(b);
    count /= 2;
    more = true;
  }
}

static void s_on_done(void *ctx, const struct zr_record_entry *entries, size_t count, bool more,
                      const char *why) {
  struct s_find *f = ctx;
  if (why) {
    zr_fail(f->call, ZR_RPC_INTERNAL,
            zr_arena_printf(zr_rpc_call_arena(f->call), "the journal cannot be read: %s", why),
            NULL);
    return;
  }
  struct zr_rpc_bytes *b = s_pack(f, entries, count, more);
  if (b)
    zr_rpc_reply(f->call, b);
  else
    zr_fail_nomem(f->call);
}

static void s_run(struct zr_task *task) {
  struct s_find *f = ZR_OWNER(task, struct s_find, task);
  const struct zr_backend *b = f->service->backend;
  if (zr_rpc_call_is_cancelled(f->call)) {
    zr_fail(f->call, ZR_RPC_CANCELLED, "the caller is gone", NULL);
    return;
  }
  struct zr_records_sink sink = {.ctx = f, .on_done = s_on_done};
  enum zr_err e = b->find_records(b->self, &f->order.query, sink);
  if (e == ZR_ERR_STATE)
    zr_fail_no_journal(f->call);
  else if (e == ZR_ERR_NOMEM)
    zr_fail_nomem(f->call);
  else if (e == ZR_ERR_LIMIT)
    zr_fail(f->call, ZR_RPC_RESOURCE_EXHAUSTED, "too many ask the journal at once; try again later",
            &(struct zr_details){.retry_ms = ZR_RETRY_MS});
  else if (e != ZR_ERR_OK)
    zr_fail(f->call, ZR_RPC_UNAVAILABLE, "the server cannot read its journal now", NULL);
}

void zr_handle_records(void *service, struct zr_rpc_call *call) {
  struct zr_service *s = service;
  struct zr_arena *arena = zr_rpc_call_arena(call);
  struct zr_violations v = {.arena = arena};
  struct s_find *f = zr_arena_calloc(arena, 1, sizeof *f);
  if (!f || !zr_decode_records(zr_rpc_call_request(call), &f->order, &v)) {
    zr_violations_fail(&v, call);
    return;
  }
  if (!s->backend->facts(s->backend->self)->journal) {
    zr_fail_no_journal(call);
    return;
  }
  f->service = s;
  f->call = call;
  f->task.run = s_run;
  if (!zr_service_post(s, &f->task))
    zr_fail(call, ZR_RPC_UNAVAILABLE, "the server is shutting down", NULL);
}
