/* Values on the wire: tables of bytes, cut short at every length, and bent at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "terraform/duration.h"
#include "terraform/value.h"

static const struct zr_tf_field s_fields[] = {{"id", &zr_tf_string},
                                              {"instance_ids", &zr_tf_string_list},
                                              {"n", &zr_tf_number},
                                              {"on", &zr_tf_bool},
                                              {"tags", &zr_tf_string_map}};
static const struct zr_tf_type s_type = {
    .kind = ZR_TF_OBJECT, .fields = s_fields, .field_count = 5};

static size_t s_unhex(const char *hex, char *out) {
  size_t n = 0;
  unsigned value = 0;
  unsigned digits = 0;
  for (; *hex; hex++) {
    if (*hex == ' ')
      continue;
    value = value * 16 + (unsigned)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
    if (++digits == 2) {
      out[n++] = (char)value;
      value = digits = 0;
    }
  }
  return n;
}

struct row {
  const struct zr_tf_type *type;
  const char *hex;
  const char *again; /* how we say it; NULL: the same */
};

/* Encodings as Terraform sends them (object-wire-format.md), and other forms that are allowed. */
static const struct row s_good[] = {
    {&zr_tf_string, "c0", NULL},
    {&zr_tf_string, "a1 78", NULL},
    {&zr_tf_string, "d9 01 78", "a1 78"},
    {&zr_tf_string, "d4 00 00", NULL},
    {&zr_tf_string, "c7 03 0c 81 01 c2", "d4 00 00"},
    {&zr_tf_string, "c7 09 0c 82 01 c2 02 a4 70 72 65 2d", "d4 00 00"},
    {&zr_tf_string, "d4 2a 07", "d4 00 00"},
    {&zr_tf_bool, "c2", NULL},
    {&zr_tf_bool, "c3", NULL},
    {&zr_tf_number, "7f", NULL},
    {&zr_tf_number, "ce 00 01 11 70", NULL},
    {&zr_tf_number, "cf 7f ff ff ff ff ff ff ff", NULL},
    {&zr_tf_number, "d0 df", NULL},
    {&zr_tf_number, "cb 3f f8 00 00 00 00 00 00", NULL},
    {&zr_tf_number, "a3 30 2e 31", NULL},
    {&zr_tf_string_list, "90", NULL},
    {&zr_tf_string_list, "93 a1 61 c0 d4 00 00", NULL},
    {&zr_tf_string_map, "82 a1 61 a1 31 a1 62 c0", NULL},
    {&zr_tf_string_map, "82 a1 62 c0 a1 61 a1 31", "82 a1 61 a1 31 a1 62 c0"},
    {&s_type,
     "85 a2 69 64 d4 00 00 ac 69 6e 73 74 61 6e 63 65 5f 69 64 73 91 a3 69 2d 31 a1 6e 05 "
     "a2 6f 6e c3 a4 74 61 67 73 80",
     NULL},
};

static const struct row s_bad[] = {
    {&zr_tf_string, "c1", NULL},
    {&zr_tf_string, "01", NULL},
    {&zr_tf_string, "a1", NULL},
    {&zr_tf_string, "a1 ff", NULL},
    {&zr_tf_string, "a1 00", NULL},
    {&zr_tf_string, "a1 78 c0", NULL},
    {&zr_tf_string, "c4 01 78", NULL},
    {&zr_tf_string, "c7 01 0c c0", NULL},
    {&zr_tf_string, "c7 02 0c 81 01", NULL},
    {&zr_tf_bool, "01", NULL},
    {&zr_tf_number, "a1 78", NULL},
    {&zr_tf_number, "a4 30 78 31 30", NULL},
    {&zr_tf_number, "a3 6e 61 6e", NULL},
    {&zr_tf_string_list, "80", NULL},
    {&zr_tf_string_list, "dd ff ff ff ff", NULL},
    {&zr_tf_string_list, "91 01", NULL},
    {&zr_tf_string_map, "82 a1 61 c0 a1 61 c0", NULL},
    {&zr_tf_string_map, "81 01 c0", NULL},
    {&s_type, "80", NULL},
    {&s_type, "85 a2 69 64 c0 a2 69 64 c0 a1 6e 05 a2 6f 6e c3 a4 74 61 67 73 80", NULL},
    {&zr_tf_string_list, "91 91 91 91 91 91 91 91 91 91 91 91 91 91 91 91 91 91 91 91 c0", NULL},
};

static bool s_decode(struct zr_arena *a, const struct zr_tf_type *type, struct zr_view bytes,
                     struct zr_tf_value *out) {
  struct zr_tf_decoding d = {.arena = a};
  bool ok = zr_tf_from_msgpack(&d, type, bytes, out);
  assert_false(d.nomem);
  assert_int_equal(ok, d.problem == NULL);
  return ok;
}

static void good_values_come_back(void **state) {
  (void)state;
  for (size_t i = 0; i < ZR_COUNT(s_good); i++) {
    char bytes[256];
    char again[256];
    struct zr_arena a;
    struct zr_buf out = ZR_BUF_INIT(1024);
    struct zr_tf_value v;
    zr_arena_init(&a, NULL, 0);
    size_t len = s_unhex(s_good[i].hex, bytes);
    size_t again_len = s_unhex(s_good[i].again ? s_good[i].again : s_good[i].hex, again);
    assert_true(s_decode(&a, s_good[i].type, (struct zr_view){bytes, len}, &v));
    assert_int_equal(zr_tf_to_msgpack(&out, s_good[i].type, &v), ZR_ERR_OK);
    assert_int_equal(out.len, again_len);
    assert_memory_equal(out.data, again, again_len);
    for (size_t cut = 1; cut < len; cut++)
      assert_false(s_decode(&a, s_good[i].type, (struct zr_view){bytes, cut}, &v));
    zr_buf_clean_up(&out);
    zr_arena_clean_up(&a);
  }
}

