/* One file, one process, and nobody else's hands on it. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "desk.h"

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

static void s_refused(enum zr_err wanted, const char *word) {
  enum zr_err e = desk_try(&d);
  assert_int_equal(e, wanted);
  assert_null(d.j);
  if (!strstr(d.problem.data, word) || !strstr(d.problem.data, d.path))
    fail_msg("\"%s\" does not say \"%s\", or which file", d.problem.data, word);
}

static void s_write_file(const char *path, const void *bytes, size_t len) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes, len), (ssize_t)len);
  (void)close(fd);
}

static void a_new_file_is_ours_alone_and_nothing_stays_beside_it(void **state) {
  (void)state;
  desk_open(&d);
  assert_null(desk_intent(&d, 1, "a"));
  struct stat st;
  assert_int_equal(stat(d.path, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  desk_close(&d);
  assert_string_equal(desk_files(&d), "journal.db ");
}

/* Opens in a child, tells, and keeps it until killed. Returns its pid. */
static pid_t s_holder(void) {
  int told[2];
  assert_int_equal(pipe(told), 0);
  pid_t pid = fork();
  if (pid == 0) {
    char ok = desk_try(&d) == ZR_ERR_OK && desk_intent(&d, 1, "a") == NULL;
    if (write(told[1], &ok, 1) != 1)
      _exit(1);
    (void)alarm(60);
    for (;;)
      (void)pause();
  }
  char ok = 0;
  assert_int_equal(read(told[0], &ok, 1), 1);
  assert_true(ok);
  (void)close(told[0]);
  (void)close(told[1]);
  return pid;
}

static void another_process_is_refused_and_told_who_has_it(void **state) {
  (void)state;
  pid_t pid = s_holder();
  char who[64];
  (void)snprintf(who, sizeof who, "process %ld (test_journal_fi", (long)pid);
  s_refused(ZR_ERR_EXISTS, who);
  d.read_only = true;
  s_refused(ZR_ERR_EXISTS, who);
  d.read_only = false;
  (void)kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  /* No lock outlives its process. */
  desk_open(&d);
  assert_string_equal(desk_open_calls(&d), "vm: 1(a)");
}

/* A second descriptor of the same process would end the lock when it is closed. */
static void the_same_process_is_refused_and_keeps_the_lock(void **state) {
  (void)state;
  desk_open(&d);
  struct zr_journal *first = d.j;
  d.j = NULL;
  s_refused(ZR_ERR_EXISTS, "this very process");
  struct flock lock = {
      .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
  pid_t pid = fork();
  if (pid == 0) { /* for whom it is the lock of another process */
    int fd = open(d.path, O_RDONLY | O_CLOEXEC);
    _exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_pid == getppid() ? 0 : 1);
  }
  int status = 1;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
  d.j = first;
}

static void a_file_that_others_can_write_is_refused(void **state) {
  (void)state;
  desk_open(&d);
  desk_close(&d);
  assert_int_equal(chmod(d.path, 0620), 0);
  s_refused(ZR_ERR_DENIED, "0600");
  assert_int_equal(chmod(d.path, 0600), 0);
  assert_int_equal(chmod(d.folder, 0777), 0);
  s_refused(ZR_ERR_DENIED, "folder");
  /* Sticky, others cannot take away what is there, but plant what is not. */
  assert_int_equal(chmod(d.folder, 01777), 0);
  s_refused(ZR_ERR_DENIED, "folder");
  assert_int_equal(chmod(d.folder, 01770), 0);
  s_refused(ZR_ERR_DENIED, "folder");
  assert_int_equal(chmod(d.folder, 0700), 0);
  desk_open(&d);
}

/* The rollback journal has the name of the file: what was left in mid-commit under one name is not
 * played back under the other. */
static void a_file_with_a_second_name_is_refused(void **state) {
  (void)state;
  char other[128];
  (void)snprintf(other, sizeof other, "%s/other", d.folder);
  desk_open(&d);
  assert_null(desk_intent(&d, 1, "a"));
  desk_close(&d);
  assert_int_equal(link(d.path, other), 0);
  s_refused(ZR_ERR_DENIED, "2 names");
  d.read_only = true;
  s_refused(ZR_ERR_DENIED, "2 names");
  d.read_only = false;
  assert_int_equal(unlink(other), 0);
  desk_open(&d);
  assert_string_equal(desk_open_calls(&d), "vm: 1(a)");
}

/* In a mount namespace of a child's own; its exit code: 77 where there can be none. */
static int s_with_a_mounted_file(const char *other) {
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount(other, d.path, NULL, MS_BIND, NULL) != 0)
    return 77;
  enum zr_err e = desk_try(&d);
  return e == ZR_ERR_DENIED && strstr(d.problem.data, "mounted by itself") ? 0 : 1;
}

static void a_file_that_is_mounted_by_itself_is_refused(void **state) {
  (void)state;
  char other[128];
  (void)snprintf(other, sizeof other, "%s/other", d.folder);
  s_write_file(other, "", 0);
  s_write_file(d.path, "", 0);
  pid_t pid = fork();
  if (pid == 0)
    _exit(s_with_a_mounted_file(other));
  int status = 1;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77)
    printf("SKIPPED: no mount of our own here\n");
  else
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_somebody_else_put_there_is_refused(void **state) {
  (void)state;
  if (geteuid() != 0) {
    printf("SKIPPED: only root can make files of somebody else\n");
    return;
  }
  char elsewhere[128];
  (void)snprintf(elsewhere, sizeof elsewhere, "%s/other", d.folder);
  s_write_file(elsewhere, "", 0);
  assert_int_equal(symlink(elsewhere, d.path), 0);
  assert_int_equal(lchown(d.path, 12345, 12345), 0);
  s_refused(ZR_ERR_DENIED, "symbolic link");
  assert_int_equal(lchown(d.path, 0, 0), 0);
  desk_open(&d); /* our own link is fine */
  desk_close(&d);
  assert_int_equal(unlink(d.path), 0);
  char planted[128];
  (void)snprintf(planted, sizeof planted, "%s-journal", d.path);
  s_write_file(planted, "x", 1);
  assert_int_equal(chown(planted, 12345, 12345), 0);
  s_refused(ZR_ERR_DENIED, "-journal");
}

