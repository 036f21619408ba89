/* Replies, whole and odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "zenlayer/json.h"
#include "zenlayer/pages.h"
#include "zenlayer/reply.h"
#include "zenlayer/sanitize.h"

static void a_success(void **state) {
  struct zr_reply r;
  (void)state;
  zr_reply_decode(ZR_VIEW(" {\"requestId\":\"T1\",\"response\":{\"requestId\":\"T1\"}}\n"), "", &r);
  assert_null(r.fault);
  assert_true(r.recognised);
  assert_string_equal(r.request_id, "T1");
  assert_string_equal(r.code, "");
  zr_reply_clean_up(&r);
  zr_reply_decode(ZR_VIEW("{\"response\":{\"requestId\":\"T1\"},\"code\":null}"), "identity", &r);
  assert_null(r.fault);
  zr_reply_clean_up(&r);
}

static void an_error(void **state) {
  struct zr_reply r;
  (void)state;
  zr_reply_decode(ZR_VIEW("{\"requestId\":\"T2\",\"code\":\"Invalid.Instance.Not.Found\","
                          "\"message\":\"no\"}"),
                  "", &r);
  assert_non_null(r.fault);
  assert_true(r.recognised);
  assert_string_equal(r.code, "Invalid.Instance.Not.Found");
  assert_string_equal(r.message, "no");
  assert_string_equal(r.request_id, "T2");
  zr_reply_clean_up(&r);
}

/* None of these is a success; `recognised` tells those that still carry a code. */
static void what_is_no_success(void **state) {
  static const struct {
    const char *body;
    bool recognised;
  } cases[] = {
      {"", false},
      {" ", false},
      {"null", false},
      {"[]", false},
      {"\"x\"", false},
      {"{}", false},
      {"{\"requestId\":\"T\"}", false},
      {"{\"requestId\":\"T\",\"response\":null}", false},
      {"{\"requestId\":\"T\",\"response\":[]}", false},
      {"{\"requestId\":\"T\",\"response\":\"x\"}", false},
      {"{\"response\":{}}", false},
      {"{\"requestId\":\"\",\"response\":{}}", false},
      {"{\"requestId\":7,\"response\":{}}", false},
      {"{\"requestId\":\"T\",\"response\":{\"requestId\":7}}", false},
      {"{\"requestId\":\"T\",\"response\":{\"requestId\":\"U\"}}", false},
      {"{\"requestId\":\"T\",\"response\":{\"requestId\":\"\"}}", false},
      {"{\"requestId\":\"a b\",\"response\":{}}", false},
      {"{\"requestId\":\"T\",\"requestId\":\"T\",\"response\":{}}", false},
      {"{\"requestId\":\"T\",\"response\":{},\"response\":{}}", false},
      {"{\"requestId\":\"T\",\"response\":{\"a\":1,\"a\":1}}", false},
      {"{\"requestId\":\"T\",\"response\":{}} x", false},
      {"{\"requestId\":\"T\",\"response\":{}}{}", false},
      {"{\"requestId\":\"T\",\"response\":{}", false},
      {"{\"requestId\":\"T\xFF\",\"response\":{}}", false},
      {"{\"requestId\":\"T\",\"response\":{\"x\":\"\\u0000\"}}", false},
      {"{\"requestId\":\"T\",\"response\":{\"x\":\"\n\"}}", false},
      {"{\"requestId\":\"T\",\"response\":{\"x\":\"\\ud800\"}}", false},
      {"<html>\"requestId\"</html>", false},
      {"{\"requestId\":\"T\",\"response\":{},\"code\":\"X_Y\"}", true},
      {"{\"requestId\":\"T\",\"response\":{\"code\":\"X_Y\"}}", true},
      {"{\"requestId\":\"T\",\"response\":{},\"code\":0}", false},
      {"{\"requestId\":\"T\",\"response\":{},\"code\":{}}", false},
      {"{\"code\":\"X Y\",\"requestId\":\"T\"}", false},
      {"{\"code\":\"X_Y\",\"code\":\"Z\"}", false},
      {"{\"code\":\"X_Y\",\"requestId\":7}", false},
      {"{\"code\":\"X_Y\"}", true},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct zr_reply r;
    zr_reply_decode(zr_view_of(cases[i].body), "", &r);
    if (!r.fault || r.recognised != cases[i].recognised)
      fail_msg("%s: fault %s, recognised %d", cases[i].body, r.fault ? r.fault : "none",
               r.recognised);
    zr_reply_clean_up(&r);
  }
}

