#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint_fast64_t s_count;
static atomic_uint_fast64_t s_fail_at = UINT64_MAX;

void zr_mem_fail_after(uint64_t n) {
  atomic_store(&s_fail_at, n == UINT64_MAX ? UINT64_MAX : atomic_load(&s_count) + n);
}

uint64_t zr_mem_count(void) {
  return atomic_load(&s_count);
}

static int s_must_fail(void) {
  return atomic_fetch_add_explicit(&s_count, 1, memory_order_relaxed) ==
         atomic_load_explicit(&s_fail_at, memory_order_relaxed);
}

void *zr_alloc(size_t size) {
  return s_must_fail() ? NULL : malloc(size ? size : 1);
}

void *zr_calloc(size_t count, size_t size) {
  return s_must_fail() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *zr_realloc(void *old, size_t size) {
  return s_must_fail() ? NULL : realloc(old, size ? size : 1);
}

void *zr_realloc_array(void *old, size_t count, size_t size) {
  if (size && count > SIZE_MAX / size)
    return NULL;
  return zr_realloc(old, count * size);
}

void zr_free(void *ptr) {
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
