/* Bodies, and the last look at them before they leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "zenlayer/request.h"

static const char *const s_two[] = {"instanceId1", "instanceId2"};

static void release_bodies(void **state) {
  struct zr_buf b = ZR_BUF_INIT(ZR_REQUEST_MAX_BYTES);
  (void)state;
  assert_int_equal(zr_request_release(&b, ZR_PRODUCT_VM, s_two, 2, true), ZR_ERR_OK);
  assert_string_equal(b.data, "{\"instanceIds\":[\"instanceId1\",\"instanceId2\"]}");
  zr_buf_reset(&b);
  assert_int_equal(zr_request_release(&b, ZR_PRODUCT_ZEC, s_two, 1, false), ZR_ERR_OK);
  assert_string_equal(b.data, "{\"instanceIds\":[\"instanceId1\"],\"dependResource\":false}");
  zr_buf_reset(&b);
  assert_int_equal(zr_request_release(&b, ZR_PRODUCT_ZEC, s_two, 1, true), ZR_ERR_OK);
  assert_string_equal(b.data, "{\"instanceIds\":[\"instanceId1\"],\"dependResource\":true}");
  zr_buf_clean_up(&b);
}

static void ids_that_are_refused(void **state) {
  char long_id[200];
  const char *bad[] = {"", NULL, "a\xFF", long_id};
  const char *many[101];
  struct zr_buf b = ZR_BUF_INIT(ZR_REQUEST_MAX_BYTES);
  (void)state;
  memset(long_id, 'x', sizeof long_id - 1);
  long_id[sizeof long_id - 1] = '\0';
  for (size_t i = 0; i < 4; i++) {
    zr_buf_reset(&b);
    assert_int_equal(zr_request_release(&b, ZR_PRODUCT_VM, &bad[i], 1, false), ZR_ERR_INVALID);
  }
  for (size_t i = 0; i < 101; i++)
    many[i] = "x";
  assert_int_equal(zr_request_release(&b, ZR_PRODUCT_VM, many, 101, false), ZR_ERR_INVALID);
  assert_int_equal(zr_request_release(&b, ZR_PRODUCT_VM, many, 0, false), ZR_ERR_INVALID);
  assert_int_equal(zr_request_release(&b, ZR_PRODUCT_NONE, many, 1, false), ZR_ERR_INVALID);
  zr_buf_clean_up(&b);
}

/* Ids with everything that JSON escapes: what is sent means what was asked for. */
static void odd_ids_are_exact(void **state) {
  static const char *const odd[] = {"a\"b",         "a\\b",       "a/b",
                                    "\x01\x1f\x7f", "\t\n\r\b\f", "Ж€\xF0\x9F\x98\x80",
                                    "<>&'",         "]}",         "\",\""};
  struct zr_buf b = ZR_BUF_INIT(ZR_REQUEST_MAX_BYTES);
  (void)state;
  assert_int_equal(zr_request_release(&b, ZR_PRODUCT_ZEC, odd, 9, false), ZR_ERR_OK);
  assert_true(zr_request_release_is_exact(zr_buf_as_view(&b), ZR_PRODUCT_ZEC, odd, 9, false));
  zr_buf_clean_up(&b);
}

static bool exact(const char *body, enum zr_product product, size_t count) {
  return zr_request_release_is_exact(zr_view_of(body), product, s_two, count, false);
}

static void other_ids_are_noticed(void **state) {
  static const char *const bad[] = {
      "{\"instanceIds\":[\"instanceId1\"]}",
      "{\"instanceIds\":[\"instanceId1\",\"instanceId3\"]}",
      "{\"instanceIds\":[\"instanceId2\",\"instanceId1\"]}",
      "{\"instanceIds\":[\"instanceId1\",\"instanceId2\",\"instanceId3\"]}",
      "{\"instanceIds\":[\"instanceId1\",\"instanceId2\"],\"x\":1}",
      "{\"instanceIds\":[\"instanceId1\",\"instanceId22\"]}",
      "{\"instanceIds\":[\"instanceId1\",\"instanceId\"]}",
      "{\"instanceIds\":[\"instanceId1\",\"instanceId2\"]",
      "{\"instanceIds\":[\"instanceId1\",\"instanceId2",
      "{\"instanceIds\":[",
      "{\"instanceIds\":[\"instanceId1\",\"\\u0169nstanceId2\"]}",
      "{}",
      "",
  };
  (void)state;
  assert_true(exact("{\"instanceIds\":[\"instanceId1\",\"instanceId2\"]}", ZR_PRODUCT_VM, 2));
  assert_true(exact("{\"instanceIds\":[\"\\u0069nstanceId1\",\"instanceId2\"]}", ZR_PRODUCT_VM, 2));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(exact(bad[i], ZR_PRODUCT_VM, 2));
  assert_false(exact("{\"instanceIds\":[\"instanceId1\"]}", ZR_PRODUCT_ZEC, 1));
  assert_false(
      exact("{\"instanceIds\":[\"instanceId1\"],\"dependResource\":true}", ZR_PRODUCT_ZEC, 1));
  assert_true(
      exact("{\"instanceIds\":[\"instanceId1\"],\"dependResource\":false}", ZR_PRODUCT_ZEC, 1));
}

