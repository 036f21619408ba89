/*
 * The teardown file: which instances must be gone, in named steps. docs/schemas/teardown-v1.json is
 * its schema, docs/teardown-plans.md its page. What a policy means is decided by the server; here
 * it is only read.
 */
#ifndef ZR_CLIENT_PLAN_TEARDOWN_H
#define ZR_CLIENT_PLAN_TEARDOWN_H

#include "json_tree.h"
#include "zenrelease/zenrelease.h"

enum {
  ZR_STEPS_MAX = 100,
  ZR_STEP_NAME_MAX = 64,
  ZR_KEEP_RULES_MAX = 100,
  ZR_SELECTOR_TAGS_MAX = 20,
  /* Belts of a set that a selector computed, unless the file says otherwise. */
  ZR_SELECTED_MAX_INSTANCES = 100,
  ZR_SELECTED_MAX_BIN_PERCENT = 50,
  ZR_MAX_DRIFT_PERCENT = 10
};

/* Instances of the bin that have all of these; NULL: any. */
struct zr_selector {
  const char *zone_id;
  const char *resource_group_id;
  const char *name; /* a shell pattern */
  struct zenrelease_tag *tags;
  size_t tag_count;
};

/* One step. Everything lives in the arena of what it was read into. */
struct zr_step {
  const char *name;
  const char **ids; /* NULL: the selector; in a plan always NULL */
  size_t id_count;
  uint32_t *needs; /* numbers of the steps it depends on */
  size_t need_count;
  int64_t wait_ms; /* -1: as the server does */
  struct zr_selector selector;
  struct zenrelease_policy policy;
  enum zenrelease_product product;
  bool selected; /* by a selector */
  bool allow_missing;
  bool depend_resource;
};

struct zr_steps {
  struct zr_step *items;
  size_t count;
};

struct zr_teardown {
  struct zr_arena arena;
  struct zr_steps steps;
  int32_t max_drift_percent;
};

/* Reads the file at `path` ("-": standard input). False with problems; clean up in any case. */
bool zr_teardown_read(struct zr_teardown *t, const char *path, struct zr_problems *p);
/* The same of text that is there already. */
bool zr_teardown_parse(struct zr_teardown *t, struct zr_view text, struct zr_problems *p);
void zr_teardown_clean_up(struct zr_teardown *t);

/* What a file and a plan have in common. */
/* depends_on: names to numbers; unknown names, a step on itself, and cycles are complained of. */
bool zr_steps_depend(struct zr_steps *steps, const struct zr_jnode *list, struct zr_arena *arena,
                     struct zr_problems *p);
/* 1 to 64 letters, digits, dots, dashes or underscores. */
bool zr_step_name_is_fine(const char *name);
/* An id may stand once in the steps of a product. */
void zr_steps_no_repeats(const struct zr_steps *steps, const struct zr_jnode *list,
                         struct zr_arena *arena, struct zr_problems *p);
/* "keep": a list of rules, appended to what policy->keep has. */
void zr_policy_read_keep(const struct zr_jnode *object, struct zenrelease_policy *policy,
                         struct zr_arena *arena, struct zr_problems *p);
bool zr_product_read(const struct zr_jnode *step, enum zenrelease_product *out,
                     struct zr_problems *p);

#endif
