/*
 * The envelope of a reply, read strictly, and the payloads inside. Everything is bounded by the
 * size of the body, which http/ caps. Source: Zenlayer Cloud API 2.0, "Response": {"requestId",
 * "response": {"requestId", …}} with 200,
 * {"requestId", "code", "message"} otherwise.
 */
#ifndef ZR_ZENLAYER_REPLY_H
#define ZR_ZENLAYER_REPLY_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/view.h"
#include "model/call.h"

/* What a body turned out to be. Texts are borrowed from the tree. */
struct zr_reply {
  cJSON *tree;
  const cJSON *payload;   /* the object `response`; NULL when there is none */
  const char *code;       /* "" unless it has the form of a code */
  const char *message;    /* as sent: to be sanitised */
  const char *request_id; /* "" unless it is printable and at most 128 bytes */
  const char *fault;      /* a constant: why this is no successful reply; NULL when it is one */
  bool recognised;        /* a success, or an error with a code, in the service's own form */
};

/* `encoding` is the reply's Content-Encoding; anything but identity is not read. Never fails: what
 * cannot be read has a fault. To be cleaned up. */
void zr_reply_decode(struct zr_view body, const char *encoding, struct zr_reply *out);
void zr_reply_clean_up(struct zr_reply *r);

/* Rows of a DescribeInstances payload. */
struct zr_rows {
  struct zr_instance *rows; /* in the arena; texts in the tree */
  size_t count;
  uint64_t total;
};

/* NULL when well-formed: rows are objects with an id, fields have their types, no field that we use
 * is there twice; else a constant that says what is wrong. */
const char *zr_reply_rows(const cJSON *payload, enum zr_product product, struct zr_arena *arena,
                          struct zr_rows *out) ZR_MUST_CHECK;

/* The ids that a ReleaseInstances payload names as failed: absent, null and [] are none. NULL when
 * well-formed. */
const char *zr_reply_failed_ids(const cJSON *payload, struct zr_arena *arena,
                                const char *const **ids, size_t *count) ZR_MUST_CHECK;

#endif