static void no_folder_no_file_no_journal(void **state) {
  (void)state;
  char path[sizeof d.path];
  (void)snprintf(path, sizeof path, "%s", d.path);
  (void)snprintf(d.path, sizeof d.path, "%.40s/no/such", d.folder);
  s_refused(ZR_ERR_NOT_FOUND, "no such");
  (void)snprintf(d.path, sizeof d.path, "%.40s/folder", d.folder);
  assert_int_equal(mkdir(d.path, 0700), 0);
  s_refused(ZR_ERR_DENIED, "directory");
  assert_int_equal(rmdir(d.path), 0);
  (void)snprintf(d.path, sizeof d.path, "%s", path);
  d.read_only = true;
  s_refused(ZR_ERR_NOT_FOUND, "No such file");
}

static void another_kind_of_file_is_refused_and_untouched(void **state) {
  (void)state;
  static const char text[] =
      "This is a letter to somebody, and no journal of anything. It is "
      "long enough to be looked at as a header, which takes a hundred bytes.";
  s_write_file(d.path, text, sizeof text);
  s_refused(ZR_ERR_INVALID, "no journal");
  char back[sizeof text];
  int fd = open(d.path, O_RDONLY | O_CLOEXEC);
  assert_int_equal(read(fd, back, sizeof back), (ssize_t)sizeof text);
  (void)close(fd);
  assert_memory_equal(back, text, sizeof text);
}

static void a_database_of_others_or_of_a_later_version_is_refused(void **state) {
  (void)state;
  desk_sql(&d, "CREATE TABLE t (x)");
  assert_int_equal(chmod(d.path, 0600), 0);
  s_refused(ZR_ERR_INVALID, "no journal of zenrelease");
  assert_int_equal(unlink(d.path), 0);
  desk_open(&d);
  desk_close(&d);
  desk_sql(&d, "PRAGMA user_version = 3");
  s_refused(ZR_ERR_INVALID, "later version");
  desk_sql(&d, "PRAGMA user_version = 0");
  s_refused(ZR_ERR_INVALID, "damaged");
}

static int s_version(void) {
  sqlite3 *db = NULL;
  sqlite3_stmt *ask = NULL;
  assert_int_equal(sqlite3_open(d.path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &ask, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(ask), SQLITE_ROW);
  int version = sqlite3_column_int(ask, 0);
  (void)sqlite3_finalize(ask);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  return version;
}

/* Form 1 had no request id in the row of an intent, and a closed row for each further caller who
 * was told something. */
static void a_file_of_the_first_form_is_read_and_becomes_one_of_this(void **state) {
  (void)state;
  desk_open(&d);
  desk_close(&d);
  assert_int_equal(s_version(), 2);
  desk_open(&d);
  assert_null(desk_intent(&d, 1, "a b"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_UNKNOWN, "r1"));
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_ACCEPTED, "r2"));
  desk_close(&d);
  desk_sql(&d, "PRAGMA user_version = 1");
  struct zr_record_query q = desk_any();
  const char *history = "a accepted 1 r2; b - 1 open; a unknown 1 open r1";
  d.read_only = true;
  desk_open(&d);
  assert_string_equal(desk_history(&d, &q), history);
  desk_close(&d);
  assert_int_equal(s_version(), 1);
  d.read_only = false;
  desk_open(&d);
  assert_string_equal(desk_history(&d, &q), history);
  assert_string_equal(desk_open_calls(&d), "vm: 1(a b)");
  assert_null(desk_joined(&d, 1, "b", "r2"));
  desk_close(&d);
  assert_int_equal(s_version(), 2);
  desk_open(&d);
  assert_null(desk_outcome(&d, 1, "a", ZR_OUTCOME_RELEASED, ""));
  assert_string_equal(desk_history(&d, &q), "a accepted 1 r2; b - 1 open r2; a released 1 r1");
}

static void read_only_shows_and_takes_nothing(void **state) {
  (void)state;
  desk_open(&d);
  assert_null(desk_intent(&d, 1, "a"));
  desk_close(&d);
  d.read_only = true;
  desk_open(&d);
  struct zr_record_query q = desk_any();
  assert_string_equal(desk_history(&d, &q), "a - 1 open");
  assert_non_null(desk_intent(&d, 2, "b"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, s_set_up, s_tear_down)
      T(a_new_file_is_ours_alone_and_nothing_stays_beside_it),
      T(another_process_is_refused_and_told_who_has_it),
      T(the_same_process_is_refused_and_keeps_the_lock),
      T(a_file_that_others_can_write_is_refused),
      T(a_file_with_a_second_name_is_refused),
      T(a_file_that_is_mounted_by_itself_is_refused),
      T(what_somebody_else_put_there_is_refused),
      T(no_folder_no_file_no_journal),
      T(another_kind_of_file_is_refused_and_untouched),
      T(a_database_of_others_or_of_a_later_version_is_refused),
      T(a_file_of_the_first_form_is_read_and_becomes_one_of_this),
      T(read_only_shows_and_takes_nothing),
#undef T
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
