#include <cjson/cJSON.h>
#include <string.h>

#include "cli/json.h"
#include "cli/plugin_log.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cmocka_all.h"

/* ---- tables ---- */

static void test_columns_are_as_wide_as_their_widest_cell(void **state) {
  static const char *const heads[] = {"ID", "WHY"};
  static const char *const first[] = {"\xc3\xa4\xc3\xb6", "x"};
  static const char *const second[] = {"abcd", "y"};
  struct zr_table t = {0};
  struct zr_buf out = ZR_BUF_INIT(4096);
  (void)state;
  zr_table_begin(&t, heads, 2);
  assert_int_equal(zr_table_add(&t, first), 0);
  assert_int_equal(zr_table_add(&t, second), 0);
  zr_table_render(&t, 0, zr_table_rows(&t), false, &out);
  assert_string_equal(out.data, "ID    WHY\n\xc3\xa4\xc3\xb6    x\nabcd  y\n");
  zr_table_clean_up(&t);
  zr_buf_clean_up(&out);
}

static void test_no_text_can_move_the_cursor(void **state) {
  struct zr_buf out = ZR_BUF_INIT(4096);
  (void)state;
  zr_plain_text(&out, "a\033[31m\n\x7f\xc2\x9b\xff\xe2\x82\xac\xe2\x82");
  assert_string_equal(out.data, "a?[31m?????\xe2\x82\xac??");
  zr_buf_clean_up(&out);
}

/* ---- the live line ---- */

static void test_the_live_line_fits_and_says_what_goes_on(void **state) {
  struct zr_progress p;
  struct zr_buf out = ZR_BUF_INIT(4096);
  const struct zenrelease_event started = {.type = ZENRELEASE_EVENT_STARTED, .instances = 200};
  (void)state;
  zr_progress_begin(&p, false, (struct zr_mono){0});
  zr_progress_event(&p, &started);
  p.done = 50;
  zr_progress_line(&p, (struct zr_mono){2000}, 0, 80, &out);
  assert_string_equal(out.data, "[=====>              ] 50/200  25/s  2 s, 6 s left  connecting");
  zr_buf_reset(&out);
  zr_progress_line(&p, (struct zr_mono){2000}, 0, 20, &out);
  assert_int_equal(zr_text_width(out.data), 19);
  zr_buf_reset(&out);
  p.throttled_until_ms = 5001;
  zr_progress_line(&p, (struct zr_mono){2000}, 2000, 80, &out);
  assert_non_null(strstr(out.data, "throttled, 4 s left"));
  zr_buf_clean_up(&out);
  zr_progress_end(&p);
}

static void test_only_events_that_matter_get_a_line(void **state) {
  struct zr_buf out = ZR_BUF_INIT(4096);
  struct zenrelease_event ev = {.type = ZENRELEASE_EVENT_BATCH_ANSWERED,
                                .batch = 3,
                                .answer_class = "ok",
                                .service_code = "",
                                .service_request_id = "",
                                .reason = ""};
  struct zr_progress p = {.total = 150};
  (void)state;
  zr_progress_sentence(&p, &ev, &out);
  assert_int_equal(out.len, 0);
  ev.answer_class = "throttled";
  ev.service_code = "REQUEST_LIMIT";
  zr_progress_sentence(&p, &ev, &out);
  assert_string_equal(out.data, "batch 3 answered: throttled (REQUEST_LIMIT)");
  zr_buf_reset(&out);
  ev = (struct zenrelease_event){.type = ZENRELEASE_EVENT_PREFLIGHT_DONE, .instances = 50};
  p.read = 100;
  zr_progress_sentence(&p, &ev, &out);
  assert_int_equal(out.len, 0);
  p.read = 150;
  p.eligible = 140;
  zr_progress_sentence(&p, &ev, &out);
  assert_string_equal(out.data, "read 150, 140 in the recycle bin");
  zr_buf_clean_up(&out);
}

/* ---- JSON ---- */

static cJSON *s_parsed(struct zr_buf *b) {
  cJSON *object = cJSON_ParseWithOpts(b->data, NULL, 1);
  assert_non_null(object);
  assert_null(strchr(b->data, '\n'));
  zr_buf_clean_up(b);
  return object;
}

static const char *s_member(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsString(item) ? item->valuestring : "";
}

