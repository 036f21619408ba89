#include "plan_live.h"

#include <errno.h>
#include <string.h>

#include "cli/interrupt.h"
#include "cli/out.h"
#include "cli/temp_file.h"

enum { PROBLEMS_JSON_MAX = 20 * 1024 * 1024, PROBLEM_MAX = 256 * 1024 };

/* The one object of --json: the first fault as its message, and all of them. */
static void s_problems_json(const struct zr_problems *p, struct zr_view first) {
  struct zr_buf b = ZR_BUF_INIT(PROBLEMS_JSON_MAX);
  (void)zr_buf_text(&b, "{\"type\":\"error\",\"code\":\"invalid_argument\",\"message\":");
  (void)zr_buf_json(&b, first);
  (void)zr_buf_text(&b, ",\"violations\":[");
  (void)zr_buf_view(&b, zr_buf_as_view(&p->json));
  (void)zr_buf_text(&b, "]");
  if (p->left_out)
    (void)zr_buf_printf(&b, ",\"violations_left_out\":%zu", p->left_out);
  (void)zr_buf_text(&b, "}\n");
  zr_out_buf(&b);
  (void)zr_out_flush(NULL);
  zr_buf_clean_up(&b);
}

enum zr_exit zr_tell_problems(const struct zr_common_args *common, const struct zr_problems *p) {
  struct zr_view left = zr_buf_as_view(&p->text);
  if (p->nomem && !left.len)
    left = ZR_VIEW("out of memory\n");
  if (common->json)
    s_problems_json(p, zr_view_split(&(struct zr_view){left.ptr, left.len}, '\n'));
  while (left.len) {
    struct zr_view line = zr_view_split(&left, '\n');
    struct zr_buf plain = ZR_BUF_INIT(PROBLEM_MAX);
    zr_plain_view(&plain, line);
    zr_note("zenrelease: %s", plain.data ? plain.data : "");
    zr_buf_clean_up(&plain);
  }
  if (p->left_out)
    zr_note("zenrelease: and %zu more", p->left_out);
  return p->nomem || p->no_room ? ZR_EXIT_NONE : ZR_EXIT_USAGE;
}

static void s_add(struct zr_plan_tally *sum, const struct zr_plan_tally *t) {
  sum->would += t->would;
  sum->blocked += t->blocked;
  sum->kept += t->kept;
  sum->gone += t->gone;
  sum->belt_broken = sum->belt_broken || t->belt_broken;
}

/* What is wrong with the request is wrong with the file. */
static enum zr_exit s_failed(const struct zr_plan_order *o, const char *step,
                             struct zenrelease_error *error) {
  if (step)
    zr_note("zenrelease: step %s could not be looked at, so no plan was made", step);
  zr_tell_error(o->common->json, error, NULL);
  zr_note("zenrelease: nothing was sent");
  bool faulty = zenrelease_error_status(error) == ZENRELEASE_INVALID_ARGUMENT;
  zenrelease_error_free(error);
  if (zr_interrupted())
    return ZR_EXIT_STOPPED;
  return faulty ? ZR_EXIT_USAGE : ZR_EXIT_NONE;
}

static enum zr_exit s_steps(const struct zr_plan_order *o, const struct zr_plan_head *head,
                            const struct zr_plan_maker *m, struct zr_plan_text *text,
                            struct zr_plan_tally *sum) {
  struct zenrelease_error *error = NULL;
  for (size_t i = 0; i < head->steps.count; i++) {
    const struct zr_step *s = &head->steps.items[i];
    struct zr_plan_tally tally;
    int64_t bin_total = 0;
    zr_plan_text_step(text);
    enum zenrelease_status status = zr_plan_bin_size(m, s->product, &bin_total, &error);
    tally = (struct zr_plan_tally){0};
    if (status == ZENRELEASE_OK)
      status = zr_plan_step(m, s, &tally, &error);
    if (status == ZENRELEASE_OK) {
      if (i == 0 && !o->quiet)
        zr_plan_text_head(text, head);
      zr_plan_text_step_end(text, head, s, &tally, bin_total);
      s_add(sum, &tally);
    }
    zr_buf_clean_up(&tally.why);
    if (status != ZENRELEASE_OK) {
      if (i > 0 && !o->common->json)
        zr_out_text("\nThis is not a plan: the step %s failed, so no plan was made.\n", s->name);
      return s_failed(o, s->name, error);
    }
  }
  return ZR_EXIT_OK;
}

