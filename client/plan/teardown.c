#include "teardown.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/pattern.h"
#include "cli/duration.h"
#include "lib/chunk.h"

enum { FILE_MAX_BYTES = 64 * 1024 * 1024, BLOCK = 64 * 1024, PERCENT_MAX = 100, FILTER_MAX = 256 };

static const int64_t s_instances_max = 10000000;
static const int64_t s_wait_max_ms = INT64_C(24) * 3600 * 1000; /* as the server */

/* ---- small parts ---- */

static bool s_duration(const struct zr_jnode *object, const char *name, int64_t *ms,
                       struct zr_problems *p) {
  const char *text = NULL;
  if (!zr_jtext(object, name, false, &text, p))
    return false;
  if (zr_duration_parse(text, ms))
    return true;
  zr_problem(p, zr_jget(object, name), "must be a time like 500ms, 60s, 10m or 1h30m, not \"%s\"",
             text);
  return false;
}

bool zr_product_read(const struct zr_jnode *step, enum zenrelease_product *out,
                     struct zr_problems *p) {
  const char *text = NULL;
  if (!zr_jtext(step, "product", true, &text, p))
    return false;
  for (int n = ZENRELEASE_PRODUCT_VM; n <= ZENRELEASE_PRODUCT_ZEC; n++) {
    if (strcmp(zenrelease_product_name((enum zenrelease_product)n), text) == 0) {
      *out = (enum zenrelease_product)n;
      return true;
    }
  }
  zr_problem(p, zr_jget(step, "product"), "must be vm, bmc or zec, not \"%s\"", text);
  return false;
}

static void s_pattern(const struct zr_jnode *at, const char *text, struct zr_problems *p) {
  const char *fault = text ? zr_pattern_fault(zr_view_of(text)) : NULL;
  if (fault)
    zr_problem(p, at, "%s", fault);
}

static bool s_keep_rule(const struct zr_jnode *n, struct zenrelease_keep *out,
                        struct zr_problems *p) {
  static const char *const known[] = {"name_pattern", "tag", "resource_group_id", "zone_id", NULL};
  if (n->type != ZR_JOBJECT || n->count != 1) {
    zr_problem(p, n,
               "must be an object with exactly one of name_pattern, tag, resource_group_id "
               "and zone_id");
    return false;
  }
  zr_jonly(n, known, p);
  bool any = zr_jtext(n, "name_pattern", false, &out->name_pattern, p) ||
             zr_jtext(n, "tag", false, &out->tag, p) ||
             zr_jtext(n, "resource_group_id", false, &out->resource_group_id, p) ||
             zr_jtext(n, "zone_id", false, &out->zone_id, p);
  if (any && out->tag && out->tag[0] == '=')
    zr_problem(p, n->first, "has no key");
  s_pattern(n->first, out->name_pattern, p);
  return any;
}

void zr_policy_read_keep(const struct zr_jnode *object, struct zenrelease_policy *policy,
                         struct zr_arena *arena, struct zr_problems *p) {
  const struct zr_jnode *list = zr_jof(object, "keep", ZR_JLIST, false, p);
  if (!list)
    return;
  size_t total = policy->keep_count + list->count;
  if (total > ZR_KEEP_RULES_MAX) {
    zr_problem(p, list, "has more than %d rules", ZR_KEEP_RULES_MAX);
    return;
  }
  struct zenrelease_keep *all = zr_arena_calloc(arena, total, sizeof *all);
  if (!all) {
    p->nomem = true;
    return;
  }
  for (size_t i = 0; i < policy->keep_count; i++)
    all[i] = policy->keep[i];
  size_t n = policy->keep_count;
  for (const struct zr_jnode *rule = list->first; rule; rule = rule->next)
    n += s_keep_rule(rule, &all[n], p);
  policy->keep = all;
  policy->keep_count = n;
}

/* ---- a step ---- */

