/* ReadDataSource: zenrelease_instances, all pages. */
#include "terraform/check.h"
#include "terraform/duration.h"
#include "terraform/listing.h"

struct s_data {
  struct zr_tf_op op; /* first */
  struct zr_tf_listing listing;
  const struct zr_tf_type *type;
  struct zr_tf_value config;
  struct zr_tf_value *rows;
  size_t count;
  size_t cap;
};

/* ---- rows ---- */

static const char *s_keep(struct zr_tf_op *op, const char *text) {
  const char *copy = zr_arena_strdup(op->arena, text ? text : "");
  op->diags.nomem = op->diags.nomem || !copy;
  return copy;
}

static struct zr_tf_value s_texts(struct zr_tf_op *op, const char *const *texts, size_t count) {
  struct zr_tf_value list = zr_tf_null;
  const char **copies = zr_arena_calloc(op->arena, count + 1, sizeof *copies);
  for (size_t i = 0; i < count && copies; i++)
    copies[i] = s_keep(op, texts[i]);
  if (!copies || !zr_tf_of_texts(op->arena, copies, count, &list))
    op->diags.nomem = true;
  return list;
}

static struct zr_tf_value s_tags(struct zr_tf_op *op, const struct zr_instance *r) {
  struct zr_tf_value map = {.is = ZR_TF_KNOWN};
  map.items = zr_arena_calloc(op->arena, r->tag_count + 1, sizeof *map.items);
  struct zr_view *keys = zr_arena_calloc(op->arena, r->tag_count + 1, sizeof *keys);
  if (!map.items || !keys) {
    op->diags.nomem = true;
    return zr_tf_null;
  }
  for (size_t i = 0; i < r->tag_count; i++) {
    size_t at = 0; /* the last value of a key that comes twice */
    struct zr_view key = zr_view_of(r->tags[i].key);
    while (at < map.count && !zr_view_eq(keys[at], key))
      at++;
    keys[at] = zr_view_of(s_keep(op, r->tags[i].key));
    map.items[at] = zr_tf_of_text(s_keep(op, r->tags[i].value));
    map.count += at == map.count;
  }
  map.keys = keys;
  return map;
}

static void s_row(struct s_data *d, const struct zr_instance *r, struct zr_tf_value *v) {
  const struct zr_tf_type *t = &zr_tf_instance_type;
  struct zr_tf_op *op = &d->op;
  const struct {
    const char *name;
    const char *text;
  } texts[] = {{"id", r->id},
               {"name", r->name},
               {"status", r->status},
               {"zone_id", r->zone_id},
               {"instance_type", r->instance_type},
               {"image_id", r->image_id},
               {"resource_group_id", r->resource_group_id},
               {"resource_group_name", r->resource_group_name},
               {"charge_type", r->charge_type},
               {"create_time", r->create_time},
               {"expired_time", r->expired_time}};
  for (size_t i = 0; i < ZR_COUNT(texts); i++)
    zr_tf_set(t, v, texts[i].name, zr_tf_of_text(s_keep(op, texts[i].text)));
  zr_tf_set(t, v, "public_ips", s_texts(op, r->public_ips, r->public_ip_count));
  zr_tf_set(t, v, "private_ips", s_texts(op, r->private_ips, r->private_ip_count));
  zr_tf_set(t, v, "tags", s_tags(op, r));
  zr_tf_set(t, v, "disk_count", zr_tf_of_u64(r->disk_count));
  zr_tf_set(t, v, "undetachable_disk_count", zr_tf_of_u64(r->undetachable_disk_count));
}

static bool s_room(struct s_data *d, size_t more) {
  if (d->count + more <= d->cap)
    return true;
  size_t cap = 2 * d->cap + more;
  struct zr_tf_value *rows = zr_arena_calloc(d->op.arena, cap, sizeof *rows);
  if (!rows)
    return false;
  for (size_t i = 0; i < d->count; i++)
    rows[i] = d->rows[i];
  d->rows = rows;
  d->cap = cap;
  return true;
}

static void s_on_pass(struct zr_tf_listing *l) {
  ZR_OWNER(l, struct s_data, listing)->count = 0;
}

