/* Rights: which rule speaks for a certificate, and what a client without the right is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tester.h"

#define NAMES(...)                                                                                 \
  {                                                                                                \
    (const char *const[]){__VA_ARGS__},                                                            \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)                                \
  }

static const struct zr_rpc_peer s_workload = {.verified = true,
                                              .common_name = "admin",
                                              .subject = "CN=admin",
                                              .has_alternative_names = true,
                                              .uris = NAMES("spiffe://corp/ns/ci/sa/teardown"),
                                              .dns_names = NAMES("ci.example", "spiffe://corp/x")};
static const struct zr_rpc_peer s_person = {
    .verified = true, .common_name = "alice", .subject = "CN=alice,O=Example"};
static const struct zr_rpc_peer s_nobody = {.common_name = "", .subject = ""};

static struct zr_client s_judge(const char *name, enum zr_right right,
                                const struct zr_rpc_peer *peer) {
  const struct zr_client_rule rule = {name, right};
  return zr_access_judge(&rule, 1, peer);
}

static void names_are_matched_by_their_kind(void **state) {
  (void)state;
  static const struct {
    const char *rule;
    const struct zr_rpc_peer *peer;
    bool matches;
  } cases[] = {
      {"spiffe://corp/ns/ci/sa/teardown", &s_workload, true},
      {"spiffe://corp/ns/*/sa/teardown", &s_workload, true},
      {"spiffe://corp/*", &s_workload, false}, /* no wildcard takes a slash */
      {"spiffe://corp/ns/ci/sa/tear", &s_workload, false},
      {"spiffe://corp/x", &s_workload, false}, /* a DNS name that looks like a URI is none */
      {"ci.example", &s_workload, true},
      {"*.example", &s_workload, true},
      {"CI.example", &s_workload, false},
      {"admin", &s_workload, false}, /* it has alternative names, so the common one is not read */
      {"alice", &s_person, true},
      {"al?ce", &s_person, true},
      {"alic", &s_person, false},
      {"CN=alice,O=Example", &s_person, false},
      {"*", &s_nobody, false},
      {"", &s_nobody, false},
      {"*://*", &s_nobody, false},
  };
  for (size_t i = 0; i < ZR_COUNT(cases); i++) {
    struct zr_client c = s_judge(cases[i].rule, ZR_RIGHT_READ, cases[i].peer);
    if (c.right != (cases[i].matches ? ZR_RIGHT_READ : ZR_RIGHT_NONE))
      fail_msg("\"%s\" gave \"%s\" to \"%s\"", cases[i].rule, zr_right_name(c.right), c.name);
  }
}

static void the_first_rule_decides(void **state) {
  (void)state;
  const struct zr_client_rule rules[] = {
      {"mallory", ZR_RIGHT_APPLY}, {"alice", ZR_RIGHT_NONE}, {"a*", ZR_RIGHT_APPLY}};
  struct zr_client c = zr_access_judge(rules, ZR_COUNT(rules), &s_person);
  assert_int_equal(c.right, ZR_RIGHT_NONE);
  assert_string_equal(c.name, "alice");
  c = zr_access_judge(rules + 2, 1, &s_person);
  assert_int_equal(c.right, ZR_RIGHT_APPLY);
}

static void whom_no_rule_names_is_told_by_the_best_name(void **state) {
  (void)state;
  assert_string_equal(s_judge("x", ZR_RIGHT_APPLY, &s_workload).name,
                      "spiffe://corp/ns/ci/sa/teardown");
  assert_string_equal(s_judge("x", ZR_RIGHT_APPLY, &s_person).name, "alice");
  const struct zr_rpc_peer bare = {.verified = true, .common_name = "", .subject = "O=Example"};
  assert_string_equal(s_judge("x", ZR_RIGHT_APPLY, &bare).name, "O=Example");
}

static void words_of_rights(void **state) {
  (void)state;
  for (int r = 0; r < ZR_RIGHT_COUNT_; r++) {
    enum zr_right parsed = ZR_RIGHT_COUNT_;
    assert_true(zr_right_parse(zr_right_name((enum zr_right)r), &parsed));
    assert_int_equal(parsed, r);
  }
  enum zr_right untouched = ZR_RIGHT_NONE;
  assert_false(zr_right_parse("Apply", &untouched));
  assert_false(zr_right_parse("", &untouched));
}

