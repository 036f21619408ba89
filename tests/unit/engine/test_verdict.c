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
    {"vanished with a crowd",
     {ABSENT, .seen = true, .hidden = true},
     0,
     false,
     ENDS,
     ZR_OUTCOME_NOT_FOUND,
     ZR_CODE_NOT_FOUND},
    {"refused with 404, vanished with a crowd",
     {SENT, ABSENT, .refused = true, .seen = true, .hidden = true},
     ZR_CLASS_MISSING,
     false,
     ENDS,
     ZR_OUTCOME_REFUSED,
     ZR_CODE_NOT_VISIBLE},
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
    {"singled out, and reads may lag",
     {BIN, SENT, .refused = true, .final = true},
     ZR_CLASS_DENIED,
     false,
     ZR_NEXT_WAIT,
     0,
     0},
    {"singled out for its form",
     {BIN, SENT, .refused = true, .final = true},
     ZR_CLASS_INPUT,
     false,
     ZR_NEXT_WAIT,
     0,
     0},
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
     ZR_NEXT_WAIT,
     0,
     0},
    {"throttled, not read since",
     {BIN, .attempts = 1},
     ZR_CLASS_THROTTLED,
     false,
     ZR_NEXT_SEND,
     0,
     0},
    {"refused, not read since",
     {BIN, .attempts = 1, .refused = true},
     ZR_CLASS_STATE,
     false,
     ZR_NEXT_WAIT,
     0,
     0},
    {"a word nobody knows, before",
     {.presence = ZR_PRESENCE_OTHER},
     0,
     false,
     ENDS,
     ZR_OUTCOME_NOT_RECYCLED,
     ZR_CODE_NOT_RECYCLED},
    {"a word nobody knows, after",
     {.presence = ZR_PRESENCE_OTHER, SENT, .refused = true},
     ZR_CLASS_MISSING,
     false,
     ZR_NEXT_WAIT,
     0,
     0},
    {"unanswered and live",
     {.presence = ZR_PRESENCE_LIVE, SENT, .ambiguous = true},
     ZR_CLASS_UNKNOWN,
     false,
     ZR_NEXT_WAIT,
     0,
     0},
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

struct ending {
  const char *name;
  struct zr_item item;
  enum zr_class answered;
  bool settled;
  enum zr_outcome outcome;
};

#define LATE_READ .read_at = {ZR_LATE_EFFECT_MS}
#define OTHER     .presence = ZR_PRESENCE_OTHER

static const struct ending s_endings[] = {
    {"never sent", {BIN}, 0, false, ZR_OUTCOME_NOT_ATTEMPTED},
    {"accepted", {BIN, SENT, .accepted = true}, 0, true, ZR_OUTCOME_ACCEPTED},
    {"in flight", {BIN, .attempts = 1, .in_flight = true}, 0, true, ZR_OUTCOME_UNKNOWN},
    {"unread", {BIN, .attempts = 1, .ambiguous = true}, ZR_CLASS_UNKNOWN, true, ZR_OUTCOME_UNKNOWN},
    {"there, too early",
     {BIN, SENT, .ambiguous = true},
     ZR_CLASS_UNKNOWN,
     false,
     ZR_OUTCOME_UNKNOWN},
    {"there", {BIN, SENT, .ambiguous = true}, ZR_CLASS_UNKNOWN, true, ZR_OUTCOME_REFUSED},
    {"there, may still come",
     {BIN, SENT, .ambiguous = true, .late_effect = true},
     ZR_CLASS_UNKNOWN,
     true,
     ZR_OUTCOME_UNKNOWN},
    {"there, long after",
     {BIN, SENT, .ambiguous = true, .late_effect = true, LATE_READ},
     ZR_CLASS_UNKNOWN,
     true,
     ZR_OUTCOME_REFUSED},
    {"on its way out",
     {.presence = ZR_PRESENCE_LEAVING, SENT, .ambiguous = true},
     ZR_CLASS_UNKNOWN,
     false,
     ZR_OUTCOME_ACCEPTED},
    {"an unknown word",
     {OTHER, SENT, .ambiguous = true},
     ZR_CLASS_UNKNOWN,
     true,
     ZR_OUTCOME_UNKNOWN},
    {"refused, unread",
     {BIN, .attempts = 1, .refused = true},
     ZR_CLASS_STATE,
     true,
     ZR_OUTCOME_UNKNOWN},
    {"refused, half gone",
     {.presence = ZR_PRESENCE_ABSENT, .absent_streak = 1, SENT, .refused = true},
     ZR_CLASS_MISSING,
     true,
     ZR_OUTCOME_UNKNOWN},
    {"refused, an unknown word",
     {OTHER, SENT, .refused = true},
     ZR_CLASS_MISSING,
     true,
     ZR_OUTCOME_UNKNOWN},
    {"refused for its state, an unknown word",
     {OTHER, SENT, .refused = true},
     ZR_CLASS_STATE,
     true,
     ZR_OUTCOME_NOT_RECYCLED},
    {"refused for its form",
     {BIN, SENT, .refused = true, .final = true},
     ZR_CLASS_INPUT,
     true,
     ZR_OUTCOME_INVALID},
    {"refused",
     {BIN, SENT, .refused = true, .final = true},
     ZR_CLASS_DENIED,
     true,
     ZR_OUTCOME_REFUSED},
    {"blocked, unread",
     {BIN, .attempts = 1, .refused = true, .final = true},
     ZR_CLASS_BLOCKED,
     true,
     ZR_OUTCOME_UNKNOWN},
    {"throttled, unread", {BIN, .attempts = 1}, ZR_CLASS_THROTTLED, true, ZR_OUTCOME_UNKNOWN},
    {"throttled", {BIN, SENT}, ZR_CLASS_THROTTLED, true, ZR_OUTCOME_REFUSED},
    {"no rights, unread",
     {BIN, .attempts = 1, .refused = true, .unauthorized = true},
     ZR_CLASS_UNAUTHORIZED,
     true,
     ZR_OUTCOME_REFUSED},
};

static void the_end_of_waiting_is_honest(void **state) {
  (void)state;
  for (size_t i = 0; i < ZR_COUNT(s_endings); i++) {
    const struct ending *c = &s_endings[i];
    struct zr_answer answer = {.refs = 1, .class_ = c->answered};
    struct zr_item item = c->item;
    item.answer = c->answered == ZR_CLASS_OK ? NULL : &answer;
    struct zr_verdict v = zr_verdict_final(&item, ZR_CODE_DEADLINE, c->settled);
    if (v.outcome != c->outcome)
      fail_msg("%s: %s", c->name, zr_outcome_name(v.outcome));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_rule_holds),
      cmocka_unit_test(the_end_of_waiting_is_honest),
  };
  return cmocka_run_group_tests_name("engine: verdicts", tests, NULL, NULL);
}
