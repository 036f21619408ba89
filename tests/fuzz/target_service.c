/*
 * The whole of our services on one thread: release, watch, cancel, list, info, health, reflection.
 * The input is a word for the backend's mood, then steps: a byte that chooses, a byte for which
 * call or event, and a record with the message. At the end nothing may be left over.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "fake_call.h"
#include "fuzz.h"
#include "fuzz_backend.h"
#include "fuzz_message.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "service/private.h"
#include "zenrelease/v1/release_service.pb-c.h"

#define RELEASE    "/zenrelease.v1.ReleaseService/"
#define REFLECTION ".ServerReflection/ServerReflectionInfo"

enum { CALLS = 12, STEPS = 64 };
/* The steps; what is above them is a method of the table. */
enum { RUN, EVENT, FINISH, LEAVE, SENT, MORE, DRAIN, CANCEL_ALL, STEP_KINDS };

struct s_call {
  struct zr_rpc_call *call;
  const ProtobufCMessageDescriptor *answer;
};

struct s_stage {
  struct fuzz_backend backend;
  struct zr_service *service;
  struct s_call calls[CALLS];
  size_t count;
};

/* By their order here, so that an input keeps its meaning when the service gets another method. */
static const struct {
  const char *name;
  const ProtobufCMessageDescriptor *answer;
} s_methods[] = {
    {RELEASE "Release", &zenrelease__v1__release_response__descriptor},
    {RELEASE "WatchRelease", &zenrelease__v1__release_event__descriptor},
    {RELEASE "CancelRelease", &zenrelease__v1__cancel_release_response__descriptor},
    {RELEASE "ListInstances", &zenrelease__v1__list_instances_response__descriptor},
    {RELEASE "GetServerInfo", &zenrelease__v1__server_info__descriptor},
    {"/grpc.health.v1.Health/Check", &grpc__health__v1__health_check_response__descriptor},
    {"/grpc.health.v1.Health/Watch", &grpc__health__v1__health_check_response__descriptor},
    {"/grpc.reflection.v1" REFLECTION,
     &grpc__reflection__v1__server_reflection_response__descriptor},
    {"/grpc.reflection.v1alpha" REFLECTION,
     &grpc__reflection__v1__server_reflection_response__descriptor},
    {RELEASE "ListReleaseRecords", &zenrelease__v1__list_release_records_response__descriptor},
    {RELEASE "SettleReleases", &zenrelease__v1__settle_releases_response__descriptor},
};
enum { METHODS = sizeof s_methods / sizeof s_methods[0] };
_Static_assert((size_t)METHODS == (size_t)ZR_SERVICE_METHODS,
               "a method of the service is not here");

/* With this mood callers have certificates, and rules; which one depends on the step. */
enum { IDENTIFY = 0x1000 };
static const struct zr_client_rule s_rules[] = {{"spiffe://example/ci", ZR_RIGHT_APPLY},
                                                {"plan.example", ZR_RIGHT_PLAN},
                                                {"*.example", ZR_RIGHT_READ}};

static void s_identify(struct zr_rpc_call *call, unsigned which) {
  static const char *const uris[] = {"spiffe://example/ci", "spiffe://example/x"};
  static const char *const names[] = {"plan.example", "x.example", "n\xC3\xA4me", ""};
  call->peer = (struct zr_rpc_peer){.verified = true,
                                    .address = "",
                                    .common_name = names[which % 4],
                                    .subject = "CN=x",
                                    .has_alternative_names = (which & 4U) != 0,
                                    .uris = {&uris[which / 8 % 2], which / 16 % 2},
                                    .dns_names = {names, which / 32 % 4}};
}

static const struct zr_rpc_method *s_find(const struct zr_service *service, const char *name) {
  size_t count = 0;
  const struct zr_rpc_method *methods = zr_service_methods(service, &count);
  for (size_t i = 0; i < count; i++)
    if (strcmp(methods[i].name, name) == 0)
      return &methods[i];
  fuzz_fail(__FILE__, __LINE__, name);
}

static void s_check(const ProtobufCMessageDescriptor *type, const struct zr_rpc_bytes *b) {
  if (type && b)
    fuzz_check_bytes(type, (struct zr_view){(const char *)b->data, b->len});
}

