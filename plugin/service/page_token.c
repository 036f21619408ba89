#include "service/page_token.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "service/hash.h"

static const uint64_t s_key[2] = {0x7A656E72656C6561, 0x7365207061676573};

static void s_texts(struct zr_hash *h, const char *const *texts, size_t count) {
  zr_hash_number(h, count);
  for (size_t i = 0; i < count; i++)
    zr_hash_text(h, zr_view_of(texts[i]));
}

/* Tokens of one method are none of another's. */
enum s_method { S_LIST = 1, S_RECORDS = 2 };

static void s_begin(struct zr_hash *h, enum s_method method) {
  zr_hash_begin(h, s_key);
  zr_hash_number(h, (uint64_t)method);
}

uint64_t zr_page_content(const struct zr_list_query *q, const char *account) {
  struct zr_hash h;
  s_begin(&h, S_LIST);
  zr_hash_number(&h, (uint64_t)q->product);
  zr_hash_number(&h, q->page_size);
  const char *const filters[] = {q->status ? q->status : "*",
                                 q->name,
                                 q->zone_id,
                                 q->resource_group_id,
                                 q->image_id,
                                 q->instance_type,
                                 account};
  s_texts(&h, filters, sizeof filters / sizeof filters[0]);
  s_texts(&h, q->instance_ids, q->instance_id_count);
  s_texts(&h, q->ips, q->ip_count);
  s_texts(&h, q->tag_keys, q->tag_key_count);
  zr_hash_number(&h, q->tag_count);
  for (size_t i = 0; i < q->tag_count; i++) {
    zr_hash_text(&h, zr_view_of(q->tags[i].key));
    zr_hash_text(&h, zr_view_of(q->tags[i].value));
  }
  return zr_hash_end(&h);
}

uint64_t zr_page_content_of_records(const struct zr_record_query *q) {
  struct zr_hash h;
  s_begin(&h, S_RECORDS);
  zr_hash_number(&h, q->any_product ? 0 : (uint64_t)q->product);
  zr_hash_number(&h, (uint64_t)q->from.ms);
  zr_hash_number(&h, (uint64_t)q->to.ms);
  zr_hash_number(&h, (uint64_t)q->outcome << 1 | q->open_only);
  zr_hash_number(&h, q->limit);
  const char *const filters[] = {q->instance_id, q->request_id, q->release_request_id};
  s_texts(&h, filters, ZR_COUNT(filters));
  return zr_hash_end(&h);
}

/* The hash covers the place too, so that no digit can be changed. */
static uint64_t s_seal(uint64_t place, uint64_t content) {
  struct zr_hash h;
  zr_hash_begin(&h, s_key);
  zr_hash_number(&h, place);
  zr_hash_number(&h, content);
  return zr_hash_end(&h);
}

void zr_page_token_make(uint64_t place, uint64_t content, char out[ZR_PAGE_TOKEN_SIZE]) {
  (void)snprintf(out, ZR_PAGE_TOKEN_SIZE, "p1%016llx%016llx", (unsigned long long)place,
                 (unsigned long long)s_seal(place, content));
}

bool zr_page_token_read(struct zr_view token, uint64_t content, uint64_t max, uint64_t *place) {
  char text[ZR_PAGE_TOKEN_SIZE];
  char again[ZR_PAGE_TOKEN_SIZE];
  unsigned long long number;
  if (token.len != ZR_PAGE_TOKEN_SIZE - 1)
    return false;
  memcpy(text, token.ptr, token.len);
  text[token.len] = '\0';
  if (sscanf(text, "p1%16llx", &number) != 1 || number == 0 || number > max)
    return false;
  zr_page_token_make(number, content, again);
  *place = number;
  return memcmp(text, again, sizeof text) == 0;
}
