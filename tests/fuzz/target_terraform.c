/*
 * The provider's methods and go-plugin's own on one thread. The input is a word for the backend's
 * mood, a byte (1: configured at the start), then steps: a byte that chooses the method, a byte
 * (the lowest bit: the caller leaves at once), and a record with the message.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "fake_call.h"
#include "fuzz.h"
#include "fuzz_backend.h"
#include "fuzz_message.h"
#include "grpc/health/v1/health.pb-c.h"
#include "terraform/goplugin.h"
#include "terraform/private.h"

enum { CALLS = 8, STEPS = 32 };

#define METHOD(name, type)                                                                         \
  { "/tfplugin6.Provider/" name, &tfplugin6__##type##__descriptor }
static const struct {
  const char *name;
  const ProtobufCMessageDescriptor *type;
} s_answers[] = {
    METHOD("GetMetadata", get_metadata__response),
    METHOD("GetProviderSchema", get_provider_schema__response),
    METHOD("GetResourceIdentitySchemas", get_resource_identity_schemas__response),
    METHOD("ValidateProviderConfig", validate_provider_config__response),
    METHOD("ConfigureProvider", configure_provider__response),
    METHOD("StopProvider", stop_provider__response),
    METHOD("ValidateResourceConfig", validate_resource_config__response),
    METHOD("ValidateDataResourceConfig", validate_data_resource_config__response),
    METHOD("UpgradeResourceState", upgrade_resource_state__response),
    METHOD("UpgradeResourceIdentity", upgrade_resource_identity__response),
    METHOD("ReadResource", read_resource__response),
    METHOD("PlanResourceChange", plan_resource_change__response),
    METHOD("ApplyResourceChange", apply_resource_change__response),
    METHOD("ImportResourceState", import_resource_state__response),
    METHOD("MoveResourceState", move_resource_state__response),
    METHOD("ReadDataSource", read_data_source__response),
    METHOD("GetFunctions", get_functions__response),
    METHOD("ValidateListResourceConfig", validate_list_resource_config__response),
    METHOD("ListResource", list_resource__event),
    METHOD("ValidateActionConfig", validate_action_config__response),
    METHOD("PlanAction", plan_action__response),
    METHOD("InvokeAction", invoke_action__event),
    {"/grpc.health.v1.Health/Check", &grpc__health__v1__health_check_response__descriptor},
};

struct s_stage {
  struct fuzz_backend backend;
  struct zr_tf_provider *provider;
  struct zr_goplugin *goplugin;
  struct zr_rpc_call *calls[CALLS];
  const ProtobufCMessageDescriptor *answers[CALLS];
  size_t count;
};

/* What a host may not hand over without its being refused, and what it may. */
static enum zr_err s_configure(void *self, const struct zr_tf_settings *settings,
                               const struct zr_backend **out, struct zr_buf *problem) {
  struct s_stage *s = self;
  (void)problem;
  FUZZ_CHECK(settings->call_timeout_ms >= 0 && settings->window_ms >= 0);
  FUZZ_CHECK(settings->calls_per_second >= 0); /* so it is a number */
  *out = &s->backend.face;
  return ZR_ERR_OK;
}

static void s_on_shutdown(void *ctx) {
  (void)ctx;
}

static const ProtobufCMessageDescriptor *s_answer_of(const char *name) {
  for (size_t i = 0; i < sizeof s_answers / sizeof s_answers[0]; i++)
    if (strcmp(s_answers[i].name, name) == 0)
      return s_answers[i].type;
  return NULL;
}

static void s_check(const ProtobufCMessageDescriptor *type, const struct zr_rpc_bytes *b) {
  if (!type || !b)
    return;
  struct zr_view v = {(const char *)b->data, b->len};
  fuzz_check_bytes(type, v);
}

static void s_end_call(struct s_stage *s, size_t i) {
  struct zr_rpc_call *c = s->calls[i];
  FUZZ_CHECK(c->ended);
  if (c->code != ZR_RPC_OK)
    fuzz_check_shown(c->message);
  s_check(s->answers[i], c->answer);
  for (size_t k = 0; k < c->sent_count; k++)
    s_check(s->answers[i], c->sent[k]);
  fake_over(c);
  fake_done(c);
}

