#include "disk.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include <sqlite3.h>

static sqlite3_vfs s_vfs;
static sqlite3_vfs *s_system;
static sqlite3_io_methods s_real;
static sqlite3_io_methods s_ours[2]; /* the database locks, its companions do not */

static atomic_uint_fast64_t s_count;
static atomic_uint_fast64_t s_from = UINT64_MAX;
static atomic_uint_fast64_t s_until;
static atomic_uint_fast64_t s_death = UINT64_MAX;
static atomic_int s_rc;
static atomic_int s_half;

uint64_t disk_count(void) {
  return atomic_load(&s_count);
}

void disk_heal(void) {
  atomic_store(&s_from, UINT64_MAX);
  atomic_store(&s_death, UINT64_MAX);
}

void disk_fail(uint64_t n, uint64_t many, int rc) {
  uint64_t from = atomic_load(&s_count) + n;
  atomic_store(&s_rc, rc);
  atomic_store(&s_until, many > UINT64_MAX - from ? UINT64_MAX : from + many);
  atomic_store(&s_from, from);
}

void disk_die(uint64_t n, int half) {
  atomic_store(&s_half, half);
  atomic_store(&s_death, atomic_load(&s_count) + n);
}

/* 0: go on; else what to answer. `half` is NULL for what cannot be done by halves. */
static int s_change(int *half) {
  uint64_t n = atomic_fetch_add(&s_count, 1);
  bool dies = n == atomic_load(&s_death);
  if (dies && (!half || !atomic_load(&s_half)))
    _exit(9);
  if (half)
    *half = dies;
  return n >= atomic_load(&s_from) && n < atomic_load(&s_until) ? atomic_load(&s_rc) : 0;
}

static int s_write(sqlite3_file *f, const void *data, int len, sqlite3_int64 at) {
  int half = 0;
  int rc = s_change(&half);
  if (rc)
    return rc;
  rc = s_real.xWrite(f, data, half ? len / 2 : len, at);
  if (half)
    _exit(9);
  return rc;
}

static int s_truncate(sqlite3_file *f, sqlite3_int64 size) {
  int rc = s_change(NULL);
  return rc ? rc : s_real.xTruncate(f, size);
}

static int s_sync(sqlite3_file *f, int flags) {
  int rc = s_change(NULL);
  return rc ? rc : s_real.xSync(f, flags);
}

static int s_delete(sqlite3_vfs *v, const char *name, int sync) {
  (void)v;
  int rc = s_change(NULL);
  return rc ? rc : s_system->xDelete(s_system, name, sync);
}

static int s_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) {
  (void)v;
  int rc = s_system->xOpen(s_system, name, f, flags, out);
  if (rc == SQLITE_OK && f->pMethods) {
    sqlite3_io_methods *ours = &s_ours[(flags & SQLITE_OPEN_MAIN_DB) != 0];
    s_real = *ours = *f->pMethods;
    ours->xWrite = s_write;
    ours->xTruncate = s_truncate;
    ours->xSync = s_sync;
    f->pMethods = ours;
  }
  return rc;
}

void disk_install(void) {
  s_system = sqlite3_vfs_find(NULL);
  s_vfs = *s_system;
  s_vfs.zName = "disk";
  s_vfs.xOpen = s_open;
  s_vfs.xDelete = s_delete;
  (void)sqlite3_vfs_register(&s_vfs, 1);
}
