/*
 * The ids to release: from arguments and from a file with one id a line. In a file, blank lines and
 * lines whose first character other than white space is # are skipped; an id with white space
 * around it is an error that names the line, since it is more often a wrong file than a wrong
 * space.
 */
#ifndef ZR_CLIENT_CLI_IDS_H
#define ZR_CLIENT_CLI_IDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"

struct zr_ids {
  const char **items;
  uint32_t *lines; /* where each stands in the file; 0: an argument */
  size_t count;
  size_t item_cap;
  size_t line_cap;
  struct zr_arena text;
};

void zr_ids_clean_up(struct zr_ids *ids);
/* Adds an argument, borrowed; 0, or -1 when memory is out. */
int zr_ids_add(struct zr_ids *ids, const char *argument) ZR_MUST_CHECK;
/* Reads `file` to its end, line by line. False with a sentence in `why` that names `name` and the
 * line. */
bool zr_ids_read(struct zr_ids *ids, FILE *file, const char *name, struct zr_buf *why);

#endif