static bool s_on_page(struct zr_tf_listing *l, const struct zr_list_end *end) {
  struct s_data *d = ZR_OWNER(l, struct s_data, listing);
  if (!s_room(d, end->row_count))
    return false;
  for (size_t i = 0; i < end->row_count; i++) {
    const struct zr_tf_value *row = zr_tf_new_object(d->op.arena, &zr_tf_instance_type);
    if (!row)
      return false;
    d->rows[d->count] = *row;
    s_row(d, &end->rows[i], &d->rows[d->count++]);
  }
  return true;
}

/* ---- the answer ---- */

static bool s_fill(struct s_data *d, struct zr_tf_value *state) {
  const char **ids = zr_arena_calloc(d->op.arena, d->count + 1, sizeof *ids);
  struct zr_tf_value list;
  for (size_t i = 0; i < d->count && ids; i++)
    ids[i] = zr_tf_text(zr_tf_get(&zr_tf_instance_type, &d->rows[i], "id"));
  if (!ids || !zr_tf_of_texts(d->op.arena, ids, d->count, &list))
    return false;
  zr_tf_set(d->type, state, "ids", list);
  zr_tf_set(d->type, state, "instances",
            (struct zr_tf_value){.is = ZR_TF_KNOWN, .items = d->rows, .count = d->count});
  return true;
}

static void s_end(struct zr_tf_listing *l) {
  struct s_data *d = ZR_OWNER(l, struct s_data, listing);
  Tfplugin6__ReadDataSource__Response m = TFPLUGIN6__READ_DATA_SOURCE__RESPONSE__INIT;
  struct zr_tf_diags *diags = &d->op.diags;
  if (diags->errors == 0 && !diags->nomem) {
    struct zr_tf_value *state = zr_tf_copy_object(d->op.arena, d->type, &d->config);
    if (state && s_fill(d, state))
      m.state = zr_tf_pack_value(d->op.arena, d->type, state);
    diags->nomem = diags->nomem || !m.state;
  }
  m.diagnostics = diags->items;
  m.n_diagnostics = diags->count;
  zr_tf_op_reply(&d->op, &m.base);
}

static int64_t s_timeout(const struct s_data *d) {
  int64_t ms = 0;
  const struct zr_tf_value *block = zr_tf_get(d->type, &d->config, "timeouts");
  const char *text = block->is == ZR_TF_KNOWN ? zr_tf_text(&block->items[0]) : NULL;
  return text && zr_tf_duration(text, &ms) ? ms : ZR_TF_SHORT_MS;
}

static void s_begin(struct zr_tf_op *op) {
  struct s_data *d = (struct s_data *)(void *)op;
  d->listing.op = op;
  d->listing.on_pass = s_on_pass;
  d->listing.on_page = s_on_page;
  d->listing.on_done = s_end;
  d->listing.deadline = zr_mono_add(zr_mono_now(), s_timeout(d));
  if (op->diags.errors > 0)
    s_end(&d->listing);
  else if (zr_tf_listing_read(&d->listing, d->type, &d->config))
    zr_tf_listing_start(&d->listing);
  else
    zr_tf_op_fail_nomem(op);
}

void zr_tf_handle_read_data(void *provider, struct zr_rpc_call *call) {
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__read_data_source__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__ReadDataSource__Request *r = (const Tfplugin6__ReadDataSource__Request *)request;
  const struct zr_tf_kind_of *kind = zr_tf_kind_find(provider, ZR_TF_DATA_SOURCE, r->type_name);
  if (!kind) {
    zr_tf_fail(call, ZR_RPC_INVALID_ARGUMENT, "there is no data source of this type");
    return;
  }
  struct s_data *d = zr_tf_op_new(provider, call, sizeof *d);
  if (!d)
    return;
  struct zr_tf_decoding decoding = {.arena = d->op.arena};
  d->type = &kind->type;
  d->op.begin = s_begin;
  if (zr_tf_unpack_value(&decoding, d->type, r->config, &d->config))
    zr_tf_check_config(&d->op.diags, kind, &d->config);
  else
    zr_tf_diag_decoding(&d->op.diags, &decoding);
  zr_tf_op_run(&d->op);
}
