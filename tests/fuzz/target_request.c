/* Requests of our service, decoded: Release, CancelRelease, ListInstances. The first byte chooses.
 */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "fuzz_backend.h"
#include "fuzz_message.h"
#include "service/codec.h"
#include "service/decode_list.h"
#include "service/decode_records.h"
#include "service/decode_release.h"
#include "service/page_token.h"
#include "zenrelease/v1/release_service.pb-c.h"

static const uint64_t s_key[2] = {1, 2};

static void s_check_violations(const struct zr_violations *v) {
  FUZZ_CHECK(zr_violations_any(v) && v->count <= ZR_VIOLATIONS_MAX && v->count <= v->total);
  for (size_t i = 0; i < v->count; i++) {
    FUZZ_CHECK(v->at[i].field && zr_view_is_utf8(zr_view_of(v->at[i].field)));
    FUZZ_CHECK(v->at[i].description && v->at[i].description[0]);
    fuzz_check_shown(v->at[i].description);
  }
}

/* The same request from another writer: protobuf-c's own order of fields, nothing unknown. */
static void s_again(struct zr_view bytes, const struct zr_release_order *first) {
  struct zr_arena arena;
  zr_arena_init(&arena, NULL, 0);
  struct zr_violations v = {.arena = &arena};
  struct zr_release_order order;
  Zenrelease__V1__ReleaseRequest *m =
      zenrelease__v1__release_request__unpack(NULL, bytes.len, (const uint8_t *)bytes.ptr);
  FUZZ_CHECK(m != NULL);
  fuzz_check_message(&m->base);
  size_t len = zenrelease__v1__release_request__get_packed_size(m);
  uint8_t *packed = zr_alloc(len + 1);
  FUZZ_CHECK(packed != NULL);
  (void)zenrelease__v1__release_request__pack(m, packed);
  zenrelease__v1__release_request__free_unpacked(m, NULL);
  struct zr_view again = {(const char *)packed, len};
  FUZZ_CHECK(zr_decode_release(again, s_key, &order, &v));
  FUZZ_CHECK(order.content == first->content && order.after_sequence == first->after_sequence);
  FUZZ_CHECK(strcmp(order.request_id, first->request_id) == 0);
  FUZZ_CHECK(order.request.instance_id_count == first->request.instance_id_count);
  zr_free(packed);
  zr_arena_clean_up(&arena);
}

static void s_release(struct zr_view bytes, struct zr_violations *v) {
  struct zr_release_order order;
  struct fuzz_backend backend;
  if (!zr_decode_release(bytes, s_key, &order, v)) {
    s_check_violations(v);
    return;
  }
  uint64_t job = 0;
  const struct zr_job_sink sink = {NULL, NULL, NULL};
  FUZZ_CHECK(strlen(order.request_id) <= 128 && order.after_sequence >= 0);
  fuzz_backend_init(&backend, 0);
  FUZZ_CHECK(backend.face.submit(&backend, &order.request, sink, &job) == ZR_ERR_OK);
  fuzz_backend_clean_up(&backend);
  s_again(bytes, &order);
}

static void s_check_token(uint64_t content) {
  char token[ZR_PAGE_TOKEN_SIZE];
  uint64_t page = 0;
  zr_page_token_make(7, content, token);
  FUZZ_CHECK(zr_page_token_read(zr_view_of(token), content, UINT32_MAX, &page) && page == 7);
  FUZZ_CHECK(!zr_page_token_read(zr_view_of(token), content + 1, UINT32_MAX, &page));
}

static void s_list(struct zr_view bytes, struct zr_violations *v) {
  struct zr_list_order order;
  struct fuzz_backend backend;
  if (!zr_decode_list(bytes, "f00d", &order, v)) {
    s_check_violations(v);
    return;
  }
  const struct zr_list_sink sink = {NULL, NULL};
  fuzz_backend_init(&backend, 0);
  FUZZ_CHECK(backend.face.list(&backend, &order.query, ZR_MONO_NEVER, sink) == ZR_ERR_OK);
  fuzz_backend_clean_up(&backend);
  s_check_token(order.content);
}

static void s_records(struct zr_view bytes, struct zr_violations *v) {
  struct zr_records_order order;
  struct fuzz_backend backend;
  if (!zr_decode_records(bytes, &order, v)) {
    s_check_violations(v);
    return;
  }
  const struct zr_records_sink sink = {NULL, NULL};
  fuzz_backend_init(&backend, 0);
  FUZZ_CHECK(backend.face.find_records(&backend, &order.query, sink) == ZR_ERR_OK);
  fuzz_backend_clean_up(&backend);
  s_check_token(order.content);
}

static void s_cancel(struct zr_view bytes, struct zr_violations *v) {
  bool forget = false;
  const char *id = zr_decode_cancel(bytes, &forget, v);
  if (id)
    FUZZ_CHECK(id[0] && strlen(id) <= 128);
  else
    s_check_violations(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {data, size};
  unsigned kind = fuzz_byte(&in);
  struct zr_arena arena;
  char *exact = fuzz_exact((struct zr_view){(const char *)in.at, in.left});
  struct zr_view bytes = {exact, in.left};
  zr_arena_init(&arena, NULL, 0);
  struct zr_violations v = {.arena = &arena};
  if (kind % 4 == 1)
    s_records(bytes, &v);
  else if (kind % 4 == 2)
    s_list(bytes, &v);
  else if (kind % 4 == 3)
    s_cancel(bytes, &v);
  else
    s_release(bytes, &v);
  zr_arena_clean_up(&arena);
  zr_free(exact);
  return 0;
}
