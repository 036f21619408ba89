#include "service/page_token.h"

#include <stdio.h>
#include <string.h>

#include "service/hash.h"

static const uint64_t s_key[2] = {0x7A656E72656C6561, 0x7365207061676573};

static void s_texts(struct zr_hash *h, const char *const *texts, size_t count) {
  zr_hash_number(h, count);
  for (size_t i = 0; i < count; i++)
    zr_hash_text(h, zr_view_of(texts[i]));
}

uint64_t zr_page_content(const struct zr_list_query *q, const char *account) {
  struct zr_hash h;
  zr_hash_begin(&h, s_key);
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

/* The hash covers the page too, so that no digit can be changed. */
static uint64_t s_seal(uint32_t page, uint64_t content) {
  struct zr_hash h;
  zr_hash_begin(&h, s_key);
  zr_hash_number(&h, page);
  zr_hash_number(&h, content);
  return zr_hash_end(&h);
}

void zr_page_token_make(uint32_t page, uint64_t content, char out[ZR_PAGE_TOKEN_SIZE]) {
  (void)snprintf(out, ZR_PAGE_TOKEN_SIZE, "p1%08x%016llx", page,
                 (unsigned long long)s_seal(page, content));
}

bool zr_page_token_read(struct zr_view token, uint64_t content, uint32_t *page) {
  char text[ZR_PAGE_TOKEN_SIZE];
  char again[ZR_PAGE_TOKEN_SIZE];
  unsigned number;
  if (token.len != ZR_PAGE_TOKEN_SIZE - 1)
    return false;
  memcpy(text, token.ptr, token.len);
  text[token.len] = '\0';
  if (sscanf(text, "p1%8x", &number) != 1 || number < 2)
    return false;
  zr_page_token_make(number, content, again);
  *page = number;
  return memcmp(text, again, sizeof text) == 0;
}
