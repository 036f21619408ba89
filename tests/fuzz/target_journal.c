/*
 * The journal's file, as somebody or some disk has left it. The input: a byte (1: large pages, 2:
 * only to be read), then what happens to a good file, step by step: see s_step. Whatever comes of
 * it, the journal opens or says why not, and what it says is kept is there afterwards. One page
 * that a disk has damaged loses no open release silently.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "desk.h"
#include "fuzz.h"

enum { STEPS = 8, LARGEST = 1 << 20, SQL_STEPS = 100000, SMALL_PAGE = 512, LARGE_PAGE = 4096 };

struct s_file {
  unsigned char *bytes;
  size_t len;
  size_t page;
};

static struct desk s_desk;
static struct s_file s_good[2];
static char s_open[512]; /* what is open in it, in the desk's words */

/* ---- files ---- */

static const char *s_beside(const char *what) {
  static char path[128];
  (void)snprintf(path, sizeof path, "%s%s", s_desk.path, what);
  return path;
}

static void s_put(const char *path, const void *bytes, size_t len) {
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  FUZZ_CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
  (void)close(fd);
}

static void s_get(struct s_file *f) {
  struct stat st;
  int fd = open(s_desk.path, O_RDONLY | O_CLOEXEC);
  FUZZ_CHECK(fd >= 0 && fstat(fd, &st) == 0 && st.st_size <= LARGEST);
  f->len = (size_t)st.st_size;
  f->bytes = zr_alloc(f->len ? f->len : 1);
  FUZZ_CHECK(f->bytes && read(fd, f->bytes, f->len) == (ssize_t)f->len);
  (void)close(fd);
}

static void s_forget(void) {
  desk_close(&s_desk);
  (void)unlink(s_desk.path);
  (void)unlink(s_beside("-journal"));
  (void)unlink(s_beside("-wal"));
  (void)unlink(s_beside("-shm"));
}

/* ---- SQL of somebody else's; nothing but this file is within its reach ---- */

static int s_allows(void *ctx, int action, const char *a, const char *b, const char *c,
                    const char *d) {
  (void)ctx;
  (void)b;
  (void)c;
  (void)d;
  static const char *const pragmas[] = {"writable_schema", "user_version", "application_id",
                                        "journal_mode",    "page_size",    "auto_vacuum"};
  if (action == SQLITE_ATTACH && a && *a)
    return SQLITE_DENY;
  if (action != SQLITE_PRAGMA)
    return SQLITE_OK;
  for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0]; i++)
    if (strcmp(a, pragmas[i]) == 0)
      return SQLITE_OK;
  return SQLITE_DENY;
}

static int s_enough(void *ctx) {
  (void)ctx;
  return 1;
}

static void s_sql(const char *sql) {
  sqlite3 *db = NULL;
  FUZZ_CHECK(sqlite3_open(s_desk.path, &db) == SQLITE_OK);
  (void)sqlite3_set_authorizer(db, s_allows, NULL);
  (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LARGEST);
  sqlite3_progress_handler(db, SQL_STEPS, s_enough, NULL);
  (void)sqlite3_exec(db, sql, NULL, NULL, NULL);
  (void)sqlite3_close(db);
}

/* ---- the good file ---- */

static void s_fill(void) {
  desk_open(&s_desk);
  FUZZ_CHECK(!desk_intent(&s_desk, 1, "a:r1 b:r1:r2"));
  FUZZ_CHECK(!desk_answer(&s_desk, 1, ZR_CLASS_OK, "req-1", ""));
  FUZZ_CHECK(!desk_intent(&s_desk, 2, "c"));
  FUZZ_CHECK(!desk_intent(&s_desk, 3, "d e"));
  FUZZ_CHECK(!desk_outcome(&s_desk, 3, "d", ZR_OUTCOME_RELEASED, "r1"));
  FUZZ_CHECK(!desk_outcome(&s_desk, 3, "e", ZR_OUTCOME_UNKNOWN, "r1"));
  FUZZ_CHECK(!desk_outcome(&s_desk, 0, "f", ZR_OUTCOME_NOT_FOUND, "r1"));
  FUZZ_CHECK(!desk_intent(&s_desk, 1000, "g h"));
  FUZZ_CHECK(!desk_answer(&s_desk, 1000, ZR_CLASS_OK, "req-2", "h"));
  desk_sight(&s_desk, "a b", false, 1000);
  (void)snprintf(s_open, sizeof s_open, "%s", desk_open_calls(&s_desk));
  desk_close(&s_desk);
}

/* The same bytes at each start, so that an input means the same. */
static void s_take_good(struct s_file *f, unsigned page) {
  char sql[160];
  (void)snprintf(sql, sizeof sql,
                 "UPDATE state SET opened_at = 1700000000000, opened_by = 4711; "
                 "PRAGMA page_size = %u; VACUUM;",
                 page);
  desk_sql(&s_desk, sql);
  s_get(f);
  f->page = page;
}

static void s_end(void) {
  desk_clean_up(&s_desk);
  zr_free(s_good[0].bytes);
  zr_free(s_good[1].bytes);
}

