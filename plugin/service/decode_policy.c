#include "service/decode_policy.h"

#include <string.h>

#include "base/pattern.h"

enum { PERCENT_MAX = 100, SECOND_MS = 1000, NANOS_PER_MS = 1000000, DAYS_MAX = 366 };

static const int64_t s_longest_s = (int64_t)DAYS_MAX * 24 * 3600;

bool zr_keep_tag_rule(const char *text, struct zr_arena *arena, struct zr_keep_rule *out,
                      bool *nomem) {
  const char *equals = strchr(text, '=');
  size_t len = equals ? (size_t)(equals - text) : strlen(text);
  if (len == 0)
    return false;
  char *key = zr_arena_alloc(arena, len + 1);
  if (!key) {
    *nomem = true;
    return false;
  }
  memcpy(key, text, len);
  key[len] = '\0';
  *out = (struct zr_keep_rule){ZR_KEEP_TAG, key, equals ? equals + 1 : NULL};
  return true;
}

static void s_keep(const Zenrelease__V1__KeepRule *m, long index, struct zr_keep_rule *to,
                   struct zr_violations *v) {
  int kinds = !!m->name_pattern[0] + !!m->tag[0] + !!m->resource_group_id[0] + !!m->zone_id[0];
  if (kinds != 1) {
    zr_violation_add_at(v, "policy.", "keep", index,
                        "must be exactly one of name_pattern, tag, resource_group_id and zone_id");
    return;
  }
  const char *fault = zr_pattern_fault(zr_view_of(m->name_pattern));
  if (fault)
    zr_violation_add_at(v, "policy.", "keep", index, fault);
  if (m->name_pattern[0])
    *to = (struct zr_keep_rule){ZR_KEEP_NAME, m->name_pattern, NULL};
  else if (m->resource_group_id[0])
    *to = (struct zr_keep_rule){ZR_KEEP_GROUP, m->resource_group_id, NULL};
  else if (m->zone_id[0])
    *to = (struct zr_keep_rule){ZR_KEEP_ZONE, m->zone_id, NULL};
  else if (!zr_keep_tag_rule(m->tag, v->arena, to, &v->nomem) && !v->nomem)
    zr_violation_add_at(v, "policy.", "keep", index, "has a tag without a key");
}

static void s_percent(int32_t value, const char *field, struct zr_violations *v) {
  if (value < 0 || value > PERCENT_MAX)
    zr_violation_add(v, field, "must be from 0 to 100");
}

static int64_t s_min_bin_ms(const Google__Protobuf__Duration *d, struct zr_violations *v) {
  if (!d)
    return 0;
  if (d->seconds < 0 || d->nanos < 0 || d->nanos >= SECOND_MS * NANOS_PER_MS ||
      d->seconds > s_longest_s) {
    zr_violation_add(v, "policy.min_bin_time", "must be from 0 to 366 days");
    return 0;
  }
  return d->seconds * SECOND_MS + (d->nanos + NANOS_PER_MS - 1) / NANOS_PER_MS;
}

static const struct zr_policy *s_policy(const Zenrelease__V1__ReleasePolicy *m,
                                        struct zr_violations *v) {
  struct zr_policy *p = zr_arena_calloc(v->arena, 1, sizeof *p);
  struct zr_keep_rule *keep = zr_arena_calloc(v->arena, m->n_keep, sizeof *keep);
  if (!p || !keep) {
    v->nomem = true;
    return NULL;
  }
  if (m->max_instances < 0)
    zr_violation_add(v, "policy.max_instances", "is negative");
  if (m->other_instances < 0 || m->other_instances > INT32_MAX)
    zr_violation_add(v, "policy.other_instances", "must be from 0 to 2147483647");
  if (m->settled_instances < 0 || m->settled_instances > INT32_MAX)
    zr_violation_add(v, "policy.settled_instances", "must be from 0 to 2147483647");
  if (m->planned_instances < 0 || m->planned_instances > INT32_MAX)
    zr_violation_add(v, "policy.planned_instances", "must be from 0 to 2147483647");
  if (m->drifted_instances < 0 || m->drifted_instances > INT32_MAX)
    zr_violation_add(v, "policy.drifted_instances", "must be from 0 to 2147483647");
  s_percent(m->max_bin_percent, "policy.max_bin_percent", v);
  s_percent(m->max_drift_percent, "policy.max_drift_percent", v);
  for (size_t i = 0; i < m->n_keep; i++)
    s_keep(m->keep[i], (long)i, &keep[i], v);
  *p = (struct zr_policy){
      .max_instances = (uint64_t)m->max_instances,
      .other_instances = (uint64_t)m->other_instances,
      .settled_instances = (uint64_t)m->settled_instances,
      .planned_instances = (uint64_t)m->planned_instances,
      .drifted_instances = (uint64_t)m->drifted_instances,
      .max_bin_percent = (unsigned)m->max_bin_percent,
      .max_drift_percent = (unsigned)m->max_drift_percent,
      .min_bin_ms = s_min_bin_ms(m->min_bin_time, v),
      .keep = keep,
      .keep_count = m->n_keep,
  };
  return p;
}

