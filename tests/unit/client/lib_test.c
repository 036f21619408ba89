#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmocka_all.h"
#include "lib/chunk.h"
#include "lib/lost.h"
#include "lib/status_details.h"
#include "remains.h"
#include "sweep.h"

/* ---- error details ---- */

/* google.rpc.Status{3, "m", [BadRequest{{"instance_ids[17]", "is blank"}}, RetryInfo{1.5 s}]} */
static const char s_details[] = "\x08\x03\x12\x01m"
                                "\x1a\x4b"
                                "\x0a\x29type.googleapis.com/google.rpc.BadRequest"
                                "\x12\x1e\x0a\x1c\x0a\x10instance_ids[17]\x12\x08is blank"
                                "\x1a\x36"
                                "\x0a\x28type.googleapis.com/google.rpc.RetryInfo"
                                "\x12\x0a\x0a\x08\x08\x01\x10\x80\xca\xb5\xee\x01";

static struct zenrelease_error *s_error(void) {
  struct zenrelease_error *e = NULL;
  (void)zr_error_set(&e, ZENRELEASE_INVALID_ARGUMENT, "%s", "m");
  assert_non_null(e);
  return e;
}

static void test_details_name_fields_and_delay(void **state) {
  struct zenrelease_error *e = s_error();
  (void)state;
  zr_status_details_read(ZR_VIEW(s_details), e);
  assert_int_equal(zenrelease_error_violation_count(e), 1);
  assert_string_equal(zenrelease_error_violation_field(e, 0), "instance_ids[17]");
  assert_string_equal(zenrelease_error_violation_description(e, 0), "is blank");
  assert_string_equal(zenrelease_error_violation_field(e, 1), "");
  assert_int_equal(zenrelease_error_retry_delay_ms(e), 1500);
  zenrelease_error_free(e);
}

/* Each prefix in a block of its own, so that the sanitizer sees a read beyond its end. */
static void test_details_cut_anywhere_are_harmless(void **state) {
  (void)state;
  for (size_t len = 0; len < sizeof s_details - 1; len++) {
    struct zenrelease_error *e = s_error();
    char *copy = zr_alloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, s_details, len);
    zr_status_details_read((struct zr_view){copy, len}, e);
    assert_true(zenrelease_error_violation_count(e) <= 1);
    zr_free(copy);
    zenrelease_error_free(e);
  }
}

static void test_details_with_any_byte_changed_are_harmless(void **state) {
  (void)state;
  for (size_t at = 0; at < sizeof s_details - 1; at++) {
    for (int flip = 1; flip < 256; flip += 14) {
      char copy[sizeof s_details];
      struct zenrelease_error *e = s_error();
      memcpy(copy, s_details, sizeof copy);
      copy[at] = (char)(copy[at] ^ flip);
      zr_status_details_read((struct zr_view){copy, sizeof copy - 1}, e);
      zenrelease_error_free(e);
    }
  }
}

static void test_no_error_reads_as_out_of_memory(void **state) {
  (void)state;
  assert_int_equal(zenrelease_error_status(NULL), ZENRELEASE_RESOURCE_EXHAUSTED);
  assert_string_equal(zenrelease_error_message(NULL), "out of memory");
  assert_int_equal(zenrelease_error_retry_delay_ms(NULL), -1);
  assert_string_equal(zenrelease_status_name((enum zenrelease_status)99), "unknown");
}

/* ---- chunks ---- */

enum { MANY = 25000, ID_ROOM = 24 };

/* MANY ids, every tenth of them a repetition of the one 5 before. */
static const char **s_many(char (**text)[ID_ROOM]) {
  const char **ids = zr_calloc(MANY, sizeof(char *));
  *text = zr_calloc(MANY, sizeof **text);
  assert_true(ids && *text);
  for (size_t i = 0; i < MANY; i++) {
    (void)snprintf((*text)[i], ID_ROOM, "id-%zu", i % 10 == 9 ? i - 5 : i);
    ids[i] = (*text)[i];
  }
  return ids;
}

static void s_free_ids(const char **ids) {
  void *array = ids;
  zr_free(array);
}

static void test_a_short_list_goes_as_it_is(void **state) {
  static const char *const ids[] = {"a", "b", "a"};
  struct zr_chunks c;
  (void)state;
  assert_int_equal(zr_chunks_plan(&c, ids, 3, NULL), ZENRELEASE_OK);
  assert_int_equal(c.chunk_count, 1);
  assert_int_equal(c.chunks[0].count, 3);
  assert_int_equal(c.distinct, 2);
  assert_null(c.origin);
  zr_chunks_clean_up(&c);
}

