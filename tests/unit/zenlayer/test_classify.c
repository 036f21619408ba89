/* From the end of a transfer to the class that decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "zenlayer/classify.h"

#define NOW ((struct zr_wall){1700000000000})
/* 1700000000 is Tue, 14 Nov 2023 22:13:20 GMT. */
#define DATE "Tue, 14 Nov 2023 22:13:20 GMT"

static struct zr_http_result answered(int status, const char *body) {
  return (struct zr_http_result){.phase = ZR_HTTP_ANSWERED,
                                 .status = status,
                                 .body = zr_view_of(body),
                                 .date = DATE,
                                 .retry_after = "",
                                 .cf_mitigated = "",
                                 .content_type = "",
                                 .content_encoding = "",
                                 .location = "",
                                 .reason = "a.test:443: told"};
}

static void classify(const struct zr_http_result *r, struct zr_finding *v) {
  struct zr_reply reply;
  zr_reply_decode(r->body, r->content_encoding, &reply);
  zr_classify(r, &reply, NULL, NOW, v);
  zr_reply_clean_up(&reply);
}

#define GOOD        "{\"requestId\":\"T\",\"response\":{\"requestId\":\"T\"}}"
#define ERROR(code) "{\"requestId\":\"T\",\"code\":\"" code "\",\"message\":\"m\"}"

struct row {
  int status;
  const char *body;
  enum zr_class class_;
  bool late;
};

