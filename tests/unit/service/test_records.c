/* ListReleaseRecords: filters, refusals, pages, every field; and a server without a journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "raw_pb.h"
#include "service/decode_records.h"
#include "service/page_token.h"
#include "tester.h"

enum { PAGE_SIZE = 1, PAGE_TOKEN = 2, ID = 3, PRODUCT = 4, REQUEST_ID = 5, RELEASE_ID = 6 };
enum { START = 7, END = 8, OUTCOME = 9, OPEN_ONLY = 10 };

static bool s_decode(struct zr_arena *a, struct zr_records_order *o, struct zr_violations *v) {
  zr_arena_init(a, NULL, 0);
  *v = (struct zr_violations){.arena = a};
  return zr_decode_records(raw_view(), o, v);
}

/* A google.protobuf.Timestamp of one-byte numbers. */
static void s_raw_time(unsigned field, uint8_t seconds, uint8_t nanos) {
  const uint8_t bytes[] = {0x08, seconds, 0x10, nanos};
  raw_bytes(field, bytes, sizeof bytes);
}

static void everything_is_optional(void **state) {
  (void)state;
  struct zr_arena a;
  struct zr_records_order o;
  struct zr_violations v;
  raw_begin();
  assert_true(s_decode(&a, &o, &v));
  assert_true(o.query.any_product);
  assert_int_equal(o.query.limit, 100);
  assert_int_equal(o.query.after, 0);
  assert_int_equal(o.query.to.ms, 0);
  assert_string_equal(o.query.instance_id, "");
  assert_int_equal(o.query.outcome, ZR_OUTCOME_NONE);
  zr_arena_clean_up(&a);
}

static void filters_arrive(void **state) {
  (void)state;
  struct zr_arena a;
  struct zr_records_order o;
  struct zr_violations v;
  raw_begin();
  raw_int(PAGE_SIZE, 7);
  raw_text(ID, "1234");
  raw_int(PRODUCT, 3);
  raw_text(REQUEST_ID, "mine");
  raw_text(RELEASE_ID, "theirs");
  s_raw_time(START, 10, 1); /* a nanosecond after 10 s: 10,000 ms is before it */
  s_raw_time(END, 20, 0);
  raw_int(OUTCOME, 6);
  raw_int(OPEN_ONLY, 1);
  assert_true(s_decode(&a, &o, &v));
  assert_int_equal(o.query.limit, 7);
  assert_string_equal(o.query.instance_id, "1234");
  assert_false(o.query.any_product);
  assert_int_equal(o.query.product, ZR_PRODUCT_ZEC);
  assert_string_equal(o.query.request_id, "mine");
  assert_string_equal(o.query.release_request_id, "theirs");
  assert_int_equal(o.query.from.ms, 10001);
  assert_int_equal(o.query.to.ms, 20000);
  assert_int_equal(o.query.outcome, ZR_OUTCOME_REFUSED);
  assert_true(o.query.open_only);
  zr_arena_clean_up(&a);
}

