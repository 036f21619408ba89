/* Teardown files and plans as texts: what is wrong is named where it stands, and no plan that is
 * not as it was made is opened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan_file.h"

#include "cmocka_all.h"

/* ---- teardown files ---- */

struct fault {
  const char *text;
  const char *said;
};

static const struct fault s_faults[] = {
    {"", "f:1:1: ends too early"},
    {"{", "f:1:2: the name of a member is missing"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\"", "f:1:34: steps[0]: a comma or } is missing"},
    {"{\"version\":1,\"steps\":[{\"ids\":[1.5]}]}", "steps[0].ids[0]: must be a whole number"},
    {"{\"version\":01}", "must be a whole number"},
    {"{\"version\":1,\"version\":1}", "f:1:14: version: is there twice"},
    {"{\"version\":1} x", "f:1:15: something stands behind the end"},
    {"{\"a\":\"\\q\"}", "an escape in it that JSON does not know"},
    {"{\"a\":\"\\ud800\"}", "an escape in it that JSON does not know"},
    {"{\"a\":\"\\u0000\"}", "an escape in it that JSON does not know"},
    {"{\"a\":\"x", "a text does not end"},
    {"{\"a\":\"\n\"}", "a text has a control character in it"},
    {"{\"a\":tru}", "is no JSON value"},
    {"{\"a\":\"\xff\"}", "is not well-formed UTF-8"},
    {"[]", "f:1:1: must be an object"},
    {"{\"steps\":[]}", "has no member \"version\""},
    {"{\"version\":2,\"steps\":[]}", "f:1:12: version: must be from 1 to 1, not 2"},
    {"{\"version\":1,\"steps\":[]}", "f:1:22: steps: must have 1 to 100 steps"},
    {"{\"version\":1,\"steps\":[7]}", "f:1:23: steps[0]: must be an object"},
    {"{\"version\":1,\n\"steps\":[{\"name\":\"a\",\"product\":\"vm\"}]}",
     "f:2:10: steps[0]: must have either ids or a selector"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"ids\":[\"1\"],"
     "\"selector\":{\"all\":true}}]}",
     "must have either ids or a selector"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"selector\":"
     "{\"all\":true,\"zone\":\"z\"}}]}",
     "steps[0].selector: must have a zone"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"ids\":[\"1\"],\"options\":"
     "{\"depend_resource\":true}}]}",
     "steps[0].options.depend_resource: is for zec only"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"ids\":[\"1\"],\"policy\":"
     "{\"keep\":[{\"tag\":\"=x\"}]}}]}",
     "steps[0].policy.keep[0].tag: has no key"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"ids\":[\"1\"],\"policy\":"
     "{\"keep\":[{\"tag\":\"x\",\"zone_id\":\"y\"}]}}]}",
     "steps[0].policy.keep[0]: must be an object with exactly one"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"ids\":[\"1\",\"2\",\"1\"]}]}",
     "steps[0].ids[2]: repeats ids[0]"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"ids\":[\"1\"]},"
     "{\"name\":\"a\",\"product\":\"vm\",\"ids\":[\"2\"]}]}",
     "steps[1].name: is the name of steps[0] already"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"ids\":[\"1\"],"
     "\"depends_on\":[\"a\"]}]}",
     "steps[0].depends_on[0]: a step cannot depend on itself"},
};

static void test_every_fault_of_a_file_is_named_where_it_stands(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof s_faults / sizeof s_faults[0]; i++) {
    struct zr_teardown t;
    struct zr_problems p;
    zr_problems_init(&p, "f");
    bool fine = zr_teardown_parse(&t, zr_view_of(s_faults[i].text), &p);
    if (fine || !p.text.data || !strstr(p.text.data, s_faults[i].said))
      fail_msg("%s\nsaid \"%s\"\nnot  \"%s\"", s_faults[i].text, p.text.data ? p.text.data : "",
               s_faults[i].said);
    zr_teardown_clean_up(&t);
    zr_problems_clean_up(&p);
  }
}