static const struct row s_rows[] = {
    {200, GOOD, ZR_CLASS_OK, false},
    {200, "", ZR_CLASS_UNKNOWN, true},
    {200, "null", ZR_CLASS_UNKNOWN, true},
    {200, "<html>", ZR_CLASS_UNKNOWN, true},
    {200, ERROR("INVALID_INSTANCE_NOT_FOUND"), ZR_CLASS_UNKNOWN, false},
    {200, ERROR("REQUEST_LIMIT_EXCEEDED"), ZR_CLASS_UNKNOWN, false},
    {201, GOOD, ZR_CLASS_UNKNOWN, true},
    {202, "", ZR_CLASS_UNKNOWN, true},
    {204, "", ZR_CLASS_UNKNOWN, true},
    {301, GOOD, ZR_CLASS_REDIRECTED, false},
    {302, "", ZR_CLASS_REDIRECTED, false},
    {304, "", ZR_CLASS_REDIRECTED, false},
    {308, ERROR("INVALID_INSTANCE_NOT_FOUND"), ZR_CLASS_REDIRECTED, false},
    {404, ERROR("INVALID_INSTANCE_NOT_FOUND"), ZR_CLASS_MISSING, false},
    {404, ERROR("Invalid.Instance.Not.Found"), ZR_CLASS_MISSING, false},
    {400, ERROR("OPERATION_FAILED_RESOURCE_NOT_FOUND"), ZR_CLASS_MISSING, false},
    {404, "<html>", ZR_CLASS_UNKNOWN, true},
    {404, "{}", ZR_CLASS_UNKNOWN, true},
    {404, "{\"message\":\"no route\"}", ZR_CLASS_UNKNOWN, true},
    {404, ERROR("SOMETHING_NEW"), ZR_CLASS_DENIED, false},
    {403, ERROR("OPERATION_DENIED_INSTANCE_NOT_RECYCLED"), ZR_CLASS_STATE, false},
    {403, ERROR("operation.denied.instance.not.recycled"), ZR_CLASS_STATE, false},
    {403, ERROR("OPERATION_DENIED_INSTANCE_SUBSCRIPTION"), ZR_CLASS_DENIED, false},
    {403, ERROR("SOMETHING_NEW"), ZR_CLASS_DENIED, false},
    {403, "<html>", ZR_CLASS_UNKNOWN, true},
    {400, ERROR("INVALID_PARAMETER_EXCEED_LENGTH"), ZR_CLASS_INPUT, false},
    {400, ERROR("INVALID_PARAMETER_SOMETHING_NEW"), ZR_CLASS_INPUT, false},
    {400, ERROR("MISSING_PARAMETER"), ZR_CLASS_INPUT, false},
    {401, ERROR("AUTHFAILURE_INVALID_AUTHORIZATION"), ZR_CLASS_UNAUTHORIZED, false},
    {403, ERROR("AUTHFAILURE_SIGNATURE_FAILURE"), ZR_CLASS_UNAUTHORIZED, false},
    {400, ERROR("AuthFailure.Something.New"), ZR_CLASS_UNAUTHORIZED, false},
    {401, ERROR("SOMETHING_NEW"), ZR_CLASS_UNAUTHORIZED, false},
    {401, "<html>", ZR_CLASS_UNKNOWN, true},
    {407, "", ZR_CLASS_BLOCKED, false},
    {407, ERROR("INVALID_INSTANCE_NOT_FOUND"), ZR_CLASS_BLOCKED, false},
    {408, "", ZR_CLASS_UNKNOWN, true},
    {429, "", ZR_CLASS_THROTTLED, false},
    {429, "<html>", ZR_CLASS_THROTTLED, false},
    {429, ERROR("SOMETHING_NEW"), ZR_CLASS_THROTTLED, false},
    {403, ERROR("REQUEST_LIMIT_EXCEEDED"), ZR_CLASS_THROTTLED, false},
    {503, ERROR("REQUEST_LIMIT_EXCEEDED"), ZR_CLASS_THROTTLED, false},
    {451, "", ZR_CLASS_BLOCKED, false},
    {451, "<html>", ZR_CLASS_BLOCKED, false},
    {451, ERROR("REQUEST_BLOCKED"), ZR_CLASS_BLOCKED, false},
    {403, ERROR("SECURITY_CHALLENGE"), ZR_CLASS_BLOCKED, false},
    {400, ERROR("REQUEST_TIMED_OUT"), ZR_CLASS_UNKNOWN, true},
    {400, ERROR("INTERNAL_SERVER_ERROR"), ZR_CLASS_UNKNOWN, false},
    {500, ERROR("INTERNAL_SERVER_ERROR"), ZR_CLASS_UNKNOWN, false},
    {500, ERROR("INVALID_INSTANCE_NOT_FOUND"), ZR_CLASS_UNKNOWN, false},
    {500, ERROR("SOMETHING_NEW"), ZR_CLASS_UNKNOWN, false},
    {500, "", ZR_CLASS_UNKNOWN, true},
    {503, ERROR("SERVICE_TEMPORARY_UNAVAILABLE"), ZR_CLASS_UNKNOWN, false},
    {502, ERROR("INTERNAL_SERVER_ERROR"), ZR_CLASS_UNKNOWN, true},
    {502, "<html>", ZR_CLASS_UNKNOWN, true},
    {504, ERROR("REQUEST_TIMED_OUT"), ZR_CLASS_UNKNOWN, true},
    {520, "", ZR_CLASS_UNKNOWN, true},
    {524, ERROR("X"), ZR_CLASS_UNKNOWN, true},
    {101, "", ZR_CLASS_UNKNOWN, true},
    {600, "", ZR_CLASS_UNKNOWN, true},
};

static void the_table(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof s_rows / sizeof s_rows[0]; i++) {
    struct zr_http_result r = answered(s_rows[i].status, s_rows[i].body);
    struct zr_finding v;
    classify(&r, &v);
    if (v.end.class_ != s_rows[i].class_ || v.end.late_effect != s_rows[i].late)
      fail_msg("%d %s: %s, late %d", s_rows[i].status, s_rows[i].body, zr_class_name(v.end.class_),
               v.end.late_effect);
    assert_int_equal(v.end.http_status, s_rows[i].status);
    if (v.end.class_ != ZR_CLASS_OK)
      assert_true(v.end.reason[0] != '\0');
  }
}

