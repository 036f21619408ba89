/* Reflection's tables, packed reports and events, upstream meanings, the hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_call.h"
#include "service/hash.h"
#include "service/pack.h"
#include "service/reflection.h"
#include "service/upstream.h"
#include "zenrelease/v1/release_service.pb-c.h"
#include "zr_descriptors.h"

/* SipHash's published vector: key 00 … 0f, message 00 … 07. */
static void s_hash(void **state) {
  (void)state;
  const uint64_t key[2] = {0x0706050403020100, 0x0F0E0D0C0B0A0908};
  struct zr_hash h;
  zr_hash_begin(&h, key);
  zr_hash_number(&h, 0x0706050403020100);
  assert_true(zr_hash_end(&h) == 0x93f5f5799a932462);
  uint64_t seen[3];
  static const char *const pairs[3][2] = {{"ab", "c"}, {"a", "bc"}, {"", "abc"}};
  for (int i = 0; i < 3; i++) {
    zr_hash_begin(&h, key);
    zr_hash_text(&h, zr_view_of(pairs[i][0]));
    zr_hash_text(&h, zr_view_of(pairs[i][1]));
    seen[i] = zr_hash_end(&h);
  }
  assert_true(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2]);
}

static struct zr_reflection *s_reflection(void) {
  struct zr_reflection *r;
  struct zr_view set = {(const char *)zr_descriptors, zr_descriptors_len};
  assert_int_equal(zr_reflection_new(set, &r), ZR_ERR_OK);
  return r;
}

