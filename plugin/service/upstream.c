#include "service/upstream.h"

#include "model/diagnostic.h"
#include "service/status.h"

enum { HTTP_FORBIDDEN = 403, RETRY_MS = 1000 };

struct s_meaning {
  enum zr_rpc_code code;
  enum zr_code reason;
  const char *sentence;
  bool retry;
};

static const struct s_meaning s_meanings[] = {
    [ZR_CLASS_OK] = {ZR_RPC_INTERNAL, ZR_CODE_INTERNAL, "no failure", false},
    [ZR_CLASS_NOT_SENT] = {ZR_RPC_UNAVAILABLE, ZR_CODE_UNREACHABLE, "the service cannot be reached",
                           true},
    [ZR_CLASS_NO_CHANNEL] = {ZR_RPC_FAILED_PRECONDITION, ZR_CODE_CONNECTION_REFUSED_BY_POLICY,
                             "no secure connection to the service", false},
    [ZR_CLASS_UNKNOWN] = {ZR_RPC_UNAVAILABLE, ZR_CODE_SERVICE_ERROR,
                          "the service gave no usable answer", true},
    [ZR_CLASS_REDIRECTED] = {ZR_RPC_FAILED_PRECONDITION, ZR_CODE_REDIRECTED,
                             "the endpoint redirects to another address", false},
    [ZR_CLASS_THROTTLED] = {ZR_RPC_RESOURCE_EXHAUSTED, ZR_CODE_THROTTLED,
                            "the service limits the rate of requests", true},
    [ZR_CLASS_MISSING] = {ZR_RPC_NOT_FOUND, ZR_CODE_NOT_FOUND, "the service knows no such instance",
                          false},
    [ZR_CLASS_STATE] = {ZR_RPC_FAILED_PRECONDITION, ZR_CODE_REFUSED,
                        "the service refused the request", false},
    [ZR_CLASS_INPUT] = {ZR_RPC_INVALID_ARGUMENT, ZR_CODE_REFUSED, "the service rejects a parameter",
                        false},
    [ZR_CLASS_DENIED] = {ZR_RPC_UNKNOWN, ZR_CODE_REFUSED, "the service refused the request", false},
    [ZR_CLASS_UNAUTHORIZED] = {ZR_RPC_UNAUTHENTICATED, ZR_CODE_CREDENTIALS_REJECTED,
                               "the service rejected the server's credentials", false},
    [ZR_CLASS_SKEWED] = {ZR_RPC_UNAUTHENTICATED, ZR_CODE_CLOCK_SKEW,
                         "the server's clock is too far from the service's", false},
    [ZR_CLASS_BLOCKED] = {ZR_RPC_PERMISSION_DENIED, ZR_CODE_BLOCKED,
                          "a security page answered in the service's place", false},
};

_Static_assert(ZR_COUNT(s_meanings) == ZR_CLASS_COUNT_, "one meaning per class");

static const struct s_meaning *s_meaning(enum zr_class c) {
  size_t i = (size_t)c;
  return i < ZR_COUNT(s_meanings) ? &s_meanings[i] : &s_meanings[ZR_CLASS_OK];
}

enum zr_rpc_code zr_upstream_code(enum zr_class c, int http_status) {
  if (c == ZR_CLASS_UNAUTHORIZED && http_status == HTTP_FORBIDDEN)
    return ZR_RPC_PERMISSION_DENIED;
  return s_meaning(c)->code;
}

static const char *s_or_empty(const char *text) {
  return text ? text : "";
}

/* "the service rejects a parameter: INVALID_X, words (request id 123)", leaving out what is empty
 */
static const char *s_sentence(struct zr_arena *a, const struct s_meaning *m,
                              const struct zr_call_end *e) {
  const char *code = s_or_empty(e->code);
  const char *words = s_or_empty(e->message);
  const char *reason = s_or_empty(e->reason);
  const char *id = s_or_empty(e->request_id);
  return zr_arena_printf(a, "%s%s%s%s%s%s%s%s%s%s", m->sentence, code[0] ? ": " : "", code,
                         words[0] ? (code[0] ? ", " : ": ") : "", words,
                         reason[0] && !words[0] ? ": " : "", words[0] ? "" : reason,
                         id[0] ? " (request id " : "", id, id[0] ? ")" : "");
}

void zr_upstream_fail(struct zr_rpc_call *call, const struct zr_call_end *end) {
  const struct s_meaning *m = s_meaning(end->class_);
  struct zr_details d = {.reason = zr_code_info(m->reason)->name,
                         .service_code = end->code,
                         .service_request_id = end->request_id,
                         .http_status = end->http_status};
  if (end->retry_after_ms > 0)
    d.retry_ms = end->retry_after_ms;
  else if (m->retry)
    d.retry_ms = RETRY_MS;
  zr_fail(call, zr_upstream_code(end->class_, end->http_status),
          s_sentence(zr_rpc_call_arena(call), m, end), &d);
}
