/*
 * What a crash leaves is recovered; what the disk has changed is refused, or does no harm: a start
 * never shows other open calls than those that were kept.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "desk.h"
#include "disk.h"

/* Sanitizers make a start a dozen times as slow; they look at a sample. */
#ifdef ZR_SANITIZED
enum { SPARSER = 17 };
#else
enum { SPARSER = 1 };
#endif

static struct desk d;

static int s_set_up(void **state) {
  (void)state;
  desk_init(&d);
  return 0;
}

static int s_tear_down(void **state) {
  (void)state;
  desk_clean_up(&d);
  return 0;
}

/* ---- files as bytes ---- */

struct bytes {
  char *data;
  size_t len;
};

static const char *s_beside(void) {
  static char path[128];
  (void)snprintf(path, sizeof path, "%s-journal", d.path);
  return path;
}

static struct bytes s_load(const char *path) {
  struct bytes b = {zr_alloc(1 << 22), 0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  assert_true(fd >= 0 && b.data);
  ssize_t n = read(fd, b.data, 1 << 22);
  assert_true(n > 0);
  b.len = (size_t)n;
  (void)close(fd);
  return b;
}

static void s_store(const char *path, const char *data, size_t len) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, data, len), (ssize_t)len);
  (void)close(fd);
}

/* ---- a crash in mid-commit ---- */

static const char s_kept[] = "vm: 1=ok(a b) 2(c)";

static void s_fill(void) {
  desk_open(&d);
  assert_null(desk_intent(&d, 1, "a b"));
  assert_null(desk_answer(&d, 1, ZR_CLASS_OK, "req-1", ""));
  assert_null(desk_intent(&d, 2, "c"));
  desk_close(&d);
}

/* Leaves the file as in the middle of a commit of call 3; with `flushed`, when the pages of the
 * database have been written, but the commit has not been. */
static void s_crash(bool flushed, struct bytes *file, struct bytes *beside) {
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(d.path, &db), SQLITE_OK);
  assert_int_equal(
      sqlite3_exec(
          db,
          "BEGIN IMMEDIATE; INSERT INTO calls (number, owner, product, depend_resource, "
          "sent_at, ids) VALUES (3, 1, 'vm', 0, 1, 1); INSERT INTO entries (owner, "
          "product, instance_id, call, intent, open, at) VALUES (1, 'vm', 'x', 3, 1, 1, 1);",
          NULL, NULL, NULL),
      SQLITE_OK);
  if (flushed)
    assert_int_equal(sqlite3_db_cacheflush(db), SQLITE_OK);
  *file = s_load(d.path);
  *beside = s_load(s_beside());
  assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void s_expect_kept(void) {
  desk_open(&d);
  assert_string_equal(desk_open_calls(&d), s_kept);
  desk_close(&d);
  assert_string_equal(desk_files(&d), "journal.db ");
}

static void a_torn_rollback_journal_loses_nothing(void **state) {
  (void)state;
  s_fill();
  struct bytes file;
  struct bytes beside;
  s_crash(false, &file, &beside);
  /* Torn while it was written: the database has not been touched yet. */
  for (size_t len = 0; len <= beside.len;
       len += SPARSER * (len < 700 || len > beside.len - 50 ? 1UL : 37UL)) {
    s_store(d.path, file.data, file.len);
    s_store(s_beside(), beside.data, len);
    s_expect_kept();
  }
  zr_free(file.data);
  zr_free(beside.data);
}

static void half_written_pages_are_played_back(void **state) {
  (void)state;
  s_fill();
  struct bytes clean = s_load(d.path);
  struct bytes file;
  struct bytes beside;
  s_crash(true, &file, &beside);
  assert_int_equal(clean.len, file.len);
  assert_memory_not_equal(clean.data, file.data, file.len);
  /* The pages of the commit reached the disk up to any byte, from either end. */
  for (size_t at = 0; at <= file.len; at += SPARSER * 509UL) {
    char *mixed = zr_alloc(file.len);
    assert_non_null(mixed);
    for (int end = 0; end < 2; end++) {
      (void)memcpy(mixed, end ? clean.data : file.data, file.len);
      (void)memcpy(mixed, end ? file.data : clean.data, at);
      s_store(d.path, mixed, file.len);
      s_store(s_beside(), beside.data, beside.len);
      s_expect_kept();
    }
    zr_free(mixed);
  }
  zr_free(clean.data);
  zr_free(file.data);
  zr_free(beside.data);
}

