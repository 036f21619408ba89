/*
 * A reply of the service, from its head's facts and its body to a class and to what is read from
 * it. The input: a byte for the phase, one for the product and the action, a word for the status,
 * then lines with the header fields (retry-after, date, cf-mitigated, content-encoding, location),
 * then bodies divided by NUL: the pages of one describe.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "zenlayer/classify.h"
#include "zenlayer/json.h"
#include "zenlayer/pages.h"

enum { FIELDS = 5, PAGES = 8, HOUR_MS = 3600000 };

/* What must not come back. The service never sends it by itself; a hostile one may. */
static const char s_marker[] = "pw-Zq7Secret";

static const char *const s_asked[] = {"1234567654321", "i-2", "a", "x", "i-1"};
static const struct zr_wall s_now = {1764500000000};

struct s_reply {
  struct zr_http_result result;
  char *fields[FIELDS];
  enum zr_product product;
  bool release;
};

static void s_open(struct s_reply *r, struct fuzz_input *in) {
  unsigned phase = fuzz_byte(in);
  unsigned kind = fuzz_byte(in);
  unsigned status = fuzz_word(in);
  for (size_t i = 0; i < FIELDS; i++)
    r->fields[i] = fuzz_text(fuzz_until(in, '\n'));
  r->product = (enum zr_product)(1 + kind % (ZR_PRODUCT_COUNT_ - 1));
  r->release = (kind & 0x80U) != 0;
  r->result = (struct zr_http_result){
      .phase = (enum zr_http_phase)(phase % (ZR_HTTP_ANSWERED + 1)),
      .trouble = (enum zr_http_trouble)(phase / 4 % (ZR_HTTP_TROUBLE_TRANSFER + 1)),
      .status = (int)(status % 1000),
      .version = 11,
      .retry_after = r->fields[0],
      .date = r->fields[1],
      .cf_mitigated = r->fields[2],
      .content_type = "",
      .content_encoding = r->fields[3],
      .location = r->fields[4],
      .reason = "a reason of ours",
  };
}

static void s_close(struct s_reply *r) {
  for (size_t i = 0; i < FIELDS; i++)
    zr_free(r->fields[i]);
}

static void s_check_text(const char *text, size_t most) {
  FUZZ_CHECK(strlen(text) <= most);
  fuzz_check_shown(text);
  FUZZ_CHECK(!strstr(text, s_marker));
}

/* Only a whole reply with 200, an object, a request id and no code is an acceptance. */
static void s_check_ok(const struct s_reply *r, const struct zr_reply *reply,
                       const struct zr_finding *v) {
  FUZZ_CHECK(r->result.phase == ZR_HTTP_ANSWERED && r->result.status == 200);
  FUZZ_CHECK(reply->payload && cJSON_IsObject(reply->payload) && !reply->fault);
  FUZZ_CHECK(reply->request_id[0] && !reply->code[0]);
  FUZZ_CHECK(v->end.request_id[0] && !v->end.code[0] && !v->end.late_effect);
}

static void s_check_finding(const struct s_reply *r, const struct zr_reply *reply,
                            const struct zr_finding *v) {
  const struct zr_call_end *e = &v->end;
  bool sent = r->result.phase != ZR_HTTP_NOT_SENT;
  FUZZ_CHECK(e->class_ < ZR_CLASS_COUNT_);
  FUZZ_CHECK(e->retry_after_ms >= -1 && e->retry_after_ms <= HOUR_MS);
  FUZZ_CHECK((e->class_ == ZR_CLASS_NOT_SENT || e->class_ == ZR_CLASS_NO_CHANNEL) != sent);
  FUZZ_CHECK(r->result.phase == ZR_HTTP_ANSWERED || !sent || e->class_ == ZR_CLASS_UNKNOWN);
  s_check_text(e->message, 200);
  s_check_text(e->code, ZR_SERVICE_CODE_MAX);
  s_check_text(e->request_id, 128);
  s_check_text(e->reason, 599);
  if (e->class_ == ZR_CLASS_OK)
    s_check_ok(r, reply, v);
  else
    FUZZ_CHECK(e->reason[0]);
}

