#include "plan_make.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "cli/temp_file.h"
#include "lib/error.h"

enum { BLOCK_IDS = 1000, READ_IDS = 100, CALL_TIMEOUT_MS = 600 * 1000, WHY_MAX = 64 * 1024 };

/* Up to BLOCK_IDS instances of one step, with copies of what the service says of them. */
struct block {
  struct zr_arena arena;
  const char *ids[BLOCK_IDS];
  struct zenrelease_instance *facts[BLOCK_IDS]; /* NULL: not there */
  size_t count;
};

struct work {
  const struct zr_plan_maker *m;
  const struct zr_step *step;
  struct zr_plan_tally *tally;
  struct zenrelease_error **error;
  struct block *block;
};

/* ---- blocks ---- */

static void s_empty(struct block *b) {
  zr_arena_clean_up(&b->arena);
  zr_arena_init(&b->arena, NULL, 0);
  memset(b->facts, 0, sizeof b->facts);
  b->count = 0;
}

/* ---- what the server says of a block ---- */

static const char *s_detail(const struct zenrelease_report *r, const char *id) {
  for (size_t i = 0; i < zenrelease_report_diagnostic_count(r); i++) {
    const struct zenrelease_diagnostic *d = zenrelease_report_diagnostic(r, i);
    if (strcmp(d->instance_id, id) == 0 && strcmp(d->code, "DUPLICATE_ID") != 0)
      return *d->detail ? d->detail : d->summary;
  }
  return "";
}

static bool s_fits(struct work *w, const struct zenrelease_instance *i) {
  struct zr_buf why = ZR_BUF_INIT(WHY_MAX);
  bool fits = zr_plan_holds(i, &why);
  if (!fits)
    (void)zr_error_set(w->error, ZENRELEASE_FAILED_PRECONDITION,
                       "a plan cannot hold the instance %s: %s", i->instance_id,
                       why.data ? why.data : "out of memory");
  zr_buf_clean_up(&why);
  return fits;
}

/* False when a plan cannot hold it. */
static bool s_would(struct work *w, const struct zenrelease_instance *i) {
  if (!s_fits(w, i))
    return false;
  w->tally->would++;
  if (w->m->writer)
    zr_plan_write_instance(w->m->writer, w->step->name, i);
  if (w->m->view && w->m->view->would)
    w->m->view->would(w->m->view->ctx, w->step, i);
  return true;
}

static void s_against(struct work *w, const char *id, const char *code, const char *detail) {
  const struct zr_plan_view *view = w->m->view;
  if (w->step->selected) {
    w->tally->kept++;
    if (view && view->kept)
      view->kept(view->ctx, w->step, id, code, detail);
    return;
  }
  w->tally->blocked++;
  if (w->m->writer)
    zr_plan_write_blocked(w->m->writer, w->step->name, id, code, detail);
  if (view && view->blocked)
    view->blocked(view->ctx, w->step, id, code, detail);
}

/* A code that says nothing of the instance: the state could not be read. */
static bool s_is_failure(const struct zenrelease_result *r) {
  static const char *const about[] = {"PROTECTED", "DRIFTED", "WOULD_RELEASE", "BELT_BROKEN"};
  if (r->outcome == ZENRELEASE_OUTCOME_UNKNOWN)
    return true;
  if (r->outcome != ZENRELEASE_OUTCOME_NOT_ATTEMPTED)
    return false;
  for (size_t i = 0; i < ZR_COUNT(about); i++)
    if (strcmp(r->diagnostic_code, about[i]) == 0)
      return false;
  return true;
}

/* False when the step cannot go on. */
static bool s_one(struct work *w, const struct zenrelease_report *report,
                  const struct zenrelease_result *r, const struct zenrelease_instance *facts) {
  if (strcmp(r->diagnostic_code, "WOULD_RELEASE") == 0 && facts) {
    return s_would(w, facts);
  } else if (r->outcome == ZENRELEASE_OUTCOME_ALREADY_GONE ||
             (r->outcome == ZENRELEASE_OUTCOME_NOT_FOUND && w->step->allow_missing)) {
    w->tally->gone++;
  } else if (strcmp(r->diagnostic_code, "BELT_BROKEN") == 0) {
    w->tally->belt_broken = true;
    zr_buf_reset(&w->tally->why);
    (void)zr_buf_text(&w->tally->why, s_detail(report, r->instance_id));
    return false;
  } else if (s_is_failure(r)) {
    (void)zr_error_set(w->error, ZENRELEASE_UNAVAILABLE, "%s: %s", r->diagnostic_code,
                       s_detail(report, r->instance_id));
    return false;
  } else {
    s_against(w, r->instance_id, r->diagnostic_code, s_detail(report, r->instance_id));
  }
  return true;
}

