/* Questions about the past: answered whole, and behind what is to be written. */
#include <stdatomic.h>

#include "desk.h"

static struct desk d;

static int s_set_up(void **state) {
  (void)state;
  desk_init(&d);
  desk_open(&d);
  return 0;
}

static int s_tear_down(void **state) {
  (void)state;
  desk_clean_up(&d);
  return 0;
}

/* More rows than are looked through at once: no page has a gap, and none a row twice. */
static void a_long_history_is_found_whole(void **state) {
  (void)state;
  enum { ROWS = 45000 };
  desk_close(&d);
  desk_fill(&d, ROWS);
  desk_open(&d);
  struct zr_record_query q = desk_any();
  q.outcome = ZR_OUTCOME_INVALID;
  assert_string_equal(desk_history(&d, &q), "i1 invalid 0; i1 invalid 0");
  q.limit = 1;
  const char *page = desk_history(&d, &q);
  assert_string_equal(page, "i1 invalid 0 ... 45000");
  q.after = ROWS;
  assert_string_equal(desk_history(&d, &q), "i1 invalid 0");
  q = desk_any();
  q.limit = 1;
  q.from.ms = 45000;
  assert_string_equal(desk_history(&d, &q), "i1 invalid 0"); /* few are of that time */
  q.from.ms = 2;
  q.to.ms = 3;
  assert_string_equal(desk_history(&d, &q), "i0 released 0");
  q.to.ms = 0;
  q.outcome = ZR_OUTCOME_REFUSED;
  assert_string_equal(desk_history(&d, &q), "");
  q.outcome = ZR_OUTCOME_NONE;
  q.open_only = true;
  assert_string_equal(desk_history(&d, &q), "");
  assert_null(desk_intent(&d, 1, "a"));
  assert_string_equal(desk_history(&d, &q), "a - 1 open");
  q = desk_any();
  q.limit = 30000;
  q.instance_id = "i0";
  q.after = 100;
  assert_int_equal(strlen(desk_history(&d, &q)), 98 * strlen("; i0 released 0") - 2);
}

static sem_t s_go;
static atomic_uint s_answered;
static unsigned s_answered_before;

static void s_hold_up(void *ctx, const struct zr_record_entry *entries, size_t count, bool more,
                      const char *why) {
  (void)ctx, (void)entries, (void)count, (void)more, (void)why;
  while (sem_wait(&s_go) != 0) {
  }
}

static void s_count(void *ctx, const struct zr_record_entry *entries, size_t count, bool more,
                    const char *why) {
  (void)ctx, (void)entries, (void)more;
  assert_true(why || count == 2);
  atomic_fetch_add(&s_answered, 1);
}

static void s_kept_after(void *ctx, const char *why) {
  s_answered_before = atomic_load(&s_answered);
  assert_null(why);
  (void)sem_post(ctx);
}

static void who_asks_much_holds_up_no_release(void **state) {
  (void)state;
  static const char *const ids[] = {"a"};
  const struct zr_record r = {
      .kind = ZR_RECORD_INTENT, .product = ZR_PRODUCT_VM, .batch = 1, .ids = ids, .id_count = 1};
  struct zr_record_query q = desk_any();
  sem_t kept;
  (void)sem_init(&kept, 0, 0);
  (void)sem_init(&s_go, 0, 0);
  desk_close(&d);
  desk_fill(&d, 45000);
  desk_open(&d);
  q.outcome = ZR_OUTCOME_INVALID;
  assert_int_equal(zr_journal_find(d.j, &q, s_hold_up, NULL), ZR_ERR_OK);
  for (int i = 0; i < 20; i++)
    assert_int_equal(zr_journal_find(d.j, &q, s_count, NULL), ZR_ERR_OK);
  assert_int_equal(zr_journal_append(d.j, &r, s_kept_after, &kept), ZR_ERR_OK);
  (void)sem_post(&s_go);
  while (sem_wait(&kept) != 0) {
  }
  assert_int_equal(s_answered_before, 0);
  desk_close(&d); /* each hears of it */
  assert_int_equal(atomic_load(&s_answered), 20);
  (void)sem_destroy(&kept);
  (void)sem_destroy(&s_go);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, s_set_up, s_tear_down)
      T(a_long_history_is_found_whole),
      T(who_asks_much_holds_up_no_release),
#undef T
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
