/* InvokeAction: zenrelease_release, with a line of progress for each call. */
#include <stdio.h>

#include "terraform/check.h"
#include "terraform/duration.h"
#include "terraform/ids.h"
#include "terraform/report.h"
#include "terraform/work.h"

struct s_action {
  struct zr_tf_op op; /* first */
  const struct zr_tf_type *type;
  struct zr_tf_value config;
  struct zr_tf_ids ids;
  struct zr_tf_work work;
};

/* ---- progress ---- */

static void s_line(struct s_action *s, const char *text) {
  Tfplugin6__InvokeAction__Event__Progress progress;
  tfplugin6__invoke_action__event__progress__init(&progress);
  Tfplugin6__InvokeAction__Event m;
  tfplugin6__invoke_action__event__init(&m);
  progress.message = zr_tf_pb_text(text);
  m.type_case = TFPLUGIN6__INVOKE_ACTION__EVENT__TYPE_PROGRESS;
  m.progress = &progress;
  struct zr_rpc_bytes *b = zr_tf_pack(&m.base);
  if (b)
    (void)!zr_rpc_send(s->op.call, b); /* a line that is lost changes nothing */
}

static void s_on_event(struct zr_tf_work *w, const struct zr_event *e) {
  struct s_action *s = ZR_OWNER(w, struct s_action, work);
  struct zr_buf line = ZR_BUF_INIT(512);
  if (e->kind == ZR_EVENT_PREFLIGHT_DONE)
    (void)zr_buf_printf(&line, "%u of %u instances are in the recycle bin", e->eligible, e->ids);
  else if (e->kind == ZR_EVENT_BATCH_SENT)
    (void)zr_buf_printf(&line, "batch %u: release of %u instances sent%s", e->batch, e->ids,
                        e->attempt > 1 ? " again" : "");
  else if (e->kind == ZR_EVENT_BATCH_ANSWERED)
    (void)zr_buf_printf(&line, "batch %u: %s%s%s (request %s)", e->batch, e->class_name,
                        e->code && e->code[0] ? ", " : "", e->code ? e->code : "",
                        e->request_id && e->request_id[0] ? e->request_id : "without id");
  else if (e->kind == ZR_EVENT_THROTTLED)
    (void)zr_buf_printf(&line, "the service limits the rate: nothing is sent for %lld ms",
                        (long long)e->wait_ms);
  else if (e->kind == ZR_EVENT_BATCH_SPLIT)
    (void)zr_buf_printf(&line, "batch %u: taken apart into %u, %u instances left out", e->batch,
                        e->parts, e->dropped);
  else if (e->kind == ZR_EVENT_VERIFIED)
    (void)zr_buf_printf(&line, "%u instances are proved gone", e->ids);
  if (line.len > 0)
    s_line(s, line.data);
  zr_buf_clean_up(&line);
}

/* ---- the end ---- */

/* Exactly one `completed`, and nothing after it. */
static void s_completed(struct s_action *s) {
  Tfplugin6__InvokeAction__Event__Completed completed;
  tfplugin6__invoke_action__event__completed__init(&completed);
  Tfplugin6__InvokeAction__Event m;
  tfplugin6__invoke_action__event__init(&m);
  completed.diagnostics = s->op.diags.items;
  completed.n_diagnostics = s->op.diags.count;
  m.type_case = TFPLUGIN6__INVOKE_ACTION__EVENT__TYPE_COMPLETED;
  m.completed = &completed;
  struct zr_rpc_bytes *b = s->op.diags.nomem ? NULL : zr_tf_pack(&m.base);
  enum zr_err e = b ? zr_rpc_send(s->op.call, b) : ZR_ERR_NOMEM;
  zr_tf_op_end(&s->op);
  if (e == ZR_ERR_OK || e == ZR_ERR_CLOSED)
    zr_rpc_finish(s->op.call);
  else
    zr_tf_fail_nomem(s->op.call);
}

