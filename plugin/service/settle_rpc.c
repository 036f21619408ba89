/* SettleReleases: waits for what the journal has open. Tasks run on the loop thread. */
#include <string.h>
#include <utlist.h>

#include "base/buf.h"
#include "service/codec.h"
#include "service/pack.h"
#include "service/private.h"
#include "service/status.h"
#include "zenrelease/v1/release_service.pb-c.h"

enum { PROBLEM_MAX = 4096 };

static const char s_closing[] = "the server is shutting down";

/* Lives in its call's arena. */
struct zr_settling {
  struct zr_service *service;
  struct zr_rpc_call *call;
  struct zr_task start; /* posted by the handler */
  struct zr_task gone;  /* by on_end, when the caller may not have had its answer */
  struct zr_buf groups; /* packed */
  bool nomem;
  bool too_long;
  bool waiting; /* in the service's list */
  struct zr_settling *prev;
  struct zr_settling *next;
};

/* Whoever calls this ends the call then. */
static void s_leave(struct zr_settling *w) {
  DL_DELETE(w->service->settling, w);
  w->waiting = false;
}

static void s_fail(struct zr_settling *w, enum zr_rpc_code code, const char *message) {
  zr_buf_clean_up(&w->groups);
  zr_fail(w->call, code, message, NULL);
}

/* ---- what the backend says ---- */

static void s_on_report(void *ctx, enum zr_product product, const struct zr_report *report) {
  struct zr_settling *w = ctx;
  struct zr_rpc_bytes *b = zr_pack_settled(report, product, ZR_REPORT_MAX_BYTES - w->groups.len);
  if (b && w->groups.len + b->len > ZR_REPORT_MAX_BYTES)
    w->too_long = true;
  else if (!b || zr_buf_append(&w->groups, b->data, b->len) != ZR_ERR_OK)
    w->nomem = true;
  zr_rpc_bytes_release(b);
}

/* The groups, and behind them what is left to say. NULL when out of memory. */
static struct zr_rpc_bytes *s_response(const struct zr_settling *w, const char *why) {
  Zenrelease__V1__SettleReleasesResponse m;
  zenrelease__v1__settle_releases_response__init(&m);
  m.problem = zr_pb_text(why);
  size_t tail = protobuf_c_message_get_packed_size(&m.base);
  struct zr_rpc_bytes *b = zr_rpc_bytes_new(w->groups.len + tail);
  if (!b)
    return NULL;
  if (w->groups.len)
    memcpy(b->data, w->groups.data, w->groups.len);
  (void)protobuf_c_message_pack(&m.base, b->data + w->groups.len);
  return b;
}

static void s_on_done(void *ctx, const char *why) {
  struct zr_settling *w = ctx;
  struct zr_arena *arena = zr_rpc_call_arena(w->call);
  s_leave(w);
  if (w->too_long) {
    s_fail(w, ZR_RPC_RESOURCE_EXHAUSTED,
           "all of it was read, and is too long for one answer; list it with ListReleaseRecords");
    return;
  }
  if (why && w->groups.len == 0 && !w->nomem) {
    s_fail(w, ZR_RPC_UNAVAILABLE,
           zr_arena_printf(arena, "nothing was settled: %.*s", PROBLEM_MAX, why));
    return;
  }
  struct zr_rpc_bytes *b = w->nomem ? NULL : s_response(w, why);
  if (!b) {
    s_fail(w, ZR_RPC_RESOURCE_EXHAUSTED, NULL);
    return;
  }
  zr_buf_clean_up(&w->groups);
  zr_rpc_reply(w->call, b);
}

/* ---- a caller's life ---- */

static void s_refuse(struct zr_settling *w, enum zr_err e) {
  if (e == ZR_ERR_STATE)
    zr_fail_no_journal(w->call);
  else if (e == ZR_ERR_DENIED)
    zr_fail_no_credentials(w->service, w->call);
  else if (e == ZR_ERR_NOMEM)
    zr_fail_nomem(w->call);
  else
    zr_fail(w->call, ZR_RPC_UNAVAILABLE, "the server cannot settle releases now",
            &(struct zr_details){.retry_ms = ZR_RETRY_MS});
}

static void s_start(struct zr_task *task) {
  struct zr_settling *w = ZR_OWNER(task, struct zr_settling, start);
  struct zr_service *s = w->service;
  struct zr_settle_sink sink = {.ctx = w, .on_report = s_on_report, .on_done = s_on_done};
  if (zr_rpc_call_is_cancelled(w->call)) {
    zr_fail(w->call, ZR_RPC_CANCELLED, "the caller is gone", NULL);
    return;
  }
  if (atomic_load(&s->draining)) {
    zr_fail(w->call, ZR_RPC_UNAVAILABLE, s_closing, NULL);
    return;
  }
  enum zr_err e = s->backend->settle(s->backend->self, sink);
  if (e != ZR_ERR_OK) {
    s_refuse(w, e);
    return;
  }
  w->waiting = true;
  DL_APPEND(s->settling, w);
}

static void s_gone(struct zr_task *task) {
  struct zr_settling *w = ZR_OWNER(task, struct zr_settling, gone);
  struct zr_rpc_call *call = w->call;
  if (w->waiting) {
    const struct zr_backend *b = w->service->backend;
    b->forget(b->self, w);
    s_leave(w);
    s_fail(w, ZR_RPC_CANCELLED, "the caller is gone");
  }
  zr_rpc_call_release(call);
}

/* Gives back the reference that is held for the hooks. */
static void s_on_end(void *ctx, struct zr_rpc_call *call, bool cancelled) {
  struct zr_settling *w = ctx;
  if (!cancelled || !zr_service_post(w->service, &w->gone))
    zr_rpc_call_release(call);
}

void zr_settling_close(struct zr_service *s) {
  while (s->settling) {
    struct zr_settling *w = s->settling;
    s_leave(w);
    s_fail(w, ZR_RPC_UNAVAILABLE, s_closing);
  }
}

void zr_handle_settle(void *service, struct zr_rpc_call *call) {
  struct zr_service *s = service;
  const struct zr_server_facts *f = s->backend->facts(s->backend->self);
  struct zr_arena *arena = zr_rpc_call_arena(call);
  struct zr_violations v = {.arena = arena};
  struct zr_settling *w = zr_arena_calloc(arena, 1, sizeof *w);
  if (!w || !zr_decode(&zenrelease__v1__settle_releases_request__descriptor,
                       zr_rpc_call_request(call), NULL, &v)) {
    zr_violations_fail(&v, call);
    return;
  }
  if (!f->journal) {
    zr_fail_no_journal(call);
    return;
  }
  if (f->credential_problem) {
    zr_fail_no_credentials(s, call);
    return;
  }
  *w = (struct zr_settling){.service = s,
                            .call = call,
                            .start.run = s_start,
                            .gone.run = s_gone,
                            .groups = ZR_BUF_INIT(ZR_REPORT_MAX_BYTES + 1)};
  struct zr_rpc_hooks hooks = {.ctx = w, .on_end = s_on_end};
  zr_rpc_call_set_hooks(zr_rpc_call_acquire(call), &hooks);
  if (!zr_service_post(s, &w->start))
    zr_fail(call, ZR_RPC_UNAVAILABLE, s_closing, NULL);
}
