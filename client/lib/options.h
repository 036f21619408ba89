/* Caller's option structs of any version, read into ours. */
#ifndef ZR_CLIENT_LIB_OPTIONS_H
#define ZR_CLIENT_LIB_OPTIONS_H

#include <stdbool.h>
#include <string.h>

/* Copies `from` (of `from_size` bytes, as its own size member says) into `to`; members that an
 * older caller does not have are zero. False for NULL or a size that was never set. */
static inline bool zr_options_copy(void *to, size_t to_size, const void *from, size_t from_size) {
  memset(to, 0, to_size);
  if (!from || from_size < sizeof(size_t))
    return false;
  memcpy(to, from, from_size < to_size ? from_size : to_size);
  return true;
}

#endif
