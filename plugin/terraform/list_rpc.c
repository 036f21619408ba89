/* ListResource: one event for each instance found, for `terraform query`. */
#include "terraform/check.h"
#include "terraform/listing.h"
#include "terraform/resource.h"

enum { LIST_MS = 10 * 60 * 1000 };

struct s_list {
  struct zr_tf_op op; /* first */
  struct zr_tf_listing listing;
  const struct zr_tf_type *type; /* of the configuration */
  struct zr_tf_value config;
  bool with_object;
  struct zr_instance *rows; /* id, name and status; sent when the list is known to be whole */
  size_t count;
  size_t cap;
};

/* Takes memory of its own, so that a long list does not fill the call's arena. */
static struct zr_rpc_bytes *s_pack_event(const struct s_list *l, struct zr_arena *a,
                                         const struct zr_instance *row) {
  const struct zr_tf_type *type =
      &zr_tf_kind_find(l->op.provider, ZR_TF_RESOURCE, zr_tf_instances.name)->type;
  Tfplugin6__ListResource__Event m;
  tfplugin6__list_resource__event__init(&m);
  Tfplugin6__ResourceIdentityData data;
  tfplugin6__resource_identity_data__init(&data);
  struct zr_tf_value *object = zr_tf_new_object(a, type);
  struct zr_tf_value ids;
  if (!object || !zr_tf_of_texts(a, &row->id, 1, &ids))
    return NULL;
  const char *product = zr_product_info(l->listing.query.product)->name;
  zr_tf_set(type, object, "product", zr_tf_of_text(product));
  zr_tf_set(type, object, "instance_ids", ids);
  zr_tf_set(type, object, "on_remove", zr_tf_of_text("release"));
  const struct zr_tf_value *identity = zr_tf_identity_of(a, type, object);
  if (!identity)
    return NULL;
  data.identity_data = zr_tf_pack_value(a, &zr_tf_identity_type, identity);
  m.identity = &data;
  m.display_name = zr_arena_printf(a, "%s (%s)", row->name[0] ? row->name : row->id, row->status);
  m.resource_object = l->with_object ? zr_tf_pack_value(a, type, object) : NULL;
  if (!data.identity_data || !m.display_name || (l->with_object && !m.resource_object))
    return NULL;
  return zr_tf_pack(&m.base);
}

static bool s_send(struct s_list *l, const struct zr_instance *row) {
  struct zr_arena a;
  zr_arena_init(&a, NULL, 0);
  struct zr_rpc_bytes *b = s_pack_event(l, &a, row);
  zr_arena_clean_up(&a);
  enum zr_err e = b ? zr_rpc_send(l->op.call, b) : ZR_ERR_NOMEM;
  if (e == ZR_ERR_CLOSED)
    l->op.caller_gone = true; /* it has enough */
  else if (e != ZR_ERR_OK)
    zr_tf_diag(&l->op.diags, ZR_TF_ERROR, ZR_TF_WHOLE, "The list is too long to be sent",
               "Narrow it with a filter or a limit.");
  return e == ZR_ERR_OK;
}

static void s_on_pass(struct zr_tf_listing *listing) {
  ZR_OWNER(listing, struct s_list, listing)->count = 0;
}

static bool s_room(struct s_list *l, size_t more) {
  if (l->count + more <= l->cap)
    return true;
  size_t cap = 2 * l->cap + more;
  struct zr_instance *rows = zr_arena_calloc(l->op.arena, cap, sizeof *rows);
  if (!rows)
    return false;
  for (size_t i = 0; i < l->count; i++)
    rows[i] = l->rows[i];
  l->rows = rows;
  l->cap = cap;
  return true;
}

static bool s_on_page(struct zr_tf_listing *listing, const struct zr_list_end *end) {
  struct s_list *l = ZR_OWNER(listing, struct s_list, listing);
  struct zr_arena *a = l->op.arena;
  if (!s_room(l, end->row_count))
    return false;
  for (size_t i = 0; i < end->row_count; i++) {
    struct zr_instance *row = &l->rows[l->count++];
    *row = (struct zr_instance){.id = zr_arena_strdup(a, end->rows[i].id),
                                .name = zr_arena_strdup(a, end->rows[i].name),
                                .status = zr_arena_strdup(a, end->rows[i].status)};
    if (!row->id || !row->name || !row->status)
      return false;
  }
  return true;
}

static void s_send_all(struct s_list *l) {
  uint64_t limit = l->listing.limit;
  for (size_t i = 0; i < l->count && (limit == 0 || i < limit); i++)
    if (!s_send(l, &l->rows[i]))
      return;
}

/* Diagnostics go in an event of their own; an error makes Terraform drop the whole list. */
static void s_end(struct zr_tf_listing *listing) {
  struct s_list *l = ZR_OWNER(listing, struct s_list, listing);
  struct zr_tf_diags *d = &l->op.diags;
  if (d->errors == 0 && !d->nomem)
    s_send_all(l);
  Tfplugin6__ListResource__Event m;
  tfplugin6__list_resource__event__init(&m);
  m.diagnostic = d->items;
  m.n_diagnostic = d->count;
  enum zr_err e = ZR_ERR_OK;
  if (d->count > 0 && !l->op.caller_gone) {
    struct zr_rpc_bytes *b = zr_tf_pack(&m.base);
    e = b ? zr_rpc_send(l->op.call, b) : ZR_ERR_NOMEM;
  }
  zr_tf_op_end(&l->op);
  if (e == ZR_ERR_OK && !d->nomem)
    zr_rpc_finish(l->op.call);
  else
    zr_tf_fail_nomem(l->op.call);
}

static void s_begin(struct zr_tf_op *op) {
  struct s_list *l = (struct s_list *)(void *)op;
  l->listing.op = op;
  l->listing.on_pass = s_on_pass;
  l->listing.on_page = s_on_page;
  l->listing.on_done = s_end;
  l->listing.deadline = zr_mono_add(zr_mono_now(), LIST_MS);
  if (op->diags.errors > 0)
    s_end(&l->listing);
  else if (zr_tf_listing_read(&l->listing, l->type, &l->config))
    zr_tf_listing_start(&l->listing);
  else
    zr_tf_op_fail_nomem(op);
}

void zr_tf_handle_list(void *provider, struct zr_rpc_call *call) {
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__list_resource__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__ListResource__Request *r = (const Tfplugin6__ListResource__Request *)request;
  const struct zr_tf_kind_of *kind = zr_tf_kind_find(provider, ZR_TF_LIST_RESOURCE, r->type_name);
  if (!kind) {
    zr_tf_fail(call, ZR_RPC_INVALID_ARGUMENT, "there is no list resource of this type");
    return;
  }
  struct s_list *l = zr_tf_op_new(provider, call, sizeof *l);
  if (!l)
    return;
  struct zr_tf_decoding decoding = {.arena = l->op.arena};
  l->type = &kind->type;
  l->with_object = r->include_resource_object;
  l->listing.limit = r->limit > 0 ? (uint64_t)r->limit : 0;
  l->op.begin = s_begin;
  if (zr_tf_unpack_value(&decoding, l->type, r->config, &l->config))
    zr_tf_check_config(&l->op.diags, kind, &l->config);
  else
    zr_tf_diag_decoding(&l->op.diags, &decoding);
  zr_tf_op_run(&l->op);
}
