/*
 * What a server says to our client: responses and events, the details of an error, the facts of a
 * server. The first byte chooses. A newer or a hostile server may send strings that are not UTF-8.
 */
#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <string.h>

#include "base/mem.h"
#include "cli/json.h"
#include "fuzz.h"
#include "lib/call.h"
#include "lib/report.h"
#include "lib/status_details.h"
#include "plan/json_tree.h"

enum { ORIGIN = 4, JSON_MAX = 8 << 20 };

static const uint32_t s_origin[ORIGIN] = {7, 5, 3, 1};

/* As a stream of ours takes it from gRPC. */
static ProtobufCMessage *s_take(const ProtobufCMessageDescriptor *type, struct zr_view bytes,
                                struct zr_arena *arena) {
  struct zr_call call;
  bool malformed = false;
  memset(&call, 0, sizeof call);
  grpc_slice slice = grpc_slice_from_copied_buffer(bytes.ptr, bytes.len);
  call.in = grpc_raw_byte_buffer_create(&slice, 1);
  grpc_slice_unref(slice);
  ProtobufCMessage *m = zr_call_take(&call, type, arena, &malformed);
  FUZZ_CHECK(malformed == !m);
  return m;
}

/* A line for programs is JSON, whatever the server said; empties it. */
static void s_check_json(struct zr_buf *line) {
  struct zr_arena arena;
  struct zr_problems p;
  zr_arena_init(&arena, NULL, 0);
  zr_problems_init(&p, "line");
  FUZZ_CHECK(zr_buf_failed(line) == ZR_ERR_OK);
  FUZZ_CHECK(zr_json_tree(zr_buf_as_view(line), 1, &arena, &p) != NULL);
  zr_problems_clean_up(&p);
  zr_arena_clean_up(&arena);
  zr_buf_reset(line);
}

static void s_check_report(const struct zenrelease_report *r, struct zr_buf *line) {
  int64_t total = 0;
  const struct zenrelease_counts *c = zenrelease_report_counts(r);
  for (int i = 0; i < ZENRELEASE_OUTCOME_COUNT; i++)
    total += c->by_outcome[i];
  FUZZ_CHECK(c->total == total && (size_t)total == zenrelease_report_result_count(r));
  for (size_t i = 0; i < zenrelease_report_result_count(r); i++) {
    const struct zenrelease_result *one = zenrelease_report_result(r, i);
    FUZZ_CHECK(one->instance_id && one->outcome > 0 && one->outcome < ZENRELEASE_OUTCOME_COUNT);
    zr_json_result(line, one);
    s_check_json(line);
  }
  for (size_t i = 0; i < zenrelease_report_diagnostic_count(r); i++) {
    zr_json_diagnostic(line, zenrelease_report_diagnostic(r, i));
    s_check_json(line);
  }
  zr_json_counts(line, c);
  s_check_json(line);
}

static void s_response(struct zr_view bytes, struct zr_buf *line) {
  struct zenrelease_report *r = zr_report_new();
  FUZZ_CHECK(r != NULL);
  const struct zr_origin origin = {s_origin, ORIGIN};
  const ProtobufCMessage *m =
      s_take(&zenrelease__v1__release_response__descriptor, bytes, &r->arena);
  if (m) {
    FUZZ_CHECK(zr_report_fill(r, (const Zenrelease__V1__ReleaseResponse *)m, origin) == 0);
    s_check_report(r, line);
  }
  zenrelease_report_release(r);
}

static void s_event(struct zr_view bytes, struct zr_buf *line) {
  struct zenrelease_report *r = zr_report_new();
  FUZZ_CHECK(r != NULL);
  const Zenrelease__V1__ReleaseEvent *m = (const Zenrelease__V1__ReleaseEvent *)s_take(
      &zenrelease__v1__release_event__descriptor, bytes, &r->arena);
  struct zenrelease_event ev;
  if (m && m->event_case == ZENRELEASE__V1__RELEASE_EVENT__EVENT_RESULT) {
    FUZZ_CHECK(zr_report_fill(r, m->result, (struct zr_origin){NULL, 0}) == 0);
    s_check_report(r, line);
  } else if (m) {
    zr_convert_event(m, &ev);
    ev.result_count = 0; /* the stream gives results of their own */
    if (ev.type != 0) {
      zr_json_event(line, &ev);
      s_check_json(line);
    }
  }
  zenrelease_report_release(r);
}

static void s_list(struct zr_view bytes, struct zr_buf *line) {
  struct zr_arena arena;
  zr_arena_init(&arena, NULL, 0);
  const Zenrelease__V1__ListInstancesResponse *m =
      (const Zenrelease__V1__ListInstancesResponse *)s_take(
          &zenrelease__v1__list_instances_response__descriptor, bytes, &arena);
  for (size_t i = 0; m && i < m->n_instances; i++) {
    struct zenrelease_instance instance;
    size_t count = m->instances[i]->n_tags;
    struct zenrelease_tag *tags = zr_arena_calloc(&arena, count, sizeof *tags);
    FUZZ_CHECK(tags != NULL);
    zr_convert_instance(m->instances[i], tags, &instance);
    zr_json_instance(line, &instance);
    s_check_json(line);
  }
  zr_arena_clean_up(&arena);
}

static void s_details(struct zr_view bytes, struct zr_buf *line) {
  struct zenrelease_error *e = NULL;
  (void)zr_error_set(&e, ZENRELEASE_INVALID_ARGUMENT, "an error");
  FUZZ_CHECK(e != NULL);
  zr_status_details_read(bytes, e);
  FUZZ_CHECK(e->retry_delay_ms >= -1);
  for (size_t i = 0; i < e->violation_count; i++) {
    FUZZ_CHECK(zr_view_is_utf8(zr_view_of(e->violations[i].field)));
    FUZZ_CHECK(zr_view_is_utf8(zr_view_of(e->violations[i].description)));
  }
  zr_json_error(line, e, NULL, "r");
  if (line->len && line->data[line->len - 1] == '\n')
    s_check_json(line);
  zenrelease_error_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const kinds[])(struct zr_view, struct zr_buf *) = {s_response, s_event, s_list,
                                                                   s_details};
  static bool ready;
  struct fuzz_input in = {data, size};
  struct zr_buf line = ZR_BUF_INIT(JSON_MAX);
  if (!ready)
    grpc_init();
  ready = true;
  unsigned kind = fuzz_byte(&in) % (sizeof kinds / sizeof kinds[0]);
  char *exact = fuzz_exact((struct zr_view){(const char *)in.at, in.left});
  kinds[kind]((struct zr_view){exact, in.left}, &line);
  zr_free(exact);
  zr_buf_clean_up(&line);
  return 0;
}
