/* Which ids that vanish are believed gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/crowd.h"

enum { COUNT = 10 };

struct read {
  struct zr_item item[COUNT];
  struct zr_item *list[COUNT];
  struct zr_rstr *group[2];
};

/* `absent` of ten ids vanish, the first ones; the first `of_a` are of group a, the rest of b. */
static void look(struct read *r, unsigned absent, unsigned of_a, unsigned attempts) {
  *r = (struct read){.group = {zr_rstr_new(ZR_VIEW("a")), zr_rstr_new(ZR_VIEW("b"))}};
  for (unsigned i = 0; i < COUNT; i++) {
    r->list[i] = &r->item[i];
    r->item[i] = (struct zr_item){.attempts = attempts,
                                  .group = r->group[i < of_a ? 0 : 1],
                                  .presence = i < absent ? ZR_PRESENCE_ABSENT : ZR_PRESENCE_BIN,
                                  .absent_streak = i < absent};
  }
}

static unsigned hidden(struct read *r) {
  unsigned n = 0;
  zr_crowd_note(r->list, COUNT);
  for (unsigned i = 0; i < COUNT; i++)
    n += r->item[i].hidden;
  zr_rstr_release(r->group[0]);
  zr_rstr_release(r->group[1]);
  return n;
}

static void test_a_few_are_believed(void **state) {
  (void)state;
  struct read r;
  look(&r, 3, 3, 0);
  assert_int_equal(hidden(&r), 0);
}

static void test_a_whole_group_is_not(void **state) {
  (void)state;
  struct read r;
  look(&r, 4, 4, 0);
  assert_int_equal(hidden(&r), 4);
  look(&r, 4, 4, 1);
  assert_int_equal(hidden(&r), 4);
}

static void test_a_neighbour_proves_that_the_group_can_be_seen(void **state) {
  (void)state;
  struct read r;
  look(&r, 9, 10, 0);
  assert_int_equal(hidden(&r), 0);
  look(&r, 6, 5, 0); /* five of a, none of which is left, and one of b */
  assert_int_equal(hidden(&r), 5);
}

static void test_a_call_that_is_gone_as_a_whole_is_believed(void **state) {
  (void)state;
  struct read r;
  look(&r, 10, 10, 1);
  assert_int_equal(hidden(&r), 0);
  look(&r, 10, 10, 0); /* nothing of ours can have done that */
  assert_int_equal(hidden(&r), 10);
}

static void test_what_an_order_of_ours_removed_does_not_count(void **state) {
  (void)state;
  struct read r;
  look(&r, 6, 6, 1);
  for (unsigned i = 0; i < 5; i++)
    r.item[i].accepted = true;
  assert_int_equal(hidden(&r), 0);
}

static void test_only_the_read_in_which_they_vanished_counts(void **state) {
  (void)state;
  struct read r;
  look(&r, 6, 6, 0);
  for (unsigned i = 0; i < 6; i++) {
    r.item[i].absent_streak = 2;
    r.item[i].hidden = i < 5;
  }
  assert_int_equal(hidden(&r), 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_few_are_believed),
      cmocka_unit_test(test_a_whole_group_is_not),
      cmocka_unit_test(test_a_neighbour_proves_that_the_group_can_be_seen),
      cmocka_unit_test(test_a_call_that_is_gone_as_a_whole_is_believed),
      cmocka_unit_test(test_what_an_order_of_ours_removed_does_not_count),
      cmocka_unit_test(test_only_the_read_in_which_they_vanished_counts),
  };
  return cmocka_run_group_tests_name("engine: crowds", tests, NULL, NULL);
}
