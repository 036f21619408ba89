/*
 * Who may call what. A caller is who its verified certificate says; rules give names a right. Every
 * method names the right that it needs (service.c), and the gate asks before the handler runs; what
 * only the request tells (a release that is no dry run) the handler asks.
 *
 * Without rules everybody who got through the handshake, or could open the socket, may do all.
 */
#ifndef ZR_SERVICE_ACCESS_H
#define ZR_SERVICE_ACCESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "rpc/call.h"

/* Each includes those before it. */
enum zr_right {
  ZR_RIGHT_NONE,
  ZR_RIGHT_READ,  /* ListInstances, ListReleaseRecords, GetServerInfo, health, reflection */
  ZR_RIGHT_PLAN,  /* and SettleReleases; releases with validate_only, and to stop these */
  ZR_RIGHT_APPLY, /* everything */
  ZR_RIGHT_COUNT_
};

/* "none", "read", "plan", "apply". */
const char *zr_right_name(enum zr_right right);
/* False for another word. */
bool zr_right_parse(const char *word, enum zr_right *out) ZR_MUST_CHECK;

/*
 * One rule. `name` is a pattern as of fnmatch(3) in which neither * nor ? nor [ ] takes a slash.
 * With "://" in it, it is for the URIs of a certificate (spiffe://…); any other is for its DNS
 * names, and for the common name of a certificate that has no alternative name of any kind.
 */
struct zr_client_rule {
  const char *name;
  enum zr_right right;
};

enum { ZR_CLIENT_RULES_MAX = 1000, ZR_CLIENT_NAME_MAX = 1024 };

struct zr_access {
  bool identify; /* callers show certificates; constant */
  pthread_mutex_t lock;
  /* Guarded by lock. NULL: no rules. */
  struct zr_client_rule *rules;
  size_t rule_count;
};

/* A caller and its right. */
struct zr_client {
  const char *name; /* that decided the right, else the first there is; in the call's arena; "" */
  enum zr_right right;
};

void zr_access_init(struct zr_access *a, bool identify);
void zr_access_clean_up(struct zr_access *a);
/* Copies the rules in the place of those before, for calls to come. NULL: no rules. ZR_ERR_NOMEM
 * leaves the old ones. Any thread. */
enum zr_err zr_access_set(struct zr_access *a, const struct zr_client_rule *rules,
                          size_t count) ZR_MUST_CHECK;
/* The first rule, in their order, that one of the peer's names matches; none: ZR_RIGHT_NONE. */
struct zr_client zr_access_judge(const struct zr_client_rule *rules, size_t count,
                                 const struct zr_rpc_peer *peer);
/* Who calls. ZR_ERR_NOMEM. One thread at a time for a call, as its arena. */
enum zr_err zr_access_who(struct zr_access *a, struct zr_rpc_call *call,
                          struct zr_client *out) ZR_MUST_CHECK;
/* False when the client lacks the right: the call was ended with PERMISSION_DENIED, which names
 * client, right and need. Takes the caller's reference then. */
bool zr_access_allows(const struct zr_client *client, enum zr_right needed,
                      struct zr_rpc_call *call) ZR_MUST_CHECK;

#endif
