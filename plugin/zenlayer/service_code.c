#include "zenlayer/service_code.h"

#include <string.h>

#include "base/attr.h"

static const struct zr_service_code s_codes[] = {
#define ZR_SERVICE_CODE(name, class_name, meaning) {#name, ZR_CLASS_##class_name, meaning},
#include "zenlayer/service_codes.def"
#undef ZR_SERVICE_CODE
};

static char s_canonical_char(char c) {
  if (c >= 'a' && c <= 'z')
    return (char)(c - 'a' + 'A');
  return c == '.' ? '_' : c;
}

static void s_canonical(struct zr_view code, char out[ZR_SERVICE_CODE_MAX + 1]) {
  size_t n = code.len < ZR_SERVICE_CODE_MAX ? code.len : ZR_SERVICE_CODE_MAX;
  for (size_t i = 0; i < n; i++)
    out[i] = s_canonical_char(code.ptr[i]);
  out[n] = '\0';
}

bool zr_service_code_is_plausible(struct zr_view code) {
  if (code.len == 0 || code.len > ZR_SERVICE_CODE_MAX)
    return false;
  for (size_t i = 0; i < code.len; i++) {
    char c = s_canonical_char(code.ptr[i]);
    if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
      return false;
  }
  return true;
}

const struct zr_service_code *zr_service_code_find(struct zr_view code) {
  char name[ZR_SERVICE_CODE_MAX + 1];
  size_t low = 0, high = ZR_COUNT(s_codes);
  s_canonical(code, name);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(name, s_codes[middle].name);
    if (order == 0)
      return &s_codes[middle];
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

enum zr_class zr_service_code_class(struct zr_view code) {
  const struct zr_service_code *known = zr_service_code_find(code);
  if (known)
    return known->class_;
  char name[ZR_SERVICE_CODE_MAX + 1];
  s_canonical(code, name);
  struct zr_view v = zr_view_of(name);
  if (zr_view_starts(v, "AUTHFAILURE"))
    return ZR_CLASS_UNAUTHORIZED;
  if (zr_view_starts(v, "INVALID_PARAMETER"))
    return ZR_CLASS_INPUT;
  return ZR_CLASS_DENIED;
}

const struct zr_service_code *zr_service_code_at(size_t i) {
  return i < ZR_COUNT(s_codes) ? &s_codes[i] : NULL;
}
