#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "out.h"
#include "table.h"

enum { TEXT_MAX = 512, LINE_MAX_BYTES = 2 * TEXT_MAX, BAR_WIDTH = 20 };

void zr_progress_end(struct zr_progress *p) {
  if (p->live)
    zr_live("");
  zr_buf_clean_up(&p->what);
}

static void s_answered(const struct zenrelease_event *ev, struct zr_buf *out) {
  (void)zr_buf_printf(out, "batch %d answered: ", ev->batch);
  zr_plain_text(out, ev->answer_class);
  if (*ev->service_code) {
    (void)zr_buf_text(out, " (");
    zr_plain_text(out, ev->service_code);
    (void)zr_buf_char(out, ')');
  }
}

static void s_clock_time(int64_t ms, struct zr_buf *out) {
  char stamp[32];
  zr_wall_format((struct zr_wall){ms}, stamp);
  (void)zr_buf_printf(out, "%.8sZ", strlen(stamp) > 19 ? stamp + 11 : stamp);
}

static void s_throttled(const struct zenrelease_event *ev, struct zr_buf *out) {
  (void)zr_buf_text(out, "throttled by the service");
  if (ev->resume_time_ms) {
    (void)zr_buf_text(out, " until ");
    s_clock_time(ev->resume_time_ms, out);
  }
}

/* Every event in words, for the live line. */
static void s_describe(const struct zr_progress *p, const struct zenrelease_event *ev,
                       struct zr_buf *out) {
  switch (ev->type) {
  case ZENRELEASE_EVENT_STARTED:
    (void)zr_buf_text(out, "reading the live state");
    break;
  case ZENRELEASE_EVENT_PREFLIGHT_DONE:
    (void)zr_buf_printf(out, "read %lld, %lld in the recycle bin", (long long)p->read,
                        (long long)p->eligible);
    break;
  case ZENRELEASE_EVENT_BATCH_SENT:
    (void)zr_buf_printf(out, "batch %d sent, %lld instances", ev->batch, (long long)ev->instances);
    if (ev->attempt > 1)
      (void)zr_buf_printf(out, ", attempt %d", ev->attempt);
    break;
  case ZENRELEASE_EVENT_BATCH_ANSWERED:
    s_answered(ev, out);
    break;
  case ZENRELEASE_EVENT_THROTTLED:
    s_throttled(ev, out);
    break;
  case ZENRELEASE_EVENT_BATCH_SPLIT:
    (void)zr_buf_printf(out, "batch %d refused: %d left out, the rest again in %d", ev->batch,
                        ev->dropped, ev->parts);
    break;
  case ZENRELEASE_EVENT_VERIFIED:
    (void)zr_buf_printf(out, "%lld proved gone", (long long)ev->instances);
    break;
  case ZENRELEASE_EVENT_RECONNECTING:
    (void)zr_buf_printf(out, "try %d in %lld ms: ", ev->attempt, (long long)ev->delay_ms);
    zr_plain_text(out, ev->reason);
    break;
  case ZENRELEASE_EVENT_STOPPING:
    (void)zr_buf_printf(out, "stopping (%s), waiting for the exact report", ev->reason);
    break;
  case ZENRELEASE_EVENT_TICK:
  case ZENRELEASE_EVENT_OUTCOMES_DECIDED:
  case ZENRELEASE_EVENT_RESULT:
  default:
    break;
  }
}

static bool s_matters(const struct zr_progress *p, const struct zenrelease_event *ev) {
  switch (ev->type) {
  case ZENRELEASE_EVENT_PREFLIGHT_DONE:
    return p->read >= p->total && p->read - ev->instances < p->total;
  case ZENRELEASE_EVENT_THROTTLED:
  case ZENRELEASE_EVENT_BATCH_SPLIT:
  case ZENRELEASE_EVENT_RECONNECTING:
  case ZENRELEASE_EVENT_STOPPING:
    return true;
  case ZENRELEASE_EVENT_BATCH_ANSWERED:
    return strcmp(ev->answer_class, "ok") != 0;
  case ZENRELEASE_EVENT_STARTED:
  case ZENRELEASE_EVENT_TICK:
  case ZENRELEASE_EVENT_BATCH_SENT:
  case ZENRELEASE_EVENT_VERIFIED:
  case ZENRELEASE_EVENT_OUTCOMES_DECIDED:
  case ZENRELEASE_EVENT_RESULT:
  default:
    return false;
  }
}

void zr_progress_sentence(const struct zr_progress *p, const struct zenrelease_event *ev,
                          struct zr_buf *out) {
  if (s_matters(p, ev))
    s_describe(p, ev, out);
}

