#include "info.h"

#include "base/mem.h"
#include "call.h"
#include "convert.h"

enum { INFO_TIMEOUT_MS = 10 * 1000 };

/* What the caller sees comes first; the arena that it borrows from hangs behind. */
struct info {
  struct zenrelease_server_info face;
  struct zr_arena arena;
};

static int s_fill(struct info *info, const Zenrelease__V1__ServerInfo *from) {
  struct zenrelease_diagnostic *diagnostics =
      zr_arena_calloc(&info->arena, from->n_diagnostics, sizeof *diagnostics);
  if (!diagnostics)
    return -1;
  for (size_t i = 0; i < from->n_diagnostics; i++)
    if (zr_convert_diagnostic(from->diagnostics[i], (struct zr_origin){NULL, 0}, &info->arena,
                              &diagnostics[i]) != 0)
      return -1;
  const Zenrelease__V1__ServerLimits *l = from->limits;
  info->face = (struct zenrelease_server_info){
      .version = from->version,
      .endpoint = from->endpoint,
      .account_fingerprint = from->account_fingerprint,
      .credential_source = from->credential_source,
      .max_instance_ids = l ? l->max_instance_ids : 0,
      .max_batch_size = l ? l->max_batch_size : 0,
      .max_message_bytes = l ? l->max_message_bytes : 0,
      .max_concurrent_releases = l ? l->max_concurrent_releases : 0,
      .diagnostic_count = from->n_diagnostics,
      .diagnostics_ = diagnostics,
      .journal = from->journal,
  };
  return 0;
}

enum zenrelease_status zr_info_fetch(struct zenrelease_client *c, struct zr_mono deadline,
                                     const struct zenrelease_cancel *cancel,
                                     struct zenrelease_server_info **info,
                                     struct zenrelease_error **error) {
  Zenrelease__V1__GetServerInfoRequest request = ZENRELEASE__V1__GET_SERVER_INFO_REQUEST__INIT;
  ProtobufCMessage *reply = NULL;
  struct info *out = zr_calloc(1, sizeof *out);
  if (!out)
    return zr_error_nomem(error);
  zr_arena_init(&out->arena, NULL, 0);
  enum zenrelease_status status =
      zr_call_unary(c, "/zenrelease.v1.ReleaseService/GetServerInfo", &request.base, deadline,
                    cancel, &zenrelease__v1__server_info__descriptor, &out->arena, &reply, error);
  if (status == ZENRELEASE_OK && s_fill(out, (const Zenrelease__V1__ServerInfo *)reply) != 0)
    status = zr_error_nomem(error);
  if (status != ZENRELEASE_OK) {
    zenrelease_server_info_free(&out->face);
    return status;
  }
  *info = &out->face;
  return ZENRELEASE_OK;
}

enum zenrelease_status zenrelease_server_info_get(struct zenrelease_client *client,
                                                  int64_t timeout_ms,
                                                  struct zenrelease_cancel *cancel,
                                                  struct zenrelease_server_info **info,
                                                  struct zenrelease_error **error) {
  struct zr_mono deadline =
      zr_mono_add(zr_mono_now(), timeout_ms > 0 ? timeout_ms : INFO_TIMEOUT_MS);
  *info = NULL;
  if (error)
    *error = NULL;
  enum zenrelease_status status = zr_client_reach(client, cancel, deadline, error);
  return status == ZENRELEASE_OK ? zr_info_fetch(client, deadline, cancel, info, error) : status;
}

void zenrelease_server_info_free(struct zenrelease_server_info *info) {
  if (!info)
    return;
  struct info *own = ZR_OWNER(info, struct info, face);
  zr_arena_clean_up(&own->arena);
  zr_free(own);
}

const struct zenrelease_diagnostic *
zenrelease_server_info_diagnostic(const struct zenrelease_server_info *info, size_t index) {
  const struct zenrelease_diagnostic *all = info->diagnostics_;
  return &all[index];
}
