/* Malformed requests: each is named, and a well-formed one comes through whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_call.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "raw_pb.h"
#include "service/decode_release.h"
#include "service/text_rule.h"

static const uint64_t s_key[2] = {1, 2};

static void s_good(void) {
  raw_begin();
  raw_int(1, 1);
  raw_text(2, "100");
}

/* ---- what the decoder says ---- */

struct verdict {
  struct zr_arena arena;
  struct zr_violations v;
  struct zr_release_order order;
  bool ok;
};

static void s_decode(struct verdict *out) {
  memset(out, 0, sizeof *out);
  zr_arena_init(&out->arena, NULL, 0);
  out->v.arena = &out->arena;
  out->ok = zr_decode_release(raw_view(), s_key, &out->order, &out->v);
  assert_int_equal(out->ok, out->v.total == 0);
}

static void s_expect(const char *field, const char *part) {
  struct verdict d;
  s_decode(&d);
  assert_false(d.ok);
  assert_string_equal(d.v.at[0].field, field);
  if (!strstr(d.v.at[0].description, part))
    fail_msg("%s: \"%s\" is not in \"%s\"", field, part, d.v.at[0].description);
  zr_arena_clean_up(&d.arena);
}

static void s_ids(void **state) {
  (void)state;
  static char long_id[301];
  memset(long_id, '7', 300);
  static char longest[129];
  memset(longest, '7', 128);
  static const struct {
    const char *id;
    size_t len; /* 0: as a C string */
    const char *problem;
  } cases[] = {
      {"", 0, "is empty"},
      {" ", 0, "is blank"},
      {"\t\n", 0, "is blank"},
      {"\xC2\xA0\xE3\x80\x80", 0, "is blank"},
      {"\xE2\x80\x8B", 0, "is blank"},
      {" 1", 0, "white space"},
      {"1 ", 0, "white space"},
      {"1\n", 0, "white space"},
      {"\xEF\xBB\xBF"
       "1",
       0, "white space"},
      {"1\xE2\x80\x89", 0, "white space"},
      {"1\x01"
       "2",
       0, "control"},
      {"1\t2", 0, "control"},
      {"1\x7F", 0, "control"},
      {"1\xC2\x80"
       "2",
       0, "control"},
      {"1\0"
       "2",
       3, "NUL"},
      {"\0", 1, "NUL"},
      {"\xFF", 0, "UTF-8"},
      {"1\xC3", 0, "UTF-8"},
      {"\xED\xA0\x80", 0, "UTF-8"},
      {"\xC0\x80", 0, "UTF-8"},
      {long_id, 0, "128"},
      {longest, 0, NULL},
      {"1 2", 0, NULL},
      {"gr\xC3\xBCn", 0, NULL},
      {"a,b;c'\"", 0, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    s_good();
    raw_bytes(2, cases[i].id, cases[i].len ? cases[i].len : strlen(cases[i].id));
    if (cases[i].problem) {
      s_expect("instance_ids[1]", cases[i].problem);
    } else {
      struct verdict d;
      s_decode(&d);
      assert_true(d.ok);
      assert_string_equal(d.order.request.instance_ids[1], cases[i].id);
      zr_arena_clean_up(&d.arena);
    }
  }
}

static void s_fields(void **state) {
  (void)state;
  raw_begin();
  raw_text(2, "1");
  s_expect("product", "missing");
  s_good();
  raw_int(1, 4);
  s_expect("product", "not known");
  raw_begin();
  raw_int(1, 1);
  s_expect("instance_ids", "empty");
  s_good();
  raw_int(7, 1);
  s_expect("depend_resource", "PRODUCT_ZEC");
  s_good();
  raw_int(8, (uint64_t)-1);
  s_expect("after_sequence", "negative");
  s_good();
  raw_text(5, "gr\xC3\xBCn");
  s_expect("request_id", "ASCII");
  s_good();
  raw_text(5, "a\nb");
  s_expect("request_id", "ASCII");
  s_good();
  char id[130];
  memset(id, 'r', 129);
  raw_bytes(5, id, 129);
  s_expect("request_id", "128");
}

static void s_duration(int64_t seconds, int32_t nanos, int64_t expect, const char *problem) {
  s_good();
  size_t at = g_raw.len;
  raw_int(1, (uint64_t)seconds);
  raw_int(2, (uint64_t)(int64_t)nanos);
  uint8_t inner[40];
  size_t n = g_raw.len - at;
  memcpy(inner, g_raw.bytes + at, n);
  g_raw.len = at;
  raw_bytes(6, inner, n);
  if (problem) {
    s_expect("wait_timeout", problem);
    return;
  }
  struct verdict d;
  s_decode(&d);
  assert_true(d.ok);
  assert_int_equal(d.order.request.wait_ms, expect);
  zr_arena_clean_up(&d.arena);
}

static void s_wait_timeout(void **state) {
  (void)state;
  s_duration(0, 0, 0, NULL);
  s_duration(30, 0, 30000, NULL);
  s_duration(0, 1, 1, NULL);
  s_duration(1, 500000000, 1500, NULL);
  s_duration(86400, 0, 86400000, NULL);
  s_duration(86400, 1, 0, "24 hours");
  s_duration(INT64_MAX, 0, 0, "24 hours");
  s_duration(-1, 0, 0, "negative");
  s_duration(INT64_MIN, 0, 0, "negative");
  s_duration(0, -1, 0, "negative");
  s_duration(1, 1000000000, 0, "valid");
  s_good(); /* absent */
  struct verdict d;
  s_decode(&d);
  assert_int_equal(d.order.request.wait_ms, ZR_DEFAULT_WAIT_MS);
  zr_arena_clean_up(&d.arena);
}

static void s_too_many_ids(void **state) {
  (void)state;
  raw_begin();
  raw_int(1, 1);
  for (int i = 0; i < ZR_JOB_MAX_IDS; i++)
    raw_text(2, "1234567890");
  struct verdict d;
  s_decode(&d);
  assert_true(d.ok);
  assert_int_equal(d.order.request.instance_id_count, ZR_JOB_MAX_IDS);
  zr_arena_clean_up(&d.arena);
  raw_text(2, "x");
  s_expect("instance_ids", "has 10001 elements, at most 10000");
}

static void s_truncated_anywhere(void **state) {
  (void)state;
  s_good();
  raw_text(2, "another");
  raw_text(5, "request");
  raw_bytes(6, "\x08\x01", 2);
  size_t whole = g_raw.len;
  unsigned refused = 0;
  for (size_t n = 0; n <= whole; n++) {
    struct verdict d;
    g_raw.len = n;
    s_decode(&d); /* cut between two fields it is a shorter message, else malformed */
    refused += !d.ok;
    zr_arena_clean_up(&d.arena);
  }
  assert_true(refused > whole / 2);
  g_raw.len = whole - 1;
  s_expect("", "well-formed");
}

static void s_hostile(void **state) {
  (void)state;
  s_good();
  raw_varint(2 << 3 | 3); /* a group */
  s_expect("", "well-formed");
  s_good();
  raw_int(2, 5); /* an id that is a number */
  s_expect("", "well-formed");
  s_good();
  for (int i = 0; i < 2000; i++)
    raw_int(99, 1);
  s_expect("", "well-formed");
  s_good();
  for (int i = 0; i < 50000; i++)
    raw_text(5, "");
  s_expect("", "well-formed");
  s_good();
  raw_int(99, 7); /* a field of a later version is fine */
  struct verdict d;
  s_decode(&d);
  assert_true(d.ok);
  zr_arena_clean_up(&d.arena);
}

/* All of them are in the details, up to a bound; the first is in the message. */
static void s_status(void **state) {
  (void)state;
  s_good();
  for (int i = 0; i < 9998; i++)
    raw_text(2, i % 2 ? "ok" : "padded ");
  struct verdict d;
  s_decode(&d);
  assert_int_equal(d.v.total, 4999);
  struct zr_rpc_call *c = fake_call("", 0);
  d.v.arena = zr_rpc_call_arena(c);
  zr_violations_fail(&d.v, c);
  assert_int_equal(c->code, ZR_RPC_INVALID_ARGUMENT);
  assert_string_equal(c->message, "instance_ids[1]: has white space at its beginning or end (and "
                                  "4998 more); nothing was sent");
  Google__Rpc__Status *st =
      google__rpc__status__unpack(NULL, c->details_len, (const uint8_t *)c->details);
  assert_int_equal(st->code, 3);
  assert_string_equal(st->message, c->message);
  assert_string_equal(st->details[0]->type_url, "type.googleapis.com/google.rpc.BadRequest");
  Google__Rpc__BadRequest *bad =
      google__rpc__bad_request__unpack(NULL, st->details[0]->value.len, st->details[0]->value.data);
  assert_int_equal(bad->n_field_violations, ZR_VIOLATIONS_MAX);
  assert_string_equal(bad->field_violations[49]->field, "instance_ids[99]");
  google__rpc__bad_request__free_unpacked(bad, NULL);
  google__rpc__status__free_unpacked(st, NULL);
  fake_done(c);
  zr_arena_clean_up(&d.arena);
}

static void s_content(void **state) {
  (void)state;
  struct verdict d[3];
  for (unsigned i = 0; i < 3; i++) {
    s_good();
    raw_text(5, "r");
    raw_int(i == 1 ? 8 : 3, 1); /* after_sequence is no content; allow_missing is */
    if (i == 0)
      raw_int(3, 0);
    s_decode(&d[i]);
    assert_true(d[i].ok);
    zr_arena_clean_up(&d[i].arena);
  }
  assert_true(d[0].order.content == d[1].order.content);
  assert_true(d[0].order.content != d[2].order.content);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_ids),
      cmocka_unit_test(s_fields),
      cmocka_unit_test(s_wait_timeout),
      cmocka_unit_test(s_too_many_ids),
      cmocka_unit_test(s_truncated_anywhere),
      cmocka_unit_test(s_hostile),
      cmocka_unit_test(s_status),
      cmocka_unit_test(s_content),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