static bool s_results(struct work *w, const struct zenrelease_report *report) {
  const struct block *b = w->block;
  size_t at = 0;
  for (size_t i = 0; i < zenrelease_report_result_count(report); i++) {
    const struct zenrelease_result *r = zenrelease_report_result(report, i);
    while (at < b->count && strcmp(b->ids[at], r->instance_id) != 0)
      at++;
    if (at == b->count || !s_one(w, report, r, b->facts[at]))
      return false;
  }
  return true;
}

/* The set so far is what the belts are held against: they break when it has grown too large. */
static enum zenrelease_status s_ask(struct work *w) {
  struct zenrelease_policy policy = w->step->policy;
  struct zenrelease_report *report = NULL;
  struct zenrelease_release_options o;
  policy.other_instances = (int64_t)w->tally->would;
  zenrelease_release_options_init(&o);
  o.product = w->step->product;
  o.instance_ids = w->block->ids;
  o.instance_id_count = w->block->count;
  o.allow_missing = w->step->allow_missing;
  o.depend_resource = w->step->depend_resource;
  o.validate_only = 1;
  o.forget_report = 1;
  o.wait_ms = 0;
  o.timeout_ms = CALL_TIMEOUT_MS;
  o.cancel = w->m->cancel;
  o.policy = &policy;
  if (w->block->count == 0 || w->tally->belt_broken)
    return ZENRELEASE_OK;
  enum zenrelease_status status = zenrelease_release_unary(w->m->client, &o, &report, w->error);
  if (status == ZENRELEASE_OK && !s_results(w, report) && !w->tally->belt_broken)
    status = *w->error ? zenrelease_error_status(*w->error)
                       : zr_error_set(w->error, ZENRELEASE_INTERNAL,
                                      "the server's report is not about the request");
  zenrelease_report_release(report);
  s_empty(w->block);
  return status;
}

/* ---- where a step's instances come from ---- */

/* A list that shifts while it is read may have one twice; two steps must not. */
static bool s_is_new(struct work *w, const char *id, enum zenrelease_status *status) {
  size_t other = 0;
  size_t number = (size_t)(w->step - w->m->steps->items);
  *status = ZENRELEASE_OK;
  switch (zr_seen_add(w->m->seen, w->step->product, id, number, &other)) {
  case ZR_SEEN_NOWHERE:
    return true;
  case ZR_SEEN_HERE:
    return false;
  case ZR_SEEN_ELSEWHERE:
    *status =
        zr_error_set(w->error, ZENRELEASE_INVALID_ARGUMENT,
                     "the steps %s and %s both pick the instance %s, so it is not clear whose "
                     "rules and order hold for it; change the file so that only one of them "
                     "does",
                     w->m->steps->items[other].name, w->step->name, id);
    return false;
  case ZR_SEEN_FAILED:
    break;
  }
  *status =
      zr_error_set(w->error, ZENRELEASE_RESOURCE_EXHAUSTED,
                   "no room to note what was picked in %s: %s", zr_temp_folder(), strerror(errno));
  return false;
}

static enum zenrelease_status s_add(struct work *w, const char *id,
                                    const struct zenrelease_instance *i) {
  struct block *b = w->block;
  enum zenrelease_status status = ZENRELEASE_OK;
  if (b->count == BLOCK_IDS) {
    status = s_ask(w);
    if (status != ZENRELEASE_OK || w->tally->belt_broken)
      return status;
  }
  if (!s_is_new(w, id, &status))
    return status;
  const char *copy = zr_arena_strdup(&b->arena, id);
  struct zenrelease_instance *facts = i ? zr_plan_copy(&b->arena, i) : NULL;
  if (!copy || (i && !facts))
    return zr_error_nomem(w->error);
  b->ids[b->count] = copy;
  b->facts[b->count++] = facts;
  return ZENRELEASE_OK;
}

/* What the service can filter by name itself: exact, or a prefix with a trailing star. */
static const char *s_upstream_name(const struct zr_step *s) {
  const char *name = s->selector.name;
  if (!name || s->product == ZENRELEASE_PRODUCT_ZEC)
    return NULL;
  size_t plain = strcspn(name, "*?[\\");
  return !name[plain] || (name[plain] == '*' && !name[plain + 1] && plain > 0) ? name : NULL;
}

static enum zenrelease_status s_select(struct work *w) {
  const struct zr_selector *sel = &w->step->selector;
  struct zenrelease_list_options o;
  struct zenrelease_list *list = NULL;
  const struct zenrelease_instance *i = NULL;
  zenrelease_list_options_init(&o);
  o.product = w->step->product;
  o.display_name = s_upstream_name(w->step);
  o.zone_id = sel->zone_id;
  o.resource_group_id = sel->resource_group_id;
  o.tags = sel->tags;
  o.tag_count = sel->tag_count;
  o.page_size = BLOCK_IDS;
  o.cancel = w->m->cancel;
  enum zenrelease_status status = zenrelease_list_new(w->m->client, &o, &list, w->error);
  while (status == ZENRELEASE_OK && !w->tally->belt_broken) {
    status = zenrelease_list_next(list, &i, w->error);
    if (status != ZENRELEASE_OK || !i)
      break;
    if (!sel->name ||
        (!zr_pattern_is_unsure(sel->name, i->name) && fnmatch(sel->name, i->name, 0) == 0))
      status = s_add(w, i->instance_id, i);
  }
  zenrelease_list_free(list);
  return status;
}

