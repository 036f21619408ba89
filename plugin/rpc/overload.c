/* The one status this room makes with details: google.rpc.Status with RetryInfo of one second. */
#include "rpc/private.h"

#define MESSAGE "the server is busy with as many calls as it takes; try again in a second"
#define TYPE    "type.googleapis.com/google.rpc.RetryInfo"

_Static_assert(sizeof MESSAGE - 1 == 72, "the length byte below");
_Static_assert(sizeof TYPE - 1 == 40, "the length byte below");

/* code = 8; message; details { type_url; value { retry_delay { seconds: 1 } } } */
static const char s_details[] = "\x08\x08"
                                "\x12\x48" MESSAGE "\x1a\x30"
                                "\x0a\x28" TYPE "\x12\x04"
                                "\x0a\x02"
                                "\x08\x01";

static const struct zr_rpc_status s_overload = {
    .code = ZR_RPC_RESOURCE_EXHAUSTED,
    .message = MESSAGE,
    .details = {s_details, sizeof s_details - 1},
};

const struct zr_rpc_status *zr_rpc_overload(void) {
  return &s_overload;
}
