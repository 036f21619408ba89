/*
 * ServerReflectionInfo, v1 and v1alpha alike: their messages are the same on the wire. One question
 * is answered before the next is read, so a caller that does not read holds one answer.
 */
#include <string.h>

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "service/codec.h"
#include "service/private.h"
#include "service/status.h"

/* An answer under construction, and the parts that it points to. */
struct s_answer {
  Grpc__Reflection__V1__ServerReflectionResponse message;
  Grpc__Reflection__V1__FileDescriptorResponse files;
  ProtobufCBinaryData file[ZR_REFLECTION_FILES];
  Grpc__Reflection__V1__ExtensionNumberResponse extensions;
  Grpc__Reflection__V1__ListServiceResponse list;
  Grpc__Reflection__V1__ServiceResponse service[ZR_REFLECTION_SERVICES];
  Grpc__Reflection__V1__ServiceResponse *services[ZR_REFLECTION_SERVICES];
  Grpc__Reflection__V1__ErrorResponse error;
};

static void s_error(struct s_answer *a, enum zr_rpc_code code, const char *text) {
  grpc__reflection__v1__error_response__init(&a->error);
  a->error.error_code = (int32_t)code;
  a->error.error_message = zr_pb_text(text);
  a->message.error_response = &a->error;
  a->message.message_response_case =
      GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
}

static void s_files(struct s_answer *a, const struct zr_reflection *r, size_t file) {
  size_t order[ZR_REFLECTION_FILES];
  if (file == SIZE_MAX) {
    s_error(a, ZR_RPC_NOT_FOUND, "no such file or symbol here");
    return;
  }
  grpc__reflection__v1__file_descriptor_response__init(&a->files);
  a->files.n_file_descriptor_proto = zr_reflection_closure(r, file, order);
  a->files.file_descriptor_proto = a->file;
  for (size_t i = 0; i < a->files.n_file_descriptor_proto; i++) {
    struct zr_view bytes = r->files[order[i]].bytes;
    a->file[i] = (ProtobufCBinaryData){bytes.len, zr_pb_bytes(bytes.ptr)};
  }
  a->message.file_descriptor_response = &a->files;
  a->message.message_response_case =
      GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
}

static void s_extensions(struct s_answer *a, const struct zr_reflection *r, const char *type) {
  const struct zr_reflection_symbol *s = zr_reflection_symbol(r, zr_view_of(type));
  if (!s || !s->is_message) {
    s_error(a, ZR_RPC_NOT_FOUND, "no such message here");
    return;
  }
  grpc__reflection__v1__extension_number_response__init(&a->extensions);
  a->extensions.base_type_name = zr_pb_text(s->name);
  a->message.all_extension_numbers_response = &a->extensions;
  a->message.message_response_case =
      GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
}

static void s_list(struct s_answer *a, const struct zr_reflection *r) {
  grpc__reflection__v1__list_service_response__init(&a->list);
  for (size_t i = 0; i < r->service_count; i++) {
    grpc__reflection__v1__service_response__init(&a->service[i]);
    a->service[i].name = zr_pb_text(r->services[i]);
    a->services[i] = &a->service[i];
  }
  a->list.service = a->services;
  a->list.n_service = r->service_count;
  a->message.list_services_response = &a->list;
  a->message.message_response_case =
      GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
}

static void s_choose(struct s_answer *a, const struct zr_reflection *r,
                     const Grpc__Reflection__V1__ServerReflectionRequest *q) {
  const struct zr_reflection_symbol *s;
  switch (q->message_request_case) {
  case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
    s_files(a, r, zr_reflection_file_by_name(r, zr_view_of(q->file_by_filename)));
    return;
  case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
    s = zr_reflection_symbol(r, zr_view_of(q->file_containing_symbol));
    s_files(a, r, s ? s->file : SIZE_MAX);
    return;
  case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
    s_extensions(a, r, q->all_extension_numbers_of_type);
    return;
  case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
    s_list(a, r);
    return;
  case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
    s_error(a, ZR_RPC_NOT_FOUND, "there are no extensions here");
    return;
  case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET:
  case _GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__CASE_IS_INT_SIZE:
    break;
  }
  s_error(a, ZR_RPC_INVALID_ARGUMENT, "the question is empty or not known");
}

/* One question, decoded in memory of its own: a stream may ask any number. */
static struct zr_rpc_bytes *s_reply(const struct zr_reflection *r, struct zr_view bytes,
                                    bool *malformed) {
  struct zr_arena arena;
  zr_arena_init(&arena, NULL, 0);
  struct zr_violations v = {.arena = &arena};
  struct zr_rpc_bytes *b = NULL;
  Grpc__Reflection__V1__ServerReflectionRequest *q =
      (Grpc__Reflection__V1__ServerReflectionRequest *)zr_decode(
          &grpc__reflection__v1__server_reflection_request__descriptor, bytes, NULL, &v);
  struct s_answer *a = q ? zr_arena_alloc(&arena, sizeof *a) : NULL;
  *malformed = !q && !v.nomem;
  if (a) {
    grpc__reflection__v1__server_reflection_response__init(&a->message);
    a->message.valid_host = q->host;
    a->message.original_request = q;
    s_choose(a, r, q);
    b = zr_encode(&a->message.base);
  }
  zr_arena_clean_up(&arena);
  return b;
}

static void s_on_message(void *ctx, struct zr_rpc_call *call, struct zr_view bytes) {
  const struct zr_service *s = ctx;
  bool malformed;
  struct zr_rpc_bytes *b = s_reply(s->reflection, bytes, &malformed);
  if (malformed)
    zr_fail(call, ZR_RPC_INVALID_ARGUMENT, "the question is not well-formed", NULL);
  else if (!b)
    zr_fail_nomem(call);
  else if (zr_rpc_send(call, b) != ZR_ERR_OK)
    zr_fail(call, ZR_RPC_RESOURCE_EXHAUSTED, "the answer could not be sent", NULL);
}

static void s_on_half_close(void *ctx, struct zr_rpc_call *call) {
  (void)ctx;
  zr_rpc_finish(call);
}

static void s_on_sent(void *ctx, struct zr_rpc_call *call) {
  (void)ctx;
  zr_rpc_read(call);
}

/* The caller left while a question was awaited, or an answer was on its way. */
static void s_on_end(void *ctx, struct zr_rpc_call *call, bool cancelled) {
  (void)ctx;
  (void)cancelled;
  if (!zr_rpc_call_is_ended(call))
    zr_rpc_finish(call);
}

void zr_handle_reflection(void *service, struct zr_rpc_call *call) {
  struct zr_rpc_hooks hooks = {.ctx = service,
                               .on_message = s_on_message,
                               .on_half_close = s_on_half_close,
                               .on_sent = s_on_sent,
                               .on_end = s_on_end};
  zr_rpc_call_set_hooks(call, &hooks);
  zr_rpc_read(call);
}
