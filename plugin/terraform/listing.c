#include "terraform/listing.h"

#include <string.h>

#include "terraform/check.h"
#include "terraform/ids.h"

enum { PAGE_ROWS = 1000, PAGE_MS = 60000, PASSES_MAX = 4 };

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
  if (!zr_tf_wholly_known(type, config)) /* without the filter the list would be too long */
    zr_tf_diag(&l->op->diags, ZR_TF_ERROR, ZR_TF_WHOLE, "A filter is not known yet",
               "Apply what it depends on first.");
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

static void s_give_up(struct zr_tf_listing *l, const char *summary, const char *detail) {
  zr_tf_diag(&l->op->diags, ZR_TF_ERROR, ZR_TF_WHOLE, summary, detail);
  l->on_done(l);
}

/* ---- passes ---- */

static void s_pass(struct zr_tf_listing *l) {
  l->passes++;
  l->ids = (struct zr_tf_ids){.whole = true};
  l->cap = 0;
  l->query.page_num = 1;
  l->on_pass(l);
  s_next(l);
}

static void s_again(struct zr_tf_listing *l) {
  if (l->passes < PASSES_MAX)
    s_pass(l);
  else
    s_give_up(l, "The instances could not be listed",
              "The list changed while it was read; run it again.");
}

static void s_moved(struct zr_tf_listing *l) {
  l->has_before = false;
  s_again(l);
}

static bool s_keep_ids(struct zr_tf_listing *l, const struct zr_list_end *end) {
  struct zr_arena *a = l->op->arena;
  if (l->ids.count + end->row_count > l->cap) {
    size_t cap = 2 * l->cap + end->row_count;
    const char **ids = zr_arena_calloc(a, cap, sizeof *ids);
    if (!ids)
      return false;
    for (size_t i = 0; i < l->ids.count; i++)
      ids[i] = l->ids.ids[i];
    l->ids.ids = ids;
    l->cap = cap;
  }
  for (size_t i = 0; i < end->row_count; i++) {
    const char *id = zr_arena_strdup(a, end->rows[i].id);
    if (!id)
      return false;
    l->ids.ids[l->ids.count++] = id;
  }
  return true;
}

static bool s_repeats(const struct zr_tf_index *x) {
  for (size_t i = 1; i < x->count; i++)
    if (strcmp(x->list->ids[x->order[i - 1]], x->list->ids[x->order[i]]) == 0)
      return true;
  return false;
}

/* Every row that is wanted has been read. */
static void s_pass_end(struct zr_tf_listing *l) {
  struct zr_tf_index index;
  if (!zr_tf_index_of(l->op->arena, &l->ids, &index)) {
    l->op->diags.nomem = true;
    l->on_done(l);
    return;
  }
  if (s_repeats(&index)) {
    s_moved(l);
    return;
  }
  bool one_page = l->query.page_num == 1;
  if (one_page || (l->has_before && zr_tf_ids_same(l->op->arena, &l->before, &l->ids))) {
    l->on_done(l);
    return;
  }
  l->before = l->ids;
  l->has_before = true;
  s_again(l);
}

static void s_page(void *ctx, const struct zr_list_end *end) {
  struct zr_tf_listing *l = ctx;
  if (end->call.class_ != ZR_CLASS_OK) {
    s_failed(l, &end->call);
    return;
  }
  if (l->query.page_num == 1)
    l->total = end->total;
  uint64_t want = l->limit > 0 && l->limit < l->total ? l->limit : l->total;
  uint64_t seen = l->ids.count + end->row_count;
  if (end->total != l->total || seen > l->total || (end->row_count == 0 && seen < want)) {
    s_moved(l);
    return;
  }
  if (!s_keep_ids(l, end) || !l->on_page(l, end)) {
    l->op->diags.nomem = true;
    l->on_done(l);
    return;
  }
  if (seen >= want) {
    s_pass_end(l);
    return;
  }
  l->query.page_num++;
  s_next(l);
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
  if (l->op->diags.errors > 0) {
    l->on_done(l);
    return;
  }
  if (!zr_tf_op_has_backend(l->op)) {
    s_give_up(l, "The provider's settings are not known yet",
              "Apply what the provider block depends on first.");
    return;
  }
  if (l->query.product == ZR_PRODUCT_NONE)
    s_give_up(l, "The product is not known yet", "Give product.");
  else
    s_pass(l);
}
