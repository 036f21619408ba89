/*
 * Memory of ours. All allocations of the plugin go through here, so that a test can make each of
 * them fail once. Out of memory is an ordinary error: a plugin that dies in mid-release cannot say
 * what was released. Any thread, except zr_mem_fail_after.
 */
#ifndef ZR_BASE_MEM_H
#define ZR_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* As malloc, calloc, realloc, free, errno included. The array forms return NULL on overflow. Caller
 * owns. */
void *zr_alloc(size_t size) ZR_MUST_CHECK;
void *zr_calloc(size_t count, size_t size) ZR_MUST_CHECK;
void *zr_realloc(void *old, size_t size) ZR_MUST_CHECK;
void *zr_realloc_array(void *old, size_t count, size_t size) ZR_MUST_CHECK;
void zr_free(void *ptr);

/* A NUL-terminated copy; caller frees with zr_free. NULL when out of memory or text is NULL. */
char *zr_strdup(const char *text) ZR_MUST_CHECK;
char *zr_strndup(const char *text, size_t len) ZR_MUST_CHECK;

/* Makes room for `need` elements in the growing array *array (capacity *cap), doubling.
 * Returns 0, or -1 when out of memory; the array is untouched then. */
int zr_grow(void **array, size_t *cap, size_t need, size_t element) ZR_MUST_CHECK;

/* Tests only, one thread: the allocation number `n` from now (0 is the next) fails, once;
 * UINT64_MAX switches off. zr_mem_count tells how many allocations were asked for so far. */
void zr_mem_fail_after(uint64_t n);
uint64_t zr_mem_count(void);

/* Tests only (tests/sweep): hears of every allocation while set, on the thread that makes it. A
 * block that is resized goes and is made anew; `gone` runs before the memory is given back. */
struct zr_mem_watch {
  bool (*allow)(void); /* before an allocation; false: it fails */
  void (*made)(const void *ptr);
  void (*gone)(const void *ptr);
};
/* Borrowed until replaced; NULL switches off. */
void zr_mem_watch(const struct zr_mem_watch *watch);

#endif