static void test_deep_nesting_ends(void **state) {
  char text[200];
  struct zr_teardown t;
  struct zr_problems p;
  (void)state;
  memset(text, '[', sizeof text);
  zr_problems_init(&p, "f");
  assert_false(zr_teardown_parse(&t, (struct zr_view){text, sizeof text}, &p));
  assert_non_null(strstr(p.text.data, "nested too deeply"));
  zr_teardown_clean_up(&t);
  zr_problems_clean_up(&p);
}

static void test_a_selector_has_belts_and_ids_have_none(void **state) {
  static const char text[] =
      "{\"version\":1,\"policy\":{\"keep\":[{\"tag\":\"k\"}]},\"steps\":["
      "{\"name\":\"a\",\"product\":\"vm\",\"selector\":{\"zone\":\"z\",\"min_bin_time\":\"1h\"},"
      "\"policy\":{\"keep\":[{\"zone_id\":\"y\"}]}},"
      "{\"name\":\"b\",\"product\":\"zec\",\"ids\":[\"\\u00e9\"],\"depends_on\":[\"a\"]}]}";
  struct zr_teardown t;
  struct zr_problems p;
  (void)state;
  zr_problems_init(&p, "f");
  assert_true(zr_teardown_parse(&t, zr_view_of(text), &p));
  const struct zr_step *a = &t.steps.items[0];
  const struct zr_step *b = &t.steps.items[1];
  assert_int_equal(a->policy.max_instances, 100);
  assert_int_equal(a->policy.max_bin_percent, 50);
  assert_int_equal(a->policy.min_bin_time_ms, 3600000);
  assert_int_equal(a->policy.keep_count, 2);
  assert_int_equal(b->policy.max_instances, 0);
  assert_int_equal(b->policy.max_bin_percent, 0);
  assert_int_equal(b->policy.keep_count, 1);
  assert_int_equal(b->policy.max_drift_percent, 10);
  assert_int_equal(b->needs[0], 0);
  assert_string_equal(b->ids[0], "\xc3\xa9");
  zr_teardown_clean_up(&t);
  zr_problems_clean_up(&p);
}

/* ---- plans ---- */

struct text {
  char *bytes;
  size_t len;
};

static struct text s_make(void) {
  static const struct zenrelease_tag tag = {"env", "old \"shop\""};
  static const char *const address = "198.18.0.1";
  static struct zr_step step = {.name = "web", .product = ZENRELEASE_PRODUCT_VM, .wait_ms = -1};
  const struct zr_plan_head head = {.created_ms = 1700000000000,
                                    .expires_ms = 1700000001000,
                                    .account = "aa",
                                    .endpoint = "https://e",
                                    .max_drift_percent = 10,
                                    .steps = {&step, 1}};
  const struct zenrelease_instance i = {.instance_id = "1",
                                        .name = "web-1",
                                        .status = "RECYCLE",
                                        .zone_id = "z",
                                        .resource_group_id = "g",
                                        .charge_type = "POSTPAID",
                                        .create_time = "c",
                                        .expire_time = "e",
                                        .tags = &tag,
                                        .tag_count = 1,
                                        .public_ip_addresses = &address,
                                        .public_ip_address_count = 1};
  struct zr_plan_writer w;
  char digest[ZR_DIGEST_ROOM];
  struct text t = {NULL, 0};
  FILE *file = open_memstream(&t.bytes, &t.len);
  assert_non_null(file);
  assert_true(zr_plan_write_head(&w, file, &head));
  zr_plan_write_instance(&w, "web", &i);
  zr_plan_write_blocked(&w, "web", "2", "NOT_RECYCLED", "it runs");
  assert_true(zr_plan_write_end(&w, digest));
  zr_plan_writer_clean_up(&w);
  assert_int_equal(fclose(file), 0);
  return t;
}

