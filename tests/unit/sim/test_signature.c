/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"

/* The vendor's published vector (V0) and computed ones, each a line of the table. */
#define S_PASSWORD "Gu5t9xGARNpq86cd98joQYCN3"
#define S_KEY_ID   "AKIDz8krbsJ5yKBZQpn74WFkmLPx3"

struct s_vector {
  const char *name;
  const char *body;
  const char *content_type;
  const char *host;
  const char *timestamp;
  const char *signature;
};

static const struct s_vector s_vectors[] = {
    {"V0", "{\"pageSize\":10,\"pageNum\":1,\"zoneId\":\"HKG-A\"}",
     "application/json; charset=utf-8", "console.zenlayer.com", "1673361177",
     "efb356c32e55c781e10dc676da59462c22596d82e91c57803666243379555b2f"},
    {"V1", "{\"instanceIds\":[\"instanceId1\",\"instanceId2\"]}", "application/json",
     "console.zenlayer.com", "1700000000",
     "bf2b8b94a707b9fbbe21611ac2fd28e25f0487eb067f58fe2aa139baa2895533"},
    {"V2", "{\"instanceIds\":[\"1234567654321\"],\"dependResource\":false}", "application/json",
     "console.zenlayer.com", "1700000000",
     "673990a6ce9370e485469104cfd6a3d20c31f252693d21364b838c09028927ee"},
    {"V3", "{\"instanceIds\":[\"1234567654321\"]}", "application/json", "127.0.0.1:8443",
     "1700000000", "28bafb756bd5c163bf17e1079b6aefae6e4ef259739c2540e8d5fe53f894b182"},
    {"V3 without its port", "{\"instanceIds\":[\"1234567654321\"]}", "application/json",
     "127.0.0.1", "1700000000", "1927b87961059764c1706c419d6dbbb7f3dabb76dc4392f8e8a7a5e8e37eb0ee"},
    {"V1 with Python's spaces", "{\"instanceIds\": [\"instanceId1\", \"instanceId2\"]}",
     "application/json", "console.zenlayer.com", "1700000000",
     "c9ce8322c94784d63d158c1b7f8e51386df656dc6dd9a6d961d91f5218307b5f"},
    {"empty object", "{}", "application/json", "console.zenlayer.com", "1700000000",
     "f677842d27416dec1cfdd2f97f2d4a72983ad0e2e406b337a49e57964246c916"},
};

static const char *s_header(const void *context, const char *name) {
  const struct s_vector *vector = context;
  if (strcmp(name, "host") == 0) {
    return vector->host;
  }
  if (strcmp(name, "x-extra") == 0) {
    return "Some Value";
  }
  return strcmp(name, "content-type") == 0 ? vector->content_type : NULL;
}

static struct sim_signed_request s_request(const struct s_vector *vector) {
  return (struct sim_signed_request){
      .header = s_header,
      .context = vector,
      .body = vector->body,
      .body_len = strlen(vector->body),
      .timestamp = vector->timestamp,
      .password = S_PASSWORD,
  };
}

static bool s_accepts(const struct s_vector *vector, const char *signed_headers,
                      const char *signature) {
  char value[512];
  struct sim_authorization authorization;
  struct sim_signed_request request = s_request(vector);
  (void)snprintf(value, sizeof value,
                 "ZC2-HMAC-SHA256 Credential=" S_KEY_ID ", SignedHeaders=%s, Signature=%s",
                 signed_headers, signature);
  assert_true(sim_authorization_parse(&authorization, value));
  bool matches = sim_signature_matches(&request, &authorization);
  sim_authorization_clean_up(&authorization);
  return matches;
}

static void test_vectors_are_accepted(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof s_vectors / sizeof s_vectors[0]; i++) {
    print_message("%s\n", s_vectors[i].name);
    assert_true(s_accepts(&s_vectors[i], "content-type;host", s_vectors[i].signature));
  }
}

