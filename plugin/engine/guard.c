/*
 * Rules about one id: is it still what its caller saw, and does a rule keep it? Asked of every row
 * that a read brings, so that the answer in force is as young as the read before the send.
 */
#include <fnmatch.h>
#include <stdarg.h>

#include "base/pattern.h"
#include "engine/gate.h"
#include "engine/verdict.h"

/* Bytes of a reason; past the second, further rules are counted and no longer named. */
enum { WHY_MAX = 16 * 1024, RULES_MAX = 2 * 1024 };

/* ---- a copy of what the caller asked for ---- */

static bool s_copy_policy(struct zr_guard *g, const struct zr_policy *from) {
  bool ok = true;
  struct zr_keep_rule *keep = zr_arena_calloc(&g->arena, from->keep_count, sizeof *keep);
  if (!keep)
    return false;
  for (size_t i = 0; i < from->keep_count; i++) {
    const struct zr_keep_rule *rule = &from->keep[i];
    keep[i].kind = rule->kind;
    keep[i].text = zr_arena_copy(&g->arena, rule->text, &ok);
    keep[i].value = rule->value ? zr_arena_copy(&g->arena, rule->value, &ok) : NULL;
  }
  g->policy = *from;
  g->policy.keep = keep;
  g->has_policy = true;
  return ok;
}

static bool s_copy_facts(struct zr_guard *g, const struct zr_expected *from,
                         struct zr_expected *to) {
  bool ok = true;
  struct zr_tag *tags = zr_arena_calloc(&g->arena, from->tag_count, sizeof *tags);
  const char **ips = zr_arena_calloc(&g->arena, from->public_ip_count, sizeof(char *));
  if (!tags || !ips)
    return false;
  for (size_t i = 0; i < from->tag_count; i++) {
    tags[i].key = zr_arena_copy(&g->arena, from->tags[i].key, &ok);
    tags[i].value = zr_arena_copy(&g->arena, from->tags[i].value, &ok);
  }
  for (size_t i = 0; i < from->public_ip_count; i++)
    ips[i] = zr_arena_copy(&g->arena, from->public_ips[i], &ok);
  *to = (struct zr_expected){
      .name = zr_arena_copy(&g->arena, from->name, &ok),
      .zone_id = zr_arena_copy(&g->arena, from->zone_id, &ok),
      .resource_group_id = zr_arena_copy(&g->arena, from->resource_group_id, &ok),
      .charge_type = zr_arena_copy(&g->arena, from->charge_type, &ok),
      .create_time = zr_arena_copy(&g->arena, from->create_time, &ok),
      .tags = tags,
      .tag_count = from->tag_count,
      .has_attachments = from->has_attachments,
      .public_ips = ips,
      .public_ip_count = from->public_ip_count,
      .undetachable_disk_count = from->undetachable_disk_count,
  };
  return ok;
}

static bool s_copy_expected(struct zr_guard *g, const struct zr_job *j,
                            const struct zr_expected *from) {
  g->expected = zr_arena_calloc(&g->arena, j->sub_count, sizeof *g->expected);
  bool ok = g->expected;
  for (uint32_t i = 0; ok && i < j->sub_count; i++)
    ok = s_copy_facts(g, &from[j->subs[i].index], &g->expected[i]);
  return ok;
}

/* More than `p` allows, whatever the reads will say. The set may travel in several requests. */
static bool s_over(const struct zr_policy *p, uint64_t here, uint64_t elsewhere) {
  return p && p->max_instances > 0 &&
         (here > p->max_instances || elsewhere > p->max_instances - here);
}

enum zr_err zr_guard_new(const struct zr_job *j, const struct zr_release_request *r,
                         const struct zr_policy *server, struct zr_guard **out) {
  *out = NULL;
  if (!r->policy && !r->expected && !server)
    return ZR_ERR_OK;
  struct zr_guard *g = zr_calloc(1, sizeof *g);
  if (!g)
    return ZR_ERR_NOMEM;
  zr_arena_init(&g->arena, NULL, 0);
  g->server = server;
  if ((r->policy && !s_copy_policy(g, r->policy)) ||
      (r->expected && !s_copy_expected(g, j, r->expected))) {
    zr_guard_free(g);
    return ZR_ERR_NOMEM;
  }
  uint64_t elsewhere = r->policy ? r->policy->other_instances : 0;
  g->ceiling_broken =
      s_over(r->policy, j->sub_count, elsewhere) || s_over(server, j->sub_count, elsewhere);
  bool belts = g->has_policy && (g->policy.max_bin_percent > 0 || g->expected);
  g->gate = belts || g->ceiling_broken ? ZR_GATE_CLOSED : ZR_GATE_OPEN;
  g->dirty = true;
  g->count_due = (struct zr_mono){INT64_MIN};
  g->count_throttled = ZR_MONO_NEVER;
  *out = g;
  return ZR_ERR_OK;
}

void zr_guard_free(struct zr_guard *g) {
  if (!g)
    return;
  zr_arena_clean_up(&g->arena);
  zr_rstr_release(g->why);
  zr_free(g);
}

/* ---- drift ---- */

