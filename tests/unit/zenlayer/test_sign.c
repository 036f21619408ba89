/* The vendor's published vector, the computed ones, and the controls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zenlayer/sign.h"

#define KEY_ID   "AKIDz8krbsJ5yKBZQpn74WFkmLPx3"
#define PASSWORD "Gu5t9xGARNpq86cd98joQYCN3"
#define CONSOLE  "console.zenlayer.com"
#define PLAIN    "application/json"

struct vector {
  const char *content_type;
  const char *host;
  int64_t unix_s;
  const char *body;
  const char *signature;
};

static const struct vector s_vectors[] = {
    {"application/json; charset=utf-8", CONSOLE, 1673361177,
     "{\"pageSize\":10,\"pageNum\":1,\"zoneId\":\"HKG-A\"}",
     "efb356c32e55c781e10dc676da59462c22596d82e91c57803666243379555b2f"}, /* published */
    {PLAIN, CONSOLE, 1700000000, "{\"instanceIds\":[\"instanceId1\",\"instanceId2\"]}",
     "bf2b8b94a707b9fbbe21611ac2fd28e25f0487eb067f58fe2aa139baa2895533"},
    {PLAIN, CONSOLE, 1700000000, "{\"instanceIds\":[\"1234567654321\"],\"dependResource\":false}",
     "673990a6ce9370e485469104cfd6a3d20c31f252693d21364b838c09028927ee"},
    {PLAIN, "127.0.0.1:8443", 1700000000, "{\"instanceIds\":[\"1234567654321\"]}",
     "28bafb756bd5c163bf17e1079b6aefae6e4ef259739c2540e8d5fe53f894b182"},
    {PLAIN, "127.0.0.1", 1700000000, "{\"instanceIds\":[\"1234567654321\"]}",
     "1927b87961059764c1706c419d6dbbb7f3dabb76dc4392f8e8a7a5e8e37eb0ee"},
    {PLAIN, CONSOLE, 1700000000, "{\"instanceIds\": [\"instanceId1\", \"instanceId2\"]}",
     "c9ce8322c94784d63d158c1b7f8e51386df656dc6dd9a6d961d91f5218307b5f"},
    {PLAIN, CONSOLE, 1700000000, "{}",
     "f677842d27416dec1cfdd2f97f2d4a72983ad0e2e406b337a49e57964246c916"},
};

static struct zr_signer *signer(const char *password, const char *content_type, const char *host) {
  struct zr_credential c = {0};
  struct zr_buf problem = ZR_BUF_INIT(500);
  struct zr_signer *s = NULL;
  assert_int_equal(zr_credential_make(&c, KEY_ID, password, NULL, &problem), ZR_ERR_OK);
  assert_int_equal(zr_signer_new_for(&c, content_type, host, &s), ZR_ERR_OK);
  zr_credential_clean_up(&c);
  zr_buf_clean_up(&problem);
  return s;
}

static void check(struct zr_signer *s, const char *body, int64_t unix_s, const char *signature) {
  const char *line = NULL;
  char want[300];
  assert_int_equal(zr_signer_sign(s, zr_view_of(body), unix_s, &line), ZR_ERR_OK);
  (void)snprintf(want, sizeof want,
                 "Authorization: ZC2-HMAC-SHA256 Credential=" KEY_ID
                 ", SignedHeaders=content-type;host, Signature=%s",
                 signature);
  assert_string_equal(line, want);
}

static void the_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof s_vectors / sizeof s_vectors[0]; i++) {
    const struct vector *v = &s_vectors[i];
    struct zr_signer *s = signer(PASSWORD, v->content_type, v->host);
    check(s, v->body, v->unix_s, v->signature);
    assert_true(zr_signer_has_timestamp(s));
    zr_signer_destroy(s);
  }
}

/* 100 ids, "1000000000000" to "1000000000099". */
static void a_hundred_ids(void **state) {
  char body[2000] = "{\"instanceIds\":[";
  size_t n = strlen(body);
  (void)state;
  for (int i = 0; i < 100; i++)
    n += (size_t)snprintf(body + n, sizeof body - n, "%s\"10000000000%02d\"", i ? "," : "", i);
  n += (size_t)snprintf(body + n, sizeof body - n, "]}");
  assert_int_equal(n, 1617);
  struct zr_signer *s = signer(PASSWORD, PLAIN, CONSOLE);
  check(s, body, 1700000000, "85bdf927da315369e964807a5b63c284f601f8cac819f0a68aae4f528c03a473");
  zr_signer_destroy(s);
}

