#include "terraform/wire.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum { VALUE_MAX = 64 << 20 }; /* of one value; the transport's own limit is of this size too */

struct s_memory {
  struct zr_arena *arena;
  bool refused;
};

static void *s_alloc(void *data, size_t size) {
  struct s_memory *m = data;
  void *p = zr_arena_alloc(m->arena, size);
  m->refused = m->refused || !p;
  return p;
}

static void s_free(void *data, void *p) {
  (void)data;
  (void)p; /* goes with the arena */
}

ProtobufCMessage *zr_tf_request(struct zr_rpc_call *call, const ProtobufCMessageDescriptor *type) {
  struct zr_view bytes = zr_rpc_call_request(call);
  struct s_memory memory = {.arena = zr_rpc_call_arena(call)};
  ProtobufCAllocator allocator = {s_alloc, s_free, &memory};
  ProtobufCMessage *m =
      protobuf_c_message_unpack(type, &allocator, bytes.len, (const uint8_t *)bytes.ptr);
  if (!m && memory.refused)
    zr_tf_fail_nomem(call);
  else if (!m)
    zr_tf_fail(call, ZR_RPC_INVALID_ARGUMENT, "the request is not a well-formed message");
  return m;
}

struct zr_rpc_bytes *zr_tf_pack(const ProtobufCMessage *message) {
  struct zr_rpc_bytes *b = zr_rpc_bytes_new(protobuf_c_message_get_packed_size(message));
  if (b)
    (void)protobuf_c_message_pack(message, b->data);
  return b;
}

void zr_tf_fail(struct zr_rpc_call *call, enum zr_rpc_code code, const char *message) {
  zr_rpc_fail(call, &(struct zr_rpc_status){.code = code, .message = message});
}

void zr_tf_fail_nomem(struct zr_rpc_call *call) {
  zr_tf_fail(call, ZR_RPC_RESOURCE_EXHAUSTED, "the provider is out of memory");
}

void zr_tf_reply(struct zr_rpc_call *call, const ProtobufCMessage *message) {
  struct zr_rpc_bytes *b = zr_tf_pack(message);
  if (b)
    zr_rpc_reply(call, b);
  else
    zr_tf_fail_nomem(call);
}

Tfplugin6__DynamicValue *zr_tf_pack_value(struct zr_arena *arena, const struct zr_tf_type *type,
                                          const struct zr_tf_value *v) {
  struct zr_buf packed = ZR_BUF_INIT(VALUE_MAX);
  Tfplugin6__DynamicValue *m = zr_arena_alloc(arena, sizeof *m);
  enum zr_err e = zr_tf_to_msgpack(&packed, type, v);
  void *bytes = e == ZR_ERR_OK ? zr_arena_alloc(arena, packed.len) : NULL;
  if (m && bytes) {
    memcpy(bytes, packed.data, packed.len);
    tfplugin6__dynamic_value__init(m);
    m->msgpack = (ProtobufCBinaryData){packed.len, bytes};
  }
  zr_buf_clean_up(&packed);
  return bytes ? m : NULL;
}

bool zr_tf_unpack_value(struct zr_tf_decoding *d, const struct zr_tf_type *type,
                        const Tfplugin6__DynamicValue *m, struct zr_tf_value *out) {
  if (m && m->msgpack.len == 0 && m->json.len > 0)
    return zr_tf_from_json(d, type, zr_tf_view(m->json), false, out);
  return zr_tf_from_msgpack(d, type, m ? zr_tf_view(m->msgpack) : ZR_VIEW(""), out);
}