static void s_done(struct zr_tf_work *w) {
  struct s_action *s = ZR_OWNER(w, struct s_action, work);
  size_t gone = 0;
  for (size_t i = 0; i < w->count; i++) {
    zr_tf_report_release(w, i, ZR_TF_ELEMENT("instance_ids", i));
    gone += zr_tf_work_ok(w, i);
  }
  char line[96];
  (void)snprintf(line, sizeof line, "%zu of %zu instances are gone", gone, w->count);
  s_line(s, line);
  s_completed(s);
}

/* ---- the beginning ---- */

static int64_t s_duration(const struct s_action *s, const char *name, int64_t otherwise) {
  int64_t ms = 0;
  const char *text = zr_tf_text(zr_tf_get(s->type, &s->config, name));
  return text && zr_tf_duration(text, &ms) ? ms : otherwise;
}

static enum zr_product s_product(const struct s_action *s) {
  const struct zr_tf_value *v = zr_tf_get(s->type, &s->config, "product");
  return v->is == ZR_TF_KNOWN ? zr_tf_product_of(v) : s->op.link->product;
}

static bool s_can_begin(struct s_action *s) {
  struct zr_tf_diags *d = &s->op.diags;
  if (d->errors > 0)
    return false;
  if (!zr_tf_op_has_backend(&s->op) || s_product(s) == ZR_PRODUCT_NONE) {
    zr_tf_diag(d, ZR_TF_ERROR, ZR_TF_WHOLE, "The provider is not configured", "");
    return false;
  }
  if (!s->ids.whole)
    zr_tf_diag(d, ZR_TF_ERROR, ZR_TF_AT("instance_ids"), "An id is not known", "");
  return s->ids.whole;
}

static void s_begin(struct zr_tf_op *op) {
  struct s_action *s = (struct s_action *)(void *)op;
  if (!s_can_begin(s)) {
    s_completed(s);
    return;
  }
  const struct zr_tf_value *missing = zr_tf_get(s->type, &s->config, "allow_missing");
  s->work = (struct zr_tf_work){
      .op = op,
      .product = s_product(s),
      .allow_missing = missing->is != ZR_TF_KNOWN || missing->boolean,
      .depend_resource = zr_tf_is_true(zr_tf_get(s->type, &s->config, "release_dependencies")),
      .wait_ms = s_duration(s, "wait", op->link->wait_ms),
      .deadline = zr_mono_add(zr_mono_now(), s_duration(s, "timeout", ZR_TF_LONG_MS)),
      .ids = s->ids.ids,
      .count = s->ids.count,
      .on_done = s_done,
      .on_event = s_on_event,
  };
  if (!zr_tf_work_start(&s->work))
    zr_tf_op_fail_nomem(op);
}

void zr_tf_handle_invoke(void *provider, struct zr_rpc_call *call) {
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__invoke_action__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__InvokeAction__Request *r = (const Tfplugin6__InvokeAction__Request *)request;
  const struct zr_tf_kind_of *kind = zr_tf_kind_find(provider, ZR_TF_ACTION, r->action_type);
  if (!kind) {
    zr_tf_fail(call, ZR_RPC_INVALID_ARGUMENT, "there is no action of this type");
    return;
  }
  struct s_action *s = zr_tf_op_new(provider, call, sizeof *s);
  if (!s)
    return;
  struct zr_tf_decoding decoding = {.arena = s->op.arena};
  s->type = &kind->type;
  s->op.begin = s_begin;
  if (zr_tf_unpack_value(&decoding, s->type, r->config, &s->config)) {
    zr_tf_check_config(&s->op.diags, kind, &s->config);
    if (!zr_tf_ids_of(s->op.arena, zr_tf_get(s->type, &s->config, "instance_ids"), &s->ids))
      s->op.diags.nomem = true;
  } else {
    zr_tf_diag_decoding(&s->op.diags, &decoding);
  }
  zr_tf_op_run(&s->op);
}