static void nul_bytes_and_compression(void **state) {
  struct zr_reply r;
  (void)state;
  zr_reply_decode(ZR_VIEW("{\"requestId\":\"T\",\"response\":{}}\0"), "", &r);
  assert_non_null(r.fault);
  zr_reply_clean_up(&r);
  zr_reply_decode(ZR_VIEW("{\"requestId\":\"T\",\"response\":{}}"), "gzip", &r);
  assert_non_null(r.fault);
  assert_false(r.recognised);
  zr_reply_clean_up(&r);
}

static void depth_is_bounded(void **state) {
  char text[200];
  (void)state;
  for (size_t depth = 30; depth < 40; depth++) {
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    cJSON *tree = zr_json_parse((struct zr_view){text, 2 * depth});
    assert_int_equal(tree != NULL, depth <= ZR_JSON_MAX_DEPTH);
    cJSON_Delete(tree);
  }
}

/* Cut at every length: never a success before the end. */
static void a_cut_body_is_no_success(void **state) {
  static const char whole[] =
      "{\"requestId\":\"T\",\"response\":{\"requestId\":\"T\",\"totalCount\":"
      "1,\"dataSet\":[{\"instanceId\":\"a\"}]}}";
  (void)state;
  for (size_t n = 0; n < sizeof whole - 1; n++) {
    struct zr_reply r;
    zr_reply_decode((struct zr_view){whole, n}, "", &r);
    assert_non_null(r.fault);
    zr_reply_clean_up(&r);
  }
}

/* The fault of a payload, and the rows when there is none. */
static const char *rows_of(const char *payload, enum zr_product product, struct zr_arena *arena,
                           cJSON **tree, struct zr_rows *rows) {
  *tree = zr_json_parse(zr_view_of(payload));
  assert_non_null(*tree);
  return zr_reply_rows(*tree, product, arena, rows);
}

static void rows_are_read(void **state) {
  struct zr_arena arena;
  struct zr_rows rows;
  cJSON *tree = NULL;
  (void)state;
  zr_arena_init(&arena, NULL, 0);
  assert_null(rows_of(
      "{\"totalCount\":2,\"dataSet\":[{\"instanceId\":\"a\",\"instanceStatus\":\"RECYCLE\","
      "\"instanceName\":\"n\",\"zoneId\":\"z\",\"expiredTime\":null,"
      "\"publicIpAddresses\":[\"192.0.2.1\"],\"tags\":{\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]},"
      "\"systemDisk\":{},\"dataDisks\":[{\"portable\":true},{\"portable\":false}],\"new\":[1]},"
      "{\"instanceId\":\"b\",\"instanceType\":{\"cpu\":1},\"instanceTypeId\":\"t\"}]}",
      ZR_PRODUCT_BMC, &arena, &tree, &rows));
  assert_int_equal(rows.count, 2);
  assert_int_equal(rows.total, 2);
  assert_string_equal(rows.rows[0].id, "a");
  assert_string_equal(rows.rows[0].status, "RECYCLE");
  assert_string_equal(rows.rows[0].expired_time, "");
  assert_string_equal(rows.rows[0].public_ips[0], "192.0.2.1");
  assert_string_equal(rows.rows[0].tags[0].value, "v");
  assert_int_equal(rows.rows[0].disk_count, 3);
  assert_int_equal(rows.rows[0].undetachable_disk_count, 2);
  assert_string_equal(rows.rows[1].instance_type, "t");
  assert_string_equal(rows.rows[1].status, "");
  cJSON_Delete(tree);
  zr_arena_clean_up(&arena);
}

static void either_word_for_the_status(void **state) {
  struct zr_arena arena;
  struct zr_rows rows;
  cJSON *tree = NULL;
  (void)state;
  zr_arena_init(&arena, NULL, 0);
  assert_null(
      rows_of("{\"totalCount\":1,\"dataSet\":[{\"instanceId\":\"a\",\"status\":\"RECYCLED\"}]}",
              ZR_PRODUCT_VM, &arena, &tree, &rows));
  assert_string_equal(rows.rows[0].status, "RECYCLED");
  cJSON_Delete(tree);
  assert_null(rows_of("{\"totalCount\":0,\"dataSet\":null}", ZR_PRODUCT_ZEC, &arena, &tree, &rows));
  assert_int_equal(rows.count, 0);
  cJSON_Delete(tree);
  zr_arena_clean_up(&arena);
}

