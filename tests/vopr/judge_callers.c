/*
 * Whether a request is found by its calls, should the process die before it is answered: the intent
 * of each call, with what is added to it, names every caller who wants one of its ids.
 */
#include "judge.h"

struct naming {
  struct sim *s;
  const struct zr_action *a;
  size_t last;
};

static void s_named(void *ctx, size_t index, uint64_t job) {
  struct naming *x = ctx;
  struct sim *s = x->s;
  struct caller *c = caller_of(s, job);
  if (index >= x->a->id_count || index < x->last || !c || c->product != x->a->product) {
    judge_break(s, "the intent of batch %u names nobody's request", x->a->batch);
    return;
  }
  x->last = index;
  const struct machine *m = machine_find(s, c->product, x->a->ids[index]);
  if (!judge_wants(s, c, m, x->a->depend_resource))
    judge_break(s, "the intent of batch %u names a caller who does not want %s", x->a->batch,
                m->id);
  c->named[machine_number(s, m, c->product)] = x->a->batch;
}

void judge_callers_named(struct sim *s, const struct zr_action *a) {
  struct naming x = {s, a, 0};
  zr_engine_callers(s->engine, a->op, s_named, &x);
}

void judge_callers_known(struct sim *s, const struct zr_action *a) {
  for (size_t i = 0; i < a->id_count; i++) {
    const struct machine *m = machine_find(s, a->product, a->ids[i]);
    unsigned n = machine_number(s, m, a->product);
    for (unsigned k = s->caller_count; k-- > 0;) {
      const struct caller *c = &s->callers[k];
      bool guarded = c->has_policy || c->has_expected || s->has_server_policy;
      if (c->product == a->product && !guarded && c->named[n] != a->batch &&
          judge_wants(s, c, m, a->depend_resource))
        judge_break(s, "batch %u leaves with %s, and caller %u would not find it", a->batch, m->id,
                    k);
    }
  }
}

struct joining {
  struct sim *s;
  struct caller *c;
};

static void s_joined(void *ctx, const char *id, uint32_t batch) {
  struct joining *x = ctx;
  struct sim *s = x->s;
  const struct machine *m = machine_find(s, x->c->product, id);
  unsigned n = machine_number(s, m, x->c->product);
  MARK(JOINED_UNDER_WAY);
  if (batch == 0 || !x->c->names[n] || x->c->dry)
    judge_break(s, "a caller is said to have joined batch %u with %s", batch, id);
  x->c->named[n] = batch;
}

void judge_joined(struct sim *s, struct caller *c) {
  struct joining x = {s, c};
  zr_engine_joined(s->engine, c->handle, s_joined, &x);
}
