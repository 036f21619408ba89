/* Corners that simulated time found, each as short as it can be: action by action. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"

static struct zr_engine *s_engine;
static struct zr_engine_time s_now;
static const char *const s_ids[] = {"a", "b", "c"};

static void s_start(uint32_t last_batch) {
  const struct zr_engine_options options = {.seed = 1, .last_batch = last_batch};
  s_now = (struct zr_engine_time){{1000}, {1700000000000}};
  assert_int_equal(zr_engine_new(&options, &s_engine), ZR_ERR_OK);
}

static int s_end(void **state) {
  (void)state;
  zr_engine_destroy(s_engine);
  s_engine = NULL;
  return 0;
}

static struct zr_release_request s_request(size_t count) {
  return (struct zr_release_request){.product = ZR_PRODUCT_ZEC,
                                     .instance_ids = s_ids,
                                     .instance_id_count = count,
                                     .wait_ms = ZR_DEFAULT_WAIT_MS,
                                     .deadline = ZR_MONO_NEVER};
}

static uint64_t s_submit(struct zr_release_request r) {
  uint64_t job = 0;
  assert_int_equal(zr_engine_submit(s_engine, &r, s_now, &job), ZR_ERR_OK);
  return job;
}

/* The next action that is no event; the clock goes on as far as it must. */
static struct zr_action s_next(void) {
  struct zr_action a = {.kind = ZR_ACTION_EVENT};
  for (int i = 0; i < 1000; i++) {
    while (zr_engine_poll(s_engine, s_now, &a)) {
      if (a.kind != ZR_ACTION_EVENT)
        return a;
    }
    struct zr_mono at = zr_engine_wake(s_engine, s_now.mono);
    assert_true(at.ms != ZR_MONO_NEVER.ms);
    s_now.mono = at.ms > s_now.mono.ms ? at : s_now.mono;
  }
  fail_msg("no action");
  return a;
}

static struct zr_action s_expect(enum zr_action_kind kind) {
  struct zr_action a = s_next();
  assert_int_equal(a.kind, kind);
  return a;
}

static struct zr_call_end s_call_end(enum zr_class c, int status) {
  return (struct zr_call_end){.class_ = c,
                              .http_status = status,
                              .code = "",
                              .message = "",
                              .request_id = "R",
                              .reason = "",
                              .retry_after_ms = -1};
}

/* Ends a read: the ids of `there` are in the bin. */
static void s_read(const struct zr_action *a, const char *there, bool complete) {
  struct zr_instance rows[3];
  size_t n = 0;
  memset(rows, 0, sizeof rows);
  for (size_t i = 0; i < a->id_count; i++) {
    if (!strchr(there, a->ids[i][0]))
      continue;
    rows[n].id = a->ids[i];
    rows[n].status = "RECYCLE";
    rows[n].name = rows[n].zone_id = rows[n].resource_group_id = "";
    rows[n].charge_type = rows[n].create_time = "";
    rows[n++].tags_told = true;
  }
  const struct zr_describe_end end = {
      .call = s_call_end(ZR_CLASS_OK, 200), .complete = complete, .rows = rows, .row_count = n};
  zr_engine_described(s_engine, a->op, &end, s_now);
}

static void s_release(const struct zr_action *a, enum zr_class c, int status) {
  const struct zr_release_end end = {.call = s_call_end(c, status)};
  zr_engine_released(s_engine, a->op, &end, s_now);
}

static uint64_t s_settle(enum zr_product product, const char *const *ids, size_t count) {
  const struct zr_open_call call = {.batch = 5, .ids = ids, .id_count = count};
  const struct zr_open_calls open = {.product = product, .calls = &call, .call_count = 1};
  uint64_t job = 0;
  assert_int_equal(zr_engine_settle(s_engine, &open, true, s_now, &job), ZR_ERR_OK);
  return job;
}

/* The first caller's addresses and disks are not the second one's to lose. */
static void nobody_gets_more_than_he_asked_for(void **state) {
  (void)state;
  s_start(0);
  struct zr_release_request r = s_request(1);
  r.depend_resource = true;
  uint64_t first = s_submit(r);
  r.depend_resource = false;
  (void)s_submit(r);
  struct zr_action a = s_expect(ZR_ACTION_DESCRIBE);
  zr_engine_cancel(s_engine, first, s_now);
  assert_int_equal(s_next().kind, ZR_ACTION_DONE);
  s_read(&a, "a", true);
  a = s_expect(ZR_ACTION_DESCRIBE); /* read again on its new lane */
  s_read(&a, "a", true);
  a = s_expect(ZR_ACTION_RELEASE);
  assert_false(a.depend_resource);
}