static void test_every_changed_part_is_refused(void **state) {
  (void)state;
  struct s_vector v3 = s_vectors[3];
  const char *signature = v3.signature;

  struct s_vector other = v3;
  other.host = "127.0.0.1";
  assert_false(s_accepts(&other, "content-type;host", signature));
  other = v3;
  other.body = "{\"instanceIds\":[\"1234567654322\"]}";
  assert_false(s_accepts(&other, "content-type;host", signature));
  other = v3;
  other.timestamp = "1700000001";
  assert_false(s_accepts(&other, "content-type;host", signature));
  other = v3;
  other.content_type = "application/json; charset=utf-8";
  assert_false(s_accepts(&other, "content-type;host", signature));
  assert_false(s_accepts(&v3, "host;content-type", signature));
}

static void test_hundred_ids(void **state) {
  (void)state;
  struct sim_buf body = {0};
  sim_buf_puts(&body, "{\"instanceIds\":[");
  for (int i = 0; i < 100; i++) {
    sim_buf_printf(&body, "%s\"%lld\"", i == 0 ? "" : ",", 1000000000000LL + i);
  }
  sim_buf_puts(&body, "]}");
  assert_int_equal(body.len, 1617);
  struct s_vector vector = {
      "100 ids",          body.data,
      "application/json", "console.zenlayer.com",
      "1700000000",       "85bdf927da315369e964807a5b63c284f601f8cac819f0a68aae4f528c03a473"};
  assert_true(s_accepts(&vector, "content-type;host", vector.signature));
  sim_buf_clean_up(&body);
}

static void test_extra_headers_in_the_order_given(void **state) {
  (void)state;
  char signature[SIM_HEX_SHA256_SIZE];
  struct sim_signed_request request = s_request(&s_vectors[1]);
  assert_true(sim_signature_compute(&request, "host;x-extra;content-type", false, signature));
  assert_true(s_accepts(&s_vectors[1], "host;x-extra;content-type", signature));
  assert_false(s_accepts(&s_vectors[1], "content-type;host;x-extra", signature));
  /* The documentation's own reading: values lower-cased. */
  assert_true(sim_signature_compute(&request, "host;x-extra;content-type", true, signature));
  assert_true(s_accepts(&s_vectors[1], "host;x-extra;content-type", signature));
  /* A header that is not there cannot be signed. */
  assert_false(sim_signature_compute(&request, "content-type;host;x-none", false, signature));
}

#define S_SIGNATURE "28bafb756bd5c163bf17e1079b6aefae6e4ef259739c2540e8d5fe53f894b182"

static void test_malformed_authorization(void **state) {
  (void)state;
  static const char *const malformed[] = {
      "",
      "Bearer",
      "Bearer ",
      "Bearer a b",
      "bearer abc",
      "Basic abc",
      "ZC2-HMAC-SHA256",
      "ZC2-HMAC-SHA256 ",
      "ZC2-HMAC-SHA256 Credential=, SignedHeaders=content-type;host, Signature=" S_SIGNATURE,
      "ZC2-HMAC-SHA256 Credential=a, SignedHeaders=content-type, Signature=" S_SIGNATURE,
      "ZC2-HMAC-SHA256 Credential=a, SignedHeaders=content-type;hostess, Signature=" S_SIGNATURE,
      "ZC2-HMAC-SHA256 Credential=a, SignedHeaders=content-type;host",
      "ZC2-HMAC-SHA256 Credential=a, SignedHeaders=content-type;host, Signature=abc",
      "ZC2-HMAC-SHA256 Credential=a, SignedHeaders=content-type;host, Signature=" S_SIGNATURE " x",
      "ZC2-HMAC-SHA256 Credential=a, SignedHeaders=content-type;host, Signature=" S_SIGNATURE "0",
      "TC3-HMAC-SHA256 Credential=a, SignedHeaders=content-type;host, Signature=" S_SIGNATURE,
  };
  for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
    struct sim_authorization authorization;
    print_message("%s\n", malformed[i]);
    assert_false(sim_authorization_parse(&authorization, malformed[i]));
  }
}

static void test_bearer(void **state) {
  (void)state;
  struct sim_authorization authorization;
  assert_true(sim_authorization_parse(&authorization, "Bearer abc"));
  assert_string_equal(authorization.bearer, "abc");
  sim_authorization_clean_up(&authorization);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vectors_are_accepted),
      cmocka_unit_test(test_every_changed_part_is_refused),
      cmocka_unit_test(test_hundred_ids),
      cmocka_unit_test(test_extra_headers_in_the_order_given),
      cmocka_unit_test(test_malformed_authorization),
      cmocka_unit_test(test_bearer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