static void s_ids(const struct zr_jnode *list, struct zr_step *s, struct zr_arena *arena,
                  struct zr_problems *p) {
  if (list->count == 0)
    zr_problem(p, list, "is empty");
  s->ids = zr_arena_calloc(arena, list->count, sizeof(char *));
  if (!s->ids) {
    p->nomem = true;
    return;
  }
  for (const struct zr_jnode *n = list->first; n; n = n->next) {
    const char *fault = n->type == ZR_JTEXT ? zr_id_fault(zr_view_of(n->text)) : "must be a text";
    if (fault)
      zr_problem(p, n, "%s", fault);
    else
      s->ids[s->id_count++] = n->text;
  }
}

/* As the server: what the service is asked for. */
static void s_filter(const struct zr_jnode *at, const char *text, struct zr_problems *p) {
  if (!text)
    return;
  if (strlen(text) > FILTER_MAX)
    zr_problem(p, at, "is longer than %d bytes", FILTER_MAX);
  for (const char *c = text; *c; c++) {
    if ((unsigned char)*c < 0x20 || *c == 0x7f) {
      zr_problem(p, at, "has a control character in it");
      return;
    }
  }
}

static void s_selector_tags(const struct zr_jnode *object, struct zr_selector *out,
                            struct zr_arena *arena, struct zr_problems *p) {
  const struct zr_jnode *tags = zr_jof(object, "tags", ZR_JOBJECT, false, p);
  if (!tags)
    return;
  if (tags->count == 0 || tags->count > ZR_SELECTOR_TAGS_MAX) {
    zr_problem(p, tags, "must have 1 to %d tags", ZR_SELECTOR_TAGS_MAX);
    return;
  }
  out->tags = zr_arena_calloc(arena, tags->count, sizeof *out->tags);
  if (!out->tags) {
    p->nomem = true;
    return;
  }
  for (const struct zr_jnode *n = tags->first; n; n = n->next) {
    if (n->type != ZR_JTEXT)
      zr_problem(p, n, "must be a text");
    else if (!n->key[0])
      zr_problem(p, n, "has no key");
    else
      out->tags[out->tag_count++] = (struct zenrelease_tag){n->key, n->text};
    s_filter(n, n->key, p);
    s_filter(n, n->text, p);
  }
}

static void s_selector(const struct zr_jnode *n, struct zr_step *s, struct zr_arena *arena,
                       struct zr_problems *p) {
  static const char *const known[] = {"all",          "zone", "resource_group", "name", "tags",
                                      "min_bin_time", NULL};
  bool all = false;
  s->selected = true;
  zr_jonly(n, known, p);
  (void)zr_jbool(n, "all", &all, p);
  (void)zr_jtext(n, "zone", false, &s->selector.zone_id, p);
  (void)zr_jtext(n, "resource_group", false, &s->selector.resource_group_id, p);
  (void)zr_jtext(n, "name", false, &s->selector.name, p);
  s_pattern(zr_jget(n, "name"), s->selector.name, p);
  s_filter(zr_jget(n, "name"), s->selector.name, p);
  s_filter(zr_jget(n, "zone"), s->selector.zone_id, p);
  s_filter(zr_jget(n, "resource_group"), s->selector.resource_group_id, p);
  (void)s_duration(n, "min_bin_time", &s->policy.min_bin_time_ms, p);
  s_selector_tags(n, &s->selector, arena, p);
  if (zr_jget(n, "all") && !all)
    zr_problem(p, zr_jget(n, "all"), "must be true, or left out");
  bool narrow =
      s->selector.zone_id || s->selector.resource_group_id || s->selector.name || s->selector.tags;
  if (narrow == all)
    zr_problem(p, n, "must have a zone, resource_group, name or tags, or else \"all\": true");
}

static void s_options(const struct zr_jnode *step, struct zr_step *s, struct zr_problems *p) {
  static const char *const known[] = {"allow_missing", "wait", "depend_resource", NULL};
  const struct zr_jnode *o = zr_jof(step, "options", ZR_JOBJECT, false, p);
  if (!o)
    return;
  zr_jonly(o, known, p);
  (void)zr_jbool(o, "allow_missing", &s->allow_missing, p);
  (void)zr_jbool(o, "depend_resource", &s->depend_resource, p);
  if (s_duration(o, "wait", &s->wait_ms, p) && s->wait_ms > s_wait_max_ms)
    zr_problem(p, zr_jget(o, "wait"), "is longer than 24 hours");
  if (s->depend_resource && s->product != ZENRELEASE_PRODUCT_ZEC)
    zr_problem(p, zr_jget(o, "depend_resource"), "is for zec only");
}