static void s_check_row(const struct zr_instance *row) {
  const char *const texts[] = {row->id,
                               row->status,
                               row->name,
                               row->zone_id,
                               row->instance_type,
                               row->image_id,
                               row->charge_type,
                               row->create_time,
                               row->expired_time,
                               row->resource_group_id,
                               row->resource_group_name};
  FUZZ_CHECK(row->id && row->id[0]);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    FUZZ_CHECK(texts[i] && zr_view_is_utf8(zr_view_of(texts[i])));
  for (size_t i = 0; i < row->public_ip_count; i++)
    FUZZ_CHECK(row->public_ips[i]);
  for (size_t i = 0; i < row->private_ip_count; i++)
    FUZZ_CHECK(row->private_ips[i]);
  for (size_t i = 0; i < row->tag_count; i++)
    FUZZ_CHECK(row->tags[i].key && row->tags[i].value);
  FUZZ_CHECK(row->undetachable_disk_count <= row->disk_count);
}

/* Rows outlive the tree that they came from: they are looked at after it is gone. */
static void s_check_pages(const struct zr_pages *pages) {
  size_t count = 0;
  size_t asked = 0;
  const struct zr_instance *rows = zr_pages_rows(pages, &count);
  const char *const *ids = zr_pages_ids(pages, &asked);
  FUZZ_CHECK(count <= asked);
  for (size_t i = 0; i < count; i++) {
    bool known = false;
    s_check_row(&rows[i]);
    for (size_t k = 0; k < asked; k++)
      known = known || strcmp(ids[k], rows[i].id) == 0;
    FUZZ_CHECK(known);
    for (size_t k = 0; k < i; k++)
      FUZZ_CHECK(strcmp(rows[k].id, rows[i].id) != 0);
  }
}

static void s_failed_ids(const struct zr_reply *reply, struct zr_arena *arena) {
  const char *const *ids = NULL;
  size_t count = 0;
  if (zr_reply_failed_ids(reply->payload, arena, &ids, &count))
    return;
  for (size_t i = 0; i < count; i++)
    FUZZ_CHECK(ids[i] && ids[i][0]);
}

/* One body; true when a further page is wanted. */
static bool s_body(const struct s_reply *r, struct zr_view body, struct zr_pages *pages,
                   struct zr_arena *arena, const struct zr_credential *credential) {
  struct zr_reply reply;
  struct zr_finding v;
  struct zr_rows rows = {NULL, 0, 0};
  struct zr_http_result result = r->result;
  char *exact = fuzz_exact(body);
  result.body = (struct zr_view){exact, body.len};
  zr_reply_decode(result.body, result.content_encoding, &reply);
  zr_classify(&result, &reply, credential, s_now, &v);
  s_check_finding(r, &reply, &v);
  bool more = false;
  if (v.end.class_ == ZR_CLASS_OK && r->release) {
    s_failed_ids(&reply, arena);
  } else if (v.end.class_ == ZR_CLASS_OK) {
    const char *fault = zr_reply_rows(reply.payload, r->product, arena, &rows);
    if (!fault && zr_pages_add(pages, &rows) == ZR_ERR_OK)
      more = zr_pages_want_more(pages);
    for (size_t i = 0; !fault && i < rows.count; i++)
      s_check_row(&rows.rows[i]);
    if (fault)
      zr_finding_spoil(&v, fault);
    FUZZ_CHECK(!fault || v.end.class_ == ZR_CLASS_UNKNOWN);
  }
  zr_reply_clean_up(&reply);
  zr_free(exact);
  return more;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  struct s_reply r;
  struct zr_arena arena;
  struct zr_credential credential = {.source = ""};
  struct zr_buf problem = ZR_BUF_INIT(1000);
  FUZZ_CHECK(zr_credential_make(&credential, "id", s_marker, NULL, &problem) == ZR_ERR_OK);
  s_open(&r, &in);
  zr_arena_init(&arena, NULL, 0);
  struct zr_pages *pages = zr_pages_new(&arena, s_asked, sizeof s_asked / sizeof s_asked[0]);
  FUZZ_CHECK(pages != NULL);
  bool more = true;
  for (unsigned page = 0; more && page < PAGES; page++)
    more = s_body(&r, fuzz_until(&in, '\0'), pages, &arena, &credential);
  s_check_pages(pages);
  FUZZ_CHECK(!(zr_pages_are_complete(pages) && zr_pages_want_more(pages)));
  zr_pages_clean_up(pages);
  zr_arena_clean_up(&arena);
  s_close(&r);
  zr_credential_clean_up(&credential);
  zr_buf_clean_up(&problem);
  return 0;
}
