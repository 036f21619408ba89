#include "service/decode_release.h"

#include <string.h>

#include "service/codec.h"
#include "service/decode_list.h"
#include "service/decode_policy.h"
#include "service/hash.h"
#include "service/text_rule.h"
#include "zenrelease/v1/release_service.pb-c.h"

enum { WAIT_MAX_MS = 24 * 3600 * 1000, SECOND_MS = 1000, NANOS_PER_MS = 1000000 };
_Static_assert(ZR_POLICY_TEXT_MAX == 1024, "the sentence below says so");

/* The number in ReleaseRequest; no other message here has a repeated field of texts. */
enum { INSTANCE_IDS = 2 };

static const char *s_text(const ProtobufCFieldDescriptor *field, struct zr_view text, bool plain) {
  if (field->id == INSTANCE_IDS && field->label == PROTOBUF_C_LABEL_REPEATED)
    return zr_id_problem(text, plain);
  if (strcmp(field->name, "instance_id") == 0)
    return zr_id_problem(text, plain);
  if (strcmp(field->name, "request_id") == 0)
    return zr_request_id_problem(text);
  return text.len > ZR_POLICY_TEXT_MAX ? "is longer than 1024 bytes" : NULL;
}

static size_t s_max_count(const ProtobufCFieldDescriptor *field) {
  if (strcmp(field->name, "keep") == 0)
    return ZR_KEEP_MAX;
  if (strcmp(field->name, "tags") == 0 || strcmp(field->name, "public_ip_addresses") == 0)
    return ZR_EXPECTED_TAGS_MAX;
  return ZR_JOB_MAX_IDS;
}

static const struct zr_rules s_rules = {.text = s_text, .max_count = s_max_count};

static int64_t s_wait_ms(const Google__Protobuf__Duration *d, struct zr_violations *v) {
  if (!d)
    return ZR_DEFAULT_WAIT_MS;
  if (d->seconds < 0 || d->nanos < 0) {
    zr_violation_add(v, "wait_timeout", "is negative");
    return 0;
  }
  if (d->nanos >= SECOND_MS * NANOS_PER_MS) {
    zr_violation_add(v, "wait_timeout", "is not a valid duration");
    return 0;
  }
  if (d->seconds > WAIT_MAX_MS / SECOND_MS ||
      (d->seconds == WAIT_MAX_MS / SECOND_MS && d->nanos > 0)) {
    zr_violation_add(v, "wait_timeout", "is longer than 24 hours");
    return 0;
  }
  return d->seconds * SECOND_MS + (d->nanos + NANOS_PER_MS - 1) / NANOS_PER_MS;
}

static void s_check(const Zenrelease__V1__ReleaseRequest *m, const struct zr_release_order *o,
                    struct zr_violations *v) {
  zr_decode_product((int)m->product, true, v);
  if (m->n_instance_ids == 0)
    zr_violation_add(v, "instance_ids", "is empty: name at least one instance");
  if (m->depend_resource && o->request.product != ZR_PRODUCT_ZEC)
    zr_violation_add(v, "depend_resource", "is for PRODUCT_ZEC only");
  if (m->after_sequence < 0)
    zr_violation_add(v, "after_sequence", "is negative");
}

static uint64_t s_content(const struct zr_release_request *r, const uint64_t key[2]) {
  struct zr_hash h;
  zr_hash_begin(&h, key);
  zr_hash_number(&h, (uint64_t)r->product);
  zr_hash_number(&h, (uint64_t)r->allow_missing | (uint64_t)r->validate_only << 1 |
                         (uint64_t)r->depend_resource << 2);
  zr_hash_number(&h, (uint64_t)r->wait_ms);
  zr_hash_number(&h, r->instance_id_count);
  for (size_t i = 0; i < r->instance_id_count; i++)
    zr_hash_text(&h, zr_view_of(r->instance_ids[i]));
  zr_hash_policy(&h, r);
  return zr_hash_end(&h);
}

bool zr_decode_release(struct zr_view bytes, const uint64_t hash_key[2],
                       struct zr_release_order *out, struct zr_violations *v) {
  const Zenrelease__V1__ReleaseRequest *m = (const Zenrelease__V1__ReleaseRequest *)zr_decode(
      &zenrelease__v1__release_request__descriptor, bytes, &s_rules, v);
  if (!m)
    return false;
  *out = (struct zr_release_order){
      .request = {.product = (enum zr_product)m->product,
                  .instance_ids = (const char *const *)m->instance_ids,
                  .instance_id_count = m->n_instance_ids,
                  .allow_missing = m->allow_missing,
                  .validate_only = m->validate_only,
                  .depend_resource = m->depend_resource,
                  .wait_ms = s_wait_ms(m->wait_timeout, v)},
      .request_id = m->request_id,
      .after_sequence = m->after_sequence,
  };
  s_check(m, out, v);
  zr_decode_policy(m, &out->request, v);
  if (zr_violations_any(v))
    return false;
  if (out->request_id[0])
    out->content = s_content(&out->request, hash_key);
  return true;
}

const char *zr_decode_cancel(struct zr_view bytes, bool *forget, struct zr_violations *v) {
  const Zenrelease__V1__CancelReleaseRequest *m =
      (const Zenrelease__V1__CancelReleaseRequest *)zr_decode(
          &zenrelease__v1__cancel_release_request__descriptor, bytes, &s_rules, v);
  if (!m)
    return NULL;
  if (!m->request_id[0]) {
    zr_violation_add(v, "request_id", "is empty: name the release to stop");
    return NULL;
  }
  *forget = m->forget;
  return m->request_id;
}