static void bad_values_are_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < ZR_COUNT(s_bad); i++) {
    char bytes[256];
    struct zr_arena a;
    struct zr_tf_value v;
    zr_arena_init(&a, NULL, 0);
    size_t len = s_unhex(s_bad[i].hex, bytes);
    assert_false(s_decode(&a, s_bad[i].type, (struct zr_view){bytes, len}, &v));
    zr_arena_clean_up(&a);
  }
}

/* Whatever is taken can be said again, and means the same. */
static void bent_values_do_no_harm(void **state) {
  (void)state;
  struct zr_rng rng = {20240601};
  char good[256];
  size_t len = s_unhex(s_good[ZR_COUNT(s_good) - 1].hex, good);
  unsigned taken = 0;
  for (unsigned round = 0; round < 200000; round++) {
    char bytes[256];
    struct zr_arena a;
    struct zr_buf out = ZR_BUF_INIT(4096);
    struct zr_tf_value v;
    memcpy(bytes, good, len);
    for (uint64_t n = 1 + zr_rng_below(&rng, 3); n > 0; n--)
      bytes[zr_rng_below(&rng, len)] = (char)zr_rng_below(&rng, 256);
    zr_arena_init(&a, NULL, 0);
    if (s_decode(&a, &s_type, (struct zr_view){bytes, len}, &v)) {
      struct zr_tf_value again;
      taken++;
      assert_int_equal(zr_tf_to_msgpack(&out, &s_type, &v), ZR_ERR_OK);
      assert_true(s_decode(&a, &s_type, zr_buf_as_view(&out), &again));
      if (zr_tf_wholly_known(&s_type, &v))
        assert_true(zr_tf_equal(&s_type, &v, &again));
    }
    zr_buf_clean_up(&out);
    zr_arena_clean_up(&a);
  }
  assert_true(taken > 1000);
}

static void json_fills_in_what_is_missing(void **state) {
  (void)state;
  struct zr_arena a;
  struct zr_tf_value v;
  zr_arena_init(&a, NULL, 0);
  const struct zr_view good = ZR_VIEW("{\n  \"id\": \"x\",\n  \"n\": 5, \"tags\": {\"b\": null, "
                                      "\"a\": \"1\"}, \"instance_ids\": [\"i\"], \"old\": 1\n}\n");
  struct zr_tf_decoding d = {.arena = &a};
  assert_true(zr_tf_from_json(&d, &s_type, good, true, &v));
  assert_string_equal(zr_tf_text(zr_tf_get(&s_type, &v, "id")), "x");
  assert_int_equal(zr_tf_get(&s_type, &v, "on")->is, ZR_TF_NULL);
  assert_int_equal(zr_tf_get(&s_type, &v, "n")->u64, 5);
  assert_string_equal(zr_tf_get(&s_type, &v, "tags")->keys[0].ptr, "a");
  assert_false(zr_tf_from_json(&d, &s_type, good, false, &v));
  static const char *const bad[] = {"",
                                    "{",
                                    "[]",
                                    "{\"id\":1}",
                                    "{} x",
                                    "{\"n\":{}}",
                                    "{\"on\":\"\"}",
                                    "{\"tags\":[]}",
                                    "\"\\ud800\"",
                                    "{\"instance_ids\":[1]}",
                                    "[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]"};
  for (size_t i = 0; i < ZR_COUNT(bad); i++)
    assert_false(zr_tf_from_json(&d, &s_type, zr_view_of(bad[i]), true, &v));
  zr_arena_clean_up(&a);
}

static void types_have_signatures(void **state) {
  (void)state;
  struct zr_buf out = ZR_BUF_INIT(1024);
  assert_int_equal(zr_tf_signature(&out, &s_type), ZR_ERR_OK);
  assert_string_equal(out.data,
                      "[\"object\",{\"id\":\"string\",\"instance_ids\":[\"list\",\"string\"],"
                      "\"n\":\"number\",\"on\":\"bool\",\"tags\":[\"map\",\"string\"]}]");
  zr_buf_clean_up(&out);
}

static void durations_are_those_of_go(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t ms;
  } good[] = {{"0", 0},       {"90s", 90000},      {"1h30m", 5400000}, {"1.5s", 1500},
              {"500ms", 500}, {"168h", 604800000}, {"1m0.25s", 60250}};
  static const char *const bad[] = {"",     "1",  "s",    "-1s",        "1 s",
                                    "169h", "1d", "1.s.", "9999999999s"};
  int64_t ms = 0;
  for (size_t i = 0; i < ZR_COUNT(good); i++) {
    assert_true(zr_tf_duration(good[i].text, &ms));
    assert_int_equal(ms, good[i].ms);
  }
  for (size_t i = 0; i < ZR_COUNT(bad); i++)
    assert_false(zr_tf_duration(bad[i], &ms));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_values_come_back),  cmocka_unit_test(bad_values_are_refused),
      cmocka_unit_test(bent_values_do_no_harm), cmocka_unit_test(json_fills_in_what_is_missing),
      cmocka_unit_test(types_have_signatures),  cmocka_unit_test(durations_are_those_of_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
