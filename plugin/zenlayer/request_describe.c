#include <string.h>

#include "model/release.h"
#include "zenlayer/request.h"
#include "zenlayer/request_ids.h"

/* Copies `v` between quotes; 0 when it does not fit or holds a character that JSON escapes. */
static size_t s_quote(struct zr_view v, char *to, size_t cap) {
  if (v.len + 2 > cap)
    return 0;
  for (size_t i = 0; i < v.len; i++) {
    unsigned char c = (unsigned char)v.ptr[i];
    if (c < 0x20 || c > 0x7E || c == '"' || c == '\\')
      return 0;
    to[i + 1] = (char)c;
  }
  to[0] = to[v.len + 1] = '"';
  return v.len + 2;
}

/* A JSON string. Ids are letters and digits nearly always: copied in one go then. */
static enum zr_err s_string(struct zr_buf *out, struct zr_view v) {
  char quoted[ZR_ID_MAX_BYTES + 2];
  size_t n = s_quote(v, quoted, sizeof quoted);
  if (n)
    return zr_buf_append(out, quoted, n);
  return zr_view_is_utf8(v) ? zr_buf_json(out, v) : ZR_ERR_INVALID;
}

enum zr_err zr_request_texts(struct zr_buf *out, const char *const *texts, size_t count) {
  (void)zr_buf_char(out, '[');
  for (size_t i = 0; i < count; i++) {
    if (i)
      (void)zr_buf_char(out, ',');
    enum zr_err e = s_string(out, zr_view_of(texts[i]));
    if (e != ZR_ERR_OK)
      return e;
  }
  return zr_buf_char(out, ']');
}

enum zr_err zr_request_ids(struct zr_buf *out, const char *const *ids, size_t count) {
  if (count == 0 || count > ZR_REQUEST_MAX_IDS)
    return ZR_ERR_INVALID;
  for (size_t i = 0; i < count; i++) {
    size_t n = ids[i] ? strlen(ids[i]) : 0;
    if (n == 0 || n > ZR_ID_MAX_BYTES)
      return ZR_ERR_INVALID;
  }
  return zr_request_texts(out, ids, count);
}

enum zr_err zr_request_describe(struct zr_buf *out, const char *const *ids, size_t count,
                                unsigned page_num, unsigned page_size) {
  (void)zr_buf_text(out, "{\"instanceIds\":");
  enum zr_err e = zr_request_ids(out, ids, count);
  if (e != ZR_ERR_OK)
    return e;
  return zr_buf_printf(out, ",\"pageSize\":%u,\"pageNum\":%u}", page_size, page_num);
}

/* One more member; the first failure sticks in *e. */
static void s_key(struct zr_buf *out, const char *key) {
  if (out->len > 1)
    (void)zr_buf_char(out, ',');
  (void)zr_buf_printf(out, "\"%s\":", key);
}

static void s_text(struct zr_buf *out, const char *key, const char *value, enum zr_err *e) {
  if (!value || !value[0] || *e != ZR_ERR_OK)
    return;
  s_key(out, key);
  *e = s_string(out, zr_view_of(value));
}

static void s_texts(struct zr_buf *out, const char *key, const char *const *values, size_t count,
                    enum zr_err *e) {
  if (count == 0 || *e != ZR_ERR_OK)
    return;
  s_key(out, key);
  *e = zr_request_texts(out, values, count);
}

static void s_tags(struct zr_buf *out, const struct zr_tag *tags, size_t count, enum zr_err *e) {
  if (count == 0 || *e != ZR_ERR_OK)
    return;
  s_key(out, "tags");
  (void)zr_buf_char(out, '[');
  for (size_t i = 0; i < count && *e == ZR_ERR_OK; i++) {
    (void)zr_buf_text(out, i ? ",{\"key\":" : "{\"key\":");
    *e = s_string(out, zr_view_of(tags[i].key));
    (void)zr_buf_text(out, ",\"value\":");
    if (*e == ZR_ERR_OK)
      *e = s_string(out, zr_view_of(tags[i].value));
    (void)zr_buf_char(out, '}');
  }
  (void)zr_buf_char(out, ']');
}

/* zec takes one address of one family. */
static void s_addresses(struct zr_buf *out, const struct zr_list_query *q, enum zr_err *e) {
  if (q->product != ZR_PRODUCT_ZEC) {
    s_texts(out, "publicIpAddresses", q->ips, q->ip_count, e);
    return;
  }
  if (q->ip_count > 1)
    *e = ZR_ERR_INVALID;
  else if (q->ip_count == 1)
    s_text(out, strchr(q->ips[0], ':') ? "ipv6Address" : "ipv4Address", q->ips[0], e);
}

static void s_type(struct zr_buf *out, const struct zr_list_query *q, enum zr_err *e) {
  if (q->product == ZR_PRODUCT_ZEC) {
    if (q->instance_type && q->instance_type[0])
      *e = ZR_ERR_INVALID;
    return;
  }
  s_text(out, q->product == ZR_PRODUCT_BMC ? "instanceTypeId" : "instanceType", q->instance_type,
         e);
}

static bool s_is_in_bounds(const struct zr_list_query *q) {
  return zr_product_info(q->product) && q->instance_id_count <= ZR_REQUEST_MAX_IDS &&
         q->tag_count <= 20 && q->tag_key_count <= 20 && q->page_num >= 1 && q->page_size >= 1 &&
         q->page_size <= 1000;
}

enum zr_err zr_request_list(struct zr_buf *out, const struct zr_list_query *query) {
  if (!s_is_in_bounds(query))
    return ZR_ERR_INVALID;
  const struct zr_product_info *info = zr_product_info(query->product);
  enum zr_err e = zr_buf_char(out, '{');
  if (query->instance_id_count && e == ZR_ERR_OK) {
    s_key(out, "instanceIds");
    e = zr_request_ids(out, query->instance_ids, query->instance_id_count);
  }
  s_text(out, info->status_field, query->status, &e);
  s_text(out, info->name_filter, query->name, &e);
  s_text(out, "zoneId", query->zone_id, &e);
  s_text(out, "resourceGroupId", query->resource_group_id, &e);
  s_text(out, "imageId", query->image_id, &e);
  s_type(out, query, &e);
  s_addresses(out, query, &e);
  s_tags(out, query->tags, query->tag_count, &e);
  s_texts(out, "tagKeys", query->tag_keys, query->tag_key_count, &e);
  if (e != ZR_ERR_OK)
    return e;
  s_key(out, "pageSize");
  return zr_buf_printf(out, "%u,\"pageNum\":%u}", query->page_size, query->page_num);
}
