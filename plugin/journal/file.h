/*
 * The file itself: whose it may be, and whose it is now. The lock is SQLite's, which is the
 * system's (fcntl), so it goes with its process, however that ends. Any thread.
 */
#ifndef ZR_JOURNAL_FILE_H
#define ZR_JOURNAL_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* A file that is ours until clean-up. Closing any other descriptor of it in this process would take
 * SQLite's lock away, so it is opened nowhere else. */
struct zr_journal_file {
  char *path; /* canonical, without symbolic links */
  int fd;     /* -1: not open */
  bool claimed;
  dev_t device;
  ino_t inode;
  struct zr_journal_file *next; /* among those of this process */
};

/* Opens (or, unless read_only, makes with mode 0600) the file. ZR_ERR_EXISTS: another
 * process, or this one, has it, and `problem` says which. ZR_ERR_DENIED: somebody else could write
 * to it, or we cannot. ZR_ERR_NOT_FOUND, ZR_ERR_IO, ZR_ERR_NOMEM. Clean up in any case. */
enum zr_err zr_journal_file_open(struct zr_journal_file *f, const char *path, bool read_only,
                                 struct zr_buf *problem) ZR_MUST_CHECK;
/* Whether another process has it locked for writing; `problem` says which. */
bool zr_journal_file_is_held(const struct zr_journal_file *f, struct zr_buf *problem) ZR_MUST_CHECK;
/* After SQLite has closed the file. */
void zr_journal_file_clean_up(struct zr_journal_file *f);

#endif
