/* An id twice in one file is more often a slip than a wish. */
#include <string.h>

#include "base/mem.h"
#include "lib/chunk.h"
#include "teardown.h"

enum { PATH_MAX_BYTES = 256 };

struct mentions {
  const char **ids;
  const struct zr_jnode **nodes;
  size_t count;
};

/* The ids of all steps of a product; only counted while there is no room for them. */
static void s_collect(const struct zr_steps *steps, const struct zr_jnode *list,
                      enum zenrelease_product product, struct mentions *m) {
  m->count = 0;
  for (const struct zr_jnode *step = list->first; step; step = step->next) {
    const struct zr_jnode *ids = zr_jget(step, "ids");
    if (!ids || ids->type != ZR_JLIST || steps->items[step->index].product != product)
      continue;
    for (const struct zr_jnode *n = ids->first; n; n = n->next) {
      if (n->type != ZR_JTEXT || zr_id_fault(zr_view_of(n->text)))
        continue;
      if (m->ids) {
        m->ids[m->count] = n->text;
        m->nodes[m->count] = n;
      }
      m->count++;
    }
  }
}

static void s_tell(const struct zr_jnode *again, const struct zr_jnode *first,
                   struct zr_problems *p) {
  struct zr_buf path = ZR_BUF_INIT(PATH_MAX_BYTES);
  if (again->parent == first->parent) {
    zr_problem(p, again, "repeats ids[%zu]", first->index);
    return;
  }
  zr_jpath(first, &path);
  zr_problem(p, again, "repeats %s", path.data ? path.data : "an id of another step");
  zr_buf_clean_up(&path);
}

static void s_product(const struct zr_steps *steps, const struct zr_jnode *list,
                      enum zenrelease_product product, struct zr_arena *arena,
                      struct zr_problems *p) {
  struct mentions m = {0};
  s_collect(steps, list, product, &m);
  if (m.count < 2)
    return;
  m.ids = zr_arena_calloc(arena, m.count, sizeof(const char *));
  m.nodes = zr_arena_calloc(arena, m.count, sizeof(struct zr_jnode *));
  if (!m.ids || !m.nodes) {
    p->nomem = true;
    return;
  }
  s_collect(steps, list, product, &m);
  uint32_t *first = zr_first_mentions(m.ids, m.count);
  if (!first)
    p->nomem = true;
  for (size_t i = 0; first && i < m.count; i++)
    if (first[i] != i)
      s_tell(m.nodes[i], m.nodes[first[i]], p);
  zr_free(first);
}

void zr_steps_no_repeats(const struct zr_steps *steps, const struct zr_jnode *list,
                         struct zr_arena *arena, struct zr_problems *p) {
  for (int n = ZENRELEASE_PRODUCT_VM; n <= ZENRELEASE_PRODUCT_ZEC; n++)
    s_product(steps, list, (enum zenrelease_product)n, arena, p);
}