/* One signer, many bodies: nothing of the last signature stays. */
static void a_signer_is_reusable(void **state) {
  struct zr_signer *s = signer(PASSWORD, PLAIN, CONSOLE);
  (void)state;
  for (int round = 0; round < 3; round++) {
    check(s, s_vectors[1].body, 1700000000, s_vectors[1].signature);
    check(s, s_vectors[6].body, 1700000000, s_vectors[6].signature);
    check(s, s_vectors[2].body, 1700000000, s_vectors[2].signature);
  }
  zr_signer_destroy(s);
}

static void another_second_is_another_signature(void **state) {
  struct zr_signer *s = signer(PASSWORD, PLAIN, CONSOLE);
  const char *line = NULL;
  (void)state;
  assert_int_equal(zr_signer_sign(s, zr_view_of("{}"), 1700000001, &line), ZR_ERR_OK);
  assert_null(strstr(line, s_vectors[6].signature));
  zr_signer_destroy(s);
}

/* Computed with Python's hmac: a key of 64 bytes is used as it is, a longer one is hashed first. */
static void keys_around_the_block_size(void **state) {
  static const struct {
    size_t len;
    const char *signature;
  } cases[] = {
      {63, "59bd78d6537669348951c788611eb3777e7e3107a4f8772bfa91947e8c0ca9f0"},
      {64, "8d6366349bbe4709b78d5b5b689f8f8371c83368953ba833eda73857d331b18c"},
      {65, "f4908cd97df05061ea7c6abc246fe8cc22006cf1e2532e218eadf7ce7bc4158d"},
      {200, "0a459a16cde8352cd7695373cf18976a73b852436bcdbf983dc0efed9be3bcf7"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char password[256] = "";
    memset(password, 'k', cases[i].len);
    struct zr_signer *s = signer(password, PLAIN, CONSOLE);
    check(s, "{}", 1700000000, cases[i].signature);
    zr_signer_destroy(s);
  }
}

static void a_token_is_sent_as_it_is(void **state) {
  struct zr_credential c = {0};
  struct zr_buf problem = ZR_BUF_INIT(500);
  struct zr_signer *s = NULL;
  const char *line = NULL;
  (void)state;
  assert_int_equal(zr_credential_make(&c, NULL, NULL, "abc.DEF-123_~+/=", &problem), ZR_ERR_OK);
  assert_int_equal(zr_signer_new(&c, CONSOLE, &s), ZR_ERR_OK);
  assert_int_equal(zr_signer_sign(s, zr_view_of("{}"), 1700000000, &line), ZR_ERR_OK);
  assert_string_equal(line, "Authorization: Bearer abc.DEF-123_~+/=");
  assert_false(zr_signer_has_timestamp(s));
  zr_signer_destroy(s);
  zr_credential_clean_up(&c);
  zr_buf_clean_up(&problem);
}

static void half_a_credential_makes_no_signer(void **state) {
  struct zr_credential c = {0};
  struct zr_signer *s = NULL;
  (void)state;
  assert_int_equal(zr_signer_new(&c, CONSOLE, &s), ZR_ERR_INVALID);
  assert_null(s);
  assert_int_equal(zr_secret_set(&c.key_id, ZR_VIEW("id")), ZR_ERR_OK);
  assert_int_equal(zr_signer_new(&c, CONSOLE, &s), ZR_ERR_INVALID);
  zr_credential_clean_up(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_vectors),
      cmocka_unit_test(a_hundred_ids),
      cmocka_unit_test(a_signer_is_reusable),
      cmocka_unit_test(another_second_is_another_signature),
      cmocka_unit_test(keys_around_the_block_size),
      cmocka_unit_test(a_token_is_sent_as_it_is),
      cmocka_unit_test(half_a_credential_makes_no_signer),
  };
  return cmocka_run_group_tests_name("zenlayer.sign", tests, NULL, NULL);
}
