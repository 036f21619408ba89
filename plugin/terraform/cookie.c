#include "terraform/cookie.h"

#include <string.h>

bool zr_tf_cookie_is_right(const char *value) {
  static const char right[] = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
  return value && strcmp(value, right) == 0;
}
