#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "call.h"
#include "options.h"
#include "release.h"

enum { FORGET_MS = 5000 };

/* An id that no other request will have: 128 random bits. */
static int s_make_up_id(char out[ZR_REQUEST_ID_ROOM]) {
  unsigned char bytes[16];
  if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
    return -1;
  (void)snprintf(out, ZR_REQUEST_ID_ROOM, "zr-");
  for (size_t i = 0; i < sizeof bytes; i++)
    (void)snprintf(out + 3 + 2 * i, 3, "%02x", bytes[i]);
  return 0;
}

static enum zenrelease_status s_request_id(struct zr_release *r, struct zenrelease_error **error) {
  const char *given = r->o.request_id;
  if (!given || !*given)
    return s_make_up_id(r->request_id) == 0
               ? ZENRELEASE_OK
               : zr_error_set(error, ZENRELEASE_INTERNAL, "no random numbers");
  size_t len = strlen(given);
  bool fine = len <= ZR_REQUEST_ID_MAX;
  for (size_t i = 0; fine && i < len; i++)
    fine = given[i] >= 0x20 && given[i] < 0x7f;
  if (!fine)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT,
                        "request_id: at most %d printable ASCII characters", ZR_REQUEST_ID_MAX);
  memcpy(r->request_id, given, len + 1);
  return ZENRELEASE_OK;
}

static enum zenrelease_status s_check(const struct zenrelease_release_options *o,
                                      struct zenrelease_error **error) {
  if (o->product <= ZENRELEASE_PRODUCT_NONE || o->product > ZENRELEASE_PRODUCT_ZEC)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "product: must be vm, bmc or zec");
  if (o->depend_resource && o->product != ZENRELEASE_PRODUCT_ZEC)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "depend_resource: is for zec only");
  if (o->wait_ms < -1 || o->timeout_ms < 0 || o->settle_ms < 0 || o->tick_ms < 0)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "a duration is negative");
  return ZENRELEASE_OK;
}

/* Belts hold for one request, so a guarded list is one. */
static enum zenrelease_status s_guard(struct zr_release *r, struct zenrelease_error **error) {
  if (!r->o.policy && !r->o.expected)
    return ZENRELEASE_OK;
  if (r->chunks.chunk_count != 1)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT,
                        "instance_ids: more than fit in one request; with a policy or expected "
                        "facts, send parts and count the others in other_instances");
  if (r->o.policy) {
    if (!zr_options_copy(&r->policy, sizeof r->policy, r->o.policy, r->o.policy->size))
      return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "the policy was not initialised");
    r->o.policy = &r->policy;
  }
  r->guard = zr_policy_make(&r->o, &r->arena);
  return r->guard ? ZENRELEASE_OK : zr_error_nomem(error);
}

enum zenrelease_status zr_release_prepare(struct zr_release *r,
                                          const struct zenrelease_release_options *options,
                                          struct zenrelease_error **error) {
  memset(r, 0, sizeof *r);
  zr_arena_init(&r->arena, NULL, 0);
  if (!zr_options_copy(&r->o, sizeof r->o, options, options ? options->size : 0))
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "options were not initialised");
  enum zenrelease_status status = s_check(&r->o, error);
  if (status == ZENRELEASE_OK)
    status = s_request_id(r, error);
  if (status != ZENRELEASE_OK)
    return status;
  r->deadline = r->o.timeout_ms > 0 ? zr_mono_add(zr_mono_now(), r->o.timeout_ms) : ZR_MONO_NEVER;
  status = zr_chunks_plan(&r->chunks, r->o.instance_ids, r->o.instance_id_count, error);
  return status == ZENRELEASE_OK ? s_guard(r, error) : status;
}

void zr_release_clean_up(struct zr_release *r) {
  zr_chunks_clean_up(&r->chunks);
  zr_arena_clean_up(&r->arena);
}

/* protobuf-c wants char **; nothing is changed through it. */
static char **s_lend(const char **ids) {
  char **out = NULL;
  memcpy(&out, &ids, sizeof out);
  return out;
}

Zenrelease__V1__ReleaseRequest zr_release_request(struct zr_release *r, size_t index,
                                                  char request_id[ZR_REQUEST_ID_ROOM]) {
  const struct zr_chunk *chunk = &r->chunks.chunks[index];
  Zenrelease__V1__ReleaseRequest request;
  zenrelease__v1__release_request__init(&request);
  if (index == 0)
    (void)snprintf(request_id, ZR_REQUEST_ID_ROOM, "%s", r->request_id);
  else
    (void)snprintf(request_id, ZR_REQUEST_ID_ROOM, "%.100s-%zu", r->request_id, index + 1);
  request.product = (Zenrelease__V1__Product)r->o.product;
  request.instance_ids = s_lend(r->chunks.ids + chunk->start);
  request.n_instance_ids = chunk->count;
  request.allow_missing = r->o.allow_missing != 0;
  request.validate_only = r->o.validate_only != 0;
  request.depend_resource = r->o.depend_resource != 0;
  request.request_id = request_id;
  if (r->guard)
    zr_policy_lend(r->guard, &r->o, &request);
  if (r->o.wait_ms >= 0) {
    google__protobuf__duration__init(&r->wait);
    r->wait.seconds = r->o.wait_ms / 1000;
    r->wait.nanos = (int32_t)(r->o.wait_ms % 1000) * 1000000;
    request.wait_timeout = &r->wait;
  }
  return request;
}

void zr_release_forget(const struct zr_release *r, struct zenrelease_client *client,
                       char *request_id) {
  struct zr_arena scratch;
  ProtobufCMessage *reply = NULL;
  Zenrelease__V1__CancelReleaseRequest request;
  if (!r->o.forget_report)
    return;
  zenrelease__v1__cancel_release_request__init(&request);
  request.request_id = request_id;
  request.forget = 1;
  zr_arena_init(&scratch, NULL, 0);
  (void)zr_call_unary(client, "/zenrelease.v1.ReleaseService/CancelRelease", &request.base,
                      zr_mono_add(zr_mono_now(), FORGET_MS), NULL,
                      &zenrelease__v1__cancel_release_response__descriptor, &scratch, &reply, NULL);
  zr_arena_clean_up(&scratch);
}

struct zr_origin zr_release_origin(const struct zr_release *r, size_t index) {
  const struct zr_chunk *chunk = &r->chunks.chunks[index];
  if (!r->chunks.origin)
    return (struct zr_origin){NULL, 0};
  return (struct zr_origin){r->chunks.origin + chunk->start, chunk->count};
}
