/* What came back: classified, read, and handed to whoever asked. */
#include <stdio.h>

#include "base/log.h"
#include "zenlayer/remote_private.h"
#include "zenlayer/request.h"

void zr_call_finish_failed(struct zr_call *c, const struct zr_call_end *end) {
  switch (c->action) {
  case ZR_ACTION_DESCRIBE: {
    struct zr_describe_end d = {.call = *end};
    c->fn.describe(c->ctx, &d);
    break;
  }
  case ZR_ACTION_RELEASE: {
    struct zr_release_end d = {.call = *end};
    c->fn.release(c->ctx, &d);
    break;
  }
  case ZR_ACTION_LIST: {
    struct zr_list_end d = {.call = *end};
    c->fn.list(c->ctx, &d);
    break;
  }
  }
  zr_call_free(c);
}

static void s_release_end(struct zr_call *c, const struct zr_reply *reply, struct zr_finding *v) {
  struct zr_release_end end = {.failed_ids = NULL};
  const char *fault = NULL;
  if (zr_product_info(c->product)->answers_failed_ids)
    fault = zr_reply_failed_ids(reply->payload, &c->arena, &end.failed_ids, &end.failed_count);
  if (fault) {
    zr_finding_spoil(v, fault);
    zr_call_finish_failed(c, &v->end);
    return;
  }
  end.call = v->end;
  c->fn.release(c->ctx, &end);
  zr_call_free(c);
}

static void s_list_end(struct zr_call *c, const struct zr_reply *reply, struct zr_finding *v,
                       const char *date) {
  struct zr_rows rows;
  const char *fault = zr_reply_rows(reply->payload, c->product, &c->arena, &rows);
  if (fault) {
    zr_finding_spoil(v, fault);
    zr_call_finish_failed(c, &v->end);
    return;
  }
  struct zr_list_end end = {
      .call = v->end, .total = rows.total, .rows = rows.rows, .row_count = rows.count};
  struct zr_wall theirs;
  end.clock_known = date[0] && zr_wall_parse_http(date, &theirs) == 0;
  if (end.clock_known)
    end.clock_offset_ms = theirs.ms - c->remote->wall().ms;
  c->fn.list(c->ctx, &end);
  zr_call_free(c);
}

/* Reads the next page; false when that could not even be started. */
static bool s_next_page(struct zr_call *c) {
  struct zr_remote *r = c->remote;
  size_t count = 0;
  const char *const *ids = zr_pages_ids(c->pages, &count);
  if (r->closed || zr_mono_until(c->deadline, zr_mono_now()) == 0)
    return false;
  zr_buf_reset(&r->body);
  enum zr_err e = zr_request_describe(&r->body, ids, count, zr_pages_next(c->pages), ZR_PAGE_SIZE);
  return e == ZR_ERR_OK && zr_call_send(c) == ZR_ERR_OK;
}

static void s_describe_end(struct zr_call *c, const struct zr_reply *reply, struct zr_finding *v) {
  struct zr_rows page;
  const char *fault = zr_reply_rows(reply->payload, c->product, &c->arena, &page);
  if (!fault && zr_pages_add(c->pages, &page) != ZR_ERR_OK)
    fault = "out of memory";
  if (fault) {
    zr_finding_spoil(v, fault);
    zr_call_finish_failed(c, &v->end);
    return;
  }
  if (zr_pages_want_more(c->pages) && s_next_page(c))
    return;
  struct zr_describe_end end = {.call = v->end, .complete = zr_pages_are_complete(c->pages)};
  end.rows = zr_pages_rows(c->pages, &end.row_count);
  if (!end.complete)
    end.call.reason = "the totals and the rows of the list do not agree";
  c->fn.describe(c->ctx, &end);
  zr_call_free(c);
}

/* A refused signature may be the fault of our clock: then the engine signs again, once. */
static void s_consider_clock(struct zr_call *c, const struct zr_http_result *result,
                             struct zr_finding *v) {
  struct zr_remote *r = c->remote;
  int64_t before_ms = r->skew.offset_ms;
  bool suspect = v->end.class_ == ZR_CLASS_UNAUTHORIZED && zr_skew_is_code(v->code) &&
                 zr_signer_has_timestamp(r->signer);
  if (!suspect ||
      !zr_skew_explains(&r->skew, c->signed_offset_ms, result->date, r->wall(), zr_mono_now()))
    return;
  v->end.class_ = ZR_CLASS_SKEWED;
  (void)snprintf(v->reason, sizeof v->reason,
                 "the service's clock is %lld s from ours; signing with that from now on",
                 (long long)(r->skew.offset_ms / 1000));
  if (r->skew.offset_ms != before_ms)
    zr_log(ZR_LOG_WARN, "zenlayer", "clock offset corrected", zr_i("offset_ms", r->skew.offset_ms));
}

static void s_log(const struct zr_call *c, const struct zr_http_result *result,
                  const struct zr_finding *v) {
  zr_log(ZR_LOG_DEBUG, "zenlayer", "call ended", zr_s("product", zr_product_info(c->product)->name),
         zr_s("action", c->action == ZR_ACTION_RELEASE ? "ReleaseInstances" : "DescribeInstances"),
         zr_s("class", zr_class_name(v->end.class_)), zr_i("http_status", result->status),
         zr_s("code", v->code), zr_s("request_id", v->request_id), zr_s("reason", v->reason));
}

/* A list has no engine behind it that would try again: the clock is corrected, so sign it once
 * more. */
static bool s_list_again(struct zr_call *c) {
  struct zr_remote *r = c->remote;
  if (c->action != ZR_ACTION_LIST || c->signed_again || r->closed)
    return false;
  c->signed_again = true;
  zr_buf_reset(&r->body);
  return zr_buf_view(&r->body, c->body) == ZR_ERR_OK && zr_call_send(c) == ZR_ERR_OK;
}

void zr_call_on_http(void *ctx, const struct zr_http_result *result) {
  struct zr_call *c = ctx;
  struct zr_remote *r = c->remote;
  struct zr_reply reply;
  struct zr_finding verdict;
  zr_reply_decode(result->body, result->content_encoding, &reply);
  zr_classify(result, &reply, &r->credential, r->wall(), &verdict);
  s_consider_clock(c, result, &verdict);
  s_log(c, result, &verdict);
  if (verdict.end.class_ == ZR_CLASS_SKEWED && s_list_again(c)) {
    zr_reply_clean_up(&reply);
    return;
  }
  if (verdict.end.class_ != ZR_CLASS_OK)
    zr_call_finish_failed(c, &verdict.end);
  else if (c->action == ZR_ACTION_RELEASE)
    s_release_end(c, &reply, &verdict);
  else if (c->action == ZR_ACTION_LIST)
    s_list_end(c, &reply, &verdict, result->date);
  else
    s_describe_end(c, &reply, &verdict);
  zr_reply_clean_up(&reply);
}
