#include "terraform/listing.h"

#include <string.h>

#include "terraform/check.h"
#include "terraform/ids.h"

enum { PAGE_ROWS = 1000, PAGE_MS = 60000 };

/* ---- filters ---- */

static bool s_texts(struct zr_arena *a, const struct zr_tf_value *v, const char *const **texts,
                    size_t *count) {
  struct zr_tf_ids ids;
  if (!zr_tf_ids_of(a, v, &ids))
    return false;
  *texts = ids.ids;
  *count = ids.count;
  return true;
}

static bool s_tags(struct zr_arena *a, const struct zr_tf_value *v, struct zr_list_query *q) {
  if (v->is != ZR_TF_KNOWN)
    return true;
  struct zr_tag *tags = zr_arena_calloc(a, v->count + 1, sizeof *tags);
  for (size_t i = 0; i < v->count && tags; i++) {
    const char *value = zr_tf_text(&v->items[i]);
    tags[i] = (struct zr_tag){v->keys[i].ptr, value ? value : ""};
  }
  q->tags = tags;
  q->tag_count = v->count;
  return tags;
}

static const char *s_status(const char *word) {
  if (!word)
    return "RECYCLE";
  return strcmp(word, "*") == 0 ? NULL : word;
}

bool zr_tf_listing_read(struct zr_tf_listing *l, const struct zr_tf_type *type,
                        const struct zr_tf_value *config) {
  struct zr_arena *a = l->op->arena;
  struct zr_list_query *q = &l->query;
  const struct zr_tf_value *product = zr_tf_get(type, config, "product");
  *q = (struct zr_list_query){
      .product = product->is == ZR_TF_KNOWN ? zr_tf_product_of(product)
                 : l->op->link              ? l->op->link->product
                                            : ZR_PRODUCT_NONE,
      .status = s_status(zr_tf_text(zr_tf_get(type, config, "status"))),
      .name = zr_tf_text(zr_tf_get(type, config, "name")),
      .zone_id = zr_tf_text(zr_tf_get(type, config, "zone_id")),
      .resource_group_id = zr_tf_text(zr_tf_get(type, config, "resource_group_id")),
      .image_id = zr_tf_text(zr_tf_get(type, config, "image_id")),
      .instance_type = zr_tf_text(zr_tf_get(type, config, "instance_type")),
      .page_num = 1,
      .page_size = PAGE_ROWS,
  };
  return s_texts(a, zr_tf_get(type, config, "instance_ids"), &q->instance_ids,
                 &q->instance_id_count) &&
         s_texts(a, zr_tf_get(type, config, "public_ips"), &q->ips, &q->ip_count) &&
         s_texts(a, zr_tf_get(type, config, "tag_keys"), &q->tag_keys, &q->tag_key_count) &&
         s_tags(a, zr_tf_get(type, config, "tags"), q);
}

/* ---- pages ---- */

static void s_next(struct zr_tf_listing *l);

static void s_failed(struct zr_tf_listing *l, const struct zr_call_end *end) {
  struct zr_buf detail = ZR_BUF_INIT(2048);
  bool denied = end->class_ == ZR_CLASS_UNAUTHORIZED;
  if (end->reason && end->reason[0])
    (void)zr_buf_printf(&detail, "%s\n", end->reason);
  if (end->code && end->code[0])
    (void)zr_buf_printf(&detail, "The service answered %s: %s\n", end->code, end->message);
  if (end->request_id && end->request_id[0])
    (void)zr_buf_printf(&detail, "Request id: %s", end->request_id);
  zr_tf_diag(&l->op->diags, ZR_TF_ERROR, ZR_TF_WHOLE,
             denied ? "The service rejected the credentials" : "The instances could not be listed",
             detail.data);
  zr_buf_clean_up(&detail);
  l->on_done(l);
}

/* Total and rows may change between pages: an empty page ends the list whatever the total says. */
static void s_page(void *ctx, const struct zr_list_end *end) {
  struct zr_tf_listing *l = ctx;
  if (end->call.class_ != ZR_CLASS_OK) {
    s_failed(l, &end->call);
    return;
  }
  l->seen += end->row_count;
  bool more = l->on_page(l, end) && end->row_count > 0 && l->seen < end->total;
  if (!more || l->op->diags.errors > 0) {
    l->on_done(l);
    return;
  }
  l->query.page_num++;
  s_next(l);
}

static void s_give_up(struct zr_tf_listing *l, const char *summary, const char *detail) {
  zr_tf_diag(&l->op->diags, ZR_TF_ERROR, ZR_TF_WHOLE, summary, detail);
  l->on_done(l);
}

static void s_next(struct zr_tf_listing *l) {
  const struct zr_backend *b = l->op->link->backend;
  const char *missing = b->facts(b->self)->credential_problem;
  struct zr_mono now = zr_mono_now();
  if (missing) {
    s_give_up(l, "The provider has no usable credentials", missing);
    return;
  }
  if (l->op->caller_gone || atomic_load(&l->op->link->stopping)) {
    s_give_up(l, "Cancelled", "");
    return;
  }
  if (now.ms >= l->deadline.ms) {
    s_give_up(l, "The instances could not be listed in time", "Raise timeouts.read.");
    return;
  }
  struct zr_list_sink sink = {.ctx = l, .on_done = s_page};
  enum zr_err e =
      b->list(b->self, &l->query, zr_mono_min(l->deadline, zr_mono_add(now, PAGE_MS)), sink);
  if (e != ZR_ERR_OK)
    s_give_up(l, "The instances could not be listed", zr_err_text(e));
}

void zr_tf_listing_start(struct zr_tf_listing *l) {
  if (!zr_tf_op_has_backend(l->op)) {
    s_give_up(l, "The provider's settings are not known yet",
              "Apply what the provider block depends on first.");
    return;
  }
  if (l->query.product == ZR_PRODUCT_NONE)
    s_give_up(l, "The product is not known yet", "Give product.");
  else
    s_next(l);
}
