#include "service/decode_list.h"

#include <string.h>

#include "service/codec.h"
#include "service/page_token.h"
#include "service/text_rule.h"
#include "zenrelease/v1/release_service.pb-c.h"

/* The number in ListInstancesRequest. */
enum { INSTANCE_IDS = 10 };

static const char *s_text(const ProtobufCFieldDescriptor *field, struct zr_view text, bool plain) {
  if (field->id == INSTANCE_IDS && field->label == PROTOBUF_C_LABEL_REPEATED)
    return zr_id_problem(text, plain);
  return zr_filter_problem(text);
}

static size_t s_max_count(const ProtobufCFieldDescriptor *field) {
  if (strcmp(field->name, "tags") == 0 || strcmp(field->name, "tag_keys") == 0)
    return ZR_LIST_TAGS_MAX;
  return ZR_LIST_IDS_MAX;
}

static const struct zr_rules s_rules = {.text = s_text, .max_count = s_max_count};

static const struct zr_tag *s_tags(const Zenrelease__V1__ListInstancesRequest *m,
                                   struct zr_violations *v) {
  struct zr_tag *tags = zr_arena_alloc(v->arena, m->n_tags * sizeof *tags);
  if (!tags) {
    v->nomem = true;
    return NULL;
  }
  for (size_t i = 0; i < m->n_tags; i++) {
    tags[i] = (struct zr_tag){m->tags[i]->key, m->tags[i]->value};
    if (!tags[i].key[0])
      zr_violation_add_at(v, "", "tags", (long)i, "has no key");
  }
  return tags;
}

static const char *s_status(const char *status) {
  if (!status[0])
    return "RECYCLE";
  return strcmp(status, "*") == 0 ? NULL : status;
}

void zr_decode_product(int product, bool required, struct zr_violations *v) {
  if (product == ZENRELEASE__V1__PRODUCT__PRODUCT_UNSPECIFIED && required)
    zr_violation_add(v, "product", "is missing: give PRODUCT_VM, PRODUCT_BMC or PRODUCT_ZEC");
  else if (product != ZENRELEASE__V1__PRODUCT__PRODUCT_UNSPECIFIED &&
           !zr_product_info((enum zr_product)product))
    zr_violation_add(v, "product", "is not known: give PRODUCT_VM, PRODUCT_BMC or PRODUCT_ZEC");
}

unsigned zr_decode_page_size(int32_t size, struct zr_violations *v) {
  if (size < 0)
    zr_violation_add(v, "page_size", "is negative");
  else if (size > ZR_LIST_PAGE_MAX)
    zr_violation_add(v, "page_size", "is above 1000");
  return size > 0 ? (unsigned)size : ZR_LIST_PAGE_DEFAULT;
}

uint64_t zr_decode_place(const char *token, uint64_t content, uint64_t max, uint64_t first,
                         struct zr_violations *v) {
  uint64_t place = first;
  if (token[0] && !zr_page_token_read(zr_view_of(token), content, max, &place))
    zr_violation_add(v, "page_token",
                     "is not from a list with these very fields; start again without it");
  return place;
}

bool zr_decode_list(struct zr_view bytes, const char *account, struct zr_list_order *out,
                    struct zr_violations *v) {
  const Zenrelease__V1__ListInstancesRequest *m =
      (const Zenrelease__V1__ListInstancesRequest *)zr_decode(
          &zenrelease__v1__list_instances_request__descriptor, bytes, &s_rules, v);
  if (!m)
    return false;
  zr_decode_product((int)m->product, true, v);
  *out = (struct zr_list_order){
      .query = {.product = (enum zr_product)m->product,
                .status = s_status(m->status),
                .name = m->display_name,
                .zone_id = m->zone_id,
                .resource_group_id = m->resource_group_id,
                .image_id = m->image_id,
                .instance_type = m->instance_type,
                .instance_ids = (const char *const *)m->instance_ids,
                .instance_id_count = m->n_instance_ids,
                .ips = (const char *const *)m->public_ip_addresses,
                .ip_count = m->n_public_ip_addresses,
                .tags = s_tags(m, v),
                .tag_count = m->n_tags,
                .tag_keys = (const char *const *)m->tag_keys,
                .tag_key_count = m->n_tag_keys,
                .page_size = zr_decode_page_size(m->page_size, v)},
  };
  if (v->nomem)
    return false;
  out->content = zr_page_content(&out->query, account);
  out->query.page_num = (unsigned)zr_decode_place(m->page_token, out->content, UINT32_MAX, 1, v);
  return !zr_violations_any(v);
}
