/* SQLite's memory through ours, so that a test can make each of its allocations fail as well. */
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include <sqlite3.h>

#include "base/log.h"
#include "base/mem.h"
#include "journal/db.h"

/* In front of each block: its size, which SQLite asks for. */
union head {
  size_t size;
  max_align_t align;
};

static void *s_alloc(int size) {
  if (size <= 0)
    return NULL;
  union head *h = zr_alloc(sizeof *h + (size_t)size);
  if (!h)
    return NULL;
  h->size = (size_t)size;
  return h + 1;
}

static void s_free(void *block) {
  if (block)
    zr_free((union head *)block - 1);
}

static void *s_realloc(void *block, int size) {
  union head *h = zr_realloc((union head *)block - 1, sizeof *h + (size_t)size);
  if (!h)
    return NULL;
  h->size = (size_t)size;
  return h + 1;
}

static int s_size(void *block) {
  return block ? (int)((union head *)block - 1)->size : 0;
}

static int s_round_up(int size) {
  return (size + 7) & ~7;
}

static int s_init(void *unused) {
  (void)unused;
  return SQLITE_OK;
}

static void s_shutdown(void *unused) {
  (void)unused;
}

static void s_say(void *unused, int rc, const char *message) {
  (void)unused;
  zr_log(ZR_LOG_DEBUG, "journal", "sqlite", zr_i("code", rc), zr_s("message", message));
}

static void s_configure(void) {
  static const sqlite3_mem_methods methods = {
      .xMalloc = s_alloc,
      .xFree = s_free,
      .xRealloc = s_realloc,
      .xSize = s_size,
      .xRoundup = s_round_up,
      .xInit = s_init,
      .xShutdown = s_shutdown,
  };
  /* A file that may not grow is an error like a full disk, and not the end of the process. */
  (void)signal(SIGXFSZ, SIG_IGN);
  /* Each is refused when somebody has used SQLite before; all of them are only for the better. */
  (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1); /* no files of its own in /tmp */
  (void)sqlite3_config(SQLITE_CONFIG_LOG, s_say, NULL);
}

void zr_db_prepare_process(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, s_configure);
}
