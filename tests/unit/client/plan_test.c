/* Teardown files and plans as texts: what is wrong is named where it stands, and no plan that is
 * not as it was made is opened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan_file.h"
#include "plan/seen.h"

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
    {"{\"version\":1,\"steps\":[{\"ids\":[1.5]}]}", "steps[0].ids[0]: must be a text"},
    {"{\"version\":01}", "f:1:14: version: is no JSON value"},
    {"{\"version\":-}", "version: is no JSON value"},
    {"{\"version\":1.}", "version: is no JSON value"},
    {"{\"version\":1e}", "version: is no JSON value"},
    {"{\"version\":1.0}", "f:1:12: version: must be a whole number"},
    {"{\"version\":1e0}", "f:1:12: version: must be a whole number"},
    {"{\"version\":1234567890123456789}", "f:1:12: version: must be a whole number"},
    {"{\"version\":1,\"version\":1}", "f:1:14: version: is there twice"},
    /* What is there twice does not hide what else is wrong. */
    {"{\"version\":1,\"version\":1,\"steps\":[],\"colour\":1.5}", "f:1:34: steps: must have"},
    {"{\"version\":1,\"version\":1,\"steps\":[],\"colour\":1.5}", "f:1:46: colour: is not"},
    {"{\"version\":1,\"description\":7,\"steps\":[]}", "description: must be a text"},
    {"{\"version\":1,\"$schema\":null,\"steps\":[]}", "$schema: must be a text"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"ids\":[\"1\"],"
     "\"options\":{\"wait\":\"24h1s\"}}]}",
     "steps[0].options.wait: is longer than 24 hours"},
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"selector\":"
     "{\"zone\":\"a\\nb\"}}]}",
     "steps[0].selector.zone: has a control character"},
    {"{\"version\":1} x", "f:1:15: something stands behind the end"},
    {"{\"a\":\"\\q\"}", "an escape in it that JSON does not know"},
    {"{\"a\":\"\\ud800\"}", "an escape in it that JSON does not know"},
    {"{\"a\":\"\\u0000\"}", "an escape in it that JSON does not know"},
    {"{\"a\":\"x", "a text does not end"},
    {"{\"a\":\"\n\"}", "a text has a control character in it"},
    {"{\"a\":tru}", "is no JSON value"},
    {"{\"a\":\"\xff\"}", "f:1:7: is not well-formed UTF-8"},
    {"{\n\"\xc3\xa9\":\"\xc3\x28\"}", "f:2:7: is not well-formed UTF-8"},
    /* A cycle is told beside what else is wrong. */
    {"{\"version\":1,\"steps\":[{\"name\":\"a\",\"product\":\"vm\",\"ids\":[\"1\"],"
     "\"depends_on\":[\"b\",\"c\"]},{\"name\":\"b\",\"product\":\"vm\",\"ids\":[\"2\"],"
     "\"depends_on\":[\"a\"]}]}",
     "a cycle: a -> b -> a"},
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

