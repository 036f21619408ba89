#include "terraform/report.h"

#include <stdio.h>
#include <string.h>

enum { DETAIL_MAX = 2048 };

bool zr_tf_code_is_general(enum zr_code code) {
  static const enum zr_code general[] = {ZR_CODE_CREDENTIALS_MISSING,
                                         ZR_CODE_CREDENTIALS_REJECTED,
                                         ZR_CODE_CLOCK_SKEW,
                                         ZR_CODE_BLOCKED,
                                         ZR_CODE_REDIRECTED,
                                         ZR_CODE_UNREACHABLE,
                                         ZR_CODE_THROTTLED,
                                         ZR_CODE_CONNECTION_REFUSED_BY_POLICY,
                                         ZR_CODE_SERVICE_ERROR,
                                         ZR_CODE_CANCELLED,
                                         ZR_CODE_DEADLINE,
                                         ZR_CODE_SHUTTING_DOWN,
                                         ZR_CODE_LIMIT,
                                         ZR_CODE_INTERNAL,
                                         ZR_CODE_UNKNOWN_OUTCOME};
  for (size_t i = 0; i < ZR_COUNT(general); i++)
    if (general[i] == code)
      return true;
  return false;
}

static bool s_is_about_credentials(enum zr_code code) {
  return code == ZR_CODE_CREDENTIALS_MISSING || code == ZR_CODE_CREDENTIALS_REJECTED ||
         code == ZR_CODE_CLOCK_SKEW;
}

static void s_sentence(struct zr_buf *out, const char *text) {
  if (!text || !text[0])
    return;
  char last = text[strlen(text) - 1];
  (void)zr_buf_printf(out, "%s%s%s", out->len ? "\n" : "", text,
                      last == '.' || last == '?' || last == '!' ? "" : ".");
}

/* What is known of one id, line by line. A text that does not fit is cut; no line is required. */
static void s_detail(struct zr_buf *out, const struct zr_tf_work *w,
                     const struct zr_tf_verdict *v) {
  const struct zr_code_info *info = zr_code_info(v->code);
  s_sentence(out, v->detail);
  (void)zr_buf_printf(out, "%sProduct %s", out->len ? "\n" : "", zr_product_info(w->product)->name);
  if (v->status[0])
    (void)zr_buf_printf(out, ", status %s", v->status);
  (void)zr_buf_printf(out, w->holder ? ", in a %s." : ".", w->holder);
  if (v->service_code[0])
    (void)zr_buf_printf(out, "%sThe service answered %s%s%s", out->len ? "\n" : "", v->service_code,
                        v->service_message[0] ? ": " : ".", v->service_message);
  if (v->request_id[0])
    (void)zr_buf_printf(out, "%sRequest id: %s", out->len ? "\n" : "", v->request_id);
  s_sentence(out, info->hint);
}

static struct zr_tf_path s_path(long position) {
  return position >= 0 ? ZR_TF_ELEMENT("instance_ids", position) : ZR_TF_WHOLE;
}

static void s_say(const struct zr_tf_work *w, size_t i, enum zr_tf_severity severity,
                  struct zr_tf_path path, const char *what) {
  struct zr_buf detail = ZR_BUF_INIT(DETAIL_MAX);
  s_detail(&detail, w, &w->verdicts[i]);
  zr_tf_diag_f(&w->op->diags, severity, path, detail.data, "Instance %s %s", w->ids[i], what);
  zr_buf_clean_up(&detail);
}

static enum zr_tf_severity s_loudness(const struct zr_tf_verdict *v, enum zr_tf_moment moment) {
  if (moment == ZR_TF_IN_STATE)
    return ZR_TF_WARNING;
  if (moment == ZR_TF_ENTERS)
    return ZR_TF_ERROR;
  /* A plan comes before a destroy, too, and is given up on any error: what is gone or going must
   * not keep the rest from being released. */
  bool leaving = zr_presence_of_status(v->status) == ZR_PRESENCE_LEAVING;
  return v->outcome == ZR_OUTCOME_NOT_FOUND || leaving ? ZR_TF_WARNING : ZR_TF_ERROR;
}

void zr_tf_report_read(const struct zr_tf_work *w, size_t i, enum zr_tf_moment moment,
                       long position) {
  const struct zr_tf_verdict *v = &w->verdicts[i];
  if (zr_tf_work_ok(w, i) || zr_tf_code_is_general(v->code))
    return;
  enum zr_tf_severity severity = s_loudness(v, moment);
  if (v->outcome == ZR_OUTCOME_NOT_FOUND)
    s_say(w, i, severity, s_path(position), "was not found");
  else if (v->outcome == ZR_OUTCOME_NOT_RECYCLED)
    s_say(w, i, severity, s_path(position), "is not in the recycle bin");
  else
    s_say(w, i, severity, s_path(position), "cannot be released");
}

void zr_tf_report_service(const struct zr_tf_work *w, enum zr_tf_moment moment) {
  const struct zr_tf_verdict *first = NULL;
  size_t count = 0;
  for (size_t i = 0; i < w->count; i++) {
    const struct zr_tf_verdict *v = &w->verdicts[i];
    if (zr_tf_work_ok(w, i) || !zr_tf_code_is_general(v->code))
      continue;
    count++;
    first = first && first->code != ZR_CODE_CANCELLED ? first : v;
  }
  if (!first)
    return;
  bool loud = moment == ZR_TF_ENTERS || s_is_about_credentials(first->code);
  struct zr_buf detail = ZR_BUF_INIT(DETAIL_MAX);
  (void)zr_buf_printf(&detail, "%zu of %zu instances could not be looked up.", count, w->count);
  s_detail(&detail, w, first);
  zr_tf_diag(&w->op->diags, loud ? ZR_TF_ERROR : ZR_TF_WARNING, ZR_TF_WHOLE,
             zr_code_info(first->code)->summary, detail.data);
  zr_buf_clean_up(&detail);
}

void zr_tf_report_release(const struct zr_tf_work *w, size_t i, struct zr_tf_path path) {
  const struct zr_tf_verdict *v = &w->verdicts[i];
  if (v->outcome == ZR_OUTCOME_NOT_FOUND && w->allow_missing) {
    s_say(w, i, ZR_TF_WARNING, path, "was not there any more");
    return;
  }
  if (zr_tf_work_ok(w, i))
    return;
  char what[160];
  struct zr_view summary = zr_view_of(zr_code_info(v->code)->summary);
  (void)snprintf(what, sizeof what, "was not released: %.*s", ZR_VIEW_ARG(summary));
  s_say(w, i, ZR_TF_ERROR, path, what);
}