/* Every code of the table, under the status that the class suggests, in both spellings. */
static void every_known_code(void **state) {
  const struct zr_service_code *last = NULL;
  (void)state;
  for (size_t i = 0; zr_service_code_at(i); i++) {
    const struct zr_service_code *c = zr_service_code_at(i);
    char body[300], dotted[200];
    struct zr_finding v;
    if (last)
      assert_true(strcmp(last->name, c->name) < 0);
    last = c;
    (void)snprintf(dotted, sizeof dotted, "%s", c->name);
    for (char *at = dotted; *at; at++)
      *at = *at == '_' ? '.' : *at;
    (void)snprintf(body, sizeof body, "{\"requestId\":\"T\",\"code\":\"%s\"}", dotted);
    struct zr_http_result r = answered(400, body);
    classify(&r, &v);
    assert_int_equal(v.end.class_, c->class_);
    assert_string_equal(v.end.code, dotted);
    assert_ptr_equal(zr_service_code_find(zr_view_of(dotted)), c);
  }
}

static void challenges(void **state) {
  struct zr_finding v;
  struct zr_http_result r = answered(403, "<html>");
  (void)state;
  r.cf_mitigated = "challenge";
  classify(&r, &v);
  assert_int_equal(v.end.class_, ZR_CLASS_BLOCKED);
  r = answered(503, "<html>");
  r.cf_mitigated = "challenge";
  classify(&r, &v);
  assert_int_equal(v.end.class_, ZR_CLASS_UNKNOWN);
  r = answered(404, ERROR("INVALID_INSTANCE_NOT_FOUND"));
  r.cf_mitigated = "challenge";
  classify(&r, &v);
  assert_int_equal(v.end.class_, ZR_CLASS_MISSING);
}

static void without_a_whole_answer(void **state) {
  static const struct {
    enum zr_http_phase phase;
    enum zr_http_trouble trouble;
    enum zr_class class_;
    bool late;
  } cases[] = {
      {ZR_HTTP_NOT_SENT, ZR_HTTP_TROUBLE_RESOLVE, ZR_CLASS_NOT_SENT, false},
      {ZR_HTTP_NOT_SENT, ZR_HTTP_TROUBLE_CONNECT, ZR_CLASS_NOT_SENT, false},
      {ZR_HTTP_NOT_SENT, ZR_HTTP_TROUBLE_TLS, ZR_CLASS_NOT_SENT, false},
      {ZR_HTTP_NOT_SENT, ZR_HTTP_TROUBLE_LOCAL, ZR_CLASS_NOT_SENT, false},
      {ZR_HTTP_NOT_SENT, ZR_HTTP_TROUBLE_CANCELLED, ZR_CLASS_NOT_SENT, false},
      {ZR_HTTP_NOT_SENT, ZR_HTTP_TROUBLE_CERTIFICATE, ZR_CLASS_NO_CHANNEL, false},
      {ZR_HTTP_NOT_SENT, ZR_HTTP_TROUBLE_PROXY, ZR_CLASS_NO_CHANNEL, false},
      {ZR_HTTP_SENT_NO_ANSWER, ZR_HTTP_TROUBLE_TRANSFER, ZR_CLASS_UNKNOWN, true},
      {ZR_HTTP_SENT_NO_ANSWER, ZR_HTTP_TROUBLE_CANCELLED, ZR_CLASS_UNKNOWN, true},
      {ZR_HTTP_PARTIAL_ANSWER, ZR_HTTP_TROUBLE_TRANSFER, ZR_CLASS_UNKNOWN, true},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct zr_http_result r = answered(0, "");
    struct zr_finding v;
    r.phase = cases[i].phase;
    r.trouble = cases[i].trouble;
    classify(&r, &v);
    assert_int_equal(v.end.class_, cases[i].class_);
    assert_int_equal(v.end.late_effect, cases[i].late);
    assert_non_null(strstr(v.end.reason, "told"));
    assert_int_equal(v.end.retry_after_ms, -1);
  }
  struct zr_http_result r = answered(200, GOOD);
  struct zr_finding v;
  r.phase = ZR_HTTP_PARTIAL_ANSWER;
  classify(&r, &v);
  assert_int_equal(v.end.class_, ZR_CLASS_UNKNOWN);
}

