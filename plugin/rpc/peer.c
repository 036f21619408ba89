/* Who calls, from what the handshake proved. */
#include <grpc/grpc_security.h>
#include <grpc/grpc_security_constants.h>
#include <grpc/support/alloc.h>
#include <string.h>

#include "rpc/private.h"

enum { NAMES_MAX = 64 };

/* NULL for a name with a NUL in it: as text it would be another name. */
static const char *s_copy(struct zr_arena *a, const grpc_auth_property *p, bool *nomem) {
  if (memchr(p->value, '\0', p->value_length))
    return NULL;
  char *copy = zr_arena_alloc(a, p->value_length + 1);
  if (!copy) {
    *nomem = true;
    return NULL;
  }
  memcpy(copy, p->value, p->value_length);
  copy[p->value_length] = '\0';
  return copy;
}

static const char *s_first(struct zr_arena *a, grpc_auth_context *auth, const char *name,
                           bool *nomem) {
  grpc_auth_property_iterator it = grpc_auth_context_find_properties_by_name(auth, name);
  const grpc_auth_property *p = grpc_auth_property_iterator_next(&it);
  const char *copy = p ? s_copy(a, p, nomem) : NULL;
  return copy ? copy : "";
}

static bool s_has(grpc_auth_context *auth, const char *name) {
  grpc_auth_property_iterator it = grpc_auth_context_find_properties_by_name(auth, name);
  return grpc_auth_property_iterator_next(&it) != NULL;
}

static struct zr_rpc_names s_all(struct zr_arena *a, grpc_auth_context *auth, const char *name,
                                 bool *nomem) {
  struct zr_rpc_names found = {.count = 0};
  if (!s_has(auth, name))
    return found;
  const char **names = zr_arena_calloc(a, NAMES_MAX, sizeof *names);
  if (!names) {
    *nomem = true;
    return found;
  }
  grpc_auth_property_iterator it = grpc_auth_context_find_properties_by_name(auth, name);
  const grpc_auth_property *p;
  while (found.count < NAMES_MAX && (p = grpc_auth_property_iterator_next(&it))) {
    names[found.count] = s_copy(a, p, nomem);
    found.count += names[found.count] != NULL;
  }
  found.name = names;
  return found;
}

enum zr_err zr_rpc_call_peer(struct zr_rpc_call *call, struct zr_rpc_peer *out) {
  *out = (struct zr_rpc_peer){.address = "", .common_name = "", .subject = ""};
  struct zr_arena *a = &call->arena;
  bool nomem = false;
  char *address = grpc_call_get_peer(call->call);
  if (address) {
    char *copy = zr_arena_strdup(a, address);
    gpr_free(address);
    nomem = !copy;
    out->address = copy ? copy : "";
  }
  grpc_auth_context *auth = grpc_call_auth_context(call->call);
  if (auth && grpc_auth_context_peer_is_authenticated(auth)) {
    out->verified = true;
    out->common_name = s_first(a, auth, GRPC_X509_CN_PROPERTY_NAME, &nomem);
    out->subject = s_first(a, auth, GRPC_X509_SUBJECT_PROPERTY_NAME, &nomem);
    out->has_alternative_names = s_has(auth, GRPC_X509_SAN_PROPERTY_NAME);
    out->uris = s_all(a, auth, GRPC_PEER_URI_PROPERTY_NAME, &nomem);
    out->dns_names = s_all(a, auth, GRPC_PEER_DNS_PROPERTY_NAME, &nomem);
  }
  if (auth)
    grpc_auth_context_release(auth);
  return nomem ? ZR_ERR_NOMEM : ZR_ERR_OK;
}