static bool s_facts(const Zenrelease__V1__ExpectedInstance *m, struct zr_arena *arena,
                    struct zr_expected *to) {
  struct zr_tag *tags = zr_arena_calloc(arena, m->n_tags, sizeof *tags);
  if (!tags)
    return false;
  for (size_t i = 0; i < m->n_tags; i++)
    tags[i] = (struct zr_tag){m->tags[i]->key, m->tags[i]->value};
  *to = (struct zr_expected){.name = m->name,
                             .zone_id = m->zone_id,
                             .resource_group_id = m->resource_group_id,
                             .charge_type = m->charge_type,
                             .create_time = m->create_time,
                             .tags = tags,
                             .tag_count = m->n_tags};
  if (m->attachments) {
    to->has_attachments = true;
    to->public_ips = (const char *const *)m->attachments->public_ip_addresses;
    to->public_ip_count = m->attachments->n_public_ip_addresses;
    to->undetachable_disk_count = (uint32_t)m->attachments->undetachable_disk_count;
  }
  return true;
}

static const struct zr_expected *s_expected(const Zenrelease__V1__ReleaseRequest *m,
                                            struct zr_violations *v) {
  if (m->n_expected != m->n_instance_ids) {
    zr_violation_add(v, "expected", "must have as many elements as instance_ids, or none");
    return NULL;
  }
  struct zr_expected *all = zr_arena_calloc(v->arena, m->n_expected, sizeof *all);
  if (!all) {
    v->nomem = true;
    return NULL;
  }
  for (size_t i = 0; i < m->n_expected; i++) {
    if (strcmp(m->expected[i]->instance_id, m->instance_ids[i]) != 0)
      zr_violation_add_at(v, "", "expected", (long)i,
                          "is not about the instance at this position of instance_ids");
    else if (m->expected[i]->attachments &&
             m->expected[i]->attachments->undetachable_disk_count < 0)
      zr_violation_add_at(v, "", "expected", (long)i, "has a negative number of disks");
    else if (!s_facts(m->expected[i], v->arena, &all[i]))
      v->nomem = true;
  }
  return all;
}

void zr_decode_policy(const Zenrelease__V1__ReleaseRequest *m, struct zr_release_request *r,
                      struct zr_violations *v) {
  if (m->policy)
    r->policy = s_policy(m->policy, v);
  if (m->n_expected > 0)
    r->expected = s_expected(m, v);
}

static void s_hash_expected(struct zr_hash *h, const struct zr_expected *x) {
  zr_hash_text(h, zr_view_of(x->name));
  zr_hash_text(h, zr_view_of(x->zone_id));
  zr_hash_text(h, zr_view_of(x->resource_group_id));
  zr_hash_text(h, zr_view_of(x->charge_type));
  zr_hash_text(h, zr_view_of(x->create_time));
  zr_hash_number(h, x->tag_count);
  for (size_t i = 0; i < x->tag_count; i++) {
    zr_hash_text(h, zr_view_of(x->tags[i].key));
    zr_hash_text(h, zr_view_of(x->tags[i].value));
  }
  zr_hash_number(h, x->has_attachments);
  zr_hash_number(h, x->undetachable_disk_count);
  zr_hash_number(h, x->public_ip_count);
  for (size_t i = 0; i < x->public_ip_count; i++)
    zr_hash_text(h, zr_view_of(x->public_ips[i]));
}

void zr_hash_policy(struct zr_hash *h, const struct zr_release_request *r) {
  const struct zr_policy *p = r->policy;
  zr_hash_number(h, (uint64_t)(p != NULL) | (uint64_t)(r->expected != NULL) << 1);
  if (p) {
    zr_hash_number(h, p->max_instances);
    zr_hash_number(h, p->other_instances);
    zr_hash_number(h, p->settled_instances);
    zr_hash_number(h, p->planned_instances);
    zr_hash_number(h, p->drifted_instances);
    zr_hash_number(h, (uint64_t)p->max_bin_percent << 8 | p->max_drift_percent);
    zr_hash_number(h, (uint64_t)p->min_bin_ms);
    zr_hash_number(h, p->keep_count);
  }
  for (size_t i = 0; p && i < p->keep_count; i++) {
    zr_hash_number(h, (uint64_t)p->keep[i].kind << 1 | (p->keep[i].value != NULL));
    zr_hash_text(h, zr_view_of(p->keep[i].text));
    zr_hash_text(h, zr_view_of(p->keep[i].value));
  }
  for (size_t i = 0; r->expected && i < r->instance_id_count; i++)
    s_hash_expected(h, &r->expected[i]);
}