static void test_a_result_is_one_object(void **state) {
  static const char *const reads[] = {"q1", "q2"};
  const struct zenrelease_result r = {.instance_id = "a\"b",
                                      .outcome = ZENRELEASE_OUTCOME_NOT_RECYCLED,
                                      .last_status = "RUNNING",
                                      .display_name = "",
                                      .zone_id = "",
                                      .release_request_id = "",
                                      .read_request_ids = reads,
                                      .read_request_id_count = 2,
                                      .decide_time_ms = 1700000000123,
                                      .diagnostic_code = "NOT_RECYCLED"};
  struct zr_buf b = ZR_BUF_INIT(4096);
  (void)state;
  zr_json_result(&b, &r);
  cJSON *o = s_parsed(&b);
  assert_string_equal(s_member(o, "instance_id"), "a\"b");
  assert_string_equal(s_member(o, "outcome"), "not_recycled");
  assert_string_equal(s_member(o, "decide_time"), "2023-11-14T22:13:20.123Z");
  assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "read_request_ids")), 2);
  assert_null(cJSON_GetObjectItem(o, "zone_id"));
  cJSON_Delete(o);
}

static void test_counts_name_every_outcome(void **state) {
  struct zenrelease_counts c = {{0}, 7, 2};
  struct zr_buf b = ZR_BUF_INIT(4096);
  (void)state;
  c.by_outcome[ZENRELEASE_OUTCOME_RELEASED] = 7;
  zr_json_counts(&b, &c);
  assert_string_equal(b.data, "{\"released\":7,\"accepted\":0,\"already_gone\":0,\"not_found\":0,"
                              "\"not_recycled\":0,\"refused\":0,\"invalid\":0,\"not_attempted\":0,"
                              "\"unknown\":0,\"total\":7,\"duplicates\":2}");
  zr_buf_clean_up(&b);
}

static void test_every_event_has_its_lower_case_type(void **state) {
  static const enum zenrelease_event_type types[] = {
      ZENRELEASE_EVENT_STARTED,    ZENRELEASE_EVENT_RECONNECTING,   ZENRELEASE_EVENT_STOPPING,
      ZENRELEASE_EVENT_BATCH_SENT, ZENRELEASE_EVENT_PREFLIGHT_DONE, ZENRELEASE_EVENT_BATCH_ANSWERED,
      ZENRELEASE_EVENT_THROTTLED,  ZENRELEASE_EVENT_BATCH_SPLIT,    ZENRELEASE_EVENT_VERIFIED};
  (void)state;
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    const struct zenrelease_event ev = {.type = types[i],
                                        .sequence = 1,
                                        .answer_class = "",
                                        .service_code = "",
                                        .service_request_id = "",
                                        .reason = "\xff"};
    struct zr_buf b = ZR_BUF_INIT(4096);
    zr_json_event(&b, &ev);
    cJSON *o = s_parsed(&b);
    assert_string_equal(s_member(o, "type"), zenrelease_event_type_name(types[i]));
    assert_string_not_equal(s_member(o, "type"), "none");
    assert_string_equal(s_member(o, "reason"), "\xef\xbf\xbd");
    cJSON_Delete(o);
  }
}

/* ---- the plugin's log ---- */

static void test_log_lines_become_sentences(void **state) {
  struct zr_buf b = ZR_BUF_INIT(4096);
  bool important = false;
  (void)state;
  zr_plugin_log_human("{\"@level\":\"warn\",\"@message\":\"slow\",\"@module\":\"http\",\"ms\":12,"
                      "\"host\":\"h\"}",
                      &b, &important);
  assert_string_equal(b.data, "warn: slow (ms=12, host=h)");
  assert_true(important);
  zr_buf_reset(&b);
  zr_plugin_log_human("{\"@level\":\"info\",\"@message\":\"ready\"}", &b, &important);
  assert_string_equal(b.data, "info: ready");
  assert_false(important);
  zr_buf_reset(&b);
  zr_plugin_log_human("Segmentation\tfault", &b, &important);
  assert_string_equal(b.data, "Segmentation?fault");
  assert_true(important);
  zr_buf_clean_up(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_columns_are_as_wide_as_their_widest_cell),
      cmocka_unit_test(test_no_text_can_move_the_cursor),
      cmocka_unit_test(test_the_live_line_fits_and_says_what_goes_on),
      cmocka_unit_test(test_only_events_that_matter_get_a_line),
      cmocka_unit_test(test_a_result_is_one_object),
      cmocka_unit_test(test_counts_name_every_outcome),
      cmocka_unit_test(test_every_event_has_its_lower_case_type),
      cmocka_unit_test(test_log_lines_become_sentences),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
