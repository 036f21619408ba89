/* GetServerInfo: what this server is. Never a secret. */
#include "service/codec.h"
#include "service/pack.h"
#include "service/private.h"
#include "service/status.h"
#include "zenrelease/v1/release_service.pb-c.h"

/* Field numbers. Source: proto/zenrelease/v1/release_service.proto. */
enum {
  INFO_VERSION = 1,
  INFO_ENDPOINT = 2,
  INFO_ACCOUNT_FINGERPRINT = 3,
  INFO_CREDENTIAL_SOURCE = 4,
  INFO_LIMITS = 5,
  INFO_DIAGNOSTICS = 6,
  INFO_JOURNAL = 7
};
enum { LIMITS_IDS = 1, LIMITS_BATCH = 2, LIMITS_MESSAGE_BYTES = 3, LIMITS_RELEASES = 4 };

static void s_limits(struct zr_wire_out *w, const struct zr_service *s,
                     const struct zr_server_facts *f) {
  size_t mark = w->len;
  zr_out_int(w, LIMITS_RELEASES, s->options.max_concurrent_releases);
  zr_out_int(w, LIMITS_MESSAGE_BYTES, s->options.max_message_bytes);
  zr_out_int(w, LIMITS_BATCH, f->max_batch);
  zr_out_int(w, LIMITS_IDS, f->max_ids);
  zr_out_message(w, INFO_LIMITS, mark);
}

struct s_info {
  const struct zr_service *service;
  const char *trouble;
  enum zr_code trouble_code;
};

static void s_diagnose(struct zr_wire_out *w, enum zr_code code, const char *detail) {
  const struct zr_diagnostic d = {
      .code = code, .detail = detail, .index = -1, .retry_after_ms = -1};
  zr_pack_diagnostic(w, INFO_DIAGNOSTICS, &d, ZR_PACK_ALL, true);
}

static void s_info(struct zr_wire_out *w, const void *what) {
  const struct s_info *info = what;
  const struct zr_service *s = info->service;
  const struct zr_server_facts *f = s->backend->facts(s->backend->self);
  zr_out_int(w, INFO_JOURNAL, f->journal != NULL);
  if (info->trouble)
    s_diagnose(w, info->trouble_code, info->trouble);
  if (f->credential_problem)
    s_diagnose(w, ZR_CODE_CREDENTIALS_MISSING, f->credential_problem);
  s_limits(w, s, f);
  zr_out_text(w, INFO_CREDENTIAL_SOURCE, f->credential_source);
  zr_out_text(w, INFO_ACCOUNT_FINGERPRINT, f->account_fingerprint);
  zr_out_text(w, INFO_ENDPOINT, f->endpoint);
  zr_out_text(w, INFO_VERSION, s->options.version);
}

void zr_handle_info(void *service, struct zr_rpc_call *call) {
  struct zr_service *s = service;
  struct zr_violations v = {.arena = zr_rpc_call_arena(call)};
  if (!zr_decode(&zenrelease__v1__get_server_info_request__descriptor, zr_rpc_call_request(call),
                 NULL, &v)) {
    zr_violations_fail(&v, call);
    return;
  }
  struct s_info info = {.service = s};
  info.trouble = zr_health_trouble(s, v.arena, &info.trouble_code);
  struct zr_rpc_bytes *b = zr_out_bytes(s_info, &info);
  if (b)
    zr_rpc_reply(call, b);
  else
    zr_fail_nomem(call);
}
