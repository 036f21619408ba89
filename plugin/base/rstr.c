#include "base/rstr.h"

#include <string.h>

#include "base/mem.h"

struct zr_rstr {
  unsigned refs;
  char text[];
};

struct zr_rstr *zr_rstr_new(struct zr_view text) {
  struct zr_rstr *s = zr_alloc(sizeof *s + text.len + 1);
  if (!s)
    return NULL;
  s->refs = 1;
  if (text.len)
    memcpy(s->text, text.ptr, text.len);
  s->text[text.len] = '\0';
  return s;
}

struct zr_rstr *zr_rstr_acquire(struct zr_rstr *s) {
  if (s)
    s->refs++;
  return s;
}

void zr_rstr_release(struct zr_rstr *s) {
  if (s && --s->refs == 0)
    zr_free(s);
}

void zr_rstr_set(struct zr_rstr **slot, struct zr_rstr *s) {
  struct zr_rstr *old = *slot;
  *slot = zr_rstr_acquire(s);
  zr_rstr_release(old);
}

const char *zr_rstr_text(const struct zr_rstr *s) {
  return s ? s->text : "";
}