static void bad_filters_are_named(void **state) {
  (void)state;
  struct zr_arena a;
  struct zr_records_order o;
  struct zr_violations v;
  static const struct {
    unsigned field;
    const char *text;
    uint64_t number;
    const char *where;
  } cases[] = {
      {PAGE_SIZE, NULL, 1001, "page_size"},
      {PAGE_SIZE, NULL, (uint64_t)-1, "page_size"},
      {PAGE_TOKEN, "nonsense", 0, "page_token"},
      {ID, " 1", 0, "instance_id"},
      {PRODUCT, NULL, 4, "product"},
      {REQUEST_ID, "a\tb", 0, "request_id"},
      {RELEASE_ID, "a\x01", 0, "release_request_id"},
      {START, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0, "start_time"},
      {END, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0, "end_time"},
      {OUTCOME, NULL, 10, "outcome"},
      {OUTCOME, NULL, (uint64_t)-1, "outcome"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    raw_begin();
    if (cases[i].text)
      raw_text(cases[i].field, cases[i].text);
    else
      raw_int(cases[i].field, cases[i].number);
    assert_false(s_decode(&a, &o, &v));
    assert_string_equal(v.at[0].field, cases[i].where);
    zr_arena_clean_up(&a);
  }
  raw_begin();
  s_raw_time(START, 20, 0);
  s_raw_time(END, 20, 0);
  assert_false(s_decode(&a, &o, &v));
  assert_string_equal(v.at[0].field, "end_time");
  zr_arena_clean_up(&a);
}

static struct zr_rpc_call *s_call(struct tester *t) {
  struct zr_rpc_call *c = fake_call(g_raw.bytes, g_raw.len);
  zr_handle_records(t->service, c);
  fake_run(&t->backend);
  return c;
}

static void s_open(struct tester *t) {
  tester_open(t);
  t->backend.facts.journal = "/var/lib/zenrelease/journal";
  raw_begin();
}

static Zenrelease__V1__ListReleaseRecordsResponse *s_response(const struct zr_rpc_call *c) {
  assert_int_equal(c->code, ZR_RPC_OK);
  Zenrelease__V1__ListReleaseRecordsResponse *m =
      zenrelease__v1__list_release_records_response__unpack(NULL, c->answer->len, c->answer->data);
  assert_non_null(m);
  return m;
}

static const struct zr_record_entry s_entry = {.number = 41,
                                               .product = ZR_PRODUCT_BMC,
                                               .instance_id = "id",
                                               .account = "f00d",
                                               .endpoint = "https://e",
                                               .batch = 300,
                                               .sent_at = {1700000000001},
                                               .answered_at = {1700000001000},
                                               .answer_class = "denied",
                                               .http_status = 403,
                                               .service_code = "CODE",
                                               .release_request_id = "theirs",
                                               .request_id = "mine",
                                               .outcome = ZR_OUTCOME_REFUSED,
                                               .code = ZR_CODE_REFUSED,
                                               .decided_at = {1700000002000},
                                               .name = "name",
                                               .zone_id = "zone",
                                               .open = true};

static void every_field_arrives(void **state) {
  (void)state;
  struct tester t;
  s_open(&t);
  struct zr_rpc_call *c = s_call(&t);
  t.backend.records.on_done(t.backend.records.ctx, &s_entry, 1, false, NULL);
  Zenrelease__V1__ListReleaseRecordsResponse *m = s_response(c);
  assert_int_equal(m->n_records, 1);
  assert_string_equal(m->next_page_token, "");
  const Zenrelease__V1__ReleaseRecord *r = m->records[0];
  assert_string_equal(r->instance_id, "id");
  assert_int_equal(r->product, ZENRELEASE__V1__PRODUCT__PRODUCT_BMC);
  assert_int_equal(r->batch, 300);
  assert_int_equal(r->send_time->nanos, 1000000);
  assert_int_equal(r->answer_time->seconds, 1700000001);
  assert_string_equal(r->answer_class, "denied");
  assert_int_equal(r->http_status, 403);
  assert_string_equal(r->service_code, "CODE");
  assert_string_equal(r->release_request_id, "theirs");
  assert_string_equal(r->request_id, "mine");
  assert_int_equal(r->outcome, ZENRELEASE__V1__OUTCOME__OUTCOME_REFUSED);
  assert_string_equal(r->diagnostic_code, "REFUSED");
  assert_int_equal(r->decide_time->seconds, 1700000002);
  assert_string_equal(r->display_name, "name");
  assert_string_equal(r->zone_id, "zone");
  assert_string_equal(r->account_fingerprint, "f00d");
  assert_string_equal(r->endpoint, "https://e");
  assert_true(r->open);
  zenrelease__v1__list_release_records_response__free_unpacked(m, NULL);
  tester_over(&t, c);
  tester_close(&t);
}

static void the_next_page_begins_behind_the_last_record(void **state) {
  (void)state;
  struct tester t;
  s_open(&t);
  raw_text(ID, "1");
  struct zr_rpc_call *c = s_call(&t);
  t.backend.records.on_done(t.backend.records.ctx, &s_entry, 1, true, NULL);
  Zenrelease__V1__ListReleaseRecordsResponse *m = s_response(c);
  assert_int_equal(strlen(m->next_page_token), ZR_PAGE_TOKEN_SIZE - 1);
  tester_over(&t, c);
  raw_text(PAGE_TOKEN, m->next_page_token);
  c = s_call(&t);
  assert_int_equal(t.backend.records_query.after, 41);
  t.backend.records.on_done(t.backend.records.ctx, NULL, 0, false, NULL);
  tester_over(&t, c);
  raw_int(OPEN_ONLY, 1); /* another filter */
  c = s_call(&t);
  assert_int_equal(c->code, ZR_RPC_INVALID_ARGUMENT);
  tester_over(&t, c);
  zenrelease__v1__list_release_records_response__free_unpacked(m, NULL);
  tester_close(&t);
}

/* A page that one message cannot hold is cut, and the token tells where. */
static void a_page_that_is_too_long_is_cut(void **state) {
  (void)state;
  enum { COUNT = 1000, NAME = 10000 };
  struct tester t;
  struct zr_record_entry *entries = calloc(COUNT, sizeof *entries);
  char *name = calloc(1, NAME + 1);
  memset(name, 'n', NAME);
  for (int i = 0; i < COUNT; i++) {
    entries[i] = s_entry;
    entries[i].number = 5000 - i;
    entries[i].name = name;
  }
  s_open(&t);
  struct zr_rpc_call *c = s_call(&t);
  t.backend.records.on_done(t.backend.records.ctx, entries, COUNT, false, NULL);
  assert_true(c->answer->len < 4u << 20);
  Zenrelease__V1__ListReleaseRecordsResponse *m = s_response(c);
  assert_true(m->n_records >= 100 && m->n_records < COUNT);
  raw_text(PAGE_TOKEN, m->next_page_token);
  struct zr_rpc_call *next = s_call(&t);
  assert_int_equal(t.backend.records_query.after, 5000 - (int)m->n_records + 1);
  t.backend.records.on_done(t.backend.records.ctx, NULL, 0, false, NULL);
  zenrelease__v1__list_release_records_response__free_unpacked(m, NULL);
  tester_over(&t, c);
  tester_over(&t, next);
  free(entries);
  free(name);
  tester_close(&t);
}

static void a_journal_that_cannot_be_read_is_told(void **state) {
  (void)state;
  struct tester t;
  s_open(&t);
  struct zr_rpc_call *c = s_call(&t);
  t.backend.records.on_done(t.backend.records.ctx, NULL, 0, false, "the disk is broken");
  assert_int_equal(c->code, ZR_RPC_INTERNAL);
  assert_non_null(strstr(c->message, "the disk is broken"));
  tester_over(&t, c);
  tester_close(&t);
}

static void without_a_journal_it_says_what_to_do(void **state) {
  (void)state;
  struct tester t;
  s_open(&t);
  t.backend.journal_result = ZR_ERR_STATE;
  for (int i = 0; i < 2; i++) { /* refused by the backend, then at once */
    struct zr_rpc_call *c = s_call(&t);
    assert_int_equal(c->code, ZR_RPC_FAILED_PRECONDITION);
    assert_non_null(strstr(c->message, "--journal"));
    tester_over(&t, c);
    t.backend.facts.journal = NULL;
    t.backend.journal_result = ZR_ERR_OK;
  }
  tester_close(&t);
}

static void it_can_fail_to_start(void **state) {
  (void)state;
  static const struct {
    enum zr_err e;
    enum zr_rpc_code code;
  } cases[] = {{ZR_ERR_NOMEM, ZR_RPC_RESOURCE_EXHAUSTED}, {ZR_ERR_CLOSED, ZR_RPC_UNAVAILABLE}};
  struct tester t;
  s_open(&t);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    t.backend.journal_result = cases[i].e;
    struct zr_rpc_call *c = s_call(&t);
    assert_int_equal(c->code, cases[i].code);
    tester_over(&t, c);
  }
  struct zr_rpc_call *gone = fake_call(g_raw.bytes, g_raw.len);
  zr_handle_records(t.service, gone);
  fake_cancel(gone);
  fake_run(&t.backend);
  assert_int_equal(gone->code, ZR_RPC_CANCELLED);
  fake_done(gone);
  tester_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_is_optional),
      cmocka_unit_test(filters_arrive),
      cmocka_unit_test(bad_filters_are_named),
      cmocka_unit_test(every_field_arrives),
      cmocka_unit_test(the_next_page_begins_behind_the_last_record),
      cmocka_unit_test(a_page_that_is_too_long_is_cut),
      cmocka_unit_test(a_journal_that_cannot_be_read_is_told),
      cmocka_unit_test(without_a_journal_it_says_what_to_do),
      cmocka_unit_test(it_can_fail_to_start),
  };
  return cmocka_run_group_tests_name("service: records", tests, NULL, NULL);
}
