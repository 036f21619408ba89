/*
 * One request of a release, from WatchRelease to its report.
 *
 *   open stream -> follow its events -> result: done
 *        ^              |
 *        |              +-- stream lost ------> wait, take it up again after the last sequence
 * number |              +-- cancelled or late -> CancelRelease, go on following until the report
 *        +--------------+-- tries or patience at an end -> lost: what was decided stands
 *
 * While it is being stopped, a lost stream is taken up again only after the server has confirmed
 * with CancelRelease that it knows the request: a server that has forgotten it would begin anew.
 */
#ifndef ZR_CLIENT_LIB_WATCH_H
#define ZR_CLIENT_LIB_WATCH_H

#include "client.h"
#include "lost.h"

struct zr_watch_options {
  struct zenrelease_client *client;
  Zenrelease__V1__ReleaseRequest request; /* with its own request_id */
  const char *const *ids;                 /* as in request */
  struct zr_origin origin;
  struct zr_mono deadline;
  int64_t settle_ms;
  int tries;
  int64_t tick_ms; /* 0: none */
  const struct zenrelease_cancel *cancel;
  zenrelease_event_fn *on_event;
  void *user;
  uint32_t part;
  uint32_t part_count;
};

struct zr_watch_end {
  bool cancelled;
  bool timed_out;
  bool lost;                        /* the report is ours, not the server's */
  struct zenrelease_report *report; /* NULL: refused, nothing was sent; caller releases */
  int64_t sequence;                 /* of the result event; 0 when lost */
  int64_t time_ms;
};

/* OK: the server's report. Otherwise *error says why, and end->report is what can still be said, or
 * NULL when the server refused the request as a whole. */
enum zenrelease_status zr_watch_run(const struct zr_watch_options *o, struct zr_watch_end *end,
                                    struct zenrelease_error **error);

/* Delivers an event of the client's own, or the final one. */
void zr_watch_deliver(const struct zr_watch_options *o, struct zenrelease_event *ev);

#endif
