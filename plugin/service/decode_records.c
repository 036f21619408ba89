#include "service/decode_records.h"

#include <string.h>

#include "service/codec.h"
#include "service/decode_list.h"
#include "service/page_token.h"
#include "service/text_rule.h"
#include "zenrelease/v1/release_service.pb-c.h"

enum { SECOND_MS = 1000, NANOS_PER_MS = 1000000, NANOS_PER_SECOND = 1000000000 };

/* 9999-12-31T23:59:59Z, the last that google.protobuf.Timestamp can say. */
static const int64_t s_last_second = 253402300799;

static const char *s_text(const ProtobufCFieldDescriptor *field, struct zr_view text, bool plain) {
  if (text.len == 0)
    return NULL;
  if (strcmp(field->name, "instance_id") == 0)
    return zr_id_problem(text, plain);
  if (strcmp(field->name, "request_id") == 0)
    return zr_request_id_problem(text);
  return zr_filter_problem(text);
}

static const struct zr_rules s_rules = {.text = s_text};

/* Rounded up to milliseconds, which is what both ends of the range want. 0 when absent. */
static struct zr_wall s_time(const Google__Protobuf__Timestamp *t, const char *field,
                             struct zr_violations *v) {
  if (!t)
    return (struct zr_wall){0};
  if (t->seconds < 0 || t->seconds > s_last_second || t->nanos < 0 ||
      t->nanos >= NANOS_PER_SECOND) {
    zr_violation_add(v, field, "must be from 1970 to 9999");
    return (struct zr_wall){0};
  }
  return (struct zr_wall){t->seconds * SECOND_MS + (t->nanos + NANOS_PER_MS - 1) / NANOS_PER_MS};
}

static void s_check(const Zenrelease__V1__ListReleaseRecordsRequest *m,
                    const struct zr_record_query *q, struct zr_violations *v) {
  zr_decode_product((int)m->product, false, v);
  if ((int)m->outcome < 0 || (int)m->outcome >= ZR_OUTCOME_COUNT_)
    zr_violation_add(v, "outcome", "is not known");
  if (m->end_time && q->to.ms <= q->from.ms && !zr_violations_any(v))
    zr_violation_add(v, "end_time", "is not after start_time");
}

bool zr_decode_records(struct zr_view bytes, struct zr_records_order *out,
                       struct zr_violations *v) {
  const Zenrelease__V1__ListReleaseRecordsRequest *m =
      (const Zenrelease__V1__ListReleaseRecordsRequest *)zr_decode(
          &zenrelease__v1__list_release_records_request__descriptor, bytes, &s_rules, v);
  if (!m)
    return false;
  struct zr_record_query *q = &out->query;
  *q = (struct zr_record_query){.instance_id = m->instance_id,
                                .request_id = m->request_id,
                                .release_request_id = m->release_request_id,
                                .any_product =
                                    m->product == ZENRELEASE__V1__PRODUCT__PRODUCT_UNSPECIFIED,
                                .product = (enum zr_product)m->product,
                                .from = s_time(m->start_time, "start_time", v),
                                .to = s_time(m->end_time, "end_time", v),
                                .outcome = (enum zr_outcome)m->outcome,
                                .open_only = m->open_only,
                                .limit = zr_decode_page_size(m->page_size, v)};
  s_check(m, q, v);
  out->content = zr_page_content_of_records(q);
  q->after = (int64_t)zr_decode_place(m->page_token, out->content, INT64_MAX, 0, v);
  return !zr_violations_any(v);
}