static size_t s_position(const char *const *ids, size_t count, const char *id) {
  size_t i = 0;
  while (i < count && strcmp(ids[i], id) != 0)
    i++;
  return i;
}

static enum zenrelease_status s_read_named(struct work *w, const char *const *ids, size_t count);

/* For a service that refuses to read when one of the instances is missing. */
static enum zenrelease_status s_read_singly(struct work *w, const char *const *ids, size_t count) {
  enum zenrelease_status status = ZENRELEASE_OK;
  for (size_t i = 0; i < count && status == ZENRELEASE_OK; i++)
    status = s_read_named(w, &ids[i], 1);
  return status;
}

/* Reads up to READ_IDS named instances, whatever their state, and adds all of them in order. */
static enum zenrelease_status s_read_named(struct work *w, const char *const *ids, size_t count) {
  struct zenrelease_list_options o;
  struct zenrelease_list *list = NULL;
  struct zenrelease_instance *found[READ_IDS] = {NULL};
  const struct zenrelease_instance *i = NULL;
  struct zr_arena arena;
  zr_arena_init(&arena, NULL, 0);
  zenrelease_list_options_init(&o);
  o.product = w->step->product;
  o.status = "*";
  o.page_size = BLOCK_IDS;
  o.cancel = w->m->cancel;
  o.instance_ids = ids;
  o.instance_id_count = count;
  enum zenrelease_status status = zenrelease_list_new(w->m->client, &o, &list, w->error);
  while (status == ZENRELEASE_OK) {
    status = zenrelease_list_next(list, &i, w->error);
    if (status != ZENRELEASE_OK || !i)
      break;
    size_t at = s_position(ids, count, i->instance_id);
    if (at < count && !(found[at] = zr_plan_copy(&arena, i)))
      status = zr_error_nomem(w->error);
  }
  zenrelease_list_free(list);
  if (status == ZENRELEASE_NOT_FOUND) {
    zenrelease_error_free(*w->error);
    *w->error = NULL;
    zr_arena_clean_up(&arena);
    return count > 1 ? s_read_singly(w, ids, count) : s_add(w, ids[0], NULL);
  }
  for (size_t k = 0; k < count && status == ZENRELEASE_OK && !w->tally->belt_broken; k++)
    status = s_add(w, ids[k], found[k]);
  zr_arena_clean_up(&arena);
  return status;
}

static enum zenrelease_status s_name(struct work *w) {
  enum zenrelease_status status = ZENRELEASE_OK;
  const struct zr_step *s = w->step;
  for (size_t i = 0; i < s->id_count && status == ZENRELEASE_OK && !w->tally->belt_broken;
       i += READ_IDS) {
    size_t left = s->id_count - i;
    status = s_read_named(w, s->ids + i, left < READ_IDS ? left : READ_IDS);
  }
  return status;
}

enum zenrelease_status zr_plan_step(const struct zr_plan_maker *m, const struct zr_step *s,
                                    struct zr_plan_tally *tally, struct zenrelease_error **error) {
  struct work w = {.m = m, .step = s, .tally = tally, .error = error};
  *tally = (struct zr_plan_tally){.why = ZR_BUF_INIT(WHY_MAX)};
  *error = NULL;
  w.block = zr_calloc(1, sizeof *w.block);
  if (!w.block)
    return zr_error_nomem(error);
  zr_arena_init(&w.block->arena, NULL, 0);
  enum zenrelease_status status = s->ids ? s_name(&w) : s_select(&w);
  if (status == ZENRELEASE_OK)
    status = s_ask(&w);
  zr_arena_clean_up(&w.block->arena);
  zr_free(w.block);
  return status;
}

enum zenrelease_status zr_plan_bin_size(const struct zr_plan_maker *m,
                                        enum zenrelease_product product, int64_t *total,
                                        struct zenrelease_error **error) {
  struct zenrelease_list_options o;
  struct zenrelease_list *list = NULL;
  const struct zenrelease_instance *i = NULL;
  zenrelease_list_options_init(&o);
  o.product = product;
  o.page_size = 1;
  o.cancel = m->cancel;
  enum zenrelease_status status = zenrelease_list_new(m->client, &o, &list, error);
  if (status == ZENRELEASE_OK)
    status = zenrelease_list_next(list, &i, error);
  if (status == ZENRELEASE_OK)
    *total = zenrelease_list_total(list);
  zenrelease_list_free(list);
  return status;
}
