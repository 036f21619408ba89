/* What release.c (the whole list) and release_unary.c (one call) share: checked options. */
#ifndef ZR_CLIENT_LIB_RELEASE_H
#define ZR_CLIENT_LIB_RELEASE_H

#include "chunk.h"
#include "client.h"
#include "convert.h"
#include "policy.h"

enum { ZR_REQUEST_ID_MAX = 100, ZR_REQUEST_ID_ROOM = 129 };

struct zr_release {
  struct zenrelease_release_options o;
  char request_id[ZR_REQUEST_ID_ROOM]; /* the caller's, or one made up */
  struct zr_mono deadline;
  struct zr_chunks chunks;
  Google__Protobuf__Duration wait;
  struct zenrelease_policy policy;
  struct zr_policy_messages *guard; /* NULL: neither policy nor facts */
  struct zr_arena arena;            /* of guard */
};

/* Reads and checks `options` and plans the requests. Clean up in any case. */
enum zenrelease_status zr_release_prepare(struct zr_release *r,
                                          const struct zenrelease_release_options *options,
                                          struct zenrelease_error **error);
void zr_release_clean_up(struct zr_release *r);
/* The request of chunk `index` (from 0); `request_id` is written to and lent to it. */
Zenrelease__V1__ReleaseRequest zr_release_request(struct zr_release *r, size_t index,
                                                  char request_id[ZR_REQUEST_ID_ROOM]);
struct zr_origin zr_release_origin(const struct zr_release *r, size_t index);
/* Tells the server that the report is here. Without a word when it does not hear. */
void zr_release_forget(const struct zr_release *r, struct zenrelease_client *client,
                       char *request_id);

#endif