static bool s_same(struct zr_buf *why, const char *what, const char *was, const char *is) {
  if (strcmp(was, is) == 0)
    return true;
  (void)zr_buf_printf(why, "its %s was \"%s\" when it was planned, and is \"%s\" now", what, was,
                      is);
  return false;
}

static bool s_has_tag(const struct zr_tag *tags, size_t count, const struct zr_tag *wanted) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(tags[i].key, wanted->key) == 0 && strcmp(tags[i].value, wanted->value) == 0)
      return true;
  }
  return false;
}

static bool s_same_tags(struct zr_buf *why, const struct zr_expected *x,
                        const struct zr_instance *row) {
  for (size_t i = 0; i < row->tag_count; i++) {
    if (!s_has_tag(x->tags, x->tag_count, &row->tags[i])) {
      (void)zr_buf_printf(why, "it did not have the tag %s=%s when it was planned",
                          row->tags[i].key, row->tags[i].value);
      return false;
    }
  }
  for (size_t i = 0; i < x->tag_count; i++) {
    if (!s_has_tag(row->tags, row->tag_count, &x->tags[i])) {
      (void)zr_buf_printf(why, "it had the tag %s=%s when it was planned", x->tags[i].key,
                          x->tags[i].value);
      return false;
    }
  }
  return true;
}

static bool s_has_address(const char *const *all, size_t count, const char *wanted) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(all[i], wanted) == 0)
      return true;
  }
  return false;
}

/* What would go with it is what somebody agreed to lose. */
static bool s_same_attachments(struct zr_buf *why, const struct zr_expected *x,
                               const struct zr_instance *row) {
  if (!x->has_attachments)
    return true;
  if (x->undetachable_disk_count != row->undetachable_disk_count) {
    (void)zr_buf_printf(why,
                        "%u disks that cannot be detached would have died with it when it was "
                        "planned, and %u would now",
                        x->undetachable_disk_count, row->undetachable_disk_count);
    return false;
  }
  for (size_t i = 0; i < row->public_ip_count; i++) {
    if (!s_has_address(x->public_ips, x->public_ip_count, row->public_ips[i])) {
      (void)zr_buf_printf(why, "it did not have the public address %s when it was planned",
                          row->public_ips[i]);
      return false;
    }
  }
  for (size_t i = 0; i < x->public_ip_count; i++) {
    if (!s_has_address(row->public_ips, row->public_ip_count, x->public_ips[i])) {
      (void)zr_buf_printf(why, "it had the public address %s when it was planned",
                          x->public_ips[i]);
      return false;
    }
  }
  return true;
}

static bool s_as_expected(struct zr_buf *why, const struct zr_expected *x,
                          const struct zr_instance *row) {
  return s_same(why, "name", x->name, row->name) && s_same(why, "zone", x->zone_id, row->zone_id) &&
         s_same(why, "resource group", x->resource_group_id, row->resource_group_id) &&
         s_same(why, "charge type", x->charge_type, row->charge_type) &&
         s_same(why, "creation time", x->create_time, row->create_time) &&
         s_same_tags(why, x, row) && s_same_attachments(why, x, row);
}

/* ---- rules ---- */

/* One reason more: every rule that keeps an id is named, since each must be dealt with. */
ZR_PRINTF(2, 3)
static void s_because(struct zr_buf *why, const char *format, ...) {
  va_list args;
  if (why->len)
    (void)zr_buf_text(why, "; ");
  va_start(args, format);
  (void)zr_buf_vprintf(why, format, args);
  va_end(args);
}

static bool s_untold(struct zr_buf *why, const char *what, const char *rule) {
  s_because(why,
            "the service does not tell its %s, so the rule \"%s\" cannot be evaluated, "
            "and protects it",
            what, rule);
  return true;
}

static bool s_keeps_name(const struct zr_keep_rule *rule, const struct zr_instance *row,
                         struct zr_buf *why) {
  if (!row->name[0])
    return s_untold(why, "name", rule->text);
  int rc = zr_pattern_is_unsure(rule->text, row->name) ? -1 : fnmatch(rule->text, row->name, 0);
  if (rc == FNM_NOMATCH)
    return false;
  s_because(why, "the rule keep name \"%s\" %s", rule->text,
            rc == 0 ? "protects it" : "cannot be evaluated, and protects it");
  return true;
}

static bool s_keeps_tag(const struct zr_keep_rule *rule, const struct zr_instance *row,
                        struct zr_buf *why) {
  if (!row->tags_told)
    return s_untold(why, "tags", rule->text);
  for (size_t i = 0; i < row->tag_count; i++) {
    if (strcmp(row->tags[i].key, rule->text) != 0 ||
        (rule->value && strcmp(row->tags[i].value, rule->value) != 0))
      continue;
    s_because(why, "the rule keep tag \"%s%s%s\" protects it", rule->text, rule->value ? "=" : "",
              rule->value ? rule->value : "");
    return true;
  }
  return false;
}

static bool s_keeps_id(const struct zr_keep_rule *rule, const char *what, const char *is,
                       struct zr_buf *why) {
  if (!is[0])
    return s_untold(why, what, rule->text);
  if (strcmp(rule->text, is) != 0)
    return false;
  s_because(why, "the rule keep %s \"%s\" protects it", what, rule->text);
  return true;
}

