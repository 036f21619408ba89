#include "base/err.h"

#include <stddef.h>

static const char *const s_text[] = {
#define ZR_ERR(name, sentence) [ZR_ERR_##name] = sentence,
#include "base/err.def"
#undef ZR_ERR
};

_Static_assert(sizeof(s_text) / sizeof(s_text[0]) == ZR_ERR_COUNT_, "one sentence per code");

const char *zr_err_text(enum zr_err e) {
  size_t i = (size_t)e;
  return i < sizeof(s_text) / sizeof(s_text[0]) ? s_text[i] : "unknown error code";
}
