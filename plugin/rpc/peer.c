/* Who calls, from what the handshake proved. */
#include <grpc/grpc_security.h>
#include <grpc/grpc_security_constants.h>
#include <grpc/support/alloc.h>
#include <string.h>

#include "rpc/private.h"

enum { NAMES_MAX = 64 };

static const char *s_first(struct zr_arena *a, grpc_auth_context *auth, const char *name,
                           bool *nomem) {
  grpc_auth_property_iterator it = grpc_auth_context_find_properties_by_name(auth, name);
  const grpc_auth_property *p = grpc_auth_property_iterator_next(&it);
  if (!p)
    return "";
  char *copy = zr_arena_alloc(a, p->value_length + 1);
  if (!copy) {
    *nomem = true;
    return "";
  }
  memcpy(copy, p->value, p->value_length);
  copy[p->value_length] = '\0';
  return copy;
}

static void s_names(struct zr_arena *a, grpc_auth_context *auth, struct zr_rpc_peer *out,
                    bool *nomem) {
  const char **names = zr_arena_calloc(a, NAMES_MAX, sizeof *names);
  if (!names) {
    *nomem = true;
    return;
  }
  grpc_auth_property_iterator it =
      grpc_auth_context_find_properties_by_name(auth, GRPC_X509_SAN_PROPERTY_NAME);
  const grpc_auth_property *p;
  size_t n = 0;
  while (n < NAMES_MAX && (p = grpc_auth_property_iterator_next(&it))) {
    char *copy = zr_arena_alloc(a, p->value_length + 1);
    if (!copy) {
      *nomem = true;
      break;
    }
    memcpy(copy, p->value, p->value_length);
    copy[p->value_length] = '\0';
    names[n++] = copy;
  }
  out->alternative_names = names;
  out->alternative_name_count = n;
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
    s_names(a, auth, out, &nomem);
  }
  if (auth)
    grpc_auth_context_release(auth);
  return nomem ? ZR_ERR_NOMEM : ZR_ERR_OK;
}