static void rows_that_are_not_accepted(void **state) {
  static const char *const bad[] = {
      "{\"dataSet\":[]}",
      "{\"totalCount\":0}",
      "{\"totalCount\":\"1\",\"dataSet\":[]}",
      "{\"totalCount\":-1,\"dataSet\":[]}",
      "{\"totalCount\":1.5,\"dataSet\":[]}",
      "{\"totalCount\":1e300,\"dataSet\":[]}",
      "{\"totalCount\":1,\"dataSet\":{}}",
      "{\"totalCount\":1,\"dataSet\":[1]}",
      "{\"totalCount\":1,\"dataSet\":[null]}",
      "{\"totalCount\":1,\"dataSet\":[{}]}",
      "{\"totalCount\":1,\"dataSet\":[{\"instanceId\":\"\"}]}",
      "{\"totalCount\":1,\"dataSet\":[{\"instanceId\":1234567654321}]}",
      "{\"totalCount\":1,\"dataSet\":[{\"instanceId\":\"a\",\"instanceStatus\":1}]}",
      "{\"totalCount\":1,\"dataSet\":[{\"instanceId\":\"a\",\"instanceId\":\"a\"}]}",
      ("{\"totalCount\":1,\"dataSet\":[{\"instanceId\":\"a\",\"status\":\"RUNNING\","
       "\"instanceStatus\":\"RECYCLE\"}]}"),
  };
  struct zr_arena arena;
  (void)state;
  zr_arena_init(&arena, NULL, 0);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct zr_rows rows;
    cJSON *tree = NULL;
    if (!rows_of(bad[i], ZR_PRODUCT_VM, &arena, &tree, &rows))
      fail_msg("accepted: %s", bad[i]);
    cJSON_Delete(tree);
  }
  zr_arena_clean_up(&arena);
}

/* What decides nothing may be of any type: it is left empty. */
static void what_decides_nothing_may_be_odd(void **state) {
  struct zr_arena arena;
  struct zr_rows rows;
  cJSON *tree = NULL;
  (void)state;
  zr_arena_init(&arena, NULL, 0);
  assert_null(
      rows_of("{\"totalCount\":1,\"dataSet\":[{\"instanceId\":\"a\",\"instanceStatus\":\"RECYCLE\","
              "\"createTime\":5,\"zoneId\":[],\"publicIpAddresses\":[null,\"1.2.3.4\"],"
              "\"privateIpAddresses\":\"x\",\"status\":\"active\"}]}",
              ZR_PRODUCT_VM, &arena, &tree, &rows));
  assert_string_equal(rows.rows[0].status, "RECYCLE");
  assert_string_equal(rows.rows[0].zone_id, "");
  assert_int_equal(rows.rows[0].public_ip_count, 1);
  assert_int_equal(rows.rows[0].private_ip_count, 0);
  cJSON_Delete(tree);
  zr_arena_clean_up(&arena);
}

static void failed_ids(void **state) {
  static const struct {
    const char *payload;
    int count; /* -1: a fault */
  } cases[] = {{"{}", 0},
               {"{\"instanceIds\":null}", 0},
               {"{\"instanceIds\":[]}", 0},
               {"{\"instanceIds\":[\"a\",\"b\"]}", 2},
               {"{\"instanceIds\":\"a\"}", -1},
               {"{\"instanceIds\":{}}", -1},
               {"{\"instanceIds\":[1]}", -1},
               {"{\"instanceIds\":[\"\"]}", -1},
               {"{\"instanceIds\":[null]}", -1}};
  struct zr_arena arena;
  (void)state;
  zr_arena_init(&arena, NULL, 0);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *const *ids = NULL;
    size_t count = 0;
    cJSON *tree = zr_json_parse(zr_view_of(cases[i].payload));
    const char *fault = zr_reply_failed_ids(tree, &arena, &ids, &count);
    assert_int_equal(fault ? -1 : (int)count, cases[i].count);
    cJSON_Delete(tree);
  }
  zr_arena_clean_up(&arena);
}

/* ---- pages ---- */

static struct zr_instance row(const char *id, const char *status) {
  return (struct zr_instance){id, status, "", "", "", "", "", "", "", "", "",
                              0,  0,      0,  0,  0,  0,  0,  0,  0,  0};
}

struct book {
  struct zr_arena arena;
  struct zr_pages *pages;
};

static void open_book(struct book *b) {
  static const char *const ids[] = {"c", "a", "b"};
  zr_arena_init(&b->arena, NULL, 0);
  b->pages = zr_pages_new(&b->arena, ids, 3);
  assert_non_null(b->pages);
}

static void add(struct book *b, uint64_t total, struct zr_instance *rows, size_t count) {
  struct zr_rows page = {rows, count, total};
  assert_int_equal(zr_pages_add(b->pages, &page), ZR_ERR_OK);
}

static void close_book(struct book *b, bool complete, size_t rows) {
  size_t count = 0;
  (void)zr_pages_rows(b->pages, &count);
  assert_int_equal(count, rows);
  assert_int_equal(zr_pages_are_complete(b->pages), complete);
  zr_pages_clean_up(b->pages);
  zr_arena_clean_up(&b->arena);
}