static void s_policy(const struct zr_jnode *step, struct zr_step *s, struct zr_arena *arena,
                     struct zr_problems *p) {
  static const char *const known[] = {"max_instances", "max_bin_percent", "min_bin_time", "keep",
                                      NULL};
  const struct zr_jnode *o = zr_jof(step, "policy", ZR_JOBJECT, false, p);
  int64_t percent = s->selected ? ZR_SELECTED_MAX_BIN_PERCENT : 0;
  s->policy.max_instances = s->selected ? ZR_SELECTED_MAX_INSTANCES : 0;
  if (o) {
    int64_t min_bin_ms = 0;
    zr_jonly(o, known, p);
    (void)zr_jnumber(o, "max_instances", 1, s_instances_max, false, &s->policy.max_instances, p);
    (void)zr_jnumber(o, "max_bin_percent", 1, PERCENT_MAX, false, &percent, p);
    if (s_duration(o, "min_bin_time", &min_bin_ms, p) && min_bin_ms > s->policy.min_bin_time_ms)
      s->policy.min_bin_time_ms = min_bin_ms;
    zr_policy_read_keep(o, &s->policy, arena, p);
  }
  s->policy.max_bin_percent = (int32_t)percent;
}

bool zr_step_name_is_fine(const char *name) {
  size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
  return len > 0 && len <= ZR_STEP_NAME_MAX && !name[len];
}

static void s_step_name(const struct zr_jnode *n, struct zr_teardown *t, struct zr_step *s,
                        struct zr_problems *p) {
  if (!zr_jtext(n, "name", true, &s->name, p))
    return;
  const struct zr_jnode *at = zr_jget(n, "name");
  if (!zr_step_name_is_fine(s->name))
    zr_problem(p, at, "must be 1 to %d letters, digits, dots, dashes or underscores",
               ZR_STEP_NAME_MAX);
  for (size_t i = 0; i < t->steps.count; i++)
    if (t->steps.items[i].name && strcmp(t->steps.items[i].name, s->name) == 0)
      zr_problem(p, at, "is the name of steps[%zu] already", i);
}

static void s_step(const struct zr_jnode *n, struct zr_teardown *t,
                   const struct zenrelease_policy *common, struct zr_problems *p) {
  static const char *const known[] = {"name",       "description", "product", "ids", "selector",
                                      "depends_on", "options",     "policy",  NULL};
  struct zr_step *s = &t->steps.items[t->steps.count];
  *s = (struct zr_step){.wait_ms = -1, .policy = *common};
  if (n->type != ZR_JOBJECT) {
    zr_problem(p, n, "must be an object");
    return;
  }
  zr_jonly(n, known, p);
  s_step_name(n, t, s, p);
  (void)zr_jof(n, "description", ZR_JTEXT, false, p);
  (void)zr_product_read(n, &s->product, p);
  const struct zr_jnode *ids = zr_jof(n, "ids", ZR_JLIST, false, p);
  const struct zr_jnode *selector = zr_jof(n, "selector", ZR_JOBJECT, false, p);
  if (!zr_jget(n, "ids") == !zr_jget(n, "selector"))
    zr_problem(p, n, "must have either ids or a selector");
  if (ids)
    s_ids(ids, s, &t->arena, p);
  if (selector)
    s_selector(selector, s, &t->arena, p);
  s_options(n, s, p);
  s_policy(n, s, &t->arena, p);
  t->steps.count++;
}

/* ---- the whole ---- */

