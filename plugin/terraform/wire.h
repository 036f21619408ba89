/* Protobuf in and out: requests unpacked into their call's arena, answers packed in place. */
#ifndef ZR_TERRAFORM_WIRE_H
#define ZR_TERRAFORM_WIRE_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/view.h"
#include "rpc/call.h"
#include "terraform/value.h"
#include "tfplugin6/tfplugin6.pb-c.h"

/* The call's request as a message in its arena. NULL: the call has been ended. gRPC thread. */
ProtobufCMessage *zr_tf_request(struct zr_rpc_call *call,
                                const ProtobufCMessageDescriptor *type) ZR_MUST_CHECK;
/* Packed, one reference; NULL when out of memory. */
struct zr_rpc_bytes *zr_tf_pack(const ProtobufCMessage *message) ZR_MUST_CHECK;
/* Answers a unary call, or ends it with RESOURCE_EXHAUSTED when there is no memory. Any thread. */
void zr_tf_reply(struct zr_rpc_call *call, const ProtobufCMessage *message);
/* Ends the call with a status; `message` is one line. Any thread. */
void zr_tf_fail(struct zr_rpc_call *call, enum zr_rpc_code code, const char *message);
void zr_tf_fail_nomem(struct zr_rpc_call *call);

/* A value as a message in the arena; NULL: no memory. */
Tfplugin6__DynamicValue *zr_tf_pack_value(struct zr_arena *arena, const struct zr_tf_type *type,
                                          const struct zr_tf_value *v) ZR_MUST_CHECK;
/* The other way; an absent message is null. False: see d. */
bool zr_tf_unpack_value(struct zr_tf_decoding *d, const struct zr_tf_type *type,
                        const Tfplugin6__DynamicValue *m, struct zr_tf_value *out) ZR_MUST_CHECK;

/* protobuf-c's structs are not const; it does not write to what it packs. NULL gives "". */
static inline char *zr_tf_pb_text(const char *text) {
  return (char *)(uintptr_t)(text ? text : "");
}
static inline ProtobufCBinaryData zr_tf_pb_bytes(struct zr_view v) {
  return (ProtobufCBinaryData){v.len, (uint8_t *)(uintptr_t)v.ptr};
}
static inline struct zr_view zr_tf_view(ProtobufCBinaryData b) {
  return (struct zr_view){b.data ? (const char *)b.data : "", b.len};
}

#endif
