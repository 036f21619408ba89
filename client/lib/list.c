/* ListInstances, one instance at a time; pages are fetched when they are needed. */
#include <string.h>

#include "base/mem.h"
#include "call.h"
#include "convert.h"
#include "options.h"

enum {
  PAGE_TIMEOUT_MS = 60 * 1000,
  PAGE_MAX = 1000,
  TAGS_MAX = 20,
  IDS_MAX = 100,
  PAGES_MAX = 1000000
};

struct zenrelease_list {
  struct zenrelease_client *client;
  struct zenrelease_list_options options;
  struct zr_arena arena; /* of the page at hand */
  const Zenrelease__V1__ListInstancesResponse *page;
  size_t next;
  size_t pages;
  struct zenrelease_instance instance;
  char *token; /* of the next page; NULL: there is none */
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
  char *first = zr_strdup("");
  if (!l || !first) {
    zr_free(l);
    zr_free(first);
    return zr_error_nomem(error);
  }
  l->client = client;
  l->options = o;
  l->token = first;
  zr_arena_init(&l->arena, NULL, 0);
  *list = l;
  return ZENRELEASE_OK;
}

void zenrelease_list_free(struct zenrelease_list *list) {
  if (!list)
    return;
  zr_arena_clean_up(&list->arena);
  zr_free(list->token);
  zr_free(list);
}

/* protobuf-c wants char *; nothing is changed through it. */
static char *s_lend(const char *text) {
  char *out = NULL;
  if (!text)
    text = "";
  memcpy(&out, &text, sizeof out);
  return out;
}

static enum zenrelease_status s_request(struct zenrelease_list *l, ProtobufCMessage **reply,
                                        struct zenrelease_error **error) {
  const struct zenrelease_list_options *o = &l->options;
  Zenrelease__V1__ListInstancesRequest request;
  Zenrelease__V1__TagFilter tags[TAGS_MAX];
  Zenrelease__V1__TagFilter *tag_list[TAGS_MAX];
  for (size_t i = 0; i < o->tag_count; i++) {
    zenrelease__v1__tag_filter__init(&tags[i]);
    tags[i].key = s_lend(o->tags[i].key);
    tags[i].value = s_lend(o->tags[i].value);
    tag_list[i] = &tags[i];
  }
  zenrelease__v1__list_instances_request__init(&request);
  request.product = (Zenrelease__V1__Product)o->product;
  request.page_size = o->page_size;
  request.page_token = l->token;
  request.status = s_lend(o->status);
  request.display_name = s_lend(o->display_name);
  request.zone_id = s_lend(o->zone_id);
  request.resource_group_id = s_lend(o->resource_group_id);
  memcpy(&request.instance_ids, &o->instance_ids, sizeof request.instance_ids);
  request.n_instance_ids = o->instance_id_count;
  request.tags = tag_list;
  request.n_tags = o->tag_count;
  struct zr_mono deadline =
      zr_mono_add(zr_mono_now(), o->timeout_ms > 0 ? o->timeout_ms : PAGE_TIMEOUT_MS);
  enum zenrelease_status status = zr_client_reach(l->client, o->cancel, deadline, error);
  if (status != ZENRELEASE_OK)
    return status;
  return zr_call_unary(l->client, "/zenrelease.v1.ReleaseService/ListInstances", &request.base,
                       deadline, o->cancel, &zenrelease__v1__list_instances_response__descriptor,
                       &l->arena, reply, error);
}

static enum zenrelease_status s_fetch(struct zenrelease_list *l, struct zenrelease_error **error) {
  ProtobufCMessage *reply = NULL;
  l->page = NULL;
  zr_arena_clean_up(&l->arena);
  zr_arena_init(&l->arena, NULL, 0);
  enum zenrelease_status status = s_request(l, &reply, error);
  if (status != ZENRELEASE_OK)
    return status;
  l->page = (const Zenrelease__V1__ListInstancesResponse *)reply;
  l->next = 0;
  l->total = l->page->total_size;
  bool last = !l->page->next_page_token || !*l->page->next_page_token;
  char *token = last ? NULL : zr_strdup(l->page->next_page_token);
  if (!last && !token)
    return zr_error_nomem(error);
  if (token && (strcmp(token, l->token) == 0 || ++l->pages > PAGES_MAX)) {
    zr_free(token);
    return zr_error_set(error, ZENRELEASE_INTERNAL, "the server's pages do not end");
  }
  zr_free(l->token);
  l->token = token;
  return ZENRELEASE_OK;
}

enum zenrelease_status zenrelease_list_next(struct zenrelease_list *list,
                                            const struct zenrelease_instance **instance,
                                            struct zenrelease_error **error) {
  *instance = NULL;
  if (error)
    *error = NULL;
  while (!list->page || list->next == list->page->n_instances) {
    if (!list->token)
      return ZENRELEASE_OK;
    enum zenrelease_status status = s_fetch(list, error);
    if (status != ZENRELEASE_OK)
      return status;
  }
  const Zenrelease__V1__Instance *from = list->page->instances[list->next];
  struct zenrelease_tag *tags = zr_arena_calloc(&list->arena, from->n_tags, sizeof *tags);
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