static void dry_runs_of_one_id_are_read_apart(void **state) {
  (void)state;
  s_start(0);
  struct zr_release_request r = s_request(2);
  r.validate_only = true;
  (void)s_submit(r);
  (void)s_submit(r);
  struct zr_action a = s_expect(ZR_ACTION_DESCRIBE);
  assert_int_equal(a.id_count, 2);
  a = s_expect(ZR_ACTION_DESCRIBE);
  assert_int_equal(a.id_count, 2);
}

/* A read that tells of one id and not of the other: the other is read before anything leaves. */
static void an_id_that_is_held_is_read_before_its_batch_sends(void **state) {
  (void)state;
  s_start(5);
  (void)s_settle(ZR_PRODUCT_ZEC, s_ids, 2);
  (void)s_submit(s_request(1));
  struct zr_action a = s_expect(ZR_ACTION_DESCRIBE);
  s_read(&a, "a", false);
  assert_int_equal(zr_engine_held(s_engine), 1);
  a = s_expect(ZR_ACTION_DESCRIBE);
  s_read(&a, "ab", true);
  assert_int_equal(zr_engine_held(s_engine), 0);
  a = s_expect(ZR_ACTION_RELEASE);
  assert_int_equal(a.id_count, 1);
}

/* One settling is over without a read, another goes on: its ids are not waited for for ever. */
static void what_nobody_reads_any_more_holds_nobody_up_for_ever(void **state) {
  (void)state;
  s_start(5);
  static const char *const lost[] = {"z"};
  (void)s_settle(ZR_PRODUCT_ZEC, lost, 1);
  struct zr_action a = s_expect(ZR_ACTION_DESCRIBE);
  const struct zr_describe_end refused = {.call = s_call_end(ZR_CLASS_BLOCKED, 403)};
  zr_engine_described(s_engine, a.op, &refused, s_now);
  assert_int_equal(s_next().kind, ZR_ACTION_DONE);
  assert_int_equal(zr_engine_held(s_engine), 1);
  (void)s_settle(ZR_PRODUCT_ZEC, s_ids, 1);
  (void)s_submit(s_request(2));
  unsigned done = 0;
  unsigned unsettled = 0;
  while (done < 2) {
    a = s_next();
    if (a.kind == ZR_ACTION_DESCRIBE)
      s_read(&a, "ab", true);
    else
      assert_int_equal(a.kind, ZR_ACTION_DONE);
    for (size_t i = 0; a.kind == ZR_ACTION_DONE && i < a.report->result_count; i++)
      unsettled += a.report->results[i].code == ZR_CODE_UNSETTLED;
    done += a.kind == ZR_ACTION_DONE;
  }
  assert_int_equal(unsettled, 1);
}

static void an_id_that_nobody_reads_holds_up_its_own_product_alone(void **state) {
  (void)state;
  s_start(5);
  static const char *const lost[] = {"z"};
  (void)s_settle(ZR_PRODUCT_BMC, lost, 1);
  struct zr_action a = s_expect(ZR_ACTION_DESCRIBE);
  const struct zr_describe_end refused = {.call = s_call_end(ZR_CLASS_BLOCKED, 403)};
  zr_engine_described(s_engine, a.op, &refused, s_now);
  assert_int_equal(s_next().kind, ZR_ACTION_DONE);
  assert_int_equal(zr_engine_held(s_engine), 1);
  (void)s_submit(s_request(1));
  a = s_expect(ZR_ACTION_DESCRIBE);
  s_read(&a, "a", true);
  a = s_expect(ZR_ACTION_RELEASE);
  struct zr_release_request r = s_request(1);
  r.product = ZR_PRODUCT_BMC;
  (void)s_submit(r);
  a = s_expect(ZR_ACTION_DESCRIBE);
  s_read(&a, "a", true);
  a = s_expect(ZR_ACTION_DONE);
  assert_int_equal(a.report->results[0].code, ZR_CODE_UNSETTLED);
}

