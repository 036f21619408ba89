/* Every rule of docs/outcomes.md: the evidence written down, and what it must mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/state.h"

struct rule {
  const char *name;
  struct zr_item item;
  enum zr_class answered; /* class of the last answer; OK: none */
  bool dry;
  enum zr_next next;
  enum zr_outcome outcome;
  enum zr_code code;
};

#define SENT   .attempts = 1, .read_since_answer = true
#define ABSENT .presence = ZR_PRESENCE_ABSENT, .absent_streak = 2
#define BIN    .presence = ZR_PRESENCE_BIN
#define ENDS   ZR_NEXT_DECIDED

static const struct rule s_rules[] = {
    {"unread waits", {.refs = 1}, 0, false, ZR_NEXT_WAIT, 0, 0},
    {"in the bin is sent", {BIN}, 0, false, ZR_NEXT_SEND, 0, 0},
    {"dry run", {BIN}, 0, true, ENDS, ZR_OUTCOME_NOT_ATTEMPTED, ZR_CODE_WOULD_RELEASE},
    {"live",
     {.presence = ZR_PRESENCE_LIVE},
     0,
     false,
     ENDS,
     ZR_OUTCOME_NOT_RECYCLED,
     ZR_CODE_NOT_RECYCLED},
    {"on its way in",
     {.presence = ZR_PRESENCE_ENTERING},
     0,
     false,
     ENDS,
     ZR_OUTCOME_NOT_RECYCLED,
     ZR_CODE_IN_TRANSITION},
    {"on its way out", {.presence = ZR_PRESENCE_LEAVING}, 0, false, ZR_NEXT_WAIT, 0, 0},
    {"absent once",
     {.presence = ZR_PRESENCE_ABSENT, .absent_streak = 1},
     0,
     false,
     ZR_NEXT_WAIT,
     0,
     0},
    {"absent twice", {ABSENT}, 0, false, ENDS, ZR_OUTCOME_NOT_FOUND, ZR_CODE_NOT_FOUND},
    {"seen, then absent twice",
     {ABSENT, .seen = true},
     0,
     false,
     ENDS,
     ZR_OUTCOME_ALREADY_GONE,
     ZR_CODE_NONE},
    {"malformed", {.malformed = true}, 0, false, ENDS, ZR_OUTCOME_INVALID, ZR_CODE_INVALID_ID},
    {"in flight", {BIN, SENT, .in_flight = true}, 0, false, ZR_NEXT_WAIT, 0, 0},
    {"accepted and gone",
     {ABSENT, SENT, .accepted = true},
     0,
     false,
     ENDS,
     ZR_OUTCOME_RELEASED,
     ZR_CODE_NONE},
    {"accepted and there", {BIN, SENT, .accepted = true}, 0, false, ZR_NEXT_WAIT, 0, 0},
    {"unanswered and gone",
     {ABSENT, SENT, .ambiguous = true},
     ZR_CLASS_UNKNOWN,
     false,
     ENDS,
     ZR_OUTCOME_RELEASED,
     ZR_CODE_NONE},
    {"unanswered, refused later, gone",
     {ABSENT, SENT, .ambiguous = true, .refused = true},
     ZR_CLASS_MISSING,
     false,
     ENDS,
     ZR_OUTCOME_RELEASED,
     ZR_CODE_NONE},
    {"unanswered and there",
     {BIN, SENT, .ambiguous = true},
     ZR_CLASS_UNKNOWN,
     false,
     ZR_NEXT_SEND,
     0,
     0},
    {"unanswered four times",
     {BIN, .attempts = 4, .read_since_answer = true, .ambiguous = true},
     ZR_CLASS_UNKNOWN,
     false,
     ZR_NEXT_WAIT,
     0,
     0},
    {"redirected and there",
     {BIN, SENT, .ambiguous = true, .final = true},
     ZR_CLASS_REDIRECTED,
     false,
     ZR_NEXT_WAIT,
     0,
     0},
    {"404 and gone",
     {ABSENT, SENT, .refused = true},
     ZR_CLASS_MISSING,
     false,
     ENDS,
     ZR_OUTCOME_ALREADY_GONE,
     ZR_CODE_NONE},
    {"403 and gone",
     {ABSENT, SENT, .refused = true},
     ZR_CLASS_STATE,
     false,
     ENDS,
     ZR_OUTCOME_ALREADY_GONE,
     ZR_CODE_NONE},
    {"403 and live",
     {.presence = ZR_PRESENCE_LIVE, SENT, .refused = true},
     ZR_CLASS_STATE,
     false,
     ENDS,
     ZR_OUTCOME_NOT_RECYCLED,
     ZR_CODE_NOT_RECYCLED},
    {"no rights and gone",
     {ABSENT, SENT, .refused = true, .unauthorized = true},
     ZR_CLASS_UNAUTHORIZED,
     false,
     ENDS,
     ZR_OUTCOME_REFUSED,
     ZR_CODE_NOT_VISIBLE},
    {"no rights and there",
     {BIN, SENT, .refused = true, .unauthorized = true},
     ZR_CLASS_UNAUTHORIZED,
     false,
     ENDS,
     ZR_OUTCOME_REFUSED,
     ZR_CODE_CREDENTIALS_REJECTED},
    {"singled out, new code",
     {BIN, SENT, .refused = true, .final = true},
     ZR_CLASS_DENIED,
     false,
     ENDS,
     ZR_OUTCOME_REFUSED,
     ZR_CODE_REFUSED},
    {"singled out, its form",
     {BIN, SENT, .refused = true, .final = true},
     ZR_CLASS_INPUT,
     false,
     ENDS,
     ZR_OUTCOME_INVALID,
     ZR_CODE_INVALID_ID},
    {"404 and a read that lags",
     {BIN, SENT, .refused = true, .final = true},
     ZR_CLASS_MISSING,
     false,
     ZR_NEXT_WAIT,
     0,
     0},
    {"throttled and there", {BIN, SENT}, ZR_CLASS_THROTTLED, false, ZR_NEXT_SEND, 0, 0},
    {"blocked and there",
     {BIN, SENT, .refused = true, .final = true},
     ZR_CLASS_BLOCKED,
     false,
     ENDS,
     ZR_OUTCOME_REFUSED,
     ZR_CODE_BLOCKED},
};

