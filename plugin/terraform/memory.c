/* What this process knows of ids; see struct zr_tf_memory in terraform/private.h. */
#include <string.h>

#include "base/mem.h"
#include "terraform/private.h"

enum { IDS_MAX = 100000 };

struct zr_tf_memory {
  char **ids; /* "FACT/PRODUCT/ID", sorted */
  size_t count;
  size_t cap;
};

static size_t s_lower_bound(const struct zr_tf_memory *m, const char *key) {
  size_t low = 0;
  size_t high = m->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(m->ids[middle], key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static char *s_key(enum zr_tf_fact fact, enum zr_product product, const char *id) {
  struct zr_buf key = ZR_BUF_INIT(256);
  (void)zr_buf_printf(&key, "%d/%d/%s", (int)fact, (int)product, id);
  char *taken = zr_buf_take(&key);
  zr_buf_clean_up(&key);
  return taken;
}

/* Takes the key. Best effort: what is not remembered is told as missing, with a warning. */
static void s_insert(struct zr_tf_memory *m, char *key) {
  size_t at = s_lower_bound(m, key);
  bool there = at < m->count && strcmp(m->ids[at], key) == 0;
  void *ids = m->ids;
  if (there || m->count >= IDS_MAX || zr_grow(&ids, &m->cap, m->count + 1, sizeof *m->ids) != 0) {
    zr_free(key);
    return;
  }
  m->ids = ids;
  memmove(m->ids + at + 1, m->ids + at, (m->count - at) * sizeof *m->ids);
  m->ids[at] = key;
  m->count++;
}

void zr_tf_remember(struct zr_tf_provider *p, enum zr_tf_fact fact, enum zr_product product,
                    const char *id) {
  char *key = s_key(fact, product, id);
  if (!key)
    return;
  (void)pthread_mutex_lock(&p->lock);
  if (!p->memory)
    p->memory = zr_calloc(1, sizeof *p->memory);
  if (p->memory)
    s_insert(p->memory, key);
  else
    zr_free(key);
  (void)pthread_mutex_unlock(&p->lock);
}

bool zr_tf_remembers(struct zr_tf_provider *p, enum zr_tf_fact fact, enum zr_product product,
                     const char *id) {
  char *key = s_key(fact, product, id);
  bool found = false;
  (void)pthread_mutex_lock(&p->lock);
  if (key && p->memory) {
    size_t at = s_lower_bound(p->memory, key);
    found = at < p->memory->count && strcmp(p->memory->ids[at], key) == 0;
  }
  (void)pthread_mutex_unlock(&p->lock);
  zr_free(key);
  return found;
}

void zr_tf_forget_all(struct zr_tf_provider *p) {
  if (!p->memory)
    return;
  for (size_t i = 0; i < p->memory->count; i++)
    zr_free(p->memory->ids[i]);
  zr_free(p->memory->ids);
  zr_free(p->memory);
  p->memory = NULL;
}