/* ---- a disk that changes what was written ---- */

/* Refused, or as it was. Returns whether it was refused. */
static bool s_harmless(const char *what, size_t at) {
  enum zr_err e = desk_try(&d);
  if (e != ZR_ERR_OK) {
    if (e != ZR_ERR_INVALID)
      fail_msg("%s %zu: error %d, %s", what, at, e, d.problem.data);
    return true;
  }
  const char *open = desk_open_calls(&d);
  if (strcmp(open, s_kept) != 0 || zr_journal_last_batch(d.j) != 2)
    fail_msg("%s %zu: open calls became \"%s\"", what, at, open);
  desk_close(&d);
  return false;
}

static void a_file_cut_anywhere_is_refused(void **state) {
  (void)state;
  s_fill();
  struct bytes file = s_load(d.path);
  for (size_t len = 1; len < file.len; len += SPARSER * (len < 600 ? 7UL : 193UL)) {
    s_store(d.path, file.data, len);
    if (!s_harmless("cut at", len))
      fail_msg("cut at %zu of %zu is not noticed", len, file.len);
  }
  zr_free(file.data);
}

static void a_bit_flipped_anywhere_is_refused_or_does_no_harm(void **state) {
  (void)state;
  s_fill();
  struct bytes file = s_load(d.path);
  size_t refused = 0;
  size_t tried = 0;
  for (size_t at = 0; at < file.len; at += SPARSER * 11UL) {
    if (file.data[at] == 0 && at % 4 != 0)
      continue; /* mostly free space */
    char bit = (char)(1 << (at % 7));
    file.data[at] = (char)(file.data[at] ^ bit);
    s_store(d.path, file.data, file.len);
    refused += s_harmless("flip at", at);
    tried++;
    file.data[at] = (char)(file.data[at] ^ bit);
  }
  print_message("%zu flips, %zu refused\n", tried, refused);
  assert_true(refused > (SPARSER > 1 ? 3 : 20));
  zr_free(file.data);
}

/* Sound for SQLite, and no journal to rely on: other rules, or open ids that nothing would read. */
static void a_file_that_somebody_has_changed_is_refused(void **state) {
  (void)state;
  static const char *const changes[] = {
      "CREATE TRIGGER t AFTER INSERT ON entries BEGIN UPDATE entries SET open = 0; END",
      "DROP INDEX entries_open",
      "CREATE INDEX more ON entries (name)",
      "DROP VIEW history",
      "DROP TABLE sightings; CREATE TABLE sightings (owner, product, instance_id, first_seen)",
      "DELETE FROM calls",
      "DELETE FROM owners",
      "UPDATE entries SET product = 'bmc'",
      "UPDATE entries SET instance_id = 'a' || char(0) || 'b'",
  };
  s_fill();
  struct bytes file = s_load(d.path);
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    s_store(d.path, file.data, file.len);
    desk_sql(&d, changes[i]);
    if (desk_try(&d) != ZR_ERR_INVALID || !strstr(d.problem.data, "damaged"))
      fail_msg("%s: is not noticed", changes[i]);
  }
  zr_free(file.data);
}

static void what_is_left_of_a_damaged_file_can_be_looked_at(void **state) {
  (void)state;
  s_fill();
  struct bytes file = s_load(d.path);
  char *index = memmem(file.data, file.len, "vmb", 3); /* of entries_open: vm, b */
  assert_non_null(index);
  index[2] = 'q';
  s_store(d.path, file.data, file.len);
  assert_int_equal(desk_try(&d), ZR_ERR_INVALID);
  assert_non_null(strstr(d.problem.data, "move it aside"));
  d.read_only = true;
  desk_open(&d);
  struct zr_record_query q = desk_any();
  const char *history = desk_history(&d, &q);
  assert_non_null(strstr(history, "a - 1 open"));
  zr_free(file.data);
}

