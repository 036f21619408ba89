/* The lines of a plan, read as strictly as they are written. */
#include <string.h>

#include "plan_file.h"

enum { WHY_MAX = 4096 };

static const int64_t s_longest_ms = 366LL * 24 * 3600 * 1000;
static const int64_t s_most = 10000000;

bool zr_stamp_read(const char *text, int64_t *ms) {
  char back[ZR_STAMP_ROOM];
  struct zr_wall at;
  if (zr_wall_parse(text, &at) != 0)
    return false;
  zr_wall_format(at, back);
  *ms = at.ms;
  return strcmp(back, text) == 0; /* in this one form only */
}

/* ---- members that are always there ---- */

/* As zr_jtext; "" will do. */
static const char *s_text(const struct zr_jnode *object, const char *name, struct zr_problems *p) {
  const struct zr_jnode *n = zr_jof(object, name, ZR_JTEXT, true, p);
  return n ? n->text : "";
}

static int64_t s_number(const struct zr_jnode *object, const char *name, int64_t least,
                        int64_t most, struct zr_problems *p) {
  int64_t n = 0;
  (void)zr_jnumber(object, name, least, most, true, &n, p);
  return n;
}

static bool s_flag(const struct zr_jnode *object, const char *name, struct zr_problems *p) {
  const struct zr_jnode *n = zr_jof(object, name, ZR_JBOOL, true, p);
  return n && n->truth;
}

static int64_t s_stamp(const struct zr_jnode *object, const char *name, struct zr_problems *p) {
  int64_t ms = 0;
  const char *text = s_text(object, name, p);
  if (zr_jget(object, name) && !zr_stamp_read(text, &ms))
    zr_problem(p, zr_jget(object, name), "must be a time like 2026-01-31T12:34:56.789Z");
  return ms;
}

/* ---- header ---- */

static void s_policy(const struct zr_jnode *step, struct zr_step *s, struct zr_arena *arena,
                     struct zr_problems *p) {
  static const char *const known[] = {"max_instances", "max_bin_percent", "min_bin_time_ms", "keep",
                                      NULL};
  const struct zr_jnode *o = zr_jof(step, "policy", ZR_JOBJECT, true, p);
  if (!o)
    return;
  zr_jonly(o, known, p);
  s->policy.max_instances = s_number(o, "max_instances", 0, s_most, p);
  s->policy.max_bin_percent = (int32_t)s_number(o, "max_bin_percent", 0, 100, p);
  s->policy.min_bin_time_ms = s_number(o, "min_bin_time_ms", 0, s_longest_ms, p);
  (void)zr_jof(o, "keep", ZR_JLIST, true, p);
  zr_policy_read_keep(o, &s->policy, arena, p);
}

static void s_step(const struct zr_jnode *n, struct zr_plan_head *h, struct zr_step *s,
                   struct zr_arena *arena, struct zr_problems *p) {
  static const char *const known[] = {"name",       "product",       "selected",
                                      "depends_on", "allow_missing", "depend_resource",
                                      "wait_ms",    "policy",        NULL};
  zenrelease_policy_init(&s->policy);
  s->name = "";
  if (n->type != ZR_JOBJECT) {
    zr_problem(p, n, "must be an object");
    return;
  }
  zr_jonly(n, known, p);
  if (zr_jtext(n, "name", true, &s->name, p) && !zr_step_name_is_fine(s->name))
    zr_problem(p, zr_jget(n, "name"), "is no name of a step");
  for (size_t i = 0; &h->steps.items[i] != s; i++)
    if (strcmp(h->steps.items[i].name, s->name) == 0)
      zr_problem(p, n, "has the name of another step");
  (void)zr_product_read(n, &s->product, p);
  (void)zr_jof(n, "depends_on", ZR_JLIST, true, p);
  s->selected = s_flag(n, "selected", p);
  s->allow_missing = s_flag(n, "allow_missing", p);
  s->depend_resource = s_flag(n, "depend_resource", p);
  s->wait_ms = s_number(n, "wait_ms", -1, s_longest_ms, p);
  s_policy(n, s, arena, p);
  s->policy.max_drift_percent = h->max_drift_percent;
}

