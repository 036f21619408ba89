/* The head of a reply: the status line and the few header fields that anybody reads, bounded. */
#ifndef ZR_HTTP_HEAD_H
#define ZR_HTTP_HEAD_H

#include <stdbool.h>

#include "base/view.h"

enum { ZR_HEAD_MAX_BYTES = 64 * 1024, ZR_HEAD_MAX_LINES = 200 };

struct zr_head {
  int status;  /* of the last status line; 0: none yet. 1xx are provisional */
  int version; /* 10, 11, 20 */
  bool inside; /* between a status line and the empty line: no status line can come here */
  bool done;   /* the empty line after a final head was seen; what follows are trailers */
  size_t bytes;
  unsigned lines;
  char date[64];
  char retry_after[64];
  char cf_mitigated[64];
  char content_type[128];
  char content_encoding[64];
  char location[1024];
};

/* Takes one line as it came, line end included. False when the caps are exceeded, counted over
 * provisional heads and trailers too. */
bool zr_head_line(struct zr_head *h, struct zr_view line);
/* A status line of a final reply was read. */
static inline bool zr_head_is_final(const struct zr_head *h) {
  return h->status >= 200;
}

#endif
