#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { ALIGN = 16, SMALLEST_BLOCK = 4096, LARGEST_BLOCK = 262144 };

struct zr_arena_block {
  struct zr_arena_block *next;
  size_t cap;
  size_t used;
  _Alignas(max_align_t) char data[];
};

void zr_arena_init(struct zr_arena *a, void *first, size_t first_cap) {
  *a = (struct zr_arena){.first = first, .first_cap = first ? first_cap : 0};
}

static struct zr_arena_block *s_block(struct zr_arena *a, size_t need) {
  size_t cap = a->head ? a->head->cap * 2 : SMALLEST_BLOCK;
  if (cap > LARGEST_BLOCK)
    cap = LARGEST_BLOCK;
  if (cap < need)
    cap = need;
  struct zr_arena_block *b = zr_alloc(sizeof *b + cap);
  if (!b)
    return NULL;
  b->next = a->head;
  b->cap = cap;
  b->used = 0;
  a->head = b;
  return b;
}

void *zr_arena_alloc(struct zr_arena *a, size_t size) {
  if (size > SIZE_MAX / 2)
    return NULL;
  size_t n = size ? (size + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
  if (a->first_cap - a->first_used >= n) {
    void *p = a->first + a->first_used;
    a->first_used += n;
    return p;
  }
  struct zr_arena_block *b = a->head;
  if (!b || b->cap - b->used < n) {
    b = s_block(a, n);
    if (!b)
      return NULL;
  }
  void *p = b->data + b->used;
  b->used += n;
  return p;
}

void *zr_arena_calloc(struct zr_arena *a, size_t count, size_t size) {
  if (size && count > SIZE_MAX / 2 / size)
    return NULL;
  void *p = zr_arena_alloc(a, count * size);
  return p ? memset(p, 0, count * size) : NULL;
}

char *zr_arena_strdup(struct zr_arena *a, const char *text) {
  size_t n = strlen(text) + 1;
  char *copy = zr_arena_alloc(a, n);
  return copy ? memcpy(copy, text, n) : NULL;
}

const char *zr_arena_copy(struct zr_arena *a, const char *text, bool *ok) {
  if (!text || !*text)
    return "";
  const char *copy = zr_arena_strdup(a, text);
  *ok = *ok && copy;
  return copy ? copy : "";
}

const char *const *zr_arena_copy_list(struct zr_arena *a, const char *const *list, size_t count,
                                      bool *ok) {
  const char **copy = zr_arena_calloc(a, count ? count : 1, sizeof *copy);
  *ok = *ok && copy;
  for (size_t i = 0; copy && i < count; i++)
    copy[i] = zr_arena_copy(a, list[i], ok);
  return copy;
}

char *zr_arena_printf(struct zr_arena *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  char *text = n < 0 ? NULL : zr_arena_alloc(a, (size_t)n + 1);
  if (text)
    (void)vsnprintf(text, (size_t)n + 1, format, again);
  va_end(again);
  va_end(args);
  return text;
}

void zr_arena_clean_up(struct zr_arena *a) {
  while (a->head) {
    struct zr_arena_block *next = a->head->next;
    zr_free(a->head);
    a->head = next;
  }
  a->first_used = 0;
}
