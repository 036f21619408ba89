/*
 * The bodies of the calls, as JSON. Ids are strings, always. Each is encoded once; the same bytes
 * are hashed and sent.
 * Source: Zenlayer Cloud API 2.0, ReleaseInstances and DescribeInstances of vm, bmc and zec.
 */
#ifndef ZR_ZENLAYER_REQUEST_H
#define ZR_ZENLAYER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "model/call.h"

enum { ZR_REQUEST_MAX_IDS = 100, ZR_REQUEST_MAX_BYTES = 256 * 1024 };

/* ReleaseInstances. `depend_resource` goes into the body only where the product knows it, and then
 * always. ZR_ERR_INVALID: no ids, more than 100, an id that is empty or not UTF-8. */
enum zr_err zr_request_release(struct zr_buf *out, enum zr_product product, const char *const *ids,
                               size_t count, bool depend_resource) ZR_MUST_CHECK;
/* Whether `body` is a ReleaseInstances for exactly these ids, in this order, and says nothing else.
 * Reads the bytes that are about to leave, without the encoder's help. */
bool zr_request_release_is_exact(struct zr_view body, enum zr_product product,
                                 const char *const *ids, size_t count, bool depend_resource);
/* DescribeInstances by id. */
enum zr_err zr_request_describe(struct zr_buf *out, const char *const *ids, size_t count,
                                unsigned page_num, unsigned page_size) ZR_MUST_CHECK;
/* DescribeInstances by filters. ZR_ERR_INVALID for a filter that the product does not have: the
 * service would ignore it and list too much. */
enum zr_err zr_request_list(struct zr_buf *out, const struct zr_list_query *query) ZR_MUST_CHECK;

#endif