static void s_steps(const struct zr_jnode *root, struct zr_plan_head *h, struct zr_arena *arena,
                    struct zr_problems *p) {
  const struct zr_jnode *list = zr_jof(root, "steps", ZR_JLIST, true, p);
  if (!list)
    return;
  if (list->count == 0 || list->count > ZR_STEPS_MAX) {
    zr_problem(p, list, "must have 1 to %d steps", ZR_STEPS_MAX);
    return;
  }
  h->steps.items = zr_arena_calloc(arena, list->count, sizeof *h->steps.items);
  if (!h->steps.items) {
    p->nomem = true;
    return;
  }
  for (const struct zr_jnode *n = list->first; n; n = n->next)
    s_step(n, h, &h->steps.items[h->steps.count++], arena, p);
  if (p->count == 0)
    (void)zr_steps_depend(&h->steps, list, arena, p);
}

bool zr_plan_head_read(const struct zr_jnode *n, struct zr_arena *arena, struct zr_plan_head *out,
                       struct zr_problems *p) {
  static const char *const known[] = {"type",    "version",  "created",           "expires",
                                      "account", "endpoint", "max_drift_percent", "steps",
                                      NULL};
  int64_t version = 0;
  if (n->type != ZR_JOBJECT || strcmp(s_text(n, "type", p), "plan") != 0) {
    zr_problem(p, n, "is not the header of a plan");
    return false;
  }
  if (!zr_jnumber(n, "version", INT32_MIN, INT32_MAX, true, &version, p))
    return false;
  if (version != 1) {
    zr_problem(p, zr_jget(n, "version"), "version %lld is not known; this program knows version 1",
               (long long)version);
    return false;
  }
  zr_jonly(n, known, p);
  out->created_ms = s_stamp(n, "created", p);
  out->expires_ms = s_stamp(n, "expires", p);
  out->account = s_text(n, "account", p);
  out->endpoint = s_text(n, "endpoint", p);
  out->max_drift_percent = (int32_t)s_number(n, "max_drift_percent", 0, 100, p);
  s_steps(n, out, arena, p);
  return p->count == 0 && !p->nomem;
}

/* ---- limits ---- */

static bool s_short(const char *what, const char *text, struct zr_buf *why) {
  if (strlen(text) <= ZR_PLAN_TEXT_MAX)
    return true;
  (void)zr_buf_printf(why, "its %s is longer than %d bytes", what, ZR_PLAN_TEXT_MAX);
  return false;
}

static bool s_few(const char *what, size_t count, size_t most, struct zr_buf *why) {
  if (count <= most)
    return true;
  (void)zr_buf_printf(why, "it has %zu %s, and at most %zu are possible", count, what, most);
  return false;
}

bool zr_plan_holds(const struct zenrelease_instance *i, struct zr_buf *why) {
  bool fits = s_few("tags", i->tag_count, ZR_PLAN_TAGS_MAX, why) &&
              s_few("public addresses", i->public_ip_address_count, ZR_PLAN_ADDRESSES_MAX, why) &&
              s_few("disks", (size_t)i->disk_count, ZR_PLAN_DISKS_MAX, why) &&
              s_short("id", i->instance_id, why) && s_short("name", i->name, why) &&
              s_short("status", i->status, why) && s_short("zone", i->zone_id, why) &&
              s_short("resource group", i->resource_group_id, why) &&
              s_short("charge type", i->charge_type, why) &&
              s_short("creation time", i->create_time, why) &&
              s_short("expiry time", i->expire_time, why);
  for (size_t t = 0; fits && t < i->tag_count; t++)
    fits =
        s_short("tag's key", i->tags[t].key, why) && s_short("tag's value", i->tags[t].value, why);
  for (size_t k = 0; fits && k < i->public_ip_address_count; k++)
    fits = s_short("public address", i->public_ip_addresses[k], why);
  return fits;
}

/* ---- instances ---- */

