#include "base/mem.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint_fast64_t s_count;
static atomic_uint_fast64_t s_fail_at = UINT64_MAX;
static const struct zr_mem_watch *_Atomic s_watch;

void zr_mem_fail_after(uint64_t n) {
  atomic_store(&s_fail_at, n == UINT64_MAX ? UINT64_MAX : atomic_load(&s_count) + n);
}

uint64_t zr_mem_count(void) {
  return atomic_load(&s_count);
}

void zr_mem_watch(const struct zr_mem_watch *watch) {
  atomic_store(&s_watch, watch);
}

static const struct zr_mem_watch *s_watcher(void) {
  return atomic_load_explicit(&s_watch, memory_order_acquire);
}

/* What a test makes fail looks like malloc's own failure. */
static bool s_must_fail(const struct zr_mem_watch *w) {
  bool fails = atomic_fetch_add_explicit(&s_count, 1, memory_order_relaxed) ==
               atomic_load_explicit(&s_fail_at, memory_order_relaxed);
  fails = fails || (w && !w->allow());
  if (fails)
    errno = ENOMEM;
  return fails;
}

static void *s_made(const struct zr_mem_watch *w, void *ptr) {
  if (w && ptr)
    w->made(ptr);
  return ptr;
}

void *zr_alloc(size_t size) {
  const struct zr_mem_watch *w = s_watcher();
  return s_must_fail(w) ? NULL : s_made(w, malloc(size ? size : 1));
}

void *zr_calloc(size_t count, size_t size) {
  const struct zr_mem_watch *w = s_watcher();
  return s_must_fail(w) ? NULL : s_made(w, calloc(count ? count : 1, size ? size : 1));
}

/* A watcher has to hear that `old` goes before another thread can be given the same address. */
static void *s_realloc_watched(const struct zr_mem_watch *w, void *old, size_t size) {
  if (old)
    w->gone(old);
  void *grown = realloc(old, size);
  if (!grown)
    (void)s_made(w, old);
  return s_made(w, grown);
}

void *zr_realloc(void *old, size_t size) {
  const struct zr_mem_watch *w = s_watcher();
  if (s_must_fail(w))
    return NULL;
  size = size ? size : 1;
  return w ? s_realloc_watched(w, old, size) : realloc(old, size);
}

void *zr_realloc_array(void *old, size_t count, size_t size) {
  if (size && count > SIZE_MAX / size)
    return NULL;
  return zr_realloc(old, count * size);
}

void zr_free(void *ptr) {
  const struct zr_mem_watch *w = s_watcher();
  if (w && ptr)
    w->gone(ptr);
  free(ptr);
}

char *zr_strndup(const char *text, size_t len) {
  if (!text)
    return NULL;
  char *copy = zr_alloc(len + 1);
  if (!copy)
    return NULL;
  memcpy(copy, text, len);
  copy[len] = '\0';
  return copy;
}

char *zr_strdup(const char *text) {
  return text ? zr_strndup(text, strlen(text)) : NULL;
}

int zr_grow(void **array, size_t *cap, size_t need, size_t element) {
  if (need <= *cap)
    return 0;
  size_t wanted = *cap ? *cap : 8;
  while (wanted < need) {
    if (wanted > SIZE_MAX / 2)
      return -1;
    wanted *= 2;
  }
  void *grown = zr_realloc_array(*array, wanted, element);
  if (!grown)
    return -1;
  *array = grown;
  *cap = wanted;
  return 0;
}
