/* A listed instance lives until the next one; a plan needs it longer. */
#include "plan_make.h"

static const struct zenrelease_tag *s_copy_tags(struct zr_arena *a,
                                                const struct zenrelease_instance *i, bool *ok) {
  struct zenrelease_tag *tags = zr_arena_calloc(a, i->tag_count, sizeof *tags);
  *ok = *ok && tags;
  for (size_t t = 0; *ok && t < i->tag_count; t++)
    tags[t] = (struct zenrelease_tag){zr_arena_copy(a, i->tags[t].key, ok),
                                      zr_arena_copy(a, i->tags[t].value, ok)};
  return tags;
}

struct zenrelease_instance *zr_plan_copy(struct zr_arena *a, const struct zenrelease_instance *i) {
  struct zenrelease_instance *to = zr_arena_calloc(a, 1, sizeof *to);
  bool ok = to;
  if (!to)
    return NULL;
  *to = *i;
  to->instance_id = zr_arena_copy(a, i->instance_id, &ok);
  to->name = zr_arena_copy(a, i->name, &ok);
  to->status = zr_arena_copy(a, i->status, &ok);
  to->zone_id = zr_arena_copy(a, i->zone_id, &ok);
  to->resource_group_id = zr_arena_copy(a, i->resource_group_id, &ok);
  to->charge_type = zr_arena_copy(a, i->charge_type, &ok);
  to->create_time = zr_arena_copy(a, i->create_time, &ok);
  to->expire_time = zr_arena_copy(a, i->expire_time, &ok);
  to->public_ip_addresses =
      zr_arena_copy_list(a, i->public_ip_addresses, i->public_ip_address_count, &ok);
  to->tags = s_copy_tags(a, i, &ok);
  return ok ? to : NULL;
}
