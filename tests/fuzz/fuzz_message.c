#include "fuzz_message.h"

#include <string.h>

#include "fuzz.h"

static void s_check_value(const ProtobufCFieldDescriptor *f, const void *at) {
  if (f->type == PROTOBUF_C_TYPE_STRING) {
    const char *text = NULL;
    memcpy(&text, at, sizeof text);
    if (text && !zr_view_is_utf8(zr_view_of(text)))
      fuzz_fail(f->name, (int)f->id, text);
  } else if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
    const void *inner = NULL;
    memcpy(&inner, at, sizeof inner);
    if (inner)
      fuzz_check_message(inner);
  }
}

static size_t s_size(const ProtobufCFieldDescriptor *f) {
  return f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE ? sizeof(void *)
                                                                                 : 0;
}

static void s_check_field(const char *base, const ProtobufCFieldDescriptor *f) {
  const char *at = base + f->offset;
  if (f->label == PROTOBUF_C_LABEL_REPEATED) {
    size_t count = 0;
    const char *array = NULL;
    memcpy(&count, base + f->quantifier_offset, sizeof count);
    memcpy(&array, at, sizeof array);
    for (size_t i = 0; s_size(f) && i < count; i++)
      s_check_value(f, array + i * s_size(f));
    return;
  }
  if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
    uint32_t chosen = 0;
    memcpy(&chosen, base + f->quantifier_offset, sizeof chosen);
    if (chosen != f->id)
      return;
  }
  s_check_value(f, at);
}

void fuzz_check_message(const ProtobufCMessage *message) {
  const ProtobufCMessageDescriptor *type = message->descriptor;
  for (unsigned i = 0; i < type->n_fields; i++)
    s_check_field((const char *)message, &type->fields[i]);
}

void fuzz_check_bytes(const ProtobufCMessageDescriptor *type, struct zr_view bytes) {
  ProtobufCMessage *m =
      protobuf_c_message_unpack(type, NULL, bytes.len, (const uint8_t *)bytes.ptr);
  FUZZ_CHECK(m != NULL);
  fuzz_check_message(m);
  protobuf_c_message_free_unpacked(m, NULL);
}
