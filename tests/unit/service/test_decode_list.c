/* ListInstancesRequest: defaults, refusals, page tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "raw_pb.h"
#include "service/decode_list.h"
#include "service/page_token.h"

static bool s_list(struct zr_arena *a, struct zr_list_order *o, struct zr_violations *v,
                   const char *account) {
  zr_arena_init(a, NULL, 0);
  *v = (struct zr_violations){.arena = a};
  return zr_decode_list(raw_view(), account, o, v);
}

static void s_list_defaults(void **state) {
  (void)state;
  struct zr_arena a;
  struct zr_list_order o;
  struct zr_violations v;
  raw_begin();
  raw_int(1, 3);
  assert_true(s_list(&a, &o, &v, "acc"));
  assert_int_equal(o.query.product, ZR_PRODUCT_ZEC);
  assert_string_equal(o.query.status, "RECYCLE");
  assert_int_equal(o.query.page_num, 1);
  assert_int_equal(o.query.page_size, 100);
  zr_arena_clean_up(&a);
  raw_text(4, "*");
  raw_bytes(12, "\x0A\x01k\x12\x01v", 6);
  assert_true(s_list(&a, &o, &v, "acc"));
  assert_null(o.query.status);
  assert_string_equal(o.query.tags[0].key, "k");
  assert_string_equal(o.query.tags[0].value, "v");
  zr_arena_clean_up(&a);
}

static void s_list_refusals(void **state) {
  (void)state;
  struct zr_arena a;
  struct zr_list_order o;
  struct zr_violations v;
  static const struct {
    unsigned field;
    const char *text;
    uint64_t number;
    const char *where;
  } cases[] = {
      {2, NULL, 1001, "page_size"},     {2, NULL, (uint64_t)-1, "page_size"},
      {3, "nonsense", 0, "page_token"}, {5, "a\x01", 0, "display_name"},
      {10, " 1", 0, "instance_ids[0]"}, {12, "\x0A\x01\xFF", 0, "tags[0].key"},
      {12, "\x12\x01v", 0, "tags[0]"},  {1, NULL, 9, "product"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    raw_begin();
    raw_int(1, 1);
    if (cases[i].text)
      raw_text(cases[i].field, cases[i].text);
    else
      raw_int(cases[i].field, cases[i].number);
    assert_false(s_list(&a, &o, &v, "acc"));
    assert_string_equal(v.at[0].field, cases[i].where);
    zr_arena_clean_up(&a);
  }
  raw_begin();
  raw_int(1, 1);
  for (int i = 0; i < 101; i++)
    raw_text(10, "1");
  assert_false(s_list(&a, &o, &v, "acc"));
  assert_string_equal(v.at[0].field, "instance_ids");
  zr_arena_clean_up(&a);
}

static void s_page_tokens(void **state) {
  (void)state;
  struct zr_arena a;
  struct zr_list_order o;
  struct zr_violations v;
  char token[ZR_PAGE_TOKEN_SIZE];
  raw_begin();
  raw_int(1, 1);
  assert_true(s_list(&a, &o, &v, "acc"));
  zr_page_token_make(2, o.content, token);
  zr_arena_clean_up(&a);
  raw_text(3, token);
  assert_true(s_list(&a, &o, &v, "acc"));
  assert_int_equal(o.query.page_num, 2);
  zr_arena_clean_up(&a);
  assert_false(s_list(&a, &o, &v, "another account"));
  assert_string_equal(v.at[0].field, "page_token");
  zr_arena_clean_up(&a);
  raw_text(6, "zone"); /* another filter */
  assert_false(s_list(&a, &o, &v, "acc"));
  zr_arena_clean_up(&a);
  for (size_t i = 0; i < ZR_PAGE_TOKEN_SIZE - 1; i++) { /* any other character */
    char other[ZR_PAGE_TOKEN_SIZE];
    memcpy(other, token, sizeof other);
    other[i] = other[i] == '5' ? '6' : '5';
    raw_begin();
    raw_int(1, 1);
    raw_text(3, other);
    assert_false(s_list(&a, &o, &v, "acc"));
    zr_arena_clean_up(&a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(s_list_defaults),
      cmocka_unit_test(s_list_refusals),
      cmocka_unit_test(s_page_tokens),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
