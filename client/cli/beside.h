/*
 * A file that is there whole or not at all: written under another name in the same folder, and
 * renamed when all is well. Opened before the work begins, so that a place which cannot be written
 * to is found then. One at a time in a process: a second signal removes it.
 */
#ifndef ZR_CLIENT_CLI_BESIDE_H
#define ZR_CLIENT_CLI_BESIDE_H

#include <stdbool.h>
#include <stdio.h>

struct zr_beside {
  const char *path; /* the caller's */
  char *target;     /* what it leads to, where it is a link */
  char *name;       /* of what is written for now */
  FILE *file;       /* NULL: not open */
};

/* Whether both names are one, or of one file that is there; "-" as `b` is standard input. NULL is
 * none. */
bool zr_same_file(const char *a, const char *b);

/* A link stays a link, and a file that is there keeps its mode; a new one is closed to others.
 * False with errno. `path` must live as long as *b; clean up in any case. */
bool zr_beside_open(struct zr_beside *b, const char *path);
/* Everything is written, and is to be on disk. False with errno. */
bool zr_beside_close(struct zr_beside *b);
/* Closes it, and puts it in place of `path`. False with errno, and `path` is as it was. */
bool zr_beside_install(struct zr_beside *b);
/* Leaves what was written where it is: it will not be removed. */
void zr_beside_keep(struct zr_beside *b);
/* Removes what was not installed. A zeroed one is fine. */
void zr_beside_clean_up(struct zr_beside *b);

#endif