static void test_a_long_list_is_collapsed_and_cut(void **state) {
  char(*text)[ID_ROOM] = NULL;
  const char **ids = s_many(&text);
  struct zr_chunks c;
  (void)state;
  assert_int_equal(zr_chunks_plan(&c, ids, MANY, NULL), ZENRELEASE_OK);
  assert_int_equal(c.id_count, MANY / 10 * 9);
  assert_int_equal(c.repeat_count, MANY / 10);
  assert_int_equal(c.repeats[0].first, 4);
  assert_int_equal(c.repeats[0].again, 9);
  assert_int_equal(c.chunk_count, 3);
  size_t next = 0;
  for (size_t i = 0; i < c.chunk_count; i++) {
    assert_int_equal(c.chunks[i].start, next);
    assert_true(c.chunks[i].count > 0 && c.chunks[i].count <= ZR_CHUNK_IDS);
    next += c.chunks[i].count;
  }
  assert_int_equal(next, c.id_count);
  assert_int_equal(c.origin[9], 10);
  assert_ptr_equal(c.ids[9], ids[10]);
  zr_chunks_clean_up(&c);
  s_free_ids(ids);
  zr_free(text);
}

static void test_malformed_ids_are_named_by_position(void **state) {
  static const char *const ids[] = {"a", "", " b", "\xff"};
  struct zr_chunks c;
  struct zenrelease_error *e = NULL;
  (void)state;
  assert_int_equal(zr_chunks_plan(&c, ids, 4, &e), ZENRELEASE_INVALID_ARGUMENT);
  assert_string_equal(zenrelease_error_message(e), "instance_ids[1] is blank");
  assert_int_equal(zenrelease_error_violation_count(e), 3);
  assert_string_equal(zenrelease_error_violation_field(e, 2), "instance_ids[3]");
  zenrelease_error_free(e);
  zr_chunks_clean_up(&c);
}

/* ---- lost servers ---- */

static const struct zr_verdict s_unknown = {.outcome = ZENRELEASE_OUTCOME_UNKNOWN,
                                            .code = "UNKNOWN_OUTCOME",
                                            .summary = "s",
                                            .detail = "d",
                                            .hint = "h"};

static struct zenrelease_result s_result(const char *id, enum zenrelease_outcome outcome) {
  return (struct zenrelease_result){.instance_id = id, .outcome = outcome, .diagnostic_code = "C"};
}

static void test_what_was_decided_stands_when_the_server_is_lost(void **state) {
  static const char *const ids[] = {"c", "a", "b", "a"};
  const struct zenrelease_result a = s_result("a", ZENRELEASE_OUTCOME_RELEASED);
  const struct zenrelease_result b = s_result("b", ZENRELEASE_OUTCOME_REFUSED);
  struct zr_decided decided = {0};
  struct zenrelease_report *r = zr_report_new();
  (void)state;
  assert_non_null(r);
  assert_int_equal(zr_decided_add(&decided, &b), 0);
  assert_int_equal(zr_decided_add(&decided, &a), 0);
  assert_int_equal(zr_report_lost(r, ids, 4, (struct zr_origin){NULL, 0}, &decided, &s_unknown), 0);
  assert_int_equal(zenrelease_report_result_count(r), 3);
  assert_string_equal(zenrelease_report_result(r, 0)->instance_id, "c");
  assert_int_equal(zenrelease_report_result(r, 0)->outcome, ZENRELEASE_OUTCOME_UNKNOWN);
  assert_int_equal(zenrelease_report_result(r, 1)->outcome, ZENRELEASE_OUTCOME_RELEASED);
  assert_int_equal(zenrelease_report_result(r, 2)->outcome, ZENRELEASE_OUTCOME_REFUSED);
  assert_int_equal(zenrelease_report_diagnostic_count(r), 2);
  assert_string_equal(zenrelease_report_diagnostic(r, 0)->field, "instance_ids[0]");
  assert_int_equal(zenrelease_report_counts(r)->total, 3);
  assert_int_equal(zenrelease_report_counts(r)->duplicates, 1);
  zr_decided_clean_up(&decided);
  zenrelease_report_release(r);
}