/* ---- through the gate, as the server calls it ---- */

static void s_open(struct tester *t, enum zr_right right) {
  const struct zr_client_rule rule = {"alice", right};
  tester_open_with(
      t, (struct zr_service_options){.identify = true, .clients = &rule, .client_count = 1});
}

static const struct zr_rpc_method *s_method(const struct tester *t, const char *name) {
  size_t count = 0;
  const struct zr_rpc_method *m = zr_service_methods(t->service, &count);
  for (; count && !strstr(m->name, name); count--)
    m++;
  assert_true(count > 0);
  return m;
}

static struct zr_rpc_call *s_call(struct tester *t, const char *method,
                                  const struct zr_rpc_peer *peer, bool validate_only,
                                  const char *request_id) {
  const struct zr_rpc_method *m = s_method(t, method);
  struct zr_rpc_call *c = strstr(method, "Release") && !strstr(method, "Cancel")
                              ? tester_call(request_id, validate_only, 0)
                              : fake_call("", 0);
  c->peer = *peer;
  c->method = m->name;
  m->handle(m->user, c);
  fake_run(&t->backend);
  return c;
}

static void s_end(struct tester *t, struct zr_rpc_call *c) {
  if (c->ended)
    tester_over(t, c);
  else
    tester_gone(t, c);
}

static bool s_may(struct tester *t, const char *method, bool validate_only) {
  struct zr_rpc_call *c = s_call(t, method, &s_person, validate_only, "");
  bool allowed = !c->ended || c->code != ZR_RPC_PERMISSION_DENIED;
  s_end(t, c);
  return allowed;
}

static void each_right_opens_its_methods(void **state) {
  (void)state;
  static const struct {
    const char *method;
    bool validate_only;
    enum zr_right needs;
  } cases[] = {
      {"/Release", false, ZR_RIGHT_APPLY},       {"/WatchRelease", false, ZR_RIGHT_APPLY},
      {"/Release", true, ZR_RIGHT_PLAN},         {"/WatchRelease", true, ZR_RIGHT_PLAN},
      {"/CancelRelease", false, ZR_RIGHT_PLAN},  {"/ListInstances", false, ZR_RIGHT_READ},
      {"/GetServerInfo", false, ZR_RIGHT_READ},  {"Health/Check", false, ZR_RIGHT_READ},
      {"/SettleReleases", false, ZR_RIGHT_PLAN}, {"/ListReleaseRecords", false, ZR_RIGHT_READ},
  };
  for (int right = ZR_RIGHT_NONE; right < ZR_RIGHT_COUNT_; right++) {
    struct tester t;
    s_open(&t, (enum zr_right)right);
    for (size_t i = 0; i < ZR_COUNT(cases); i++) {
      bool should = right >= (int)cases[i].needs;
      if (s_may(&t, cases[i].method, cases[i].validate_only) != should)
        fail_msg("%s with \"%s\"", cases[i].method, zr_right_name((enum zr_right)right));
    }
    if (right < ZR_RIGHT_PLAN)
      assert_int_equal(t.backend.job_count, 0);
    tester_close(&t);
  }
}

static void a_refusal_names_client_right_and_need(void **state) {
  (void)state;
  struct tester t;
  s_open(&t, ZR_RIGHT_PLAN);
  struct zr_rpc_call *c = s_call(&t, "/WatchRelease", &s_person, false, "r");
  assert_int_equal(c->code, ZR_RPC_PERMISSION_DENIED);
  assert_string_equal(c->message, "client \"alice\" has the right \"plan\", and this WatchRelease "
                                  "needs \"apply\"; nothing was sent");
  assert_int_equal(t.backend.job_count, 0);
  s_end(&t, c);
  tester_close(&t);
}