static struct zr_rpc_call *s_start(struct s_stage *s, const struct zr_rpc_method *m,
                                   struct zr_view bytes) {
  char *exact = fuzz_exact(bytes);
  struct zr_rpc_call *call = fake_call(exact, bytes.len);
  s->answers[s->count] = s_answer_of(m->name);
  s->calls[s->count++] = call;
  m->handle(m->user, call);
  (void)fake_message(call, (struct zr_view){exact, bytes.len}, false);
  zr_free(exact);
  return call;
}

/* Ends all calls, so that there is room for more. */
static void s_settle(struct s_stage *s) {
  fuzz_backend_settle(&s->backend);
  zr_goplugin_end_streams(s->goplugin);
  for (size_t i = 0; i < s->count; i++)
    s_end_call(s, i);
  s->count = 0;
  fuzz_backend_settle(&s->backend);
  FUZZ_CHECK(g_fake_live == 0);
}

static void s_step(struct s_stage *s, struct fuzz_input *in) {
  size_t count = 0;
  size_t more = 0;
  const struct zr_rpc_method *methods = zr_tf_provider_methods(s->provider, &count);
  const struct zr_rpc_method *others = zr_goplugin_methods(s->goplugin, &more);
  size_t choice = fuzz_byte(in) % (count + more);
  bool leaves = fuzz_byte(in) & 1;
  struct zr_view bytes = fuzz_record(in);
  struct zr_rpc_call *call =
      s_start(s, choice < count ? &methods[choice] : &others[choice - count], bytes);
  if (leaves)
    fake_cancel(call);
  else if (choice >= count)
    (void)fake_message(call, bytes, true);
  if (s->count == CALLS)
    s_settle(s);
}

/* ConfigureProvider with an object of nothing but null. */
static void s_configure_plain(struct s_stage *s) {
  size_t count = 0;
  struct zr_arena arena;
  const struct zr_rpc_method *methods = zr_tf_provider_methods(s->provider, &count);
  const struct zr_tf_kind_of *kind = zr_tf_kind_find(s->provider, ZR_TF_PROVIDER, "zenrelease");
  zr_arena_init(&arena, NULL, 0);
  Tfplugin6__ConfigureProvider__Request r;
  tfplugin6__configure_provider__request__init(&r);
  r.config = zr_tf_pack_value(&arena, &kind->type, zr_tf_new_object(&arena, &kind->type));
  struct zr_rpc_bytes *b = zr_tf_pack(&r.base);
  FUZZ_CHECK(b != NULL);
  for (size_t i = 0; i < count; i++)
    if (strcmp(methods[i].name, "/tfplugin6.Provider/ConfigureProvider") == 0)
      (void)s_start(s, &methods[i], (struct zr_view){(const char *)b->data, b->len});
  zr_rpc_bytes_release(b);
  zr_arena_clean_up(&arena);
  s_settle(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  struct s_stage s = {.count = 0};
  zr_log_set_level(ZR_LOG_OFF);
  fuzz_backend_init(&s.backend, fuzz_word(&in));
  s.backend.held = true;
  const struct zr_tf_host host = {&s, s_configure};
  FUZZ_CHECK(zr_tf_provider_new(&host, "1", &s.provider) == ZR_ERR_OK);
  FUZZ_CHECK(zr_goplugin_new(s_on_shutdown, &s, &s.goplugin) == ZR_ERR_OK);
  if (fuzz_byte(&in) & 1)
    s_configure_plain(&s);
  for (unsigned i = 0; in.left && i < STEPS; i++)
    s_step(&s, &in);
  s_settle(&s);
  zr_tf_provider_stop(s.provider);
  fuzz_backend_settle(&s.backend);
  FUZZ_CHECK(zr_tf_provider_running(s.provider) == 0);
  zr_tf_provider_close(s.provider);
  zr_tf_provider_destroy(s.provider);
  zr_goplugin_destroy(s.goplugin);
  fuzz_backend_clean_up(&s.backend);
  return 0;
}