static bool s_keeps(const struct zr_keep_rule *rule, const struct zr_instance *row,
                    struct zr_buf *why) {
  switch (rule->kind) {
  case ZR_KEEP_NAME:
    return s_keeps_name(rule, row, why);
  case ZR_KEEP_TAG:
    return s_keeps_tag(rule, row, why);
  case ZR_KEEP_GROUP:
    return s_keeps_id(rule, "resource group", row->resource_group_id, why);
  case ZR_KEEP_ZONE:
    return s_keeps_id(rule, "zone", row->zone_id, why);
  case ZR_KEEP_COUNT_:
    break;
  }
  s_because(why, "a rule of an unknown kind protects it");
  return true;
}

static bool s_too_young(const struct zr_policy *p, const struct zr_instance *row,
                        struct zr_wall now, struct zr_buf *why) {
  if (p->min_bin_ms <= 0)
    return false;
  if (row->bin_since_ms <= 0) {
    s_because(why, "how long it has been in the bin is not known, so the least time cannot "
                   "be evaluated, and protects it");
    return true;
  }
  int64_t age = now.ms - row->bin_since_ms;
  if (age >= p->min_bin_ms)
    return false;
  if (age < 0) {
    s_because(why,
              "it was first seen in the bin %lld s from now, as a clock that was wrong has it, "
              "so the least time cannot be evaluated, and protects it",
              (long long)(-age / 1000));
    return true;
  }
  s_because(why, "it was first seen in the bin %lld s ago, and %lld s are asked for",
            (long long)(age / 1000), (long long)(p->min_bin_ms / 1000));
  return true;
}

bool zr_guard_asks_age(const struct zr_item *it) {
  for (const struct zr_sub *s = it->subs; s; s = s->next) {
    const struct zr_guard *g = s->job->guard;
    if (g && (g->policy.min_bin_ms > 0 || (g->server && g->server->min_bin_ms > 0)))
      return true;
  }
  return false;
}

static bool s_protected(const struct zr_policy *p, const struct zr_instance *row,
                        struct zr_wall now, struct zr_buf *why) {
  struct zr_buf rest = ZR_BUF_INIT(WHY_MAX);
  bool protected = p && s_too_young(p, row, now, why);
  size_t more = 0;
  for (size_t i = 0; p && i < p->keep_count; i++) {
    bool room = why->len < RULES_MAX;
    zr_buf_reset(&rest);
    if (!s_keeps(&p->keep[i], row, room ? why : &rest))
      continue;
    protected = true;
    more += room ? 0 : 1;
  }
  if (more > 0)
    s_because(why, "and %zu more", more);
  zr_buf_clean_up(&rest);
  return protected;
}

enum zr_code zr_guard_judge(const struct zr_guard *g, size_t sub, const struct zr_instance *row,
                            struct zr_wall now, struct zr_buf *why) {
  if (g->expected && !s_as_expected(why, &g->expected[sub], row))
    return ZR_CODE_DRIFTED;
  bool ours = s_protected(g->has_policy ? &g->policy : NULL, row, now, why);
  bool servers = s_protected(g->server, row, now, why);
  return ours || servers ? ZR_CODE_PROTECTED : ZR_CODE_NONE;
}

static void s_judge(const struct zr_engine *e, struct zr_sub *s, const struct zr_instance *row) {
  const struct zr_guard *g = s->job->guard;
  struct zr_buf why = ZR_BUF_INIT(WHY_MAX);
  s->held = zr_guard_judge(g, (size_t)(s - s->job->subs), row, e->now.wall, &why);
  s->judged = true;
  struct zr_rstr *text = why.len ? zr_rstr_new(zr_buf_as_view(&why)) : NULL;
  zr_rstr_set(&s->held_why, text);
  zr_rstr_release(text);
  zr_buf_clean_up(&why);
}

void zr_guard_note(const struct zr_engine *e, struct zr_item *it, const struct zr_instance *row) {
  for (struct zr_sub *s = it->subs; s; s = s->next) {
    if (!s->job->guard)
      continue;
    s->job->guard->dirty = true;
    if (row)
      s_judge(e, s, row);
  }
}

struct zr_verdict zr_guard_adjust(const struct zr_sub *s, struct zr_verdict v) {
  const struct zr_item *it = s->item;
  if (!s->job->guard || !s->job->guard->expected || it->attempts > 0)
    return v;
  if (v.outcome == ZR_OUTCOME_NOT_FOUND &&
      v.code == ZR_CODE_NOT_FOUND) /* its caller has seen it there */
    return (struct zr_verdict){v.next, ZR_OUTCOME_ALREADY_GONE, ZR_CODE_NONE};
  if (v.outcome == ZR_OUTCOME_NOT_RECYCLED && it->presence != ZR_PRESENCE_LEAVING)
    return (struct zr_verdict){v.next, ZR_OUTCOME_NOT_ATTEMPTED, ZR_CODE_DRIFTED};
  return v;
}