static void one_page_with_all(void **state) {
  struct zr_instance rows[] = {row("a", "RECYCLE"), row("c", "RUNNING")};
  struct book b;
  (void)state;
  open_book(&b);
  add(&b, 2, rows, 2);
  assert_false(zr_pages_want_more(b.pages));
  close_book(&b, true, 2);
}

static void a_clipped_page_wants_more(void **state) {
  struct zr_instance first[] = {row("a", "RECYCLE")}, second[] = {row("b", "RECYCLE")};
  struct book b;
  (void)state;
  open_book(&b);
  add(&b, 2, first, 1);
  assert_true(zr_pages_want_more(b.pages));
  assert_int_equal(zr_pages_next(b.pages), 2);
  add(&b, 2, second, 1);
  assert_false(zr_pages_want_more(b.pages));
  close_book(&b, true, 2);
}

static void totals_that_do_not_agree(void **state) {
  struct zr_instance rows[] = {row("a", "RECYCLE"), row("b", "RECYCLE")};
  struct book b;
  (void)state;
  open_book(&b);
  add(&b, 1, rows, 2); /* more rows than the total */
  assert_false(zr_pages_want_more(b.pages));
  close_book(&b, false, 2);
  open_book(&b);
  add(&b, 3, rows, 1); /* the total changes between pages */
  add(&b, 2, rows + 1, 1);
  assert_false(zr_pages_want_more(b.pages));
  close_book(&b, false, 2);
  open_book(&b);
  add(&b, 3, rows, 2); /* the next page brings nothing new */
  add(&b, 3, rows, 2);
  assert_false(zr_pages_want_more(b.pages));
  close_book(&b, false, 2);
  open_book(&b);
  add(&b, 1, NULL, 0); /* a total without a row */
  close_book(&b, false, 0);
}

static void strangers_are_left_out_but_counted(void **state) {
  struct zr_instance first[] = {row("x", "RUNNING"), row("a", "RECYCLE")};
  struct zr_instance second[] = {row("y", "RUNNING"), row("x", "RUNNING")};
  struct book b;
  (void)state;
  open_book(&b);
  add(&b, 3, first, 2);
  assert_true(zr_pages_want_more(b.pages));
  add(&b, 3, second, 2);
  close_book(&b, true, 1);
  open_book(&b);
  add(&b, 4, first, 2);
  add(&b, 4, second, 2); /* four rows, but one of them twice */
  close_book(&b, false, 1);
}

static void of_two_states_the_one_outside_the_bin_counts(void **state) {
  struct zr_instance rows[] = {row("a", "RECYCLE"), row("a", "RUNNING"), row("a", "RECYCLE")};
  struct book b;
  size_t count = 0;
  (void)state;
  open_book(&b);
  add(&b, 1, rows, 3);
  assert_string_equal(zr_pages_rows(b.pages, &count)->status, "RUNNING");
  close_book(&b, true, 1);
}

static void reading_ends(void **state) {
  struct book b;
  unsigned pages = 0;
  (void)state;
  open_book(&b);
  do {
    char id[16];
    (void)snprintf(id, sizeof id, "s%u", pages);
    struct zr_instance one = row(id, "RUNNING");
    add(&b, 1000000, &one, 1);
    pages++;
  } while (zr_pages_want_more(b.pages));
  assert_int_equal(pages, ZR_PAGES_MAX);
  close_book(&b, false, 0);
}

static void text_of_a_peer_is_made_harmless(void **state) {
  char out[201], cut[6];
  (void)state;
  zr_sanitize_text("a\x1b[31m\n\xC2\x9B\xE2\x80\xAEЖ\xFFz", out, sizeof out);
  assert_string_equal(out, "a?[31m???Ж?z");
  zr_sanitize_text("aaaa\xD0\x96", cut, sizeof cut);
  assert_string_equal(cut, "aaaa");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_success),
      cmocka_unit_test(an_error),
      cmocka_unit_test(what_is_no_success),
      cmocka_unit_test(nul_bytes_and_compression),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(a_cut_body_is_no_success),
      cmocka_unit_test(rows_are_read),
      cmocka_unit_test(either_word_for_the_status),
      cmocka_unit_test(rows_that_are_not_accepted),
      cmocka_unit_test(what_decides_nothing_may_be_odd),
      cmocka_unit_test(failed_ids),
      cmocka_unit_test(one_page_with_all),
      cmocka_unit_test(a_clipped_page_wants_more),
      cmocka_unit_test(totals_that_do_not_agree),
      cmocka_unit_test(strangers_are_left_out_but_counted),
      cmocka_unit_test(of_two_states_the_one_outside_the_bin_counts),
      cmocka_unit_test(reading_ends),
      cmocka_unit_test(text_of_a_peer_is_made_harmless),
  };
  return cmocka_run_group_tests_name("zenlayer.reply", tests, NULL, NULL);
}