/* Neither a running release nor a finished report is for somebody who could not have begun it. */
static void no_join_without_the_right(void **state) {
  (void)state;
  struct tester t;
  s_open(&t, ZR_RIGHT_APPLY);
  struct zr_rpc_call *owner = s_call(&t, "/WatchRelease", &s_person, false, "r");
  assert_int_equal(t.backend.job_count, 1);
  const struct zr_client_rule less = {"alice", ZR_RIGHT_PLAN};
  assert_int_equal(zr_service_set_clients(t.service, &less, 1), ZR_ERR_OK);
  struct zr_rpc_call *late = s_call(&t, "/WatchRelease", &s_person, false, "r");
  assert_int_equal(late->code, ZR_RPC_PERMISSION_DENIED);
  assert_int_equal(late->sent_count, 0);
  s_end(&t, late);
  fake_finish(&t.backend, 0, ZR_OUTCOME_RELEASED);
  tester_take_all(&t, owner);
  s_end(&t, owner);
  late = s_call(&t, "/Release", &s_person, false, "r");
  assert_int_equal(late->code, ZR_RPC_PERMISSION_DENIED);
  s_end(&t, late);
  tester_close(&t);
}

static enum zr_rpc_code s_cancel(struct tester *t, const char *request_id) {
  Zenrelease__V1__CancelReleaseRequest m;
  uint8_t buffer[64];
  char id[32];
  zenrelease__v1__cancel_release_request__init(&m);
  (void)snprintf(id, sizeof id, "%s", request_id);
  m.request_id = id;
  struct zr_rpc_call *c =
      fake_call(buffer, zenrelease__v1__cancel_release_request__pack(&m, buffer));
  c->peer = s_person;
  const struct zr_rpc_method *cancel = s_method(t, "/CancelRelease");
  cancel->handle(cancel->user, c);
  fake_run(&t->backend);
  enum zr_rpc_code code = c->code;
  s_end(t, c);
  return code;
}

/* With "plan" one stops a dry run, not a release. */
static void who_may_begin_it_may_stop_it(void **state) {
  (void)state;
  struct tester t;
  s_open(&t, ZR_RIGHT_APPLY);
  struct zr_rpc_call *real = s_call(&t, "/WatchRelease", &s_person, false, "real");
  struct zr_rpc_call *dry = s_call(&t, "/WatchRelease", &s_person, true, "dry");
  const struct zr_client_rule less = {"alice", ZR_RIGHT_PLAN};
  assert_int_equal(zr_service_set_clients(t.service, &less, 1), ZR_ERR_OK);
  assert_int_equal(s_cancel(&t, "real"), ZR_RPC_PERMISSION_DENIED);
  assert_false(t.backend.jobs[0].cancelled);
  assert_int_equal(s_cancel(&t, "dry"), ZR_RPC_OK);
  assert_true(t.backend.jobs[1].cancelled);
  fake_finish(&t.backend, 0, ZR_OUTCOME_RELEASED);
  fake_finish(&t.backend, 1, ZR_OUTCOME_NOT_ATTEMPTED);
  tester_take_all(&t, real);
  tester_take_all(&t, dry);
  s_end(&t, real);
  s_end(&t, dry);
  tester_close(&t);
}

static void without_rules_everybody_may_do_all(void **state) {
  (void)state;
  struct tester t;
  tester_open(&t);
  struct zr_rpc_call *c = s_call(&t, "/Release", &s_nobody, false, "");
  assert_int_equal(t.backend.job_count, 1);
  s_end(&t, c);
  tester_close(&t);
}

static void rules_without_a_certificate_let_nobody_in(void **state) {
  (void)state;
  struct tester t;
  s_open(&t, ZR_RIGHT_APPLY);
  struct zr_rpc_call *c = s_call(&t, "/GetServerInfo", &s_nobody, false, "");
  assert_int_equal(c->code, ZR_RPC_PERMISSION_DENIED);
  s_end(&t, c);
  tester_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_matched_by_their_kind),
      cmocka_unit_test(the_first_rule_decides),
      cmocka_unit_test(whom_no_rule_names_is_told_by_the_best_name),
      cmocka_unit_test(words_of_rights),
      cmocka_unit_test(each_right_opens_its_methods),
      cmocka_unit_test(a_refusal_names_client_right_and_need),
      cmocka_unit_test(no_join_without_the_right),
      cmocka_unit_test(who_may_begin_it_may_stop_it),
      cmocka_unit_test(without_rules_everybody_may_do_all),
      cmocka_unit_test(rules_without_a_certificate_let_nobody_in),
  };
  return cmocka_run_group_tests_name("service: rights", tests, NULL, NULL);
}
