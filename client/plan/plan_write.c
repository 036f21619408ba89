#include <string.h>

#include "cli/json_member.h"
#include "plan_file.h"

enum { LINE_MAX_BYTES = 16 * 1024 * 1024 };

/* ---- digest ---- */

bool zr_digest_begin(struct zr_digest *d) {
  *d = (struct zr_digest){.ctx = EVP_MD_CTX_new()};
  d->failed = !d->ctx || EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1;
  return !d->failed;
}

void zr_digest_add(struct zr_digest *d, const void *bytes, size_t len) {
  d->failed = d->failed || EVP_DigestUpdate(d->ctx, bytes, len) != 1;
}

bool zr_digest_text(const struct zr_digest *d, char out[ZR_DIGEST_ROOM]) {
  static const char hex[] = "0123456789abcdef";
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned len = 0;
  EVP_MD_CTX *so_far = EVP_MD_CTX_new();
  bool fine = so_far && !d->failed && EVP_MD_CTX_copy_ex(so_far, d->ctx) == 1 &&
              EVP_DigestFinal_ex(so_far, sum, &len) == 1 && 2 * len + 1 == ZR_DIGEST_ROOM;
  EVP_MD_CTX_free(so_far);
  char *to = out;
  for (unsigned i = 0; fine && i < len; i++) {
    *to++ = hex[sum[i] >> 4];
    *to++ = hex[sum[i] & 15];
  }
  *to = '\0';
  return fine;
}

void zr_digest_clean_up(struct zr_digest *d) {
  EVP_MD_CTX_free(d->ctx);
  d->ctx = NULL;
}

/* ---- lines ---- */

static void s_keep(struct zr_buf *b, const struct zenrelease_policy *p) {
  (void)zr_buf_text(b, ",\"keep\":[");
  for (size_t i = 0; i < p->keep_count; i++) {
    const struct zenrelease_keep *k = &p->keep[i];
    const char *key = k->name_pattern        ? "name_pattern"
                      : k->tag               ? "tag"
                      : k->resource_group_id ? "resource_group_id"
                                             : "zone_id";
    const char *text = k->name_pattern        ? k->name_pattern
                       : k->tag               ? k->tag
                       : k->resource_group_id ? k->resource_group_id
                                              : k->zone_id;
    (void)zr_buf_printf(b, "%s{\"%s\":", i ? "," : "", key);
    (void)zr_buf_json(b, zr_view_of(text));
    (void)zr_buf_char(b, '}');
  }
  (void)zr_buf_char(b, ']');
}

static void s_policy(struct zr_buf *b, const struct zenrelease_policy *p) {
  (void)zr_buf_printf(b, ",\"policy\":{\"max_instances\":%lld", (long long)p->max_instances);
  zr_json_number(b, "max_bin_percent", p->max_bin_percent);
  zr_json_number(b, "min_bin_time_ms", p->min_bin_time_ms);
  s_keep(b, p);
  (void)zr_buf_char(b, '}');
}

static void s_step(struct zr_buf *b, const struct zr_steps *steps, const struct zr_step *s) {
  (void)zr_buf_text(b, "{\"name\":");
  (void)zr_buf_json(b, zr_view_of(s->name));
  zr_json_text(b, "product", zenrelease_product_name(s->product));
  zr_json_flag(b, "selected", s->selected);
  (void)zr_buf_text(b, ",\"depends_on\":[");
  for (size_t i = 0; i < s->need_count; i++) {
    (void)zr_buf_text(b, i ? "," : "");
    (void)zr_buf_json(b, zr_view_of(steps->items[s->needs[i]].name));
  }
  (void)zr_buf_char(b, ']');
  zr_json_flag(b, "allow_missing", s->allow_missing);
  zr_json_flag(b, "depend_resource", s->depend_resource);
  zr_json_number(b, "wait_ms", s->wait_ms);
  s_policy(b, &s->policy);
  (void)zr_buf_char(b, '}');
}