static enum zr_exit s_code(const struct zr_plan_tally *sum) {
  if (sum->belt_broken)
    return ZR_EXIT_NONE;
  if (sum->blocked == 0)
    return ZR_EXIT_OK;
  return sum->would ? ZR_EXIT_SOME : ZR_EXIT_NONE;
}

static enum zr_exit s_unwritten(const struct zr_plan_order *o, const struct zr_plan_writer *w) {
  if (w->too_long)
    zr_complain(o->common->json, "failed_precondition",
                "the plan would have a line of more than 1 MiB: fewer steps or rules fit; no "
                "plan was made");
  else
    zr_complain(o->common->json, "unknown", "the plan could not be written; no plan was made");
  return ZR_EXIT_NONE;
}

static enum zr_exit s_write(const struct zr_plan_order *o, const struct zr_plan_head *head,
                            struct zr_plan_text *text, struct zr_seen *seen, bool *made) {
  char digest[ZR_DIGEST_ROOM] = "";
  struct zr_plan_tally sum = {0};
  struct zr_plan_writer writer = {.file = o->file};
  struct zr_plan_maker m = {.client = o->connection->client,
                            .cancel = o->connection->cancel,
                            .steps = &head->steps,
                            .seen = seen,
                            .writer = o->file ? &writer : NULL,
                            .view = o->quiet ? NULL : &text->view};
  bool fine = !o->file || zr_plan_write_head(&writer, o->file, head);
  enum zr_exit code = fine ? s_steps(o, head, &m, text, &sum) : s_unwritten(o, &writer);
  if (code == ZR_EXIT_OK) {
    fine = fine && (!o->file || zr_plan_write_end(&writer, digest));
    *made = fine && !sum.belt_broken;
    if (fine && !o->quiet)
      zr_plan_text_end(text, head, &sum, digest, o->out);
    code = fine ? s_code(&sum) : s_unwritten(o, &writer);
  }
  zr_plan_writer_clean_up(&writer);
  return code;
}

enum zr_exit zr_plan_live(const struct zr_plan_order *o, struct zr_plan_head *head,
                          struct zenrelease_server_info **info, bool *made) {
  struct zenrelease_error *error = NULL;
  struct zr_plan_text text;
  int64_t now = zr_wall_now().ms;
  *made = false;
  if (zenrelease_server_info_get(o->connection->client, 0, o->connection->cancel, info, &error) !=
      ZENRELEASE_OK)
    return s_failed(o, NULL, error);
  *head = (struct zr_plan_head){.created_ms = now,
                                .expires_ms = now + o->valid_ms,
                                .account = (*info)->account_fingerprint,
                                .endpoint = (*info)->endpoint,
                                .max_drift_percent = o->teardown->max_drift_percent,
                                .steps = o->teardown->steps};
  zr_plan_text_begin(&text, o->common->json, zr_out_has_colour(), now);
  struct zr_seen seen;
  enum zr_exit code = ZR_EXIT_NONE;
  if (zr_seen_begin(&seen))
    code = s_write(o, head, &text, &seen, made);
  else
    zr_complain(o->common->json, "resource_exhausted", "no room for the plan in %s: %s",
                zr_temp_folder(), strerror(errno));
  zr_seen_clean_up(&seen);
  zr_plan_text_clean_up(&text);
  const char *why = "";
  if (!zr_out_flush(&why)) {
    zr_note("zenrelease: the plan could not be shown: %s", why);
    *made = false;
    return ZR_EXIT_NONE;
  }
  return code;
}