/* ---- kill -9 ---- */

/* In a child: intents without end, each number told once it is kept. */
static void s_write_until_killed(int told, uint32_t from) {
  desk_open(&d);
  for (uint32_t n = from;; n++) {
    char id[16];
    (void)snprintf(id, sizeof id, "i%u", n);
    if (desk_intent(&d, n, id) || write(told, &n, sizeof n) != (ssize_t)sizeof n)
      _exit(1);
  }
}

/* Runs a child until `stop` kept intents, or its end; returns the last number that it told. */
static uint32_t s_run_child(uint32_t from, uint32_t stop, uint64_t die_at, int half) {
  int told[2];
  assert_int_equal(pipe(told), 0);
  pid_t pid = fork();
  if (pid == 0) {
    (void)close(told[0]);
    (void)alarm(60);
    if (!stop)
      disk_die(die_at, half);
    s_write_until_killed(told[1], from);
  }
  (void)close(told[1]);
  uint32_t last = from - 1;
  uint32_t n = 0;
  while ((!stop || last + 1 - from < stop) && read(told[0], &n, sizeof n) == (ssize_t)sizeof n)
    last = n;
  (void)kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  while (read(told[0], &n, sizeof n) == (ssize_t)sizeof n)
    last = n; /* what it told meanwhile */
  (void)close(told[0]);
  return last;
}

/* All up to `last` are there; at most one more, whose child did not live to tell. Empties it. */
static uint32_t s_check_child(uint32_t from, uint32_t last) {
  desk_open(&d);
  uint32_t highest = zr_journal_last_batch(d.j);
  assert_in_range(highest, last, last + 1);
  char open[65536];
  (void)snprintf(open, sizeof open, "%s ", desk_open_calls(&d));
  for (uint32_t n = from; n <= highest; n++) {
    char wanted[48];
    (void)snprintf(wanted, sizeof wanted, " %u(i%u) ", n, n);
    if (!strstr(open, wanted))
      fail_msg("call %u was kept and is not there: %s", n, open);
    (void)snprintf(wanted, sizeof wanted, "i%u", n);
    assert_null(desk_outcome(&d, n, wanted, ZR_OUTCOME_RELEASED, ""));
  }
  desk_close(&d);
  return highest;
}

static void a_kill_at_any_moment_loses_no_intent_that_was_kept(void **state) {
  (void)state;
  uint32_t last = 0;
  for (uint32_t round = 0; round < 25; round++) {
    uint32_t from = last + 1;
    last = s_check_child(from, s_run_child(from, 1 + round % 7, 0, 0));
  }
}

static void a_kill_in_front_of_any_change_of_the_disk_loses_none_either(void **state) {
  (void)state;
  uint32_t last = 0;
  for (uint64_t at = 0; at < 60; at += SPARSER) {
    for (int half = 0; half < 2; half++) {
      uint32_t from = last + 1;
      uint32_t told = s_run_child(from, 0, at, half);
      last = s_check_child(from, told);
    }
  }
  print_message("%u calls\n", last);
  assert_true(last > (SPARSER > 1 ? 0 : 20));
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
      T(a_torn_rollback_journal_loses_nothing),
      T(half_written_pages_are_played_back),
      T(a_file_cut_anywhere_is_refused),
      T(a_bit_flipped_anywhere_is_refused_or_does_no_harm),
      T(a_file_that_somebody_has_changed_is_refused),
      T(what_is_left_of_a_damaged_file_can_be_looked_at),
      T(a_kill_at_any_moment_loses_no_intent_that_was_kept),
      T(a_kill_in_front_of_any_change_of_the_disk_loses_none_either),
#undef T
  };
  return cmocka_run_group_tests(tests, s_install, NULL);
}
