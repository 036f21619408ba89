/* Who asks for what: callers over overlapping ids, with options, rules, deadlines and doubts. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

struct caller *caller_new(struct sim *s, enum zr_product product) {
  if (s->caller_count == CALLERS_MAX)
    abort();
  struct caller *c = &s->callers[s->caller_count++];
  memset(c, 0, sizeof *c);
  c->used = true;
  c->product = product;
  c->life = s->life;
  c->at = s->now;
  c->deadline = c->cancelled_at = c->cancel_due = NEVER;
  return c;
}

struct caller *caller_of(struct sim *s, uint64_t handle) {
  for (unsigned i = s->caller_count; i-- > 0;) {
    struct caller *c = &s->callers[i];
    if (c->used && c->life == s->life && c->handle == handle)
      return c;
  }
  return NULL;
}

void caller_begin(struct sim *s, struct caller *c) {
  memset(c->names, 0, sizeof c->names);
  memset(c->named, 0, sizeof c->named);
  for (unsigned i = 0; i < c->id_count; i++) {
    uint16_t id = c->ids[i];
    if (c->names[id])
      continue;
    c->names[id] = true;
    c->distinct[c->distinct_count] = id;
    c->first[c->distinct_count++] = (uint16_t)i;
  }
  judge_caller_begins(s, c);
}

/* ---- which ids ---- */

static void s_repeat(struct sim *s, struct caller *c) {
  uint16_t id = c->ids[vopr_below(s, c->id_count)];
  c->ids[c->id_count++] = id;
}

static void s_pick_ids(struct sim *s, struct caller *c) {
  unsigned n = s->machine_count[c->product];
  unsigned first = 0;
  unsigned count = n;
  unsigned share = 100;
  switch (vopr_below(s, 5)) {
  case 0:
    break; /* all */
  case 1:
    first = vopr_below(s, n);
    count = 1;
    break;
  case 2:
    share = 50;
    break;
  default:
    first = vopr_below(s, n);
    count = 1 + vopr_below(s, n - first);
    break;
  }
  for (unsigned i = 0; i < count; i++) {
    if (vopr_chance(s, share))
      c->ids[c->id_count++] = (uint16_t)(first + i);
  }
  if (c->id_count == 0)
    c->ids[c->id_count++] = (uint16_t)first;
  unsigned again = vopr_chance(s, 12) ? 1 + vopr_below(s, 4) : 0;
  for (unsigned i = 0; i < again; i++)
    s_repeat(s, c);
  if (again)
    MARK(DUPLICATE_IDS);
  if (c->id_count > ZR_BATCH_MAX)
    MARK(MORE_THAN_A_HUNDRED);
}

/* ---- with what rules ---- */

static void s_pick_rules(struct sim *s, struct caller *c) {
  c->has_policy = vopr_chance(s, 25);
  c->has_expected = vopr_chance(s, c->has_policy ? 60 : 8);
  if (!c->has_policy)
    return;
  MARK(CALLERS_GUARDED);
  c->keeps_tag = vopr_chance(s, 50);
  c->keeps_name = vopr_chance(s, 25);
  if (vopr_chance(s, 25))
    c->max_instances = 1 + vopr_below(s, 2 * c->id_count);
  if (vopr_chance(s, 30))
    c->max_bin_percent = 1 + vopr_below(s, 100);
  if (vopr_chance(s, 20))
    c->others = vopr_below(s, 10);
  if (vopr_chance(s, 20))
    c->settled = vopr_below(s, 10);
  if (vopr_chance(s, 25))
    c->min_bin_ms = vopr_between(s, 1, 7200000);
  c->max_drift_percent = vopr_chance(s, 40) ? 100 : vopr_below(s, 101);
}

static void s_pick_options(struct sim *s, struct caller *c) {
  static const int64_t waits[] = {60000, 60000, 20000, 5000, 0};
  c->wait_ms = waits[vopr_below(s, 5)];
  c->dry = vopr_chance(s, 8);
  c->allow_missing = vopr_chance(s, 20);
  c->depend = vopr_chance(s, c->product == ZR_PRODUCT_ZEC ? 40 : 4);
  if (vopr_chance(s, 20))
    c->deadline =
        s->now + (vopr_chance(s, 60) ? vopr_between(s, 1, 15000) : vopr_between(s, 15000, 90000));
  if (vopr_chance(s, 15))
    c->cancel_due = s->now + vopr_between(s, 0, vopr_chance(s, 70) ? 1500 : 40000);
  if (c->dry)
    MARK(CALLERS_DRY);
  if (c->depend)
    MARK(CALLERS_DEPEND_RESOURCE);
  if (c->has_expected)
    MARK(CALLERS_EXPECT);
}

/* ---- submit ---- */

static struct zr_mono s_mono(const struct sim *s, int64_t at) {
  return at == NEVER ? ZR_MONO_NEVER : (struct zr_mono){at - s->booted_at};
}

