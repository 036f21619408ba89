#include "release_run.h"

#include "base/mem.h"
#include "json.h"
#include "out.h"

enum { LINE_MAX_BYTES = 64 * 1024 * 1024, OWN_PLUGIN_TRIES = 2 };

void zr_release_run_begin(struct zr_release_run *run, bool json) {
  *run = (struct zr_release_run){.json = json, .line = ZR_BUF_INIT(LINE_MAX_BYTES)};
  zr_progress_begin(&run->progress, !json && zr_err_is_terminal(), zr_mono_now());
}

void zr_release_run_clean_up(struct zr_release_run *run) {
  for (size_t i = 0; i < run->report_count; i++)
    zenrelease_report_release(run->reports[i]);
  zr_free(run->reports);
  zr_progress_end(&run->progress);
  zr_buf_clean_up(&run->line);
}

static void s_keep_report(struct zr_release_run *run, struct zenrelease_report *report) {
  void *array = run->reports;
  if (zr_grow(&array, &run->report_cap, run->report_count + 1,
              sizeof(struct zenrelease_report *)) != 0) {
    run->short_of_memory = true;
    return;
  }
  run->reports = array;
  run->reports[run->report_count++] = zenrelease_report_acquire(report);
}

static void s_on_event(void *user, const struct zenrelease_event *ev) {
  struct zr_release_run *run = user;
  if (ev->type == ZENRELEASE_EVENT_RESULT)
    s_keep_report(run, ev->report);
  if (!run->json) {
    zr_progress_event(&run->progress, ev);
    return;
  }
  if (ev->type == ZENRELEASE_EVENT_RESULT || ev->type == ZENRELEASE_EVENT_TICK)
    return;
  zr_json_event(&run->line, ev);
  (void)zr_buf_char(&run->line, '\n');
  zr_out_buf(&run->line);
  (void)zr_out_flush(NULL);
}

enum zenrelease_status zr_release_run(struct zr_release_run *run, const struct zr_connection *c,
                                      struct zenrelease_release_options *o,
                                      struct zenrelease_summary *summary,
                                      struct zenrelease_error **error) {
  zr_progress_end(&run->progress);
  zr_progress_begin(&run->progress, run->progress.live, zr_mono_now());
  o->reattach_tries = c->own_plugin ? OWN_PLUGIN_TRIES : 0;
  o->tick_ms = run->progress.live ? ZR_PROGRESS_REDRAW_MS : 0;
  o->cancel = c->cancel;
  o->on_event = s_on_event;
  o->user = run;
  enum zenrelease_status status = zenrelease_release(c->client, o, summary, error);
  zr_progress_end(&run->progress);
  return status;
}
