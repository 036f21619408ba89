#include "service/access.h"

#include <fnmatch.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/diagnostic.h"
#include "service/status.h"

enum { SHOWN_MAX = 200 }; /* bytes of a name in a sentence */

static const char *const s_names[] = {
    [ZR_RIGHT_NONE] = "none",
    [ZR_RIGHT_READ] = "read",
    [ZR_RIGHT_PLAN] = "plan",
    [ZR_RIGHT_APPLY] = "apply",
};
_Static_assert(ZR_COUNT(s_names) == ZR_RIGHT_COUNT_, "one word per right");

const char *zr_right_name(enum zr_right right) {
  return s_names[right];
}

bool zr_right_parse(const char *word, enum zr_right *out) {
  for (int r = 0; r < ZR_RIGHT_COUNT_; r++) {
    if (strcmp(s_names[r], word) == 0) {
      *out = (enum zr_right)r;
      return true;
    }
  }
  return false;
}

/* ---- rules ---- */

static const char *s_match(const char *pattern, struct zr_rpc_names names) {
  for (size_t i = 0; i < names.count; i++) {
    if (fnmatch(pattern, names.name[i], FNM_PATHNAME) == 0)
      return names.name[i];
  }
  return NULL;
}

/* The peer's names that a pattern without "://" is for. `common` is room for one. */
static struct zr_rpc_names s_plain_names(const struct zr_rpc_peer *peer, const char **common) {
  if (peer->has_alternative_names)
    return peer->dns_names;
  *common = peer->common_name;
  return (struct zr_rpc_names){common, peer->common_name[0] ? 1 : 0};
}

static const char *s_first_name(const struct zr_rpc_peer *peer, struct zr_rpc_names plain) {
  if (peer->uris.count)
    return peer->uris.name[0];
  return plain.count ? plain.name[0] : peer->subject;
}

struct zr_client zr_access_judge(const struct zr_client_rule *rules, size_t count,
                                 const struct zr_rpc_peer *peer) {
  const char *common = "";
  if (!peer->verified)
    return (struct zr_client){"", ZR_RIGHT_NONE};
  struct zr_rpc_names plain = s_plain_names(peer, &common);
  for (size_t i = 0; rules && i < count; i++) {
    bool is_uri = strstr(rules[i].name, "://") != NULL;
    const char *name = s_match(rules[i].name, is_uri ? peer->uris : plain);
    if (name)
      return (struct zr_client){name, rules[i].right};
  }
  return (struct zr_client){s_first_name(peer, plain), ZR_RIGHT_NONE};
}

static void s_free(struct zr_client_rule *rules) {
  zr_free(rules); /* the texts lie behind them */
}

/* One piece of memory: the rules, and their texts behind them. */
static struct zr_client_rule *s_copy(const struct zr_client_rule *rules, size_t count) {
  size_t bytes = count * sizeof *rules;
  for (size_t i = 0; i < count; i++)
    bytes += strlen(rules[i].name) + 1;
  struct zr_client_rule *copy = zr_alloc(bytes + 1);
  if (!copy)
    return NULL;
  char *text = (char *)(copy + count);
  for (size_t i = 0; i < count; i++) {
    size_t size = strlen(rules[i].name) + 1;
    memcpy(text, rules[i].name, size);
    copy[i] = (struct zr_client_rule){text, rules[i].right};
    text += size;
  }
  return copy;
}

void zr_access_init(struct zr_access *a, bool identify) {
  *a = (struct zr_access){.identify = identify};
  (void)pthread_mutex_init(&a->lock, NULL);
}

void zr_access_clean_up(struct zr_access *a) {
  s_free(a->rules);
  (void)pthread_mutex_destroy(&a->lock);
}

enum zr_err zr_access_set(struct zr_access *a, const struct zr_client_rule *rules, size_t count) {
  struct zr_client_rule *copy = rules ? s_copy(rules, count) : NULL;
  if (rules && !copy)
    return ZR_ERR_NOMEM;
  (void)pthread_mutex_lock(&a->lock);
  struct zr_client_rule *old = a->rules;
  a->rules = copy;
  a->rule_count = count;
  (void)pthread_mutex_unlock(&a->lock);
  s_free(old);
  return ZR_ERR_OK;
}

/* ---- calls ---- */

enum zr_err zr_access_who(struct zr_access *a, struct zr_rpc_call *call, struct zr_client *out) {
  struct zr_rpc_peer peer = {.verified = false};
  if (a->identify) {
    enum zr_err e = zr_rpc_call_peer(call, &peer);
    if (e != ZR_ERR_OK)
      return e;
  }
  (void)pthread_mutex_lock(&a->lock);
  bool ruled = a->rules != NULL;
  *out = zr_access_judge(a->rules, a->rule_count, &peer);
  (void)pthread_mutex_unlock(&a->lock);
  if (!ruled)
    out->right = ZR_RIGHT_APPLY;
  return ZR_ERR_OK;
}

static const char *s_last_word(const char *method) {
  const char *slash = strrchr(method, '/');
  return slash ? slash + 1 : method;
}

/* A release is asked for "plan" before its request was read. */
static const char *s_alternative(enum zr_right needed, const char *method) {
  bool is_release = strcmp(method, "Release") == 0 || strcmp(method, "WatchRelease") == 0 ||
                    strcmp(method, "CancelRelease") == 0;
  return is_release && needed == ZR_RIGHT_PLAN ? " with validate_only, else \"apply\"" : "";
}

bool zr_access_allows(const struct zr_client *client, enum zr_right needed,
                      struct zr_rpc_call *call) {
  if (client->right >= needed)
    return true;
  const char *method = s_last_word(zr_rpc_call_method(call));
  zr_log(ZR_LOG_WARN, "service", "refused for want of a right", zr_s("client", client->name),
         zr_s("right", zr_right_name(client->right)), zr_s("needs", zr_right_name(needed)),
         zr_s("method", method));
  zr_fail(call, ZR_RPC_PERMISSION_DENIED,
          zr_arena_printf(zr_rpc_call_arena(call),
                          "client \"%.*s\" has the right \"%s\", and this %s needs \"%s\"%s; "
                          "nothing was sent",
                          (int)SHOWN_MAX, client->name, zr_right_name(client->right), method,
                          zr_right_name(needed), s_alternative(needed, method)),
          &(struct zr_details){.reason = zr_code_info(ZR_CODE_CLIENT_NOT_ALLOWED)->name});
  return false;
}