static enum zr_err s_submit(struct sim *s, struct caller *c) {
  static const char *texts[IDS_MAX * 2];
  static struct zr_expected facts[IDS_MAX * 2];
  struct zr_keep_rule keep[2];
  size_t keeps = 0;
  if (c->keeps_tag)
    keep[keeps++] = (struct zr_keep_rule){ZR_KEEP_TAG, "keep", NULL};
  if (c->keeps_name)
    keep[keeps++] = (struct zr_keep_rule){ZR_KEEP_NAME, "ren*", NULL};
  struct zr_policy policy = {.max_instances = c->max_instances,
                             .other_instances = c->others,
                             .settled_instances = c->settled,
                             .max_bin_percent = c->max_bin_percent,
                             .max_drift_percent = c->max_drift_percent,
                             .min_bin_ms = c->min_bin_ms,
                             .keep = keep,
                             .keep_count = keeps};
  for (unsigned i = 0; i < c->id_count; i++) {
    texts[i] = s->machines[c->product][c->ids[i]].id;
    facts[i] = (struct zr_expected){.name = "n",
                                    .zone_id = "z",
                                    .resource_group_id = machine_group(c->ids[i]),
                                    .charge_type = "",
                                    .create_time = ""};
  }
  bool hold = vopr_chance(s, 25);
  struct zr_release_request r = {.product = c->product,
                                 .instance_ids = texts,
                                 .instance_id_count = c->id_count,
                                 .allow_missing = c->allow_missing,
                                 .validate_only = c->dry,
                                 .depend_resource = c->depend,
                                 .wait_ms = c->wait_ms,
                                 .window_ms = hold ? 100 : vopr_below(s, 3) * 5,
                                 .hold_window = hold,
                                 .deadline = s_mono(s, c->deadline),
                                 .policy = c->has_policy ? &policy : NULL,
                                 .expected = c->has_expected ? facts : NULL};
  return zr_engine_submit(s->engine, &r, vopr_time(s), &c->handle);
}

/* A request that the engine must refuse, and that must change nothing. */
static void s_submit_nonsense(struct sim *s) {
  const char *id = "i0";
  uint64_t job = 0;
  struct zr_release_request r = {.product = ZR_PRODUCT_VM, .instance_ids = &id};
  MARK(SUBMIT_INVALID);
  if (zr_engine_submit(s->engine, &r, vopr_time(s), &job) != ZR_ERR_INVALID)
    judge_break(s, "a request without ids was taken");
  r.instance_id_count = 1;
  r.product = ZR_PRODUCT_COUNT_;
  if (zr_engine_submit(s->engine, &r, vopr_time(s), &job) != ZR_ERR_INVALID)
    judge_break(s, "a request for a product that is none was taken");
}

static void s_note_overlap(struct sim *s, const struct caller *c) {
  for (unsigned i = 0; i < c->id_count; i++) {
    if (s->machines[c->product][c->ids[i]].waiting > 0) {
      MARK(CALLERS_OVERLAP);
      return;
    }
  }
}

void callers_submit(struct sim *s) {
  enum zr_product p;
  do
    p = (enum zr_product)(1 + vopr_below(s, ZR_PRODUCT_COUNT_ - 1));
  while (s->machine_count[p] == 0);
  if (vopr_chance(s, 3))
    s_submit_nonsense(s);
  struct caller *c = caller_new(s, p);
  s_pick_ids(s, c);
  s_pick_rules(s, c);
  s_pick_options(s, c);
  trace_say(s, "caller %u asks for %u of product %d%s%s%s%s, waits %lld ms, deadline %lld",
            s->caller_count - 1, c->id_count, (int)p, c->dry ? ", dry" : "",
            c->depend ? ", depend_resource" : "", c->has_policy ? ", with a policy" : "",
            c->has_expected ? ", with facts" : "", (long long)c->wait_ms,
            c->deadline == NEVER ? -1LL : (long long)c->deadline);
  trace_ids(s, p, c->ids, c->id_count);
  enum zr_err err = s_submit(s, c);
  if (err == ZR_ERR_LIMIT && s->options.max_ids > 0) {
    MARK(SUBMIT_OVER_LIMIT);
    s->caller_count--;
    return;
  }
  if (err != ZR_ERR_OK)
    judge_break(s, "submit was refused: %d", (int)err);
  MARK(CALLERS);
  s_note_overlap(s, c);
  caller_begin(s, c);
  judge_joined(s, c);
}

void callers_close(struct sim *s, enum zr_product product) {
  struct caller *c = caller_new(s, product);
  c->closing = true;
  c->wait_ms = ZR_DEFAULT_WAIT_MS;
  for (unsigned i = 0; i < s->machine_count[product]; i++)
    c->ids[c->id_count++] = (uint16_t)i;
  trace_say(s, "caller %u asks for everything of product %d", s->caller_count - 1, (int)product);
  if (s_submit(s, c) != ZR_ERR_OK)
    judge_break(s, "the last submit was refused");
  caller_begin(s, c);
  judge_joined(s, c);
}

void callers_cancel(struct sim *s, struct caller *c) {
  MARK(CANCELLED);
  c->cancel_due = NEVER;
  if (s->releases_open > 0)
    MARK(CANCELLED_IN_FLIGHT);
  if (c->settle)
    MARK(SETTLE_CANCELLED);
  trace_say(s, "caller %u is cancelled", (unsigned)(c - s->callers));
  c->cancelled_at = s->now;
  zr_engine_cancel(s->engine, c->handle, vopr_time(s));
}