/* What was answered, looked at once; then the test lets go of the call. */
static void s_let_go(struct s_call *c) {
  struct zr_rpc_call *call = c->call;
  FUZZ_CHECK(call->ended);
  if (call->code != ZR_RPC_OK) {
    FUZZ_CHECK(call->message[0]);
    fuzz_check_shown(call->message);
  }
  s_check(c->answer, call->answer);
  for (size_t i = 0; i < call->sent_count; i++)
    s_check(c->answer, call->sent[i]);
  fake_done(call);
  c->call = NULL;
}

static void s_start(struct s_stage *s, unsigned method, unsigned which, struct zr_view bytes) {
  const struct zr_rpc_method *m = s_find(s->service, s_methods[method].name);
  if (s->count == CALLS)
    return;
  struct s_call *c = &s->calls[s->count++];
  char *exact = fuzz_exact(bytes); /* gone when the handler has returned */
  c->call = fake_call(exact, bytes.len);
  c->answer = s_methods[method].answer;
  s_identify(c->call, which);
  m->handle(m->user, c->call);
  if (m->kind == ZR_RPC_BIDI)
    (void)fake_message(c->call, (struct zr_view){exact, bytes.len}, false);
  zr_free(exact);
}

static void s_sent(struct zr_rpc_call *call) {
  while (call->acknowledged < call->sent_count)
    fake_sent(call);
}

static void s_of_call(struct s_stage *s, unsigned kind, unsigned which, struct zr_view bytes) {
  if (s->count == 0)
    return;
  struct zr_rpc_call *call = s->calls[which % s->count].call;
  if (kind == LEAVE && !call->cancelled)
    fake_cancel(call);
  else if (kind == SENT)
    s_sent(call);
  else if (kind == MORE)
    (void)fake_message(call, bytes, bytes.len == 0);
}

static void s_step(struct s_stage *s, struct fuzz_input *in) {
  unsigned kind = fuzz_byte(in) % (STEP_KINDS + METHODS);
  unsigned which = fuzz_byte(in);
  struct zr_view bytes = fuzz_record(in);
  if (kind >= STEP_KINDS)
    s_start(s, kind - STEP_KINDS, which, bytes);
  else if (kind == RUN)
    fuzz_backend_run(&s->backend);
  else if (kind == EVENT)
    fuzz_backend_event(&s->backend, which);
  else if (kind == FINISH)
    (void)fuzz_backend_finish(&s->backend);
  else if (kind == DRAIN)
    zr_service_drain(s->service);
  else if (kind == CANCEL_ALL)
    zr_service_cancel_all(s->service);
  else
    s_of_call(s, kind, which, bytes);
}

/* Everybody takes what there is, and leaves. */
static void s_end(struct s_stage *s) {
  fuzz_backend_settle(&s->backend);
  for (size_t i = 0; i < s->count; i++) {
    for (size_t before = SIZE_MAX; before != s->calls[i].call->acknowledged;) {
      before = s->calls[i].call->acknowledged;
      s_sent(s->calls[i].call);
      fuzz_backend_settle(&s->backend);
    }
    if (!s->calls[i].call->ended && !s->calls[i].call->cancelled)
      fake_cancel(s->calls[i].call);
    fuzz_backend_settle(&s->backend);
    fake_over(s->calls[i].call);
    fuzz_backend_settle(&s->backend);
  }
  s->backend.closed = true;
  zr_service_drain(s->service);
  zr_service_close(s->service);
  for (size_t i = 0; i < s->count; i++)
    s_let_go(&s->calls[i]);
  zr_service_destroy(s->service);
  FUZZ_CHECK(g_fake_live == 0);
  fuzz_backend_clean_up(&s->backend);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  struct s_stage s = {.count = 0};
  zr_log_set_level(ZR_LOG_OFF);
  fuzz_backend_init(&s.backend, fuzz_word(&in));
  bool identify = (s.backend.mood & IDENTIFY) != 0;
  const struct zr_service_options options = {
      .version = "1",
      .max_concurrent_releases = 4,
      .keep_count = 4,
      .identify = identify,
      .clients = identify ? s_rules : NULL,
      .client_count = identify ? sizeof s_rules / sizeof s_rules[0] : 0,
  };
  FUZZ_CHECK(zr_service_new(&s.backend.face, &options, &s.service) == ZR_ERR_OK);
  for (unsigned i = 0; in.left && i < STEPS; i++)
    s_step(&s, &in);
  s_end(&s);
  return 0;
}