static void s_symbols(void **state) {
  (void)state;
  struct zr_reflection *r = s_reflection();
  static const struct {
    const char *symbol;
    const char *file; /* NULL: unknown */
  } cases[] = {
      {"zenrelease.v1.ReleaseService", "zenrelease/v1/release_service.proto"},
      {".zenrelease.v1.ReleaseService", "zenrelease/v1/release_service.proto"},
      {"zenrelease.v1.ReleaseService.Release", "zenrelease/v1/release_service.proto"},
      {"zenrelease.v1.ReleaseEvent", "zenrelease/v1/release.proto"},
      {"zenrelease.v1.ReleaseEvent.event", "zenrelease/v1/release.proto"},
      {"zenrelease.v1.ReleaseEvent.sequence", "zenrelease/v1/release.proto"},
      {"zenrelease.v1.Outcome", "zenrelease/v1/release.proto"},
      {"zenrelease.v1.ReleaseService.SettleReleases", "zenrelease/v1/release_service.proto"},
      {"zenrelease.v1.ReleaseRecord.answer_class", "zenrelease/v1/release_service.proto"},
      {"zenrelease.v1.OUTCOME_RELEASED", "zenrelease/v1/release.proto"},
      {"google.rpc.BadRequest.FieldViolation", "google/rpc/error_details.proto"},
      {"google.rpc.RetryInfo", "google/rpc/error_details.proto"},
      {"google.rpc.Status", "google/rpc/status.proto"},
      {"google.protobuf.Any", "google/protobuf/any.proto"},
      {"grpc.health.v1.Health.Watch", "grpc/health/v1/health.proto"},
      {"grpc.health.v1.HealthCheckResponse.SERVING", "grpc/health/v1/health.proto"},
      {"grpc.reflection.v1alpha.ServerReflection", "grpc/reflection/v1alpha/reflection.proto"},
      {"zenrelease.v1.ReleaseServic", NULL},
      {"zenrelease.v1.ReleaseServicex", NULL},
      {"zenrelease.v1", NULL},
      {"", NULL},
      {".", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct zr_reflection_symbol *s = zr_reflection_symbol(r, zr_view_of(cases[i].symbol));
    assert_int_equal(s != NULL, cases[i].file != NULL);
    if (s)
      assert_true(zr_view_eq_text(r->files[s->file].name, cases[i].file));
  }
  zr_reflection_destroy(r);
}

static void s_files(void **state) {
  (void)state;
  struct zr_reflection *r = s_reflection();
  size_t order[ZR_REFLECTION_FILES];
  size_t file = zr_reflection_file_by_name(r, ZR_VIEW("zenrelease/v1/release_service.proto"));
  assert_int_equal(zr_reflection_closure(r, file, order), 4);
  assert_int_equal(order[0], file);
  assert_true(zr_reflection_file_by_name(r, ZR_VIEW("nope.proto")) == SIZE_MAX);
  assert_int_equal(r->service_count, 4);
  zr_reflection_destroy(r);
  for (size_t cut = 1; cut < zr_descriptors_len; cut += 97) {
    struct zr_view part = {(const char *)zr_descriptors, cut};
    if (zr_reflection_new(part, &r) == ZR_ERR_OK)
      zr_reflection_destroy(r); /* cut between two files */
  }
}

enum { MANY = ZR_JOB_MAX_IDS };

/* As long as a result gets: every text at its usual length, every id refused with a diagnostic. */
static void s_long_result(struct zr_result *r, uint32_t i, char id[24]) {
  static const char request_id[] = "5f2d6a52-9c41-4a5e-9a0e-0d4c1b7f3a21";
  (void)snprintf(id, 24, "1234567890123%07u", i);
  *r = (struct zr_result){
      .instance_id = id,
      .index = i,
      .outcome = ZR_OUTCOME_REFUSED,
      .code = ZR_CODE_STILL_IN_BIN,
      .last_status = "RECYCLE",
      .name = "a-name-of-sixty-four-characters-which-is-what-the-console-allows-",
      .zone_id = "asia-east-1a",
      .release_request_id = request_id,
      .read_request_ids = {request_id, request_id},
      .batch = i / 100 + 1,
      .attempts = 3,
      .sent_at = {1700000000123},
      .decided_at = {1700000060123},
      .diagnostic = {.code = ZR_CODE_STILL_IN_BIN,
                     .detail = "sent three times, and the last read shows it in the recycle bin",
                     .instance_id = id,
                     .index = (int32_t)i,
                     .service_code = "INVALID_INSTANCE_STATUS",
                     .service_message = "The instance status does not support this operation.",
                     .http_status = 400,
                     .request_id = request_id,
                     .retry_after_ms = -1}};
}

static void s_longest_report_fits(void **state) {
  (void)state;
  struct zr_result *results = calloc(MANY, sizeof *results);
  char(*ids)[24] = calloc(MANY, sizeof *ids);
  for (uint32_t i = 0; i < MANY; i++)
    s_long_result(&results[i], i, ids[i]);
  struct zr_report report = {.results = results, .result_count = MANY};
  report.counts.by_outcome[ZR_OUTCOME_REFUSED] = report.counts.total = MANY;
  size_t offset;
  struct zr_rpc_bytes *b =
      zr_pack_report(&report, "r", 9, (struct zr_wall){1700000000000}, &offset);
  assert_non_null(b);
  print_message("10,000 refused instances: %zu bytes\n", b->len);
  assert_true(b->len < 4u << 20);
  Zenrelease__V1__ReleaseResponse *m =
      zenrelease__v1__release_response__unpack(NULL, b->len - offset, b->data + offset);
  assert_non_null(m);
  assert_int_equal(m->n_results, MANY);
  assert_int_equal(m->n_diagnostics, MANY);
  assert_true(m->diagnostics[0]->hint[0] != '\0');
  assert_string_equal(m->diagnostics[MANY - 1]->code, "STILL_IN_BIN");
  assert_string_equal(m->diagnostics[MANY - 1]->field, "instance_ids[9999]");
  assert_string_equal(m->diagnostics[MANY - 1]->service_code, "INVALID_INSTANCE_STATUS");
  zenrelease__v1__release_response__free_unpacked(m, NULL);
  zr_rpc_bytes_release(b);
  free(results);
  free(ids);
}

/* Every field of a result and of a diagnostic arrives under its own number. */
static void s_every_field(void **state) {
  (void)state;
  const struct zr_result result = {.instance_id = "id",
                                   .outcome = ZR_OUTCOME_REFUSED,
                                   .code = ZR_CODE_REFUSED,
                                   .last_status = "status",
                                   .name = "name",
                                   .zone_id = "zone",
                                   .release_request_id = "release",
                                   .read_request_ids = {"read1", "read2"},
                                   .batch = 300,
                                   .attempts = 2,
                                   .sent_at = {1700000000001},
                                   .decided_at = {1700000002000},
                                   .diagnostic = {.code = ZR_CODE_THROTTLED,
                                                  .detail = "detail",
                                                  .instance_id = "id",
                                                  .index = 17,
                                                  .service_code = "code",
                                                  .service_message = "words",
                                                  .http_status = 429,
                                                  .request_id = "request",
                                                  .retry_after_ms = 2500}};
  struct zr_report report = {.results = &result, .result_count = 1};
  for (unsigned o = 1; o < ZR_OUTCOME_COUNT_; o++)
    report.counts.by_outcome[o] = o;
  report.counts.total = 45;
  report.counts.duplicates = 46;
  size_t offset;
  struct zr_rpc_bytes *b =
      zr_pack_report(&report, "rid", 3, (struct zr_wall){1700000000999}, &offset);
  Zenrelease__V1__ReleaseEvent *e = zenrelease__v1__release_event__unpack(NULL, b->len, b->data);
  assert_int_equal(e->sequence, 3);
  assert_int_equal(e->event_time->seconds, 1700000000);
  assert_int_equal(e->event_time->nanos, 999000000);
  assert_string_equal(e->result->request_id, "rid");
  const Zenrelease__V1__InstanceResult *r = e->result->results[0];
  assert_string_equal(r->instance_id, "id");
  assert_int_equal(r->outcome, ZENRELEASE__V1__OUTCOME__OUTCOME_REFUSED);
  assert_string_equal(r->last_status, "status");
  assert_string_equal(r->display_name, "name");
  assert_string_equal(r->zone_id, "zone");
  assert_string_equal(r->release_request_id, "release");
  assert_int_equal(r->n_read_request_ids, 2);
  assert_string_equal(r->read_request_ids[0], "read1");
  assert_string_equal(r->read_request_ids[1], "read2");
  assert_int_equal(r->batch, 300);
  assert_int_equal(r->attempts, 2);
  assert_int_equal(r->send_time->nanos, 1000000);
  assert_int_equal(r->decide_time->seconds, 1700000002);
  assert_string_equal(r->diagnostic_code, "REFUSED");
  const Zenrelease__V1__Diagnostic *d = e->result->diagnostics[0];
  assert_int_equal(d->severity, ZENRELEASE__V1__SEVERITY__SEVERITY_ERROR);
  assert_string_equal(d->code, "THROTTLED");
  assert_string_equal(d->summary, zr_code_info(ZR_CODE_THROTTLED)->summary);
  assert_string_equal(d->detail, "detail");
  assert_string_equal(d->field, "instance_ids[17]");
  assert_string_equal(d->instance_id, "id");
  assert_string_equal(d->service_code, "code");
  assert_int_equal(d->http_status, 429);
  assert_string_equal(d->service_request_id, "request");
  assert_string_equal(d->service_message, "words");
  assert_true(d->retryable);
  assert_int_equal(d->retry_delay->seconds, 2);
  assert_int_equal(d->retry_delay->nanos, 500000000);
  assert_string_equal(d->hint, zr_code_info(ZR_CODE_THROTTLED)->hint);
  const Zenrelease__V1__Counts *c = e->result->counts;
  assert_int_equal(c->released, ZR_OUTCOME_RELEASED);
  assert_int_equal(c->accepted, ZR_OUTCOME_ACCEPTED);
  assert_int_equal(c->already_gone, ZR_OUTCOME_ALREADY_GONE);
  assert_int_equal(c->not_found, ZR_OUTCOME_NOT_FOUND);
  assert_int_equal(c->not_recycled, ZR_OUTCOME_NOT_RECYCLED);
  assert_int_equal(c->refused, ZR_OUTCOME_REFUSED);
  assert_int_equal(c->invalid, ZR_OUTCOME_INVALID);
  assert_int_equal(c->not_attempted, ZR_OUTCOME_NOT_ATTEMPTED);
  assert_int_equal(c->unknown, ZR_OUTCOME_UNKNOWN);
  assert_int_equal(c->total, 45);
  assert_int_equal(c->duplicates, 46);
  zenrelease__v1__release_event__free_unpacked(e, NULL);
  zr_rpc_bytes_release(b);
}

static void s_event_kinds(void **state) {
  (void)state;
  const struct zr_result result = {.instance_id = "1", .outcome = ZR_OUTCOME_RELEASED};
  for (int kind = ZR_EVENT_PREFLIGHT_DONE; kind <= ZR_EVENT_OUTCOMES; kind++) {
    const struct zr_event e = {.kind = (enum zr_event_kind)kind,
                               .at = {1700000000123},
                               .batch = 3,
                               .ids = 5,
                               .eligible = 4,
                               .attempt = 6,
                               .parts = 7,
                               .dropped = 8,
                               .class_name = "state",
                               .http_status = 400,
                               .code = "CODE",
                               .request_id = "rq",
                               .reason = "why",
                               .wait_ms = 1500,
                               .results = &result,
                               .result_count = 1};
    struct zr_rpc_bytes *b = zr_pack_event(&e, 42);
    Zenrelease__V1__ReleaseEvent *m = zenrelease__v1__release_event__unpack(NULL, b->len, b->data);
    assert_int_equal(m->sequence, 42);
    assert_int_equal(m->event_time->nanos, 123000000);
    assert_int_equal((int)m->event_case, kind + 3); /* the oneof is in the order of the kinds */
    if (kind == ZR_EVENT_THROTTLED) {
      assert_int_equal(m->throttled->resume_time->seconds, 1700000001);
      assert_int_equal(m->throttled->delay->nanos, 500000000);
    } else if (kind == ZR_EVENT_PREFLIGHT_DONE) {
      assert_int_equal(m->preflight_done->read, 5);
      assert_int_equal(m->preflight_done->eligible, 4);
    } else if (kind == ZR_EVENT_BATCH_SENT) {
      assert_int_equal(m->batch_sent->batch, 3);
      assert_int_equal(m->batch_sent->instances, 5);
      assert_int_equal(m->batch_sent->attempt, 6);
    } else if (kind == ZR_EVENT_BATCH_ANSWERED) {
      assert_int_equal(m->batch_answered->batch, 3);
      assert_int_equal(m->batch_answered->instances, 5);
      assert_string_equal(m->batch_answered->answer_class, "state");
      assert_int_equal(m->batch_answered->http_status, 400);
      assert_string_equal(m->batch_answered->service_code, "CODE");
      assert_string_equal(m->batch_answered->service_request_id, "rq");
    } else if (kind == ZR_EVENT_BATCH_SPLIT) {
      assert_int_equal(m->batch_split->batch, 3);
      assert_int_equal(m->batch_split->parts, 7);
      assert_int_equal(m->batch_split->dropped, 8);
      assert_string_equal(m->batch_split->reason, "why");
    } else if (kind == ZR_EVENT_VERIFIED) {
      assert_int_equal(m->verified->batch, 3);
      assert_int_equal(m->verified->instances, 5);
    } else if (kind == ZR_EVENT_OUTCOMES) {
      assert_string_equal(m->outcomes_decided->results[0]->instance_id, "1");
    }
    zenrelease__v1__release_event__free_unpacked(m, NULL);
    zr_rpc_bytes_release(b);
  }
}

static void s_upstream(void **state) {
  (void)state;
  assert_int_equal(zr_upstream_code(ZR_CLASS_UNAUTHORIZED, 401), ZR_RPC_UNAUTHENTICATED);
  assert_int_equal(zr_upstream_code(ZR_CLASS_UNAUTHORIZED, 403), ZR_RPC_PERMISSION_DENIED);
  assert_int_equal(zr_upstream_code(ZR_CLASS_THROTTLED, 429), ZR_RPC_RESOURCE_EXHAUSTED);
  assert_int_equal(zr_upstream_code(ZR_CLASS_INPUT, 400), ZR_RPC_INVALID_ARGUMENT);
  assert_int_equal(zr_upstream_code(ZR_CLASS_NOT_SENT, 0), ZR_RPC_UNAVAILABLE);
  struct zr_rpc_call *c = fake_call("", 0);
  const struct zr_call_end end = {.class_ = ZR_CLASS_THROTTLED,
                                  .http_status = 429,
                                  .code = "REQUEST_LIMIT",
                                  .message = "slow down",
                                  .request_id = "rq",
                                  .retry_after_ms = 3000};
  zr_upstream_fail(c, &end);
  assert_string_equal(c->message, "the service limits the rate of requests: REQUEST_LIMIT, slow "
                                  "down (request id rq)");
  assert_non_null(memmem(c->details, c->details_len, "google.rpc.RetryInfo", 20));
  assert_non_null(memmem(c->details, c->details_len, "THROTTLED", 9));
  fake_done(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_hash),        cmocka_unit_test(s_symbols),
      cmocka_unit_test(s_files),       cmocka_unit_test(s_longest_report_fits),
      cmocka_unit_test(s_every_field), cmocka_unit_test(s_event_kinds),
      cmocka_unit_test(s_upstream),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