/* Whether such a plan is opened; when not, something was said. */
static bool s_opens(const char *bytes, size_t len) {
  struct zr_plan plan;
  struct zr_problems p;
  FILE *file = tmpfile();
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, len, file), len);
  rewind(file);
  zr_problems_init(&p, "f");
  bool opens = zr_plan_open_file(&plan, file, &p);
  assert_true(opens || p.text.len > 0);
  zr_plan_clean_up(&plan);
  zr_problems_clean_up(&p);
  (void)fclose(file);
  return opens;
}

static void test_a_plan_is_read_as_it_was_written(void **state) {
  struct text t = s_make();
  struct zr_plan plan;
  struct zr_plan_cursor c;
  struct zr_plan_entry e;
  struct zr_problems p;
  struct zr_arena arena;
  FILE *file = fmemopen(t.bytes, t.len, "r");
  (void)state;
  zr_problems_init(&p, "f");
  zr_arena_init(&arena, NULL, 0);
  assert_true(zr_plan_open_file(&plan, file, &p));
  (void)fclose(file);
  assert_int_equal(plan.instances, 1);
  assert_int_equal(plan.blocked, 1);
  assert_int_equal(plan.head.expires_ms, 1700000001000);
  zr_plan_cursor_begin(&c, &plan, 0);
  assert_int_equal(zr_plan_next(&c, &arena, &e), 1);
  assert_string_equal(e.instance.tags[0].value, "old \"shop\"");
  assert_string_equal(e.instance.public_ip_addresses[0], "198.18.0.1");
  assert_int_equal(zr_plan_next(&c, &arena, &e), 1);
  assert_true(e.blocked);
  assert_string_equal(e.detail, "it runs");
  assert_int_equal(zr_plan_next(&c, &arena, &e), 0);
  zr_plan_cursor_clean_up(&c);
  zr_arena_clean_up(&arena);
  zr_plan_clean_up(&plan);
  zr_problems_clean_up(&p);
  free(t.bytes);
}

static void test_a_plan_cut_short_at_any_byte_is_refused(void **state) {
  struct text t = s_make();
  (void)state;
  assert_true(s_opens(t.bytes, t.len));
  for (size_t len = 0; len < t.len; len++)
    assert_false(s_opens(t.bytes, len));
  free(t.bytes);
}

static void test_a_plan_with_any_byte_changed_is_refused(void **state) {
  struct text t = s_make();
  (void)state;
  for (size_t i = 0; i < t.len; i++) {
    char was = t.bytes[i];
    for (int bit = 0; bit < 8; bit++) {
      t.bytes[i] = (char)(was ^ (1 << bit));
      assert_false(s_opens(t.bytes, t.len));
    }
    t.bytes[i] = was;
  }
  assert_true(s_opens(t.bytes, t.len));
  free(t.bytes);
}

static void test_times_are_read_strictly(void **state) {
  int64_t ms = 0;
  (void)state;
  assert_true(zr_stamp_read("2026-01-31T12:34:56.789Z", &ms));
  assert_int_equal(ms, 1769862896789);
  assert_false(zr_stamp_read("2026-02-31T12:34:56.789Z", &ms));
  assert_false(zr_stamp_read("2026-01-31T12:34:56Z", &ms));
  assert_false(zr_stamp_read("2026-01-31 12:34:56.789Z", &ms));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_fault_of_a_file_is_named_where_it_stands),
      cmocka_unit_test(test_deep_nesting_ends),
      cmocka_unit_test(test_a_selector_has_belts_and_ids_have_none),
      cmocka_unit_test(test_a_plan_is_read_as_it_was_written),
      cmocka_unit_test(test_a_plan_cut_short_at_any_byte_is_refused),
      cmocka_unit_test(test_a_plan_with_any_byte_changed_is_refused),
      cmocka_unit_test(test_times_are_read_strictly),
  };
  return cmocka_run_group_tests_name("client: teardown files and plans", tests, NULL, NULL);
}
