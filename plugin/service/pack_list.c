#include "service/codec.h"
#include "service/pack.h"
#include "zenrelease/v1/release_service.pb-c.h"

static bool s_texts(struct zr_arena *arena, const char *const *from, size_t count, char ***to) {
  *to = zr_arena_alloc(arena, count * sizeof(char *));
  if (!*to)
    return false;
  for (size_t i = 0; i < count; i++)
    (*to)[i] = zr_pb_text(from[i]);
  return true;
}

static bool s_tags(struct zr_arena *arena, const struct zr_instance *row,
                   Zenrelease__V1__Instance *m) {
  Zenrelease__V1__Tag *all = zr_arena_alloc(arena, row->tag_count * sizeof *all);
  m->tags = zr_arena_alloc(arena, row->tag_count * sizeof(void *));
  if (!all || !m->tags)
    return false;
  for (size_t i = 0; i < row->tag_count; i++) {
    zenrelease__v1__tag__init(&all[i]);
    all[i].key = zr_pb_text(row->tags[i].key);
    all[i].value = zr_pb_text(row->tags[i].value);
    m->tags[i] = &all[i];
  }
  m->n_tags = row->tag_count;
  return true;
}

static bool s_instance(struct zr_arena *arena, const struct zr_instance *row,
                       Zenrelease__V1__Instance *m) {
  zenrelease__v1__instance__init(m);
  m->instance_id = zr_pb_text(row->id);
  m->name = zr_pb_text(row->name);
  m->status = zr_pb_text(row->status);
  m->zone_id = zr_pb_text(row->zone_id);
  m->instance_type = zr_pb_text(row->instance_type);
  m->image_id = zr_pb_text(row->image_id);
  m->resource_group_id = zr_pb_text(row->resource_group_id);
  m->resource_group_name = zr_pb_text(row->resource_group_name);
  m->charge_type = zr_pb_text(row->charge_type);
  m->create_time = zr_pb_text(row->create_time);
  m->expire_time = zr_pb_text(row->expired_time);
  m->disk_count = zr_pb_int(row->disk_count);
  m->undetachable_disk_count = zr_pb_int(row->undetachable_disk_count);
  m->n_public_ip_addresses = row->public_ip_count;
  m->n_private_ip_addresses = row->private_ip_count;
  return s_texts(arena, row->public_ips, row->public_ip_count, &m->public_ip_addresses) &&
         s_texts(arena, row->private_ips, row->private_ip_count, &m->private_ip_addresses) &&
         s_tags(arena, row, m);
}

static bool s_rows(struct zr_arena *arena, const struct zr_list_end *end,
                   Zenrelease__V1__ListInstancesResponse *m) {
  Zenrelease__V1__Instance *all = zr_arena_alloc(arena, end->row_count * sizeof *all);
  m->instances = zr_arena_alloc(arena, end->row_count * sizeof(void *));
  if (!all || !m->instances)
    return false;
  for (size_t i = 0; i < end->row_count; i++) {
    if (!s_instance(arena, &end->rows[i], &all[i]))
      return false;
    m->instances[i] = &all[i];
  }
  m->n_instances = end->row_count;
  return true;
}

struct zr_rpc_bytes *zr_pack_list(const struct zr_list_end *end, const char *next_page_token) {
  struct zr_arena arena;
  zr_arena_init(&arena, NULL, 0);
  Zenrelease__V1__ListInstancesResponse m;
  zenrelease__v1__list_instances_response__init(&m);
  m.next_page_token = zr_pb_text(next_page_token);
  m.total_size = (int64_t)end->total;
  m.service_clock_known = end->clock_known;
  m.service_clock_offset_ms = end->clock_offset_ms;
  struct zr_rpc_bytes *b = s_rows(&arena, end, &m) ? zr_encode(&m.base) : NULL;
  zr_arena_clean_up(&arena);
  return b;
}
