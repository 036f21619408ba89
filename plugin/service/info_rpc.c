/* GetServerInfo: what this server is. Never a secret. */
#include "service/codec.h"
#include "service/pack.h"
#include "service/private.h"
#include "service/status.h"
#include "zenrelease/v1/release_service.pb-c.h"

static void s_limits(Zenrelease__V1__ServerLimits *m, const struct zr_service *s,
                     const struct zr_server_facts *f) {
  zenrelease__v1__server_limits__init(m);
  m->max_instance_ids = zr_pb_int(f->max_ids);
  m->max_batch_size = zr_pb_int(f->max_batch);
  m->max_message_bytes = (int64_t)s->options.max_message_bytes;
  m->max_concurrent_releases = zr_pb_int(s->options.max_concurrent_releases);
}

void zr_handle_info(void *service, struct zr_rpc_call *call) {
  const struct zr_service *s = service;
  struct zr_arena *arena = zr_rpc_call_arena(call);
  struct zr_violations v = {.arena = arena};
  if (!zr_decode(&zenrelease__v1__get_server_info_request__descriptor, zr_rpc_call_request(call),
                 NULL, &v)) {
    zr_violations_fail(&v, call);
    return;
  }
  const struct zr_server_facts *f = s->backend->facts(s->backend->self);
  Zenrelease__V1__ServerInfo m = ZENRELEASE__V1__SERVER_INFO__INIT;
  Zenrelease__V1__ServerLimits limits;
  Zenrelease__V1__Diagnostic problem;
  Zenrelease__V1__Diagnostic *problems[] = {&problem};
  s_limits(&limits, s, f);
  m.limits = &limits;
  m.version = zr_pb_text(s->options.version);
  m.endpoint = zr_pb_text(f->endpoint);
  m.account_fingerprint = zr_pb_text(f->account_fingerprint);
  m.credential_source = zr_pb_text(f->credential_source);
  bool ok = true;
  if (f->credential_problem) {
    const struct zr_diagnostic d = {.code = ZR_CODE_CREDENTIALS_MISSING,
                                    .detail = f->credential_problem,
                                    .index = -1,
                                    .retry_after_ms = -1};
    uint64_t seen = 0;
    ok = zr_pack_diagnostic(arena, &d, ZR_PACK_ALL, &seen, &problem);
    m.diagnostics = problems;
    m.n_diagnostics = 1;
  }
  struct zr_rpc_bytes *b = ok ? zr_encode(&m.base) : NULL;
  if (b)
    zr_rpc_reply(call, b);
  else
    zr_fail_nomem(call);
}