static void describe_bodies(void **state) {
  struct zr_buf b = ZR_BUF_INIT(ZR_REQUEST_MAX_BYTES);
  (void)state;
  assert_int_equal(zr_request_describe(&b, s_two, 2, 3, 100), ZR_ERR_OK);
  assert_string_equal(
      b.data, "{\"instanceIds\":[\"instanceId1\",\"instanceId2\"],\"pageSize\":100,\"pageNum\":3}");
  zr_buf_clean_up(&b);
}

static void lists(enum zr_product product, struct zr_list_query q, const char *body) {
  struct zr_buf b = ZR_BUF_INIT(ZR_REQUEST_MAX_BYTES);
  q.product = product;
  q.page_num = q.page_num ? q.page_num : 1;
  q.page_size = q.page_size ? q.page_size : 50;
  enum zr_err e = zr_request_list(&b, &q);
  assert_int_equal(e, body ? ZR_ERR_OK : ZR_ERR_INVALID);
  if (body)
    assert_string_equal(b.data, body);
  zr_buf_clean_up(&b);
}

static void list_filters_by_product(void **state) {
  static const char *const ips[] = {"192.0.2.1", "192.0.2.2"};
  static const char *const v6[] = {"2001:db8::1"};
  static const char *const keys[] = {"env"};
  static const struct zr_tag tags[] = {{"env", "te\"st"}};
  struct zr_list_query all = {.status = "RECYCLE",
                              .name = "web*",
                              .zone_id = "HKG-A",
                              .resource_group_id = "rg",
                              .image_id = "im",
                              .tags = tags,
                              .tag_count = 1,
                              .tag_keys = keys,
                              .tag_key_count = 1};
  (void)state;
  lists(ZR_PRODUCT_VM, (struct zr_list_query){0}, "{\"pageSize\":50,\"pageNum\":1}");
  lists(ZR_PRODUCT_ZEC, all,
        "{\"status\":\"RECYCLE\",\"name\":\"web*\",\"zoneId\":\"HKG-A\",\"resourceGroupId\":\"rg\","
        "\"imageId\":\"im\",\"tags\":[{\"key\":\"env\",\"value\":\"te\\\"st\"}],\"tagKeys\":["
        "\"env\"],"
        "\"pageSize\":50,\"pageNum\":1}");
  lists(ZR_PRODUCT_BMC,
        (struct zr_list_query){.status = "RECYCLE", .name = "n", .instance_type = "t"},
        "{\"instanceStatus\":\"RECYCLE\",\"instanceName\":\"n\",\"instanceTypeId\":\"t\","
        "\"pageSize\":50,\"pageNum\":1}");
  lists(ZR_PRODUCT_VM, (struct zr_list_query){.instance_type = "t", .ips = ips, .ip_count = 2},
        "{\"instanceType\":\"t\",\"publicIpAddresses\":[\"192.0.2.1\",\"192.0.2.2\"],"
        "\"pageSize\":50,\"pageNum\":1}");
  lists(ZR_PRODUCT_ZEC, (struct zr_list_query){.ips = ips, .ip_count = 1},
        "{\"ipv4Address\":\"192.0.2.1\",\"pageSize\":50,\"pageNum\":1}");
  lists(ZR_PRODUCT_ZEC, (struct zr_list_query){.ips = v6, .ip_count = 1},
        "{\"ipv6Address\":\"2001:db8::1\",\"pageSize\":50,\"pageNum\":1}");
  lists(ZR_PRODUCT_VM,
        (struct zr_list_query){
            .instance_ids = s_two, .instance_id_count = 2, .page_num = 7, .page_size = 1000},
        "{\"instanceIds\":[\"instanceId1\",\"instanceId2\"],\"pageSize\":1000,\"pageNum\":7}");
}

static void filters_that_a_product_lacks(void **state) {
  static const char *const ips[] = {"192.0.2.1", "192.0.2.2"};
  (void)state;
  lists(ZR_PRODUCT_ZEC, (struct zr_list_query){.ips = ips, .ip_count = 2}, NULL);
  lists(ZR_PRODUCT_ZEC, (struct zr_list_query){.instance_type = "t"}, NULL);
  lists(ZR_PRODUCT_VM, (struct zr_list_query){.page_size = 1001}, NULL);
  lists(ZR_PRODUCT_VM, (struct zr_list_query){.name = "\xFF"}, NULL);
  lists(ZR_PRODUCT_VM, (struct zr_list_query){.tag_count = 21}, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(release_bodies),
      cmocka_unit_test(ids_that_are_refused),
      cmocka_unit_test(odd_ids_are_exact),
      cmocka_unit_test(other_ids_are_noticed),
      cmocka_unit_test(describe_bodies),
      cmocka_unit_test(list_filters_by_product),
      cmocka_unit_test(filters_that_a_product_lacks),
  };
  return cmocka_run_group_tests_name("zenlayer.request", tests, NULL, NULL);
}
