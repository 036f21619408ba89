/* Whether a secret stays behind in memory that is given back. One test at a time. */
#ifndef TESTS_REMAINS_H
#define TESTS_REMAINS_H

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

static const char *remains_secret;
static unsigned remains_found;
static unsigned remains_looked; /* blocks */

static bool remains_allow(void) {
  return true;
}

static void remains_made(const void *block) {
  (void)block;
}

static void remains_gone(const void *block) {
  size_t size = malloc_usable_size((void *)(uintptr_t)block);
  remains_looked++;
  if (memmem(block, size, remains_secret, strlen(remains_secret)))
    remains_found++;
}

static const struct zr_mem_watch remains_watch = {remains_allow, remains_made, remains_gone};

/* From here on; `secret` is borrowed. */
static inline void remains_begin(const char *secret) {
  remains_secret = secret;
  remains_found = remains_looked = 0;
  zr_mem_watch(&remains_watch);
}

static inline void remains_end(void) {
  zr_mem_watch(NULL);
}

#endif
