/*
 * A secret: wiped when cleaned up, kept out of core dumps, compared in constant time, and without
 * any way to print it. Whoever reads `bytes` for a library must not copy them into a log, an error
 * or an argument list.
 */
#ifndef ZR_BASE_SECRET_H
#define ZR_BASE_SECRET_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/view.h"

struct zr_secret {
  char *bytes; /* NUL-terminated, on pages of its own that core dumps leave out */
  size_t len;
  size_t mapped;
};

/* Copies `text` into a fresh secret. ZR_ERR_LIMIT above 4,000 bytes, ZR_ERR_NOMEM. */
enum zr_err zr_secret_set(struct zr_secret *s, struct zr_view text) ZR_MUST_CHECK;
enum zr_err zr_secret_copy(struct zr_secret *to, const struct zr_secret *from) ZR_MUST_CHECK;
bool zr_secret_is_set(const struct zr_secret *s);
bool zr_secret_equal(const struct zr_secret *a, const struct zr_secret *b);
/* Wipes and unmaps; a zeroed secret is fine. */
void zr_secret_clean_up(struct zr_secret *s);
/* This process writes no core file and gives none to a handler, and its memory and environment are
 * closed to other processes of the same user (root aside). Before any secret is read; exec undoes
 * it. Nothing under a sanitizer, which needs to look into the process. */
void zr_secret_close_process(void);
/* Overwrites memory in a way the compiler may not drop. */
void zr_wipe(void *p, size_t len);

#endif
