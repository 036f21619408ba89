/* ListInstances, one instance at a time; pages are fetched when they are needed. */
#include <string.h>

#include "base/mem.h"
#include "convert.h"
#include "options.h"
#include "pages.h"

enum { PAGE_MAX = 1000, TAGS_MAX = 20, IDS_MAX = 100 };

struct zenrelease_list {
  struct zenrelease_list_options options;
  struct zr_pages pages;
  const Zenrelease__V1__ListInstancesResponse *page;
  size_t next;
  struct zenrelease_instance instance;
  int64_t total;
};

enum zenrelease_status zenrelease_list_new(struct zenrelease_client *client,
                                           const struct zenrelease_list_options *options,
                                           struct zenrelease_list **list,
                                           struct zenrelease_error **error) {
  struct zenrelease_list_options o;
  *list = NULL;
  if (error)
    *error = NULL;
  if (!zr_options_copy(&o, sizeof o, options, options ? options->size : 0) ||
      o.product <= ZENRELEASE_PRODUCT_NONE || o.product > ZENRELEASE_PRODUCT_ZEC)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "product: must be vm, bmc or zec");
  if (o.page_size < 0 || o.page_size > PAGE_MAX || o.tag_count > TAGS_MAX ||
      o.instance_id_count > IDS_MAX)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT,
                        "at most 1000 instances a page, 20 tags and 100 ids");
  struct zenrelease_list *l = zr_calloc(1, sizeof *l);
  if (!l || zr_pages_init(&l->pages, client, o.cancel, o.timeout_ms) != 0) {
    zenrelease_list_free(l);
    return zr_error_nomem(error);
  }
  l->options = o;
  *list = l;
  return ZENRELEASE_OK;
}

void zenrelease_list_free(struct zenrelease_list *list) {
  if (!list)
    return;
  zr_pages_clean_up(&list->pages);
  zr_free(list);
}

static enum zenrelease_status s_request(struct zenrelease_list *l, ProtobufCMessage **reply,
                                        struct zenrelease_error **error) {
  const struct zenrelease_list_options *o = &l->options;
  Zenrelease__V1__ListInstancesRequest request;
  Zenrelease__V1__TagFilter tags[TAGS_MAX];
  Zenrelease__V1__TagFilter *tag_list[TAGS_MAX];
  for (size_t i = 0; i < o->tag_count; i++) {
    zenrelease__v1__tag_filter__init(&tags[i]);
    tags[i].key = zr_lend(o->tags[i].key);
    tags[i].value = zr_lend(o->tags[i].value);
    tag_list[i] = &tags[i];
  }
  zenrelease__v1__list_instances_request__init(&request);
  request.product = (Zenrelease__V1__Product)o->product;
  request.page_size = o->page_size;
  request.page_token = l->pages.token;
  request.status = zr_lend(o->status);
  request.display_name = zr_lend(o->display_name);
  request.zone_id = zr_lend(o->zone_id);
  request.resource_group_id = zr_lend(o->resource_group_id);
  memcpy(&request.instance_ids, &o->instance_ids, sizeof request.instance_ids);
  request.n_instance_ids = o->instance_id_count;
  request.tags = tag_list;
  request.n_tags = o->tag_count;
  return zr_pages_fetch(&l->pages, "/zenrelease.v1.ReleaseService/ListInstances", &request.base,
                        &zenrelease__v1__list_instances_response__descriptor, reply, error);
}

static enum zenrelease_status s_fetch(struct zenrelease_list *l, struct zenrelease_error **error) {
  ProtobufCMessage *reply = NULL;
  l->page = NULL;
  enum zenrelease_status status = s_request(l, &reply, error);
  if (status != ZENRELEASE_OK)
    return status;
  l->page = (const Zenrelease__V1__ListInstancesResponse *)reply;
  l->next = 0;
  l->total = l->page->total_size;
  return zr_pages_turn(&l->pages, l->page->next_page_token, error);
}

enum zenrelease_status zenrelease_list_next(struct zenrelease_list *list,
                                            const struct zenrelease_instance **instance,
                                            struct zenrelease_error **error) {
  *instance = NULL;
  if (error)
    *error = NULL;
  while (!list->page || list->next == list->page->n_instances) {
    if (!list->pages.token)
      return ZENRELEASE_OK;
    enum zenrelease_status status = s_fetch(list, error);
    if (status != ZENRELEASE_OK)
      return status;
  }
  const Zenrelease__V1__Instance *from = list->page->instances[list->next];
  struct zenrelease_tag *tags = zr_arena_calloc(&list->pages.arena, from->n_tags, sizeof *tags);
  if (!tags)
    return zr_error_nomem(error);
  list->next++;
  zr_convert_instance(from, tags, &list->instance);
  *instance = &list->instance;
  return ZENRELEASE_OK;
}

int64_t zenrelease_list_total(const struct zenrelease_list *list) {
  return list->total;
}

int zenrelease_list_clock(const struct zenrelease_list *list, int64_t *offset_ms) {
  if (!list->page || !list->page->service_clock_known)
    return 0;
  *offset_ms = list->page->service_clock_offset_ms;
  return 1;
}
