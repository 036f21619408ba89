/* A disk that is full, or fails: intents are told at once, all else is kept for another try. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "desk.h"
#include "disk.h"

static struct desk d;

static int s_set_up(void **state) {
  (void)state;
  desk_init(&d);
  return 0;
}

static int s_tear_down(void **state) {
  (void)state;
  disk_heal();
  desk_clean_up(&d);
  return 0;
}

static void s_wait_health(void) {
  while (sem_wait(&d.health_told) != 0) {
  }
}

static void a_full_disk_fails_intents_at_once_and_keeps_the_rest(void **state) {
  (void)state;
  desk_open(&d);
  assert_null(desk_intent(&d, 1, "a"));
  disk_fail(0, UINT64_MAX, SQLITE_FULL);
  const char *why = desk_intent(&d, 2, "b");
  assert_non_null(why);
  assert_non_null(strstr(why, "disk is full"));
  assert_non_null(strstr(why, d.path));
  desk_outcome_later(&d, 1, "a", ZR_OUTCOME_RELEASED);
  assert_non_null(desk_intent(&d, 3, "c"));
  s_wait_health();
  assert_string_equal(d.health.data, "broken;");
  disk_heal();
  s_wait_health(); /* without anybody asking */
  assert_string_equal(d.health.data, "broken;well;");
  assert_string_equal(desk_open_calls(&d), "");
  assert_null(desk_intent(&d, 4, "d"));
  desk_close(&d);
  desk_open(&d);
  assert_string_equal(desk_open_calls(&d), "vm: 4(d)");
}

/* Its outcome is known, and waits for the disk: the call is not open, though the file says so. */
static void what_is_open_is_not_told_while_more_is_known(void **state) {
  (void)state;
  desk_open(&d);
  assert_null(desk_intent(&d, 1, "a"));
  disk_fail(0, UINT64_MAX, SQLITE_FULL);
  desk_outcome_later(&d, 1, "a", ZR_OUTCOME_RELEASED);
  assert_non_null(strstr(desk_open_calls(&d), "cannot be written"));
  disk_heal();
  s_wait_health();
  s_wait_health();
  assert_string_equal(desk_open_calls(&d), "");
}

/* The real thing: the system refuses to let the file grow. */
static void a_file_that_may_not_grow_fails_intents_until_it_may(void **state) {
  (void)state;
  desk_open(&d);
  struct rlimit before;
  (void)signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct stat st;
  assert_int_equal(stat(d.path, &st), 0);
  const struct rlimit tight = {.rlim_cur = (rlim_t)st.st_size, .rlim_max = before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const char *why = NULL;
  char ids[1024];
  uint32_t n = 0;
  (void)memset(ids, 'x', sizeof ids);
  ids[sizeof ids - 1] = '\0';
  while (!why && n < 200)
    why = desk_intent(&d, ++n, ids);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_non_null(why);
  assert_non_null(strstr(why, "the disk reports an error"));
  s_wait_health();
  s_wait_health();
  assert_string_equal(d.health.data, "broken;well;");
  assert_null(desk_intent(&d, 500, "z"));
  desk_close(&d);
  desk_open(&d);
  struct zr_record_query q = desk_any();
  q.instance_id = "z";
  assert_string_equal(desk_history(&d, &q), "z - 500 open");
  assert_int_equal(zr_journal_last_batch(d.j), 500);
}

static void closing_on_a_broken_disk_ends_and_loses_no_intent(void **state) {
  (void)state;
  desk_open(&d);
  assert_null(desk_intent(&d, 1, "a"));
  disk_fail(0, UINT64_MAX, SQLITE_IOERR_WRITE);
  desk_outcome_later(&d, 1, "a", ZR_OUTCOME_RELEASED);
  desk_close(&d);
  disk_heal();
  desk_open(&d);
  assert_string_equal(desk_open_calls(&d), "vm: 1(a)");
}

/* With as many ids that left the bin, in one go. */
static void s_fill_up(size_t count) {
  char(*ids)[8] = calloc(count, sizeof *ids);
  const char **list = calloc(count, sizeof *list);
  assert_true(ids && list);
  for (size_t i = 0; i < count; i++) {
    (void)snprintf(ids[i], sizeof ids[i], "x%zu", i);
    list[i] = ids[i];
  }
  enum zr_err e =
      zr_journal_sight(d.j, ZR_PRODUCT_VM, list, count, true, (struct zr_wall){DESK_EPOCH_S});
  free(list);
  free(ids);
  assert_int_equal(e, ZR_ERR_OK);
}

/* While the disk fails, reads go on. What they saw of the bin does not push out what became of
 * releases; and what was lost of it lets nothing seem older than it is. */
static void what_was_lost_of_the_bin_protects(void **state) {
  (void)state;
  desk_open(&d);
  assert_null(desk_intent(&d, 1, "a"));
  desk_sight(&d, "a b c", false, 1000);
  assert_string_equal(desk_seen(&d, "a b c"), "1000 1000 1000");
  disk_fail(0, UINT64_MAX, SQLITE_FULL);
  desk_sight(&d, "b", true, 2000);
  assert_string_equal(desk_seen(&d, "a b c"), "- - -"); /* it waits */
  s_fill_up(49999);
  desk_sight(&d, "a", true, 2000); /* one too many */
  desk_outcome_later(&d, 1, "a", ZR_OUTCOME_RELEASED);
  assert_string_equal(desk_seen(&d, "a b c"), "- - -");
  disk_heal();
  s_wait_health();
  s_wait_health();
  assert_string_equal(d.health.data, "broken;well;");
  assert_string_equal(desk_open_calls(&d), "");
  desk_close(&d);
  desk_open(&d);
  desk_sight(&d, "c", false, 3000);
  assert_string_equal(desk_seen(&d, "a b c"), "- - 3000");
}

static void what_waits_for_the_disk_is_known_to_have_left(void **state) {
  (void)state;
  desk_open(&d);
  desk_sight(&d, "a b", false, 1000);
  assert_string_equal(desk_seen(&d, "a b"), "1000 1000");
  disk_fail(0, UINT64_MAX, SQLITE_FULL);
  desk_sight(&d, "b", true, 2000);
  assert_string_equal(desk_seen(&d, "b"), "-");
  disk_heal();
  s_wait_health();
  s_wait_health();
  assert_string_equal(desk_seen(&d, "a b"), "1000 -"); /* nothing was lost */
}

/* One change fails, wherever it is: what was told as kept is there, what was not told is not. */
static void any_single_change_may_fail(void **state) {
  (void)state;
  static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC};
  uint32_t n = 0;
  for (uint64_t at = 0; at < 14; at++) {
    for (size_t c = 0; c < sizeof codes / sizeof codes[0]; c++) {
      zr_buf_reset(&d.health);
      desk_open(&d);
      uint64_t before = disk_count();
      disk_fail(at, 1, codes[c]);
      const char *first = desk_intent(&d, ++n, "a");
      const char *second = desk_intent(&d, ++n, "b");
      disk_heal();
      assert_true(disk_count() > before);
      char wanted[64] = "";
      size_t len = 0;
      if (!first)
        len = (size_t)snprintf(wanted, sizeof wanted, " %u(a)", n - 1);
      if (!second)
        (void)snprintf(wanted + len, sizeof wanted - len, " %u(b)", n);
      desk_close(&d);
      desk_open(&d);
      const char *open = desk_open_calls(&d);
      assert_string_equal(*open ? open + 3 : "", wanted);
      assert_null(desk_outcome(&d, n, "a", ZR_OUTCOME_RELEASED, ""));
      assert_null(desk_outcome(&d, n, "b", ZR_OUTCOME_RELEASED, ""));
      desk_close(&d);
    }
  }
}

