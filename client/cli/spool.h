/*
 * JSON objects on their way into a list that is written later: kept in a file without a name, so
 * that memory does not grow with their number. When that file cannot be written to any more they
 * are kept in memory, up to a ceiling; what was added stays whole in any case. Not shared between
 * threads.
 */
#ifndef ZR_CLIENT_CLI_SPOOL_H
#define ZR_CLIENT_CLI_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/buf.h"

struct zr_spool {
  int fd;
  off_t whole;        /* bytes in the file, all of them of whole objects */
  struct zr_buf held; /* what follows them */
  uint64_t count;     /* objects kept */
  uint64_t lost;      /* for which there was no room anywhere */
  int error;          /* errno of the first write that failed; 0: none */
};

/* False with errno. Clean up in any case. */
bool zr_spool_begin(struct zr_spool *s);
/* Keeps the object in *object and empties the buffer; one that failed counts as lost. */
void zr_spool_add(struct zr_spool *s, struct zr_buf *object);
/* Everything is in the file. False when it is not, or when anything was lost: s->error says why. */
bool zr_spool_settle(struct zr_spool *s);
/* Forgets everything, trouble too. False, with s->error set, when the file cannot be emptied. */
bool zr_spool_reset(struct zr_spool *s);
/* The objects with commas between them, in order; `put` may be called often. False when it was, or
 * when they cannot be read. */
bool zr_spool_copy(const struct zr_spool *s, bool (*put)(void *ctx, const char *bytes, size_t len),
                   void *ctx);
void zr_spool_clean_up(struct zr_spool *s);

#endif
