/* Which step waits for which. */
#include <string.h>

#include "teardown.h"

enum { FRESH, OPEN, CLOSED };
enum { CYCLE_MAX = 16 * 1024 };

static const struct zr_jnode *s_step_node(const struct zr_jnode *list, size_t index) {
  const struct zr_jnode *n = list->first;
  while (index-- > 0)
    n = n->next;
  return n;
}

static bool s_find(const struct zr_steps *steps, const char *name, uint32_t *out) {
  for (size_t i = 0; i < steps->count; i++) {
    if (steps->items[i].name && strcmp(steps->items[i].name, name) == 0) {
      *out = (uint32_t)i;
      return true;
    }
  }
  return false;
}

static void s_need(const struct zr_steps *steps, struct zr_step *s, const struct zr_jnode *n,
                   struct zr_problems *p) {
  uint32_t number = 0;
  if (n->type != ZR_JTEXT) {
    zr_problem(p, n, "must be the name of a step");
  } else if (!s_find(steps, n->text, &number)) {
    zr_problem(p, n, "there is no step \"%s\"", n->text);
  } else if (&steps->items[number] == s) {
    zr_problem(p, n, "a step cannot depend on itself");
  } else {
    for (size_t i = 0; i < s->need_count; i++)
      if (s->needs[i] == number)
        zr_problem(p, n, "names \"%s\" a second time", n->text);
    s->needs[s->need_count++] = number;
  }
}

/* Names the steps from `top` of the stack down to where the cycle closes. */
static void s_tell_cycle(const struct zr_steps *steps, const uint32_t *stack, size_t top,
                         uint32_t closes, const struct zr_jnode *list, struct zr_problems *p) {
  struct zr_buf words = ZR_BUF_INIT(CYCLE_MAX);
  size_t from = top;
  while (from > 0 && stack[from] != closes)
    from--;
  for (size_t i = from; i <= top; i++)
    (void)zr_buf_printf(&words, "%s -> ", steps->items[stack[i]].name);
  (void)zr_buf_text(&words, steps->items[closes].name);
  const struct zr_jnode *step = s_step_node(list, stack[top]);
  zr_problem(p, zr_jget(step, "depends_on"), "a cycle: %s", words.data ? words.data : "");
  zr_buf_clean_up(&words);
}

struct walk {
  const struct zr_steps *steps;
  const struct zr_jnode *list;
  struct zr_problems *problems;
  uint8_t state[ZR_STEPS_MAX];
  uint32_t stack[ZR_STEPS_MAX];
  size_t next[ZR_STEPS_MAX]; /* need to look at, by depth */
};

static void s_walk_from(struct walk *w, uint32_t root) {
  size_t depth = 0;
  w->stack[0] = root;
  w->next[0] = 0;
  w->state[root] = OPEN;
  for (;;) {
    const struct zr_step *s = &w->steps->items[w->stack[depth]];
    if (w->next[depth] == s->need_count) {
      w->state[w->stack[depth]] = CLOSED;
      if (depth-- == 0)
        return;
      continue;
    }
    uint32_t need = s->needs[w->next[depth]++];
    if (w->state[need] == OPEN) {
      s_tell_cycle(w->steps, w->stack, depth, need, w->list, w->problems);
    } else if (w->state[need] == FRESH) {
      w->stack[++depth] = need;
      w->next[depth] = 0;
      w->state[need] = OPEN;
    }
  }
}

bool zr_steps_depend(struct zr_steps *steps, const struct zr_jnode *list, struct zr_arena *arena,
                     struct zr_problems *p) {
  struct walk w = {.steps = steps, .list = list, .problems = p};
  size_t before = p->count;
  const struct zr_jnode *step = list->first;
  for (size_t i = 0; i < steps->count; i++, step = step->next) {
    const struct zr_jnode *names = zr_jof(step, "depends_on", ZR_JLIST, false, p);
    if (!names)
      continue;
    steps->items[i].needs = zr_arena_calloc(arena, names->count, sizeof(uint32_t));
    if (!steps->items[i].needs) {
      p->nomem = true;
      return false;
    }
    for (const struct zr_jnode *n = names->first; n; n = n->next)
      s_need(steps, &steps->items[i], n, p);
  }
  for (uint32_t i = 0; i < steps->count; i++)
    if (w.state[i] == FRESH)
      s_walk_from(&w, i);
  return p->count == before;
}
