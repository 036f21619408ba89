#include "app/watch.h"

#include <string.h>
#include <sys/stat.h>

static int64_t s_ns(struct timespec t) {
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void s_look(const struct zr_watch *w, struct zr_watch_stamp out[ZR_WATCH_MAX]) {
  memset(out, 0, sizeof *out * ZR_WATCH_MAX); /* padding too: they are compared as bytes */
  for (size_t i = 0; i < ZR_WATCH_MAX; i++) {
    struct stat st;
    if (!w->paths[i] || stat(w->paths[i], &st) != 0)
      continue;
    out[i].device = st.st_dev;
    out[i].inode = st.st_ino;
    out[i].size = st.st_size;
    out[i].modified_ns = s_ns(st.st_mtim);
    out[i].changed_ns = s_ns(st.st_ctim);
  }
}

static bool s_is_same(const struct zr_watch_stamp *a, const struct zr_watch_stamp *b) {
  return memcmp(a, b, sizeof *a * ZR_WATCH_MAX) == 0;
}

void zr_watch_init(struct zr_watch *w, const char *first, const char *second, const char *third) {
  *w = (struct zr_watch){.paths = {first, second, third}};
  zr_watch_take(w);
}

bool zr_watch_is_due(struct zr_watch *w) {
  struct zr_watch_stamp now[ZR_WATCH_MAX];
  s_look(w, now);
  bool settled = s_is_same(now, w->seen);
  memcpy(w->seen, now, sizeof now);
  return settled && !s_is_same(now, w->taken);
}

void zr_watch_take(struct zr_watch *w) {
  s_look(w, w->taken);
  memcpy(w->seen, w->taken, sizeof w->seen);
}
