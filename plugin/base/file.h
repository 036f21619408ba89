/* Small files, read whole. */
#ifndef ZR_BASE_FILE_H
#define ZR_BASE_FILE_H

#include "base/buf.h"

/* Reads the regular file at `path` into `out` (up to its ceiling).
 * With `private_only`, the file must belong to this user or root and give nothing to group or
 * others: ZR_ERR_DENIED otherwise. In the folder that $CREDENTIALS_DIRECTORY names (systemd) a
 * group may read it. ZR_ERR_NOT_FOUND, ZR_ERR_IO, ZR_ERR_LIMIT, ZR_ERR_NOMEM. Any thread. */
enum zr_err zr_file_read(const char *path, bool private_only, struct zr_buf *out) ZR_MUST_CHECK;

#endif
