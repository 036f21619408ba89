#include "blocks.h"

#include <execinfo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* Not uthash's own, which falls through its switch labels where it expands. */
#define HASH_FUNCTION(key, len, hash) HASH_FNV(key, len, hash)
#include <uthash.h>

#include "base/mem.h"

struct block {
  const void *ptr;
  int64_t number;
  UT_hash_handle hh;
};

static struct {
  pthread_mutex_t lock; /* of all below */
  struct block *out;
  int64_t counted;
  int64_t fail_at;
  bool armed;
  bool keep_places;
  bool failed;
  struct place failed_at;
  struct place *places;
  size_t place_count;
  size_t place_cap;
} g = {.lock = PTHREAD_MUTEX_INITIALIZER, .fail_at = BLOCKS_NEVER};

static _Thread_local int64_t t_number = BLOCKS_NEVER;

/* The frames of this file and of base/mem.c are the same everywhere, and do no harm in the hash. */
static void s_find_place(struct place *p) {
  p->depth = backtrace(p->stack, BLOCKS_DEPTH);
  p->hash = 14695981039346656037U;
  for (int i = 0; i < p->depth && i < 9; i++) {
    p->hash ^= (uint64_t)(uintptr_t)p->stack[i];
    p->hash *= 1099511628211U;
  }
}

static void s_keep_place(void) {
  if (g.place_count == g.place_cap) {
    g.place_cap = g.place_cap ? g.place_cap * 2 : 1024;
    g.places = realloc(g.places, g.place_cap * sizeof *g.places);
    if (!g.places)
      abort();
  }
  s_find_place(&g.places[g.place_count++]);
}

static bool s_allow(void) {
  bool allowed = true;
  (void)pthread_mutex_lock(&g.lock);
  t_number = BLOCKS_NEVER;
  if (g.armed) {
    t_number = g.counted++;
    if (g.keep_places)
      s_keep_place();
    if (t_number == g.fail_at) {
      allowed = false;
      g.failed = true;
      s_find_place(&g.failed_at);
    }
  }
  (void)pthread_mutex_unlock(&g.lock);
  return allowed;
}

static void s_made(const void *ptr) {
  struct block *b = malloc(sizeof *b);
  if (!b)
    abort();
  *b = (struct block){.ptr = ptr, .number = t_number};
  (void)pthread_mutex_lock(&g.lock);
  HASH_ADD_PTR(g.out, ptr, b);
  (void)pthread_mutex_unlock(&g.lock);
}

static void s_gone(const void *ptr) {
  struct block *b;
  (void)pthread_mutex_lock(&g.lock);
  HASH_FIND_PTR(g.out, &ptr, b);
  if (b)
    HASH_DEL(g.out, b);
  (void)pthread_mutex_unlock(&g.lock);
  free(b);
}

static const struct zr_mem_watch s_watch = {s_allow, s_made, s_gone};

void blocks_begin(int64_t fail_at, bool places) {
  struct block *b;
  struct block *next;
  (void)pthread_mutex_lock(&g.lock);
  HASH_ITER(hh, g.out, b, next) {
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): only what was taken out is freed */
    HASH_DEL(g.out, b);
    free(b);
  }
  g.counted = 0;
  g.fail_at = fail_at;
  g.armed = g.failed = false;
  g.keep_places = places;
  if (places)
    g.place_count = 0;
  (void)pthread_mutex_unlock(&g.lock);
  zr_mem_watch(&s_watch);
}

void blocks_arm(bool armed) {
  (void)pthread_mutex_lock(&g.lock);
  g.armed = armed;
  (void)pthread_mutex_unlock(&g.lock);
}

void blocks_end(void) {
  blocks_arm(false);
  zr_mem_watch(NULL);
}

int64_t blocks_counted(void) {
  (void)pthread_mutex_lock(&g.lock);
  int64_t n = g.counted;
  (void)pthread_mutex_unlock(&g.lock);
  return n;
}

bool blocks_failed(void) {
  (void)pthread_mutex_lock(&g.lock);
  bool failed = g.failed;
  (void)pthread_mutex_unlock(&g.lock);
  return failed;
}

const struct place *blocks_failed_at(void) {
  return &g.failed_at;
}

const struct place *blocks_places(size_t *count) {
  *count = g.place_count;
  return g.places;
}

size_t blocks_lost(int64_t *which, size_t room) {
  size_t lost = 0;
  (void)pthread_mutex_lock(&g.lock);
  for (const struct block *b = g.out; b; b = b->hh.next, lost++)
    if (lost < room)
      which[lost] = b->number;
  (void)pthread_mutex_unlock(&g.lock);
  return lost;
}

void blocks_print_place(const struct place *p) {
  backtrace_symbols_fd(p->stack, p->depth, STDERR_FILENO);
}
