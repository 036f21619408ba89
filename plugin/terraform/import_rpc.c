/* ImportResourceState: "PRODUCT/ID,ID", or an identity. The ids are looked up before anything is
 * put into a state, because a read would quietly leave out what is missing. */
#include <string.h>

#include "terraform/resource.h"

struct s_import {
  struct zr_tf_change change; /* first */
  const char *type_name;
};

/* ---- what is asked for ---- */

static void s_bad_id(struct zr_tf_change *c, const char *what) {
  zr_tf_diag(&c->op.diags, ZR_TF_ERROR, ZR_TF_WHOLE, what,
             "Give the product and the instances, as in vm/1234567890123,1234567890124.");
}

static bool s_split_ids(struct zr_tf_change *c, struct zr_view text, struct zr_tf_value *out) {
  size_t count = 1;
  for (size_t i = 0; i < text.len; i++)
    count += text.ptr[i] == ',';
  const char **ids = zr_arena_calloc(c->op.arena, count, sizeof *ids);
  for (size_t i = 0; i < count && ids; i++) {
    struct zr_view id = zr_view_split(&text, ',');
    ids[i] = zr_arena_printf(c->op.arena, "%.*s", ZR_VIEW_ARG(id));
    if (!ids[i])
      ids = NULL;
  }
  c->op.diags.nomem = c->op.diags.nomem || !ids || !zr_tf_of_texts(c->op.arena, ids, count, out);
  return !c->op.diags.nomem;
}

static void s_parse(struct zr_tf_change *c, const char *text, struct zr_tf_value *product,
                    struct zr_tf_value *list) {
  struct zr_view rest = zr_view_of(text);
  if (!zr_view_is_utf8(rest) || !memchr(rest.ptr, '/', rest.len)) {
    s_bad_id(c, "The import id does not name a product");
    return;
  }
  enum zr_product p = zr_product_parse(zr_view_split(&rest, '/'));
  if (p == ZR_PRODUCT_NONE) {
    s_bad_id(c, "The import id names no known product");
    return;
  }
  *product = zr_tf_of_text(zr_product_info(p)->name);
  (void)s_split_ids(c, rest, list);
}

static void s_take_identity(struct zr_tf_change *c, struct zr_tf_value *product,
                            struct zr_tf_value *list) {
  const struct zr_tf_type *t = &zr_tf_identity_type;
  *product = *zr_tf_get(t, &c->identity, "product");
  *list = *zr_tf_get(t, &c->identity, "instance_ids");
  if (product->is != ZR_TF_KNOWN)
    *product = zr_tf_plan_product(c);
  if (zr_tf_product_of(product) == ZR_PRODUCT_NONE)
    s_bad_id(c, "The identity names no known product");
  else if (list->is != ZR_TF_KNOWN)
    s_bad_id(c, "The identity names no instances");
}

/* ---- the answer ---- */

static void s_end(struct zr_tf_change *c) {
  const struct s_import *import = (const struct s_import *)(const void *)c;
  Tfplugin6__ImportResourceState__Response m;
  tfplugin6__import_resource_state__response__init(&m);
  Tfplugin6__ImportResourceState__ImportedResource one;
  tfplugin6__import_resource_state__imported_resource__init(&one);
  Tfplugin6__ImportResourceState__ImportedResource *list[] = {&one};
  Tfplugin6__ResourceIdentityData identity;
  tfplugin6__resource_identity_data__init(&identity);
  struct zr_tf_diags *d = &c->op.diags;
  if (d->errors == 0 && !d->nomem) {
    const struct zr_tf_value *v = zr_tf_identity_of(c->op.arena, c->type, c->result);
    one.type_name = zr_tf_pb_text(import->type_name);
    one.state = zr_tf_pack_value(c->op.arena, c->type, c->result);
    if (v)
      identity.identity_data = zr_tf_pack_value(c->op.arena, &zr_tf_identity_type, v);
    one.identity = &identity;
    d->nomem = !one.state || !identity.identity_data;
    m.imported_resources = list;
    m.n_imported_resources = 1;
  }
  m.diagnostics = d->items;
  m.n_diagnostics = d->count;
  zr_tf_op_reply(&c->op, &m.base);
}

