/* The list of ids in a body. */
#ifndef ZR_ZENLAYER_REQUEST_IDS_H
#define ZR_ZENLAYER_REQUEST_IDS_H

#include "base/attr.h"
#include "base/buf.h"

/* ["a","b"]. ZR_ERR_INVALID: none, more than 100, an id that is empty or not UTF-8. */
enum zr_err zr_request_ids(struct zr_buf *out, const char *const *ids, size_t count) ZR_MUST_CHECK;
/* ["a","b"] of any texts, also none. */
enum zr_err zr_request_texts(struct zr_buf *out, const char *const *texts,
                             size_t count) ZR_MUST_CHECK;

#endif
