#include "policy.h"

#include <string.h>

enum { SECOND_MS = 1000, NANOS_PER_MS = 1000000 };

/* protobuf-c wants char *; nothing is changed through it. */
static char *s_lend(const char *text) {
  char *out = NULL;
  if (!text)
    text = "";
  memcpy(&out, &text, sizeof out);
  return out;
}

static int s_keep(struct zr_policy_messages *m, const struct zenrelease_policy *p,
                  struct zr_arena *arena) {
  Zenrelease__V1__KeepRule *all = zr_arena_calloc(arena, p->keep_count, sizeof *all);
  m->keep = zr_arena_calloc(arena, p->keep_count, sizeof(Zenrelease__V1__KeepRule *));
  if (!all || !m->keep)
    return -1;
  for (size_t i = 0; i < p->keep_count; i++) {
    zenrelease__v1__keep_rule__init(&all[i]);
    all[i].name_pattern = s_lend(p->keep[i].name_pattern);
    all[i].tag = s_lend(p->keep[i].tag);
    all[i].resource_group_id = s_lend(p->keep[i].resource_group_id);
    all[i].zone_id = s_lend(p->keep[i].zone_id);
    m->keep[i] = &all[i];
  }
  return 0;
}

static int s_policy(struct zr_policy_messages *m, const struct zenrelease_policy *p,
                    struct zr_arena *arena) {
  zenrelease__v1__release_policy__init(&m->policy);
  m->policy.max_instances = p->max_instances;
  m->policy.other_instances = p->other_instances;
  m->policy.settled_instances = p->settled_instances;
  m->policy.planned_instances = p->planned_instances;
  m->policy.drifted_instances = p->drifted_instances;
  m->policy.max_bin_percent = p->max_bin_percent;
  m->policy.max_drift_percent = p->max_drift_percent;
  if (p->min_bin_time_ms > 0) {
    google__protobuf__duration__init(&m->min_bin_time);
    m->min_bin_time.seconds = p->min_bin_time_ms / SECOND_MS;
    m->min_bin_time.nanos = (int32_t)(p->min_bin_time_ms % SECOND_MS) * NANOS_PER_MS;
    m->policy.min_bin_time = &m->min_bin_time;
  }
  if (s_keep(m, p, arena) != 0)
    return -1;
  m->policy.keep = m->keep;
  m->policy.n_keep = p->keep_count;
  return 0;
}

static int s_attachments(const struct zenrelease_expected *x, struct zr_arena *arena,
                         Zenrelease__V1__ExpectedInstance *to) {
  size_t n = x->public_ip_address_count;
  to->attachments = zr_arena_alloc(arena, sizeof *to->attachments);
  char **addresses = zr_arena_calloc(arena, n, sizeof(char *));
  if (!to->attachments || !addresses)
    return -1;
  zenrelease__v1__attachments__init(to->attachments);
  for (size_t i = 0; i < n; i++)
    addresses[i] = s_lend(x->public_ip_addresses[i]);
  to->attachments->public_ip_addresses = addresses;
  to->attachments->n_public_ip_addresses = n;
  to->attachments->undetachable_disk_count = x->undetachable_disk_count;
  return 0;
}

static int s_facts(const struct zenrelease_expected *x, const char *id, struct zr_arena *arena,
                   Zenrelease__V1__ExpectedInstance *to) {
  Zenrelease__V1__Tag *tags = zr_arena_calloc(arena, x->tag_count, sizeof *tags);
  zenrelease__v1__expected_instance__init(to);
  to->tags = zr_arena_calloc(arena, x->tag_count, sizeof(Zenrelease__V1__Tag *));
  if (!tags || !to->tags)
    return -1;
  for (size_t i = 0; i < x->tag_count; i++) {
    zenrelease__v1__tag__init(&tags[i]);
    tags[i].key = s_lend(x->tags[i].key);
    tags[i].value = s_lend(x->tags[i].value);
    to->tags[i] = &tags[i];
  }
  to->n_tags = x->tag_count;
  to->instance_id = s_lend(id);
  to->name = s_lend(x->name);
  to->zone_id = s_lend(x->zone_id);
  to->resource_group_id = s_lend(x->resource_group_id);
  to->charge_type = s_lend(x->charge_type);
  to->create_time = s_lend(x->create_time);
  return x->has_attachments ? s_attachments(x, arena, to) : 0;
}

static int s_expected(struct zr_policy_messages *m, const struct zenrelease_release_options *o,
                      struct zr_arena *arena) {
  size_t n = o->instance_id_count;
  Zenrelease__V1__ExpectedInstance *all = zr_arena_calloc(arena, n, sizeof *all);
  m->expected = zr_arena_calloc(arena, n, sizeof(Zenrelease__V1__ExpectedInstance *));
  if (!all || !m->expected)
    return -1;
  for (size_t i = 0; i < n; i++) {
    if (s_facts(&o->expected[i], o->instance_ids[i], arena, &all[i]) != 0)
      return -1;
    m->expected[i] = &all[i];
  }
  return 0;
}

struct zr_policy_messages *zr_policy_make(const struct zenrelease_release_options *o,
                                          struct zr_arena *arena) {
  struct zr_policy_messages *m = zr_arena_calloc(arena, 1, sizeof *m);
  if (!m || (o->policy && s_policy(m, o->policy, arena) != 0) ||
      (o->expected && s_expected(m, o, arena) != 0))
    return NULL;
  return m;
}

void zr_policy_lend(struct zr_policy_messages *m, const struct zenrelease_release_options *o,
                    Zenrelease__V1__ReleaseRequest *request) {
  if (o->policy)
    request->policy = &m->policy;
  if (o->expected) {
    request->expected = m->expected;
    request->n_expected = o->instance_id_count;
  }
}