static void s_looked_up(struct zr_tf_work *w) {
  struct zr_tf_change *c = ZR_OWNER(w, struct zr_tf_change, work);
  for (size_t i = 0; i < w->count; i++)
    zr_tf_report_read(w, i, ZR_TF_ENTERS, -1);
  zr_tf_report_service(w, ZR_TF_ENTERS);
  s_end(c);
}

/* A teardown is about ids that may well be absent: there is nothing to look up. */
static void s_begin(struct zr_tf_op *op) {
  struct zr_tf_change *c = (struct zr_tf_change *)(void *)op;
  if (op->diags.errors > 0 || op->diags.nomem || c->resource != &zr_tf_instances) {
    s_end(c);
    return;
  }
  if (!zr_tf_op_has_backend(op)) {
    zr_tf_diag(&op->diags, ZR_TF_ERROR, ZR_TF_WHOLE, "The provider is not configured", "");
    s_end(c);
    return;
  }
  zr_tf_prepare(c, c->result, &c->wanted_ids, "read", ZR_TF_SHORT_MS);
  c->work.validate_only = true;
  c->work.on_done = s_looked_up;
  if (!zr_tf_work_start(&c->work))
    zr_tf_change_nomem(c);
}

/* ---- in ---- */

static void s_fill(struct zr_tf_change *c, const char *id) {
  struct zr_tf_value product = zr_tf_null;
  struct zr_tf_value list = zr_tf_null;
  if (c->identity.is == ZR_TF_KNOWN)
    s_take_identity(c, &product, &list);
  else
    s_parse(c, id, &product, &list);
  zr_tf_check_ids(&c->op.diags, "instance_ids", &list);
  c->result = zr_tf_new_object(c->op.arena, c->type);
  if (!c->result || !zr_tf_ids_of(c->op.arena, &list, &c->wanted_ids)) {
    c->op.diags.nomem = true;
    return;
  }
  zr_tf_set(c->type, c->result, "product", product);
  zr_tf_set(c->type, c->result, "instance_ids", list);
  const struct zr_tf_value none = {.is = ZR_TF_KNOWN};
  if (c->resource == &zr_tf_instances) {
    /* Until an apply puts down what the configuration says, a destroy releases nothing. */
    zr_tf_set(c->type, c->result, "on_remove", zr_tf_of_text("keep"));
  } else {
    zr_tf_set(c->type, c->result, "pending_ids", none);
    zr_tf_set(c->type, c->result, "results", none);
  }
}

void zr_tf_handle_import(void *provider, struct zr_rpc_call *call) {
  const ProtobufCMessage *request =
      zr_tf_request(call, &tfplugin6__import_resource_state__request__descriptor);
  if (!request)
    return;
  const Tfplugin6__ImportResourceState__Request *r =
      (const Tfplugin6__ImportResourceState__Request *)request;
  struct zr_tf_provider *p = provider;
  const struct zr_tf_kind_of *kind = zr_tf_kind_find(p, ZR_TF_RESOURCE, r->type_name);
  struct s_import *import = zr_tf_op_new(p, call, sizeof *import);
  if (!import)
    return;
  if (!kind) {
    zr_tf_fail(call, ZR_RPC_INVALID_ARGUMENT, "there is no resource of this type");
    return;
  }
  struct zr_tf_change *c = &import->change;
  import->type_name = kind->schema->name;
  bool adopts = strcmp(kind->schema->name, zr_tf_instances.name) == 0;
  c->resource = adopts ? &zr_tf_instances : &zr_tf_teardown;
  c->type = &kind->type;
  struct zr_tf_decoding d = {.arena = c->op.arena};
  if (zr_tf_unpack_value(&d, &zr_tf_identity_type, r->identity ? r->identity->identity_data : NULL,
                         &c->identity))
    s_fill(c, r->id);
  else
    zr_tf_diag_decoding(&c->op.diags, &d);
  c->op.begin = s_begin;
  zr_tf_op_run(&c->op);
}