/* Whether a plan with this instance is read back. */
static bool s_survives(const struct zenrelease_instance *i) {
  struct zr_buf line = ZR_BUF_INIT(ZR_PLAN_LINE_MAX);
  struct zr_problems p;
  struct zr_arena arena;
  struct zr_plan_entry e;
  const char *step = NULL;
  zr_plan_instance_line(&line, "s", i);
  zr_problems_init(&p, "f");
  zr_arena_init(&arena, NULL, 0);
  const struct zr_jnode *n = zr_json_tree(zr_buf_as_view(&line), 1, &arena, &p);
  bool fine = n && zr_plan_entry_read(n, &arena, &e, &step, &p);
  assert_true(fine || p.text.len > 0);
  zr_arena_clean_up(&arena);
  zr_problems_clean_up(&p);
  zr_buf_clean_up(&line);
  return fine;
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

/* One set of limits: what a plan cannot hold is not written into one. */
static void test_what_is_read_back_is_what_may_be_written(void **state) {
  static struct zenrelease_tag tags[ZR_PLAN_TAGS_MAX + 1];
  static const char *addresses[ZR_PLAN_ADDRESSES_MAX + 1];
  static char text[ZR_PLAN_TEXT_MAX + 2];
  struct zr_buf why = ZR_BUF_INIT(4096);
  (void)state;
  memset(text, 'x', ZR_PLAN_TEXT_MAX + 1);
  for (size_t i = 0; i < ZR_PLAN_TAGS_MAX + 1; i++)
    tags[i] = (struct zenrelease_tag){"k", "v"};
  for (size_t i = 0; i < ZR_PLAN_ADDRESSES_MAX + 1; i++)
    addresses[i] = "198.18.0.1";
  const struct zenrelease_instance full = {.instance_id = "1",
                                           .name = text + 1,
                                           .status = "",
                                           .zone_id = "",
                                           .resource_group_id = "",
                                           .charge_type = "",
                                           .create_time = "",
                                           .expire_time = "",
                                           .tags = tags,
                                           .tag_count = ZR_PLAN_TAGS_MAX,
                                           .public_ip_addresses = addresses,
                                           .public_ip_address_count = ZR_PLAN_ADDRESSES_MAX,
                                           .disk_count = ZR_PLAN_DISKS_MAX,
                                           .undetachable_disk_count = ZR_PLAN_DISKS_MAX};
  struct zenrelease_instance over[] = {full, full, full, full, full};
  over[0].name = text;
  over[1].tag_count++;
  over[2].public_ip_address_count++;
  over[3].disk_count++;
  over[4].expire_time = text;
  assert_true(zr_plan_holds(&full, &why));
  assert_true(s_survives(&full));
  for (size_t i = 0; i < sizeof over / sizeof over[0]; i++) {
    zr_buf_reset(&why);
    assert_false(zr_plan_holds(&over[i], &why));
    assert_true(why.len > 0);
    assert_false(s_survives(&over[i]));
  }
  zr_buf_clean_up(&why);
}

static void test_a_header_beyond_the_limit_is_not_written(void **state) {
  static char pattern[ZR_PLAN_TEXT_MAX + 1];
  static struct zenrelease_keep keep[ZR_KEEP_RULES_MAX];
  static struct zr_step steps[ZR_STEPS_MAX];
  struct zr_plan_writer w;
  struct zr_plan_head head = {.account = "a", .endpoint = "e", .steps = {steps, 5}};
  FILE *file = tmpfile();
  (void)state;
  assert_non_null(file);
  memset(pattern, 'x', ZR_PLAN_TEXT_MAX);
  for (size_t i = 0; i < ZR_KEEP_RULES_MAX; i++)
    keep[i].name_pattern = pattern;
  for (size_t i = 0; i < ZR_STEPS_MAX; i++)
    steps[i] = (struct zr_step){.name = "s", .product = ZENRELEASE_PRODUCT_VM};
  for (size_t i = 0; i < 11; i++) {
    steps[i].policy.keep = keep;
    steps[i].policy.keep_count = ZR_KEEP_RULES_MAX;
  }
  assert_true(zr_plan_write_head(&w, file, &head));
  zr_plan_writer_clean_up(&w);
  head.steps.count = 11;
  assert_false(zr_plan_write_head(&w, file, &head));
  assert_true(w.too_long);
  zr_plan_writer_clean_up(&w);
  (void)fclose(file);
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

static void test_who_picked_what_is_known_among_many(void **state) {
  struct zr_seen seen;
  char id[16];
  size_t other = 99;
  (void)state;
  assert_true(zr_seen_begin(&seen));
  for (int i = 0; i < 5000; i++) {
    (void)snprintf(id, sizeof id, "%d", i);
    assert_int_equal(zr_seen_add(&seen, ZENRELEASE_PRODUCT_VM, id, (size_t)i % 3, &other),
                     ZR_SEEN_NOWHERE);
  }
  for (int i = 0; i < 5000; i++) {
    (void)snprintf(id, sizeof id, "%d", i);
    assert_int_equal(zr_seen_add(&seen, ZENRELEASE_PRODUCT_VM, id, (size_t)i % 3, &other),
                     ZR_SEEN_HERE);
    assert_int_equal(zr_seen_add(&seen, ZENRELEASE_PRODUCT_VM, id, 99, &other), ZR_SEEN_ELSEWHERE);
    assert_int_equal(other, i % 3);
  }
  assert_int_equal(zr_seen_add(&seen, ZENRELEASE_PRODUCT_BMC, "7", 1, &other), ZR_SEEN_NOWHERE);
  zr_seen_clean_up(&seen);
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
      cmocka_unit_test(test_what_is_read_back_is_what_may_be_written),
      cmocka_unit_test(test_a_header_beyond_the_limit_is_not_written),
      cmocka_unit_test(test_who_picked_what_is_known_among_many),
      cmocka_unit_test(test_a_plan_cut_short_at_any_byte_is_refused),
      cmocka_unit_test(test_a_plan_with_any_byte_changed_is_refused),
      cmocka_unit_test(test_times_are_read_strictly),
  };
  return cmocka_run_group_tests_name("client: teardown files and plans", tests, NULL, NULL);
}