/* The call of an earlier request is not closed by the refusal of a later one. */
static void a_refusal_speaks_of_the_calls_of_its_request(void **state) {
  (void)state;
  s_start(5);
  struct zr_release_request r = s_request(1);
  r.wait_ms = 0;
  (void)s_submit(r);
  struct zr_action a = s_expect(ZR_ACTION_DESCRIBE);
  s_read(&a, "a", true);
  a = s_expect(ZR_ACTION_RELEASE);
  s_release(&a, ZR_CLASS_OK, 200);
  a = s_expect(ZR_ACTION_DONE);
  assert_int_equal(a.report->results[0].outcome, ZR_OUTCOME_ACCEPTED);
  (void)s_submit(r);
  a = s_expect(ZR_ACTION_DESCRIBE);
  s_read(&a, "a", true);
  a = s_expect(ZR_ACTION_RELEASE);
  s_release(&a, ZR_CLASS_DENIED, 403);
  for (a = s_next(); a.kind != ZR_ACTION_DONE; a = s_next()) {
    if (a.kind == ZR_ACTION_DESCRIBE)
      s_read(&a, "a", true);
    else
      s_release(&a, ZR_CLASS_DENIED, 403);
  }
  const struct zr_result *said = &a.report->results[0];
  assert_int_equal(said->outcome, ZR_OUTCOME_REFUSED);
  assert_int_equal(said->first_batch, 7);
  assert_int_equal(zr_record_closes_from(said), 7);
}

/* What somebody else has sent, and is to be sent once more for this caller, counts. */
static void a_belt_counts_what_is_sent_again(void **state) {
  (void)state;
  s_start(5);
  (void)s_settle(ZR_PRODUCT_ZEC, s_ids, 1);
  const struct zr_policy policy = {.max_bin_percent = 50};
  struct zr_release_request r = s_request(1);
  r.policy = &policy;
  (void)s_submit(r);
  struct zr_action a = s_expect(ZR_ACTION_DESCRIBE);
  s_read(&a, "a", true);
  a = s_expect(ZR_ACTION_COUNT_BIN);
  const struct zr_call_end end = s_call_end(ZR_CLASS_OK, 200);
  zr_engine_counted(s_engine, a.op, &end, 1, s_now);
  for (;;) {
    a = s_next();
    assert_int_not_equal(a.kind, ZR_ACTION_RELEASE);
    if (a.kind == ZR_ACTION_DONE)
      break;
    s_read(&a, "a", true);
  }
}

/* The account stops for another batch: what was sent is read to its end, not given up. */
static void what_was_sent_is_watched_when_the_account_stops(void **state) {
  (void)state;
  s_start(0);
  (void)s_submit(s_request(1));
  struct zr_action a = s_expect(ZR_ACTION_DESCRIBE);
  s_read(&a, "a", true);
  a = s_expect(ZR_ACTION_RELEASE);
  s_release(&a, ZR_CLASS_UNKNOWN, 500);
  static const char *const other[] = {"b"};
  struct zr_release_request r = s_request(1);
  r.instance_ids = other;
  (void)s_submit(r);
  a = s_expect(ZR_ACTION_DESCRIBE);
  assert_string_equal(a.ids[0], "b");
  s_read(&a, "b", true);
  a = s_expect(ZR_ACTION_RELEASE);
  struct zr_action first = s_expect(ZR_ACTION_DESCRIBE);
  s_read(&first, "a", true);
  s_release(&a, ZR_CLASS_UNAUTHORIZED, 401);
  a = s_expect(ZR_ACTION_DESCRIBE);
  s_read(&a, "ab", true);
  for (;;) {
    a = s_next();
    assert_int_not_equal(a.kind, ZR_ACTION_RELEASE);
    if (a.kind == ZR_ACTION_DESCRIBE)
      s_read(&a, "a", true);
    else if (strcmp(a.report->results[0].instance_id, "a") == 0)
      break;
  }
  assert_int_equal(a.report->results[0].outcome, ZR_OUTCOME_REFUSED);
  assert_int_equal(a.report->results[0].code, ZR_CODE_STILL_IN_BIN);
}

int main(void) {
#define T(f) cmocka_unit_test_teardown(f, s_end)
  const struct CMUnitTest tests[] = {
      T(nobody_gets_more_than_he_asked_for),
      T(dry_runs_of_one_id_are_read_apart),
      T(an_id_that_is_held_is_read_before_its_batch_sends),
      T(what_nobody_reads_any_more_holds_nobody_up_for_ever),
      T(an_id_that_nobody_reads_holds_up_its_own_product_alone),
      T(a_refusal_speaks_of_the_calls_of_its_request),
      T(a_belt_counts_what_is_sent_again),
      T(what_was_sent_is_watched_when_the_account_stops),
  };
  return cmocka_run_group_tests_name("engine: corners", tests, NULL, NULL);
}
