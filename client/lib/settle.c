/* SettleReleases: one call, and its groups as reports. */
#include "base/mem.h"
#include "call.h"
#include "names.h"
#include "options.h"
#include "report.h"
#include "zenrelease/journal.h"

struct group {
  enum zenrelease_product product;
  struct zenrelease_report *report;
};

struct zenrelease_settled {
  struct zr_arena arena; /* the groups, and the answer that the problem is borrowed from */
  struct group *groups;
  size_t count;
  const char *problem;
};

/* A message of the report's own, so that it can be kept alone. */
static const Zenrelease__V1__SettledReleases *s_own(const Zenrelease__V1__SettledReleases *from,
                                                    struct zenrelease_report *report) {
  ProtobufCAllocator allocator = zr_call_allocator(&report->arena);
  size_t len = zenrelease__v1__settled_releases__get_packed_size(from);
  uint8_t *bytes = zr_arena_alloc(&report->arena, len);
  if (!bytes)
    return NULL;
  (void)zenrelease__v1__settled_releases__pack(from, bytes);
  return zenrelease__v1__settled_releases__unpack(&allocator, len, bytes);
}

static int s_add(struct zenrelease_settled *s, const Zenrelease__V1__SettledReleases *from) {
  struct group *g = &s->groups[s->count];
  g->report = zr_report_new();
  const Zenrelease__V1__SettledReleases *own = g->report ? s_own(from, g->report) : NULL;
  s->count++;
  if (!own)
    return -1;
  const struct zr_report_parts parts = {own->results, own->n_results, own->diagnostics,
                                        own->n_diagnostics, own->counts};
  g->product = zr_product_from_number((int)own->product);
  return zr_report_fill_parts(g->report, &parts, (struct zr_origin){NULL, 0});
}

static int s_fill(struct zenrelease_settled *s, const Zenrelease__V1__SettleReleasesResponse *m) {
  s->problem = m->problem ? m->problem : "";
  s->groups = zr_arena_calloc(&s->arena, m->n_groups, sizeof *s->groups);
  if (!s->groups)
    return -1;
  for (size_t i = 0; i < m->n_groups; i++)
    if (s_add(s, m->groups[i]) != 0)
      return -1;
  return 0;
}

static enum zenrelease_status s_call(struct zenrelease_client *client,
                                     const struct zenrelease_settle_options *o,
                                     struct zenrelease_settled *s,
                                     struct zenrelease_error **error) {
  Zenrelease__V1__SettleReleasesRequest request = ZENRELEASE__V1__SETTLE_RELEASES_REQUEST__INIT;
  ProtobufCMessage *reply = NULL;
  struct zr_mono deadline =
      o->timeout_ms > 0 ? zr_mono_add(zr_mono_now(), o->timeout_ms) : ZR_MONO_NEVER;
  enum zenrelease_status status = zr_client_reach(client, o->cancel, deadline, error);
  if (status != ZENRELEASE_OK)
    return status;
  status = zr_call_unary(client, "/zenrelease.v1.ReleaseService/SettleReleases", &request.base,
                         deadline, o->cancel, &zenrelease__v1__settle_releases_response__descriptor,
                         &s->arena, &reply, error);
  if (status == ZENRELEASE_OK &&
      s_fill(s, (const Zenrelease__V1__SettleReleasesResponse *)reply) != 0)
    status = zr_error_nomem(error);
  return status;
}

enum zenrelease_status zenrelease_settle(struct zenrelease_client *client,
                                         const struct zenrelease_settle_options *options,
                                         struct zenrelease_settled **settled,
                                         struct zenrelease_error **error) {
  struct zenrelease_settle_options o;
  *settled = NULL;
  if (error)
    *error = NULL;
  if (!zr_options_copy(&o, sizeof o, options, options ? options->size : 0))
    return zr_error_set(error, ZENRELEASE_INVALID_ARGUMENT, "options: not initialised");
  struct zenrelease_settled *s = zr_calloc(1, sizeof *s);
  if (!s)
    return zr_error_nomem(error);
  zr_arena_init(&s->arena, NULL, 0);
  enum zenrelease_status status = s_call(client, &o, s, error);
  if (status == ZENRELEASE_OK)
    *settled = s;
  else
    zenrelease_settled_free(s);
  return status;
}

void zenrelease_settled_free(struct zenrelease_settled *settled) {
  if (!settled)
    return;
  for (size_t i = 0; i < settled->count; i++)
    zenrelease_report_release(settled->groups[i].report);
  zr_arena_clean_up(&settled->arena);
  zr_free(settled);
}

size_t zenrelease_settled_count(const struct zenrelease_settled *settled) {
  return settled->count;
}

enum zenrelease_product zenrelease_settled_product(const struct zenrelease_settled *settled,
                                                   size_t index) {
  return settled->groups[index].product;
}

struct zenrelease_report *zenrelease_settled_report(const struct zenrelease_settled *settled,
                                                    size_t index) {
  return settled->groups[index].report;
}

const char *zenrelease_settled_problem(const struct zenrelease_settled *settled) {
  return settled->problem;
}
