/* What watch.c (the stream) and stop.c (ending it early) share. */
#ifndef ZR_CLIENT_LIB_WATCH_PRIVATE_H
#define ZR_CLIENT_LIB_WATCH_PRIVATE_H

#include "call.h"
#include "watch.h"

enum zr_stop { ZR_STOP_NO, ZR_STOP_CANCELLED, ZR_STOP_LATE };

struct zr_watch {
  const struct zr_watch_options *o;
  struct zr_watch_end *end;

  struct zr_call stream;
  int64_t sequence; /* of the last event seen */
  int lost_in_row;  /* streams lost without an event between them */
  bool reattached;
  bool maybe_sent; /* the server may know the request */
  bool finished;
  struct zr_decided decided;
  struct zenrelease_report *report; /* its arena holds every event of the stream */

  enum zr_stop stop;
  struct zr_call stop_call; /* CancelRelease beside the stream */
  int stop_tries;
  struct zr_mono stop_again;   /* when to call it (again); never: no need */
  struct zr_mono settle_until; /* how long to wait for the report after a stop */
  struct zr_mono tick_at;
};

/* Begins to stop: from now on the report is waited for at most settle_ms. Does nothing the second
 * time. */
void zr_stop_begin(struct zr_watch *w, enum zr_stop why);
/* Starts, repeats or finishes CancelRelease beside the stream, as far as it is due. */
void zr_stop_step(struct zr_watch *w);
/* Without a stream: asks the server to stop, and whether it knows the request at all. */
enum zenrelease_status zr_stop_confirm(struct zr_watch *w, struct zenrelease_error **error);

#endif
