#include "model/diagnostic.h"

#include <stddef.h>
#include <string.h>

static const struct zr_code_info s_codes[] = {
    [ZR_CODE_NONE] = {"NONE", ZR_SEVERITY_NONE, false, "", ""},
#define ZR_CODE(name, severity, retry, summary, hint)                                              \
  [ZR_CODE_##name] = {#name, ZR_SEVERITY_##severity, (retry) != 0, summary, hint},
#include "model/code.def"
#undef ZR_CODE
};

_Static_assert(sizeof s_codes / sizeof s_codes[0] == ZR_CODE_COUNT_, "one row per code");

const struct zr_code_info *zr_code_info(enum zr_code c) {
  return (size_t)c < ZR_CODE_COUNT_ ? &s_codes[c] : &s_codes[ZR_CODE_INTERNAL];
}

enum zr_code zr_code_of_name(const char *name) {
  for (int c = 0; c < ZR_CODE_COUNT_; c++) {
    if (strcmp(s_codes[c].name, name) == 0)
      return (enum zr_code)c;
  }
  return ZR_CODE_NONE;
}
