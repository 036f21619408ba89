/* Protobuf messages that we made, looked at as a strict peer would. */
#ifndef ZR_FUZZ_MESSAGE_H
#define ZR_FUZZ_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "base/view.h"

/* Every string in it is well-formed UTF-8, at any depth: other languages refuse a message where one
 * is not. */
void fuzz_check_message(const ProtobufCMessage *message);
/* Unpacks the bytes as a message of this type, and checks it; they must be one. */
void fuzz_check_bytes(const ProtobufCMessageDescriptor *type, struct zr_view bytes);

#endif