static void s_common(const struct zr_jnode *root, struct zr_teardown *t,
                     struct zenrelease_policy *common, struct zr_problems *p) {
  static const char *const known[] = {"max_drift_percent", "keep", NULL};
  const struct zr_jnode *o = zr_jof(root, "policy", ZR_JOBJECT, false, p);
  int64_t drift = ZR_MAX_DRIFT_PERCENT;
  zenrelease_policy_init(common);
  if (o) {
    zr_jonly(o, known, p);
    (void)zr_jnumber(o, "max_drift_percent", 0, PERCENT_MAX, false, &drift, p);
    zr_policy_read_keep(o, common, &t->arena, p);
  }
  t->max_drift_percent = common->max_drift_percent = (int32_t)drift;
}

static void s_root(const struct zr_jnode *root, struct zr_teardown *t, struct zr_problems *p) {
  static const char *const known[] = {"$schema", "version", "description", "policy", "steps", NULL};
  struct zenrelease_policy common;
  int64_t version = 0;
  if (root->type != ZR_JOBJECT) {
    zr_problem(p, root, "must be an object");
    return;
  }
  zr_jonly(root, known, p);
  (void)zr_jnumber(root, "version", 1, 1, true, &version, p);
  (void)zr_jof(root, "$schema", ZR_JTEXT, false, p);
  (void)zr_jof(root, "description", ZR_JTEXT, false, p);
  s_common(root, t, &common, p);
  const struct zr_jnode *list = zr_jof(root, "steps", ZR_JLIST, true, p);
  if (!list)
    return;
  if (list->count == 0 || list->count > ZR_STEPS_MAX) {
    zr_problem(p, list, "must have 1 to %d steps", ZR_STEPS_MAX);
    return;
  }
  t->steps.items = zr_arena_calloc(&t->arena, list->count, sizeof *t->steps.items);
  if (!t->steps.items) {
    p->nomem = true;
    return;
  }
  for (const struct zr_jnode *n = list->first; n; n = n->next)
    s_step(n, t, &common, p);
  if (t->steps.count == list->count) {
    zr_steps_no_repeats(&t->steps, list, &t->arena, p);
    (void)zr_steps_depend(&t->steps, list, &t->arena, p);
  }
}

bool zr_teardown_parse(struct zr_teardown *t, struct zr_view text, struct zr_problems *p) {
  *t = (struct zr_teardown){0};
  zr_arena_init(&t->arena, NULL, 0);
  const struct zr_jnode *root = zr_json_tree(text, 1, &t->arena, p);
  if (root)
    s_root(root, t, p);
  return root && p->count == 0 && !p->nomem;
}

static bool s_slurp(const char *path, struct zr_buf *text, struct zr_problems *p) {
  bool is_stdin = strcmp(path, "-") == 0;
  FILE *file = is_stdin ? stdin : fopen(path, "re");
  char block[BLOCK];
  size_t n = 0;
  if (!file) {
    zr_problem_plain(p, "%s", strerror(errno));
    return false;
  }
  while (zr_buf_failed(text) == ZR_ERR_OK && (n = fread(block, 1, sizeof block, file)) > 0)
    (void)zr_buf_append(text, block, n);
  if (ferror(file))
    zr_problem_plain(p, "%s", strerror(errno));
  else if (zr_buf_failed(text) == ZR_ERR_LIMIT)
    zr_problem_plain(p, "is larger than 64 MiB");
  else if (zr_buf_failed(text) != ZR_ERR_OK)
    p->nomem = true;
  if (!is_stdin)
    (void)fclose(file);
  return p->count == 0 && !p->nomem;
}

bool zr_teardown_read(struct zr_teardown *t, const char *path, struct zr_problems *p) {
  struct zr_buf text = ZR_BUF_INIT(FILE_MAX_BYTES);
  *t = (struct zr_teardown){0};
  bool fine = s_slurp(path, &text, p) && zr_teardown_parse(t, zr_buf_as_view(&text), p);
  zr_buf_clean_up(&text);
  return fine;
}

void zr_teardown_clean_up(struct zr_teardown *t) {
  zr_arena_clean_up(&t->arena);
  *t = (struct zr_teardown){0};
}
