/* A few files, looked at now and then: whether they have changed, and have settled since. */
#ifndef ZR_APP_WATCH_H
#define ZR_APP_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { ZR_WATCH_MAX = 3 };

/* What tells one state of a file from another; all zero: it is not there. */
struct zr_watch_stamp {
  dev_t device;
  ino_t inode;
  off_t size;
  int64_t modified_ns;
  int64_t changed_ns;
};

/* One thread at a time. */
struct zr_watch {
  const char *paths[ZR_WATCH_MAX]; /* borrowed; NULL: none */
  struct zr_watch_stamp taken[ZR_WATCH_MAX];
  struct zr_watch_stamp seen[ZR_WATCH_MAX];
};

/* The state of the files counts as taken. Links are followed. */
void zr_watch_init(struct zr_watch *w, const char *first, const char *second, const char *third);
/* True when they are other files than those that were taken, and the same as at the last look: a
 * certificate and its key are seldom replaced in one moment. */
bool zr_watch_is_due(struct zr_watch *w);
/* Before they are read: what changes from now on is a change. */
void zr_watch_take(struct zr_watch *w);

#endif