static void s_tags(const struct zr_jnode *n, struct zr_arena *arena,
                   struct zenrelease_instance *out, struct zr_problems *p) {
  static const char *const known[] = {"key", "value", NULL};
  const struct zr_jnode *list = zr_jof(n, "tags", ZR_JLIST, true, p);
  if (!list)
    return;
  struct zenrelease_tag *tags = zr_arena_calloc(arena, list->count, sizeof *tags);
  if (!tags) {
    p->nomem = true;
    return;
  }
  for (const struct zr_jnode *t = list->first; t; t = t->next) {
    tags[out->tag_count++] = (struct zenrelease_tag){s_text(t, "key", p), s_text(t, "value", p)};
    if (t->type == ZR_JOBJECT)
      zr_jonly(t, known, p);
  }
  out->tags = tags;
}

static void s_addresses(const struct zr_jnode *n, struct zr_arena *arena,
                        struct zenrelease_instance *out, struct zr_problems *p) {
  const struct zr_jnode *list = zr_jof(n, "public_ip_addresses", ZR_JLIST, true, p);
  if (!list)
    return;
  const char **texts = zr_arena_calloc(arena, list->count, sizeof(char *));
  if (!texts) {
    p->nomem = true;
    return;
  }
  for (const struct zr_jnode *t = list->first; t; t = t->next) {
    if (t->type != ZR_JTEXT)
      zr_problem(p, t, "must be a text");
    texts[t->index] = t->type == ZR_JTEXT ? t->text : "";
  }
  out->public_ip_addresses = texts;
  out->public_ip_address_count = list->count;
}

static void s_instance(const struct zr_jnode *n, struct zr_arena *arena,
                       struct zenrelease_instance *out, struct zr_problems *p) {
  static const char *const known[] = {"type",
                                      "step",
                                      "id",
                                      "name",
                                      "status",
                                      "zone_id",
                                      "resource_group_id",
                                      "charge_type",
                                      "create_time",
                                      "expire_time",
                                      "tags",
                                      "public_ip_addresses",
                                      "disk_count",
                                      "undetachable_disk_count",
                                      NULL};
  zr_jonly(n, known, p);
  out->name = s_text(n, "name", p);
  out->status = s_text(n, "status", p);
  out->zone_id = s_text(n, "zone_id", p);
  out->resource_group_id = s_text(n, "resource_group_id", p);
  out->charge_type = s_text(n, "charge_type", p);
  out->create_time = s_text(n, "create_time", p);
  out->expire_time = s_text(n, "expire_time", p);
  out->disk_count = (int32_t)s_number(n, "disk_count", 0, ZR_PLAN_DISKS_MAX, p);
  out->undetachable_disk_count =
      (int32_t)s_number(n, "undetachable_disk_count", 0, ZR_PLAN_DISKS_MAX, p);
  s_tags(n, arena, out, p);
  s_addresses(n, arena, out, p);
  struct zr_buf why = ZR_BUF_INIT(WHY_MAX);
  if (p->count == 0 && !p->nomem && !zr_plan_holds(out, &why))
    zr_problem(p, n, "%s", why.data ? why.data : "out of memory");
  zr_buf_clean_up(&why);
}

bool zr_plan_entry_read(const struct zr_jnode *n, struct zr_arena *arena, struct zr_plan_entry *out,
                        const char **step, struct zr_problems *p) {
  static const char *const blocked[] = {"type", "step", "id", "code", "detail", NULL};
  *out = (struct zr_plan_entry){.code = "", .detail = ""};
  *step = "";
  if (n->type != ZR_JOBJECT) {
    zr_problem(p, n, "must be an object");
    return false;
  }
  const char *type = s_text(n, "type", p);
  *step = s_text(n, "step", p);
  out->instance.instance_id = s_text(n, "id", p);
  if (zr_jget(n, "id") && !out->instance.instance_id[0])
    zr_problem(p, zr_jget(n, "id"), "is empty");
  out->blocked = strcmp(type, "blocked") == 0;
  if (out->blocked) {
    zr_jonly(n, blocked, p);
    out->code = s_text(n, "code", p);
    out->detail = s_text(n, "detail", p);
  } else if (strcmp(type, "instance") == 0) {
    s_instance(n, arena, &out->instance, p);
  } else {
    zr_problem(p, n, "is neither an instance nor a blocked one");
  }
  return p->count == 0 && !p->nomem;
}
