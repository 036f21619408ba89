#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { SLOTS = 4, PATH_ROOM = 512 };

static char s_folder[PATH_ROOM / 2];
static struct {
  int fd; /* plus 1; 0: not there yet */
  char path[PATH_ROOM];
} s_files[SLOTS];

void fuzz_fail(const char *file, int line, const char *condition) {
  (void)fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
  abort();
}

uint8_t fuzz_byte(struct fuzz_input *in) {
  if (in->left == 0)
    return 0;
  in->left--;
  return *in->at++;
}

unsigned fuzz_word(struct fuzz_input *in) {
  unsigned low = fuzz_byte(in);
  return low | (unsigned)fuzz_byte(in) << 8;
}

static struct zr_view s_take(struct fuzz_input *in, size_t len) {
  struct zr_view v = {(const char *)in->at, len < in->left ? len : in->left};
  in->at += v.len;
  in->left -= v.len;
  return v;
}

struct zr_view fuzz_until(struct fuzz_input *in, char end) {
  const uint8_t *stop = in->left ? memchr(in->at, end, in->left) : NULL;
  struct zr_view v = s_take(in, stop ? (size_t)(stop - in->at) : in->left);
  if (stop)
    (void)fuzz_byte(in);
  return v;
}

struct zr_view fuzz_record(struct fuzz_input *in) {
  size_t len = fuzz_word(in);
  return s_take(in, len);
}

struct zr_view fuzz_rest(struct fuzz_input *in) {
  return s_take(in, in->left);
}

static char *s_copy(struct zr_view v, size_t room) {
  char *copy = zr_alloc(room ? room : 1);
  if (!copy)
    abort();
  if (v.len)
    memcpy(copy, v.ptr, v.len);
  return copy;
}

char *fuzz_exact(struct zr_view v) {
  return s_copy(v, v.len);
}

char *fuzz_text(struct zr_view v) {
  v.len = v.len ? strnlen(v.ptr, v.len) : 0;
  char *copy = s_copy(v, v.len + 1);
  copy[v.len] = '\0';
  return copy;
}

void fuzz_check_shown(const char *text) {
  FUZZ_CHECK(zr_view_is_utf8(zr_view_of(text)));
  for (const char *c = text; *c; c++) {
    FUZZ_CHECK((unsigned char)*c >= 0x20 || *c == '\n' || *c == '\t');
    FUZZ_CHECK(*c != 0x7F);
    FUZZ_CHECK(!((unsigned char)c[0] == 0xC2 && (unsigned char)c[1] < 0xA0));
  }
}

/* ---- files ---- */

static void s_remove(void) {
  for (size_t i = 0; i < SLOTS; i++) {
    if (s_files[i].fd) {
      (void)close(s_files[i].fd - 1);
      (void)unlink(s_files[i].path);
    }
  }
  char inner[PATH_ROOM];
  (void)snprintf(inner, sizeof inner, "%s/.zenlayer", s_folder);
  (void)rmdir(inner);
  (void)rmdir(s_folder);
}

const char *fuzz_folder(void) {
  if (s_folder[0])
    return s_folder;
  const char *base = getenv("TMPDIR");
  (void)snprintf(s_folder, sizeof s_folder, "%.200s/zenrelease-fuzz-XXXXXX",
                 base && *base ? base : "/tmp");
  FUZZ_CHECK(mkdtemp(s_folder) != NULL);
  (void)atexit(s_remove);
  return s_folder;
}

/* Folders in `name` are made; there is one level of them. */
static void s_make_folder(const char *path) {
  char folder[PATH_ROOM];
  (void)snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  *slash = '\0';
  (void)mkdir(folder, 0700);
}

const char *fuzz_file(unsigned slot, const char *name, struct zr_view bytes) {
  FUZZ_CHECK(slot < SLOTS);
  if (!s_files[slot].fd) {
    (void)snprintf(s_files[slot].path, PATH_ROOM, "%s/%s", fuzz_folder(), name);
    s_make_folder(s_files[slot].path);
    s_files[slot].fd = 1 + open(s_files[slot].path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    FUZZ_CHECK(s_files[slot].fd > 0);
  }
  int fd = s_files[slot].fd - 1;
  FUZZ_CHECK(ftruncate(fd, 0) == 0);
  FUZZ_CHECK(pwrite(fd, bytes.ptr, bytes.len, 0) == (ssize_t)bytes.len);
  return s_files[slot].path;
}
