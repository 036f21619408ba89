#include "call.h"
#include "release.h"
#include "report.h"

static enum zenrelease_status s_call(struct zenrelease_client *client, struct zr_release *r,
                                     struct zenrelease_report *report,
                                     struct zenrelease_error **error) {
  char request_id[ZR_REQUEST_ID_ROOM];
  ProtobufCMessage *reply = NULL;
  if (r->chunks.chunk_count != 1)
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT,
                        "instance_ids: more than fit in one request; use zenrelease_release");
  enum zenrelease_status status = zr_client_reach(client, r->o.cancel, r->deadline, error);
  if (status != ZENRELEASE_OK)
    return status;
  Zenrelease__V1__ReleaseRequest request = zr_release_request(r, 0, request_id);
  status = zr_call_unary(client, "/zenrelease.v1.ReleaseService/Release", &request.base,
                         r->deadline, r->o.cancel, &zenrelease__v1__release_response__descriptor,
                         &report->arena, &reply, error);
  if (status == ZENRELEASE_OK &&
      zr_report_fill(report, (const Zenrelease__V1__ReleaseResponse *)reply,
                     zr_release_origin(r, 0)) != 0)
    status = zr_error_nomem(error);
  if (status == ZENRELEASE_OK)
    zr_release_forget(r, client, request_id);
  return status;
}

enum zenrelease_status zenrelease_release_unary(struct zenrelease_client *client,
                                                const struct zenrelease_release_options *options,
                                                struct zenrelease_report **report,
                                                struct zenrelease_error **error) {
  struct zr_release r;
  *report = NULL;
  if (error)
    *error = NULL;
  enum zenrelease_status status = zr_release_prepare(&r, options, error);
  struct zenrelease_report *own = zr_report_new();
  if (status == ZENRELEASE_OK)
    status = own ? s_call(client, &r, own, error) : zr_error_nomem(error);
  zr_release_clean_up(&r);
  if (status == ZENRELEASE_OK)
    *report = own;
  else
    zenrelease_report_release(own);
  return status;
}
