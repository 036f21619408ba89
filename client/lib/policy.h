/* The policy and the expected facts of a release, as messages. */
#ifndef ZR_CLIENT_LIB_POLICY_H
#define ZR_CLIENT_LIB_POLICY_H

#include "base/arena.h"
#include "zenrelease/v1/release_service.pb-c.h"
#include "zenrelease/zenrelease.h"

struct zr_policy_messages {
  Zenrelease__V1__ReleasePolicy policy;
  Google__Protobuf__Duration min_bin_time;
  Zenrelease__V1__KeepRule **keep;
  Zenrelease__V1__ExpectedInstance **expected; /* NULL: none */
};

/* Makes them in the arena; text is borrowed from `o`. NULL when memory is out. */
struct zr_policy_messages *zr_policy_make(const struct zenrelease_release_options *o,
                                          struct zr_arena *arena);
/* Lends them to a request about the same ids. */
void zr_policy_lend(struct zr_policy_messages *m, const struct zenrelease_release_options *o,
                    Zenrelease__V1__ReleaseRequest *request);

#endif