static void every_rule_holds(void **state) {
  (void)state;
  for (size_t i = 0; i < ZR_COUNT(s_rules); i++) {
    const struct rule *r = &s_rules[i];
    struct zr_answer answer = {.refs = 1, .class_ = r->answered};
    struct zr_item item = r->item;
    item.answer = r->answered == ZR_CLASS_OK ? NULL : &answer;
    struct zr_verdict v = zr_verdict_of(&item, r->dry);
    if (v.next != r->next || v.outcome != r->outcome || v.code != r->code)
      fail_msg("%s: next %d, %s, %s", r->name, (int)v.next, zr_outcome_name(v.outcome),
               zr_code_info(v.code)->name);
  }
}

static struct zr_verdict s_final(struct zr_item item, enum zr_class answered, bool settled) {
  struct zr_answer answer = {.refs = 1, .class_ = answered};
  item.answer = answered == ZR_CLASS_OK ? NULL : &answer;
  return zr_verdict_final(&item, ZR_CODE_DEADLINE, settled);
}

static void the_end_of_waiting_is_honest(void **state) {
  (void)state;
  struct zr_item unsent = {BIN};
  assert_int_equal(s_final(unsent, 0, false).outcome, ZR_OUTCOME_NOT_ATTEMPTED);
  struct zr_item accepted = {BIN, SENT, .accepted = true};
  assert_int_equal(s_final(accepted, 0, true).outcome, ZR_OUTCOME_ACCEPTED);
  struct zr_item flying = {BIN, .attempts = 1, .in_flight = true};
  assert_int_equal(s_final(flying, 0, false).outcome, ZR_OUTCOME_UNKNOWN);
  struct zr_item late = {BIN, SENT, .ambiguous = true, .late_effect = true};
  assert_int_equal(s_final(late, ZR_CLASS_UNKNOWN, false).outcome, ZR_OUTCOME_UNKNOWN);
  assert_int_equal(s_final(late, ZR_CLASS_UNKNOWN, true).outcome, ZR_OUTCOME_REFUSED);
  struct zr_item unread = {BIN, .attempts = 1, .ambiguous = true};
  assert_int_equal(s_final(unread, ZR_CLASS_UNKNOWN, true).outcome, ZR_OUTCOME_UNKNOWN);
  struct zr_item half = {.presence = ZR_PRESENCE_ABSENT, .absent_streak = 1, SENT, .refused = true};
  assert_int_equal(s_final(half, ZR_CLASS_MISSING, true).outcome, ZR_OUTCOME_UNKNOWN);
  struct zr_item blocked = {BIN, .attempts = 1, .refused = true, .final = true};
  assert_int_equal(s_final(blocked, ZR_CLASS_BLOCKED, true).outcome, ZR_OUTCOME_UNKNOWN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_rule_holds),
      cmocka_unit_test(the_end_of_waiting_is_honest),
  };
  return cmocka_run_group_tests_name("engine: verdicts", tests, NULL, NULL);
}