static void s_head(struct zr_buf *b, const struct zr_plan_head *h) {
  (void)zr_buf_text(b, "{\"type\":\"plan\",\"version\":1");
  zr_json_time(b, "created", h->created_ms);
  zr_json_time(b, "expires", h->expires_ms);
  zr_json_text(b, "account", h->account);
  zr_json_text(b, "endpoint", h->endpoint);
  zr_json_number(b, "max_drift_percent", h->max_drift_percent);
  (void)zr_buf_text(b, ",\"steps\":[");
  for (size_t i = 0; i < h->steps.count; i++) {
    (void)zr_buf_text(b, i ? "," : "");
    s_step(b, &h->steps, &h->steps.items[i]);
  }
  (void)zr_buf_text(b, "]}");
}

void zr_plan_instance_line(struct zr_buf *b, const char *step,
                           const struct zenrelease_instance *i) {
  (void)zr_buf_text(b, "{\"type\":\"instance\"");
  zr_json_text(b, "step", step);
  zr_json_text(b, "id", i->instance_id);
  zr_json_text(b, "name", i->name);
  zr_json_text(b, "status", i->status);
  zr_json_text(b, "zone_id", i->zone_id);
  zr_json_text(b, "resource_group_id", i->resource_group_id);
  zr_json_text(b, "charge_type", i->charge_type);
  zr_json_text(b, "create_time", i->create_time);
  zr_json_text(b, "expire_time", i->expire_time);
  zr_json_tags(b, i->tags, i->tag_count);
  zr_json_texts(b, "public_ip_addresses", i->public_ip_addresses, i->public_ip_address_count);
  zr_json_number(b, "disk_count", i->disk_count);
  zr_json_number(b, "undetachable_disk_count", i->undetachable_disk_count);
  (void)zr_buf_char(b, '}');
}

/* ---- the file ---- */

/* Ends the line, writes it and adds it to the digest. */
static void s_put(struct zr_plan_writer *w) {
  (void)zr_buf_char(&w->line, '\n');
  w->too_long = w->too_long || w->line.len > ZR_PLAN_LINE_MAX;
  w->failed = w->failed || w->too_long || zr_buf_failed(&w->line) != ZR_ERR_OK ||
              fwrite(w->line.data, 1, w->line.len, w->file) != w->line.len;
  if (!w->failed)
    zr_digest_add(&w->digest, w->line.data, w->line.len);
  zr_buf_reset(&w->line);
}

bool zr_plan_write_head(struct zr_plan_writer *w, FILE *file, const struct zr_plan_head *head) {
  *w = (struct zr_plan_writer){.file = file, .line = ZR_BUF_INIT(LINE_MAX_BYTES)};
  w->failed = !zr_digest_begin(&w->digest);
  s_head(&w->line, head);
  s_put(w);
  return !w->failed;
}

void zr_plan_write_instance(struct zr_plan_writer *w, const char *step,
                            const struct zenrelease_instance *i) {
  zr_plan_instance_line(&w->line, step, i);
  s_put(w);
  w->lines++;
}

void zr_plan_write_blocked(struct zr_plan_writer *w, const char *step, const char *id,
                           const char *code, const char *detail) {
  (void)zr_buf_text(&w->line, "{\"type\":\"blocked\"");
  zr_json_text(&w->line, "step", step);
  zr_json_text(&w->line, "id", id);
  zr_json_text(&w->line, "code", code);
  zr_json_text(&w->line, "detail", detail);
  (void)zr_buf_char(&w->line, '}');
  s_put(w);
  w->lines++;
}

bool zr_plan_write_end(struct zr_plan_writer *w, char digest[ZR_DIGEST_ROOM]) {
  if (!zr_digest_text(&w->digest, digest))
    w->failed = true;
  int n = fprintf(w->file, "{\"type\":\"end\",\"count\":%llu,\"sha256\":\"%s\"}\n",
                  (unsigned long long)w->lines, digest);
  return n > 0 && !w->failed && !w->digest.failed && fflush(w->file) == 0;
}

void zr_plan_writer_clean_up(struct zr_plan_writer *w) {
  zr_digest_clean_up(&w->digest);
  zr_buf_clean_up(&w->line);
}