static void test_a_server_that_forgot_cannot_take_a_release_back(void **state) {
  const struct zenrelease_result a = s_result("a", ZENRELEASE_OUTCOME_RELEASED);
  struct zr_decided decided = {0};
  struct zenrelease_report *r = zr_report_new();
  (void)state;
  assert_non_null(r);
  assert_int_equal(zr_report_reserve(r, 2), 0);
  r->results[0] = s_result("a", ZENRELEASE_OUTCOME_NOT_FOUND);
  r->results[1] = s_result("b", ZENRELEASE_OUTCOME_REFUSED);
  assert_int_equal(zr_decided_add(&decided, &a), 0);
  zr_report_keep_decided(r, &decided);
  assert_int_equal(r->results[0].outcome, ZENRELEASE_OUTCOME_RELEASED);
  assert_int_equal(r->results[1].outcome, ZENRELEASE_OUTCOME_REFUSED);
  assert_int_equal(r->counts.by_outcome[ZENRELEASE_OUTCOME_RELEASED], 1);
  zr_decided_clean_up(&decided);
  zenrelease_report_release(r);
}

static void test_fields_are_renumbered_to_the_callers_list(void **state) {
  static const uint32_t index[] = {7, 9};
  const struct zr_origin origin = {index, 2};
  struct zr_arena arena;
  (void)state;
  zr_arena_init(&arena, NULL, 0);
  assert_string_equal(zr_convert_field("instance_ids[1]", origin, &arena), "instance_ids[9]");
  assert_string_equal(zr_convert_field("instance_ids[0].x", origin, &arena), "instance_ids[7].x");
  assert_string_equal(zr_convert_field("instance_ids[2]", origin, &arena), "instance_ids[2]");
  assert_string_equal(zr_convert_field("product", origin, &arena), "product");
  zr_arena_clean_up(&arena);
}

/* ---- memory ---- */

/* Plans a list and writes the report of a lost server. */
static void s_plan_and_report(struct sweep *s, void *ctx) {
  static const char *const ids[] = {"a", "b", "a", "c"};
  const struct zenrelease_result a = s_result("a", ZENRELEASE_OUTCOME_RELEASED);
  struct zr_decided decided = {0};
  struct zr_chunks c;
  struct zenrelease_error *e = NULL;
  (void)ctx;
  sweep_arm(s);
  int rc = zr_chunks_plan(&c, ids, 4, &e) == ZENRELEASE_OK ? 0 : -1;
  struct zenrelease_report *r = rc == 0 ? zr_report_new() : NULL;
  rc = r ? zr_decided_add(&decided, &a) : -1;
  if (rc == 0)
    rc = zr_report_lost(r, ids, 4, (struct zr_origin){NULL, 0}, &decided, &s_unknown);
  assert_int_equal(rc, sweep_disarm(s) ? -1 : 0);
  zr_decided_clean_up(&decided);
  zenrelease_report_release(r);
  zr_chunks_clean_up(&c);
  zenrelease_error_free(e);
}

static void test_every_allocation_may_fail(void **state) {
  (void)state;
  sweep_path("client: chunks, and a lost server", s_plan_and_report, NULL);
}

/* ---- TLS ---- */

static void test_a_key_is_wiped_before_its_memory_is_given_back(void **state) {
  (void)state;
  char path[] = "/tmp/zr-key-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_true(dprintf(fd, "hush-4711%20000s", "") > 0);
  assert_int_equal(close(fd), 0);
  struct zenrelease_client_options o;
  zenrelease_client_options_init(&o);
  o.address = "127.0.0.1:1";
  o.tls_key_file = o.tls_cert_file = path;
  struct zenrelease_client *client = NULL;
  remains_begin("hush-4711");
  enum zenrelease_status status = zenrelease_client_new(&o, &client, NULL);
  remains_end();
  zenrelease_client_free(client);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(status, ZENRELEASE_OK); /* what is in it counts at the handshake */
  assert_true(remains_looked > 1);
  assert_int_equal(remains_found, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_key_is_wiped_before_its_memory_is_given_back),
      cmocka_unit_test(test_details_name_fields_and_delay),
      cmocka_unit_test(test_details_cut_anywhere_are_harmless),
      cmocka_unit_test(test_details_with_any_byte_changed_are_harmless),
      cmocka_unit_test(test_no_error_reads_as_out_of_memory),
      cmocka_unit_test(test_a_short_list_goes_as_it_is),
      cmocka_unit_test(test_a_long_list_is_collapsed_and_cut),
      cmocka_unit_test(test_malformed_ids_are_named_by_position),
      cmocka_unit_test(test_what_was_decided_stands_when_the_server_is_lost),
      cmocka_unit_test(test_a_server_that_forgot_cannot_take_a_release_back),
      cmocka_unit_test(test_fields_are_renumbered_to_the_callers_list),
      cmocka_unit_test(test_every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