static void a_redirect_names_the_host_only(void **state) {
  static const struct {
    const char *location;
    const char *told;
  } cases[] = {
      {"https://evil.test/steal?token=x", "HTTP 307 redirects to evil.test; not followed"},
      {"https://user:pw@evil.test:8/x", "HTTP 307 redirects to evil.test:8; not followed"},
      {"//evil.test", "HTTP 307 redirects to evil.test; not followed"},
      {"/login?a=//b", "HTTP 307 redirects to another path of the same host; not followed"},
      {"", "HTTP 307 redirects without saying where to; not followed"},
      {"https://e\x1b[1m.test/", "HTTP 307 redirects to e?[1m.test; not followed"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct zr_http_result r = answered(307, "");
    struct zr_finding v;
    r.location = cases[i].location;
    classify(&r, &v);
    assert_string_equal(v.end.reason, cases[i].told);
  }
}

static void retry_after(void **state) {
  static const struct {
    const char *value;
    int64_t ms;
  } cases[] = {
      {"", -1},
      {"0", 0},
      {"7", 7000},
      {"3600", 3600000},
      {"3601", -1},
      {"-1", -1},
      {"1.5", -1},
      {"soon", -1},
      {"99999999999999999999", -1},
      {"Tue, 14 Nov 2023 22:13:50 GMT", 30000},
      {"Tue, 14 Nov 2023 22:13:00 GMT", 0},
      {"Tue, 14 Nov 2023 23:30:00 GMT", -1},
      {"7 ", -1},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(zr_retry_after_ms(cases[i].value, DATE, NOW), cases[i].ms);
    assert_int_equal(zr_retry_after_ms(cases[i].value, "", NOW), cases[i].ms);
  }
  /* Counted from the reply's clock, not from ours. */
  assert_int_equal(zr_retry_after_ms("Tue, 14 Nov 2023 22:13:50 GMT", DATE, (struct zr_wall){0}),
                   30000);
}

static void the_message_is_made_harmless(void **state) {
  struct zr_credential c = {0};
  struct zr_buf problem = ZR_BUF_INIT(100);
  struct zr_reply reply;
  struct zr_finding v;
  char body[600];
  (void)state;
  (void)snprintf(body, sizeof body, "{\"code\":\"X\",\"message\":\"a\\u001b[0m%0400d\"}", 7);
  struct zr_http_result r = answered(400, body);
  classify(&r, &v);
  assert_int_equal(strlen(v.end.message), 200);
  assert_memory_equal(v.end.message, "a?[0m000", 8);
  assert_int_equal(zr_credential_make(&c, NULL, NULL, "s3cr3t", &problem), ZR_ERR_OK);
  r = answered(400, "{\"code\":\"X\",\"message\":\"bad token s3cr3t\"}");
  zr_reply_decode(r.body, "", &reply);
  zr_classify(&r, &reply, &c, NOW, &v);
  assert_null(strstr(v.end.message, "s3cr3t"));
  zr_reply_clean_up(&reply);
  zr_credential_clean_up(&c);
}

static void no_text_of_a_reply_tells_the_credential(void **state) {
  static const char *const secrets[] = {"KEYID4711", "PASS4711"};
  struct zr_buf problem = ZR_BUF_INIT(100);
  (void)state;
  for (size_t i = 0; i < ZR_COUNT(secrets); i++) {
    struct zr_credential c = {0};
    struct zr_reply reply;
    struct zr_finding v;
    char body[300], location[100];
    assert_int_equal(zr_credential_make(&c, secrets[0], secrets[1], NULL, &problem), ZR_ERR_OK);
    (void)snprintf(body, sizeof body,
                   "{\"requestId\":\"r-%s\",\"code\":\"X_%s\",\"message\":\"access key %s is not "
                   "known\"}",
                   secrets[i], secrets[i], secrets[i]);
    (void)snprintf(location, sizeof location, "https://%s.example/", secrets[i]);
    for (int status = 302; status <= 401; status += 99) {
      struct zr_http_result r = answered(status, body);
      r.location = location;
      zr_reply_decode(r.body, "", &reply);
      zr_classify(&r, &reply, &c, NOW, &v);
      const char *texts[] = {v.end.message, v.end.code, v.end.request_id, v.end.reason};
      for (size_t t = 0; t < ZR_COUNT(texts); t++) {
        if (strstr(texts[t], secrets[i]))
          fail_msg("%s", texts[t]);
      }
      assert_string_equal(v.end.message, "(withheld: it repeats a credential)");
      zr_reply_clean_up(&reply);
    }
    zr_credential_clean_up(&c);
  }
}

static void a_wrong_clock_is_corrected_once(void **state) {
  struct zr_skew s = {0};
  struct zr_wall ours = {NOW.ms - 600000};
  (void)state;
  assert_true(zr_skew_is_code("AUTHFAILURE_SIGNATURE_EXPIRED"));
  assert_true(zr_skew_is_code("AuthFailure.Signature.Failure"));
  assert_false(zr_skew_is_code("AUTHFAILURE_INVALID_AUTHORIZATION"));
  assert_false(zr_skew_explains(&s, 0, "", ours, (struct zr_mono){0}));
  assert_false(zr_skew_explains(&s, 0, DATE, NOW, (struct zr_mono){0}));
  assert_int_equal(s.offset_ms, 0);
  assert_true(zr_skew_explains(&s, 0, DATE, ours, (struct zr_mono){0}));
  assert_int_equal(s.offset_ms, 600000);
  /* A call that was signed before the correction may be signed again; one after it may not. */
  assert_true(zr_skew_explains(&s, 0, DATE, ours, (struct zr_mono){1}));
  assert_false(zr_skew_explains(&s, 600000, DATE, ours, (struct zr_mono){1}));
  /* A server whose Date jumps about does not lead us in circles. */
  assert_false(
      zr_skew_explains(&s, 600000, "Tue, 14 Nov 2023 20:13:20 GMT", ours, (struct zr_mono){1}));
  /* Later, when our own clock has been set right, the offset is corrected again. */
  assert_true(zr_skew_explains(&s, 600000, DATE, NOW, (struct zr_mono){700000}));
  assert_int_equal(s.offset_ms, 0);
}

static void test_a_reply_of_another_content_type_is_none(void **state) {
  (void)state;
  static const struct {
    const char *type;
    enum zr_class class_;
  } rows[] = {
      {"", ZR_CLASS_OK},
      {"application/json", ZR_CLASS_OK},
      {"Application/JSON; charset=utf-8", ZR_CLASS_OK},
      {"application/problem+json;charset=UTF-8", ZR_CLASS_OK},
      {"text/json", ZR_CLASS_OK},
      {"text/html; charset=UTF-8", ZR_CLASS_UNKNOWN},
      {"text/plain", ZR_CLASS_UNKNOWN},
      {"application/jsonp", ZR_CLASS_UNKNOWN},
      {"+json", ZR_CLASS_UNKNOWN},
      {"application/grpc", ZR_CLASS_UNKNOWN},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct zr_http_result r = answered(200, GOOD);
    struct zr_finding v;
    r.content_type = rows[i].type;
    print_message("%s\n", rows[i].type);
    classify(&r, &v);
    assert_int_equal(v.end.class_, rows[i].class_);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_reply_of_another_content_type_is_none),
      cmocka_unit_test(the_table),
      cmocka_unit_test(every_known_code),
      cmocka_unit_test(challenges),
      cmocka_unit_test(without_a_whole_answer),
      cmocka_unit_test(a_redirect_names_the_host_only),
      cmocka_unit_test(retry_after),
      cmocka_unit_test(the_message_is_made_harmless),
      cmocka_unit_test(no_text_of_a_reply_tells_the_credential),
      cmocka_unit_test(a_wrong_clock_is_corrected_once),
  };
  return cmocka_run_group_tests_name("zenlayer.classify", tests, NULL, NULL);
}
