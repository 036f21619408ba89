#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LONGEST = 4000 };

void zr_wipe(void *p, size_t len) {
  if (p && len)
    explicit_bzero(p, len);
}

void zr_secret_close_process(void) {
#ifndef ZR_SANITIZED
  const struct rlimit none = {0, 0};
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  (void)setrlimit(RLIMIT_CORE, &none); /* for whoever sets the other one again */
#endif
}

enum zr_err zr_secret_set(struct zr_secret *s, struct zr_view text) {
  if (text.len > LONGEST)
    return ZR_ERR_LIMIT;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED)
    return ZR_ERR_NOMEM;
  /* Best effort: both may be refused by limits, and the secret is usable all the same. */
  (void)madvise(p, page, MADV_DONTDUMP);
  (void)mlock(p, page);
  if (text.len)
    memcpy(p, text.ptr, text.len);
  zr_secret_clean_up(s);
  *s = (struct zr_secret){.bytes = p, .len = text.len, .mapped = page};
  return ZR_ERR_OK;
}

enum zr_err zr_secret_copy(struct zr_secret *to, const struct zr_secret *from) {
  return zr_secret_set(to, (struct zr_view){from->bytes, from->len});
}

bool zr_secret_is_set(const struct zr_secret *s) {
  return s->bytes && s->len;
}

bool zr_secret_equal(const struct zr_secret *a, const struct zr_secret *b) {
  if (a->len != b->len)
    return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a->len; i++)
    difference |= (unsigned char)(a->bytes[i] ^ b->bytes[i]);
  return difference == 0;
}

void zr_secret_clean_up(struct zr_secret *s) {
  if (s->bytes) {
    zr_wipe(s->bytes, s->mapped);
    (void)munmap(s->bytes, s->mapped);
  }
  *s = (struct zr_secret){0};
}
