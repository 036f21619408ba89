/* ReleasePolicy and the expected facts of a ReleaseRequest, checked. */
#ifndef ZR_SERVICE_DECODE_POLICY_H
#define ZR_SERVICE_DECODE_POLICY_H

#include "model/release.h"
#include "service/hash.h"
#include "service/violation.h"
#include "zenrelease/v1/release_service.pb-c.h"

/* Fills r->policy and r->expected, where the message has them; both live in v->arena. What is wrong
 * becomes violations, or v->nomem. gRPC thread. */
void zr_decode_policy(const Zenrelease__V1__ReleaseRequest *m, struct zr_release_request *r,
                      struct zr_violations *v);
/* Both, as part of the content that a request id stands for. */
void zr_hash_policy(struct zr_hash *h, const struct zr_release_request *r);
/* "KEY" or "KEY=VALUE" as a rule; text is copied into the arena. False when there is no key, or
 * memory is out (*nomem). */
bool zr_keep_tag_rule(const char *text, struct zr_arena *arena, struct zr_keep_rule *out,
                      bool *nomem);

#endif
