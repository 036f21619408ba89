#include <errno.h>
#include <string.h>

#include "zenlayer/json.h"
#include "zenlayer/reply.h"
#include "zenlayer/service_code.h"

enum { REQUEST_ID_MAX = 512 };

static bool s_is_request_id(const char *text) {
  size_t n = strlen(text);
  if (n == 0 || n > REQUEST_ID_MAX)
    return false;
  for (const char *c = text; *c; c++) {
    if (*c <= 0x20 || *c > 0x7E)
      return false;
  }
  return true;
}

/* A member that must be a text where it is there at all; false when it is something else. */
static bool s_optional_text(const cJSON *object, const char *key, const char **out) {
  const cJSON *item = object ? zr_json_get(object, key) : NULL;
  *out = zr_json_text(item);
  return !item || *out;
}

/* The request id: outer and inner agree where both are there. */
static const char *s_read_request_id(struct zr_reply *r) {
  const char *outer = NULL, *inner = NULL;
  if (!s_optional_text(r->tree, "requestId", &outer) ||
      !s_optional_text(r->payload, "requestId", &inner))
    return "the request id is not a text";
  const char *id = outer ? outer : inner;
  if (outer && inner && strcmp(outer, inner) != 0)
    return "two request ids that differ";
  if (!id || !s_is_request_id(id))
    return "no request id";
  r->request_id = id;
  return NULL;
}

/* A `code` beside or inside `response` is an error, whatever its type. */
static bool s_read_code(struct zr_reply *r) {
  const cJSON *places[] = {r->tree, r->payload};
  bool any = false;
  for (size_t i = 0; i < ZR_COUNT(places); i++) {
    const cJSON *item = places[i] ? zr_json_get(places[i], "code") : NULL;
    const char *text = zr_json_text(item);
    if (!item || (text && !text[0]))
      continue; /* an empty code is none */
    any = true;
    if (text && !r->code[0] && zr_service_code_is_plausible(zr_view_of(text))) {
      const char *message = zr_json_text(zr_json_get(places[i], "message"));
      r->code = text;
      r->message = message ? message : "";
    }
  }
  return any;
}

static const char *s_read_envelope(struct zr_reply *r) {
  if (!cJSON_IsObject(r->tree))
    return "not a JSON object";
  if (!zr_json_keys_are_unique(r->tree))
    return "a member is there twice";
  const cJSON *response = zr_json_get(r->tree, "response");
  if (response && cJSON_IsObject(response))
    r->payload = response;
  if (r->payload && !zr_json_keys_are_unique(r->payload))
    return "a member is there twice";
  const char *id_fault = s_read_request_id(r);
  bool has_code = s_read_code(r);
  bool contradicts = id_fault && strcmp(id_fault, "no request id") != 0;
  r->recognised = r->code[0] != '\0' && !contradicts;
  if (has_code)
    return "an error code";
  if (!r->payload)
    return "no response object";
  return id_fault;
}

void zr_reply_decode(struct zr_view body, const char *encoding, struct zr_reply *out) {
  *out = (struct zr_reply){.code = "", .message = "", .request_id = ""};
  if (encoding[0] && !zr_view_eq_nocase(zr_view_of(encoding), ZR_VIEW("identity"))) {
    out->fault = "compressed, though nobody asked for it";
    return;
  }
  out->tree = zr_json_parse(body);
  if (out->tree)
    out->fault = s_read_envelope(out);
  else
    out->fault = errno == ENOMEM ? "out of memory for reading it" : "not JSON";
  if (!out->fault)
    out->recognised = true;
}

void zr_reply_clean_up(struct zr_reply *r) {
  cJSON_Delete(r->tree);
  *r = (struct zr_reply){.code = "", .message = "", .request_id = "", .fault = "none"};
}