static void s_bar(int64_t done, int64_t total, struct zr_buf *out) {
  int64_t full = total > 0 ? done * BAR_WIDTH / total : 0;
  (void)zr_buf_char(out, '[');
  for (int i = 0; i < BAR_WIDTH; i++)
    (void)zr_buf_char(out, i < full ? '=' : i == full ? '>' : ' ');
  (void)zr_buf_char(out, ']');
}

/* At the rate so far; nothing before there is one. */
static void s_left(const struct zr_progress *p, int64_t elapsed, struct zr_buf *out) {
  if (p->done <= 0 || p->done >= p->total || elapsed < 1000)
    return;
  int64_t seconds = ((p->total - p->done) * elapsed / p->done + 999) / 1000;
  if (seconds < 120)
    (void)zr_buf_printf(out, ", %lld s left", (long long)seconds);
  else
    (void)zr_buf_printf(out, ", %lld min left", (long long)((seconds + 59) / 60));
}

void zr_progress_line(const struct zr_progress *p, struct zr_mono now, int64_t wall_ms,
                      unsigned width, struct zr_buf *out) {
  int64_t elapsed = now.ms - p->started.ms;
  s_bar(p->done, p->total, out);
  (void)zr_buf_printf(out, " %lld/%lld", (long long)p->done, (long long)p->total);
  if (p->done > 0 && elapsed >= 1000)
    (void)zr_buf_printf(out, "  %lld/s", (long long)(p->done * 1000 / elapsed));
  (void)zr_buf_printf(out, "  %lld s", (long long)(elapsed / 1000));
  s_left(p, elapsed, out);
  (void)zr_buf_text(out, "  ");
  if (p->throttled_until_ms > wall_ms)
    (void)zr_buf_printf(out, "throttled, %lld s left",
                        (long long)((p->throttled_until_ms - wall_ms + 999) / 1000));
  else
    (void)zr_buf_text(out, p->what.data ? p->what.data : "");
  /* Cut at a character, one column short so that no terminal wraps. */
  while (out->len && zr_text_width(out->data) >= width)
    out->data[--out->len] = '\0';
}

static void s_draw(struct zr_progress *p, struct zr_mono now) {
  struct zr_buf line = ZR_BUF_INIT(LINE_MAX_BYTES);
  zr_progress_line(p, now, zr_wall_now().ms, zr_err_width(), &line);
  zr_live(line.data ? line.data : "");
  zr_buf_clean_up(&line);
  p->drawn = now;
}

void zr_progress_begin(struct zr_progress *p, bool live, struct zr_mono now) {
  *p = (struct zr_progress){.live = live,
                            .started = now,
                            .drawn = {now.ms - ZR_PROGRESS_REDRAW_MS},
                            .what = ZR_BUF_INIT(TEXT_MAX)};
  (void)zr_buf_text(&p->what, "connecting");
  if (live)
    s_draw(p, now);
}

static void s_count(struct zr_progress *p, const struct zenrelease_event *ev) {
  if (ev->type == ZENRELEASE_EVENT_STARTED)
    p->total = ev->instances;
  else if (ev->type == ZENRELEASE_EVENT_OUTCOMES_DECIDED)
    p->done += (int64_t)ev->result_count;
  else if (ev->type == ZENRELEASE_EVENT_PREFLIGHT_DONE) {
    p->read += ev->instances;
    p->eligible += ev->eligible;
  } else if (ev->type == ZENRELEASE_EVENT_THROTTLED)
    p->throttled_until_ms = ev->resume_time_ms;
  if (p->done > p->total)
    p->done = p->total;
}

void zr_progress_event(struct zr_progress *p, const struct zenrelease_event *ev) {
  struct zr_buf text = ZR_BUF_INIT(TEXT_MAX);
  s_count(p, ev);
  if (p->live) {
    s_describe(p, ev, &text);
    if (text.len) {
      zr_buf_reset(&p->what);
      if (p->stopping)
        (void)zr_buf_text(&p->what, "stopping: ");
      p->stopping |= ev->type == ZENRELEASE_EVENT_STOPPING;
      (void)zr_buf_view(&p->what, zr_buf_as_view(&text));
    }
    struct zr_mono now = zr_mono_now();
    if (now.ms - p->drawn.ms >= ZR_PROGRESS_REDRAW_MS)
      s_draw(p, now);
  } else {
    zr_progress_sentence(p, ev, &text);
    if (text.len)
      zr_note("zenrelease: %s", text.data);
  }
  zr_buf_clean_up(&text);
}