static void a_start_without_room_says_so_and_works_later(void **state) {
  (void)state;
  uint64_t at = 0;
  for (bool refused = true; refused; at++) {
    disk_fail(at, UINT64_MAX, SQLITE_FULL);
    enum zr_err e = desk_try(&d);
    disk_heal();
    refused = e != ZR_ERR_OK;
    if (refused) {
      assert_int_equal(e, ZR_ERR_IO);
      assert_non_null(strstr(d.problem.data, "disk is full"));
      assert_null(d.j);
    }
    if (at % 2 == 1 && refused) { /* what a failed start left does not harm the next */
      desk_open(&d);
      assert_string_equal(desk_open_calls(&d), "");
      desk_close(&d);
      assert_int_equal(unlink(d.path), 0);
    }
    desk_close(&d);
  }
  assert_true(at > 5);
}

/* ---- memory ---- */

static void s_scene(void) {
  if (desk_try(&d) != ZR_ERR_OK)
    return;
  bool first = desk_intent(&d, 1, "a:r:q b:r") == NULL;
  (void)desk_joined(&d, 1, "a", "late");
  (void)desk_answer(&d, 1, ZR_CLASS_OK, "req", "b");
  (void)desk_outcome(&d, 1, "b", ZR_OUTCOME_REFUSED, "r");
  bool second = desk_intent(&d, 2, "c") == NULL;
  desk_close(&d);
  if (desk_try(&d) == ZR_ERR_OK) { /* now there is a file, which is checked */
    struct zr_record_query q = desk_any();
    q.request_id = "late";
    (void)desk_history(&d, &q);
  }
  desk_close(&d);
  zr_mem_fail_after(UINT64_MAX);
  desk_open(&d);
  const char *open = desk_open_calls(&d);
  assert_int_equal(first, strstr(open, "(a") != NULL);
  assert_int_equal(second, strstr(open, "(c)") != NULL);
}

static void any_allocation_may_fail(void **state) {
  (void)state;
#ifdef ZR_SANITIZED
  enum { STRIDE = 61 };
#else
  enum { STRIDE = 11 };
#endif
  const char *sweep = getenv("ZR_SWEEP");
  unsigned stride = sweep && strcmp(sweep, "full") == 0 ? 1 : STRIDE;
  uint64_t sites = 0;
  for (uint64_t n = 0;; n += stride) {
    (void)unlink(d.path);
    uint64_t before = zr_mem_count();
    zr_mem_fail_after(n);
    s_scene();
    bool reached = zr_mem_count() - before > n;
    zr_mem_fail_after(UINT64_MAX);
    desk_close(&d);
    sites++;
    if (!reached)
      break;
  }
  print_message("%llu places\n", (unsigned long long)sites);
  assert_true(sites > 50);
}

static int s_install(void **state) {
  (void)state;
  struct desk first; /* our memory goes under SQLite before anything else uses it */
  desk_init(&first);
  desk_open(&first);
  desk_clean_up(&first);
  disk_install();
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, s_set_up, s_tear_down)
      T(a_full_disk_fails_intents_at_once_and_keeps_the_rest),
      T(a_file_that_may_not_grow_fails_intents_until_it_may),
      T(closing_on_a_broken_disk_ends_and_loses_no_intent),
      T(what_was_lost_of_the_bin_protects),
      T(what_waits_for_the_disk_is_known_to_have_left),
      T(any_single_change_may_fail),
      T(what_is_open_is_not_told_while_more_is_known),
      T(a_start_without_room_says_so_and_works_later),
      T(any_allocation_may_fail),
#undef T
  };
  return cmocka_run_group_tests(tests, s_install, NULL);
}