static void s_begin(void) {
  if (s_good[0].bytes)
    return;
  desk_init(&s_desk);
  (void)atexit(s_end);
  s_fill();
  s_take_good(&s_good[1], LARGE_PAGE);
  s_take_good(&s_good[0], SMALL_PAGE);
  s_forget();
}

/* ---- what happens to it ---- */

static size_t s_scaled(unsigned word, size_t len) {
  return (size_t)word * len >> 16;
}

static void s_edit(struct s_file *f, struct fuzz_input *in) {
  size_t at = s_scaled(fuzz_word(in), f->len);
  size_t most = 1U + fuzz_byte(in) % 64U;
  for (size_t left = f->page - at % f->page; most && left && at < f->len && in->left;
       most--, left--)
    f->bytes[at++] = fuzz_byte(in);
}

static void s_page(struct s_file *f, unsigned from, unsigned to, bool zero) {
  size_t pages = f->len / f->page;
  if (pages == 0)
    return;
  unsigned char *target = f->bytes + to % pages * f->page;
  if (zero)
    memset(target, 0, f->page);
  else
    memmove(target, f->bytes + from % pages * f->page, f->page);
}

static void s_resize(struct s_file *f, size_t len) {
  unsigned char *bytes = zr_calloc(len ? len : 1, 1);
  FUZZ_CHECK(bytes);
  size_t kept = len < f->len ? len : f->len;
  if (kept)
    memcpy(bytes, f->bytes, kept);
  zr_free(f->bytes);
  f->bytes = bytes;
  f->len = len;
}

static void s_run_sql(struct s_file *f, struct fuzz_input *in) {
  char *sql = fuzz_text(fuzz_record(in));
  s_put(s_desk.path, f->bytes, f->len);
  s_sql(sql);
  zr_free(sql);
  struct stat st;
  if (stat(s_desk.path, &st) == 0 && st.st_size <= LARGEST) {
    zr_free(f->bytes);
    s_get(f);
  }
}

enum s_kind { EDIT, COPY, ZERO, CUT, APPEND, BESIDE, SQL, RAW, KINDS };

static enum s_kind s_step(struct s_file *f, struct fuzz_input *in) {
  enum s_kind kind = (enum s_kind)(fuzz_byte(in) % KINDS);
  struct zr_view v;
  switch (kind) {
  case EDIT: /* where, how many, bytes */
    s_edit(f, in);
    break;
  case COPY: /* page, to page */
  case ZERO:
    s_page(f, fuzz_byte(in), fuzz_byte(in), kind == ZERO);
    break;
  case CUT: /* where */
    s_resize(f, s_scaled(fuzz_word(in), f->len));
    break;
  case APPEND: /* zeros */
    s_resize(f, f->len + fuzz_word(in) % 8192);
    break;
  case BESIDE: /* a rollback journal */
    v = fuzz_record(in);
    s_put(s_beside("-journal"), v.ptr, v.len);
    break;
  case SQL: /* text */
    s_run_sql(f, in);
    break;
  case RAW:
  case KINDS:
    v = fuzz_rest(in);
    s_resize(f, v.len);
    if (v.len)
      memcpy(f->bytes, v.ptr, v.len);
    break;
  }
  return kind;
}

/* True when all that happened is one damaged page. */
static bool s_damage(const struct s_file *good, struct fuzz_input *in) {
  struct s_file f = {.page = good->page};
  s_resize(&f, good->len);
  memcpy(f.bytes, good->bytes, f.len);
  bool one_page = true;
  for (unsigned steps = 0; in->left && steps < STEPS; steps++)
    one_page = s_step(&f, in) <= ZERO && steps == 0;
  s_put(s_desk.path, f.bytes, f.len);
  zr_free(f.bytes);
  return one_page;
}

/* ---- what the journal makes of it ---- */

static bool s_opens(bool read_only) {
  s_desk.read_only = read_only;
  if (desk_try(&s_desk) == ZR_ERR_OK)
    return true;
  FUZZ_CHECK(s_desk.problem.len > 0);
  return false;
}

static void s_ask(void) {
  struct zr_record_query q = desk_any();
  (void)desk_history(&s_desk, &q);
  q.request_id = "r1";
  (void)desk_history(&s_desk, &q);
  q = desk_any();
  q.instance_id = "a";
  q.open_only = true;
  (void)desk_history(&s_desk, &q);
}

static void s_check_kept(void) {
  uint32_t batch = zr_journal_last_batch(s_desk.j) + 1;
  char expected[32];
  (void)snprintf(expected, sizeof expected, " %u(new)", batch);
  const char *refused = desk_intent(&s_desk, batch, "new");
  desk_close(&s_desk);
  if (refused)
    return;
  FUZZ_CHECK(s_opens(false));
  FUZZ_CHECK(strstr(desk_open_calls(&s_desk), expected));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  s_begin();
  unsigned flags = fuzz_byte(&in);
  bool one_page = s_damage(&s_good[flags & 1], &in);
  if (s_opens(flags & 2)) {
    s_ask();
    if (!(flags & 2)) {
      const char *open = desk_open_calls(&s_desk);
      FUZZ_CHECK(!one_page || strcmp(open, s_open) == 0 || strstr(open, "cannot be read"));
      s_check_kept();
    }
  }
  s_forget();
  return 0;
}
